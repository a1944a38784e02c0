/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_recording.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    LIVE_US = 250000,   /* between two live lines */
    SAVE_US = 10000000, /* a recorder that is killed loses no more than this */
    FILE_MODE = 0644,
    NAMES_MAX = 100
};

/* --- options -------------------------------------------------------------------------------------
 */

enum { KEY_RAW = 0x100, KEY_FORCE };

static const struct argp_option s_options[] = {
    {"output", 'o', "FILE", 0,
     "Write the trace there (default: a name with date and time); -: standard output", 0},
    {"raw", KEY_RAW, NULL, 0, "Write the frames as they come: no compression, no index", 0},
    {"force", KEY_FORCE, NULL, 0, "Write over a file that is there", 0},
    {"quiet", 'q', NULL, 0, "Say nothing on standard error but errors", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    ht_recording_plan_t *plan = state->input;
    switch (key) {
    case 'o':
        plan->path = argument;
        return 0;
    case KEY_RAW:
        plan->raw = true;
        return 0;
    case KEY_FORCE:
        plan->force = true;
        return 0;
    case 'q':
        plan->quiet = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp ht_recording_argp = {s_options, parse, NULL, NULL, NULL, NULL, NULL};

/* --- words ---------------------------------------------------------------------------------------
 */

static const char *bytes_text(char text[32], uint64_t bytes)
{
    if (bytes < 10000U) {
        snprintf(text, 32, "%" PRIu64 " bytes", bytes);
    } else if (bytes < (UINT64_C(10) << 20)) {
        snprintf(text, 32, "%.1f KiB", (double)bytes / 1024.0);
    } else {
        snprintf(text, 32, "%.1f MiB", (double)bytes / 1048576.0);
    }
    return text;
}

/* 1,234,567 */
static const char *count_text(char text[32], uint64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    char *to = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) { *to++ = ','; }
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

static void hide_line(ht_recording_t *recording)
{
    if (!recording->line_shown) { return; }
    fputs("\r\x1b[K", stderr);
    recording->line_shown = false;
}

static void show_line(ht_recording_t *recording)
{
    char events[32];
    char bytes[32];
    char live[32];
    ht_recorder_status_t now = ht_recorder_status(recording->recorder);
    fprintf(stderr, "\r\x1b[K[heaptrail] %s events, %s", count_text(events, now.events),
            bytes_text(bytes, now.file_bytes));
    if (now.counted) { fprintf(stderr, ", live %s", bytes_text(live, now.live_bytes)); }
    if (now.lost + now.lost_frames + now.damaged_frames > 0) {
        fprintf(stderr, ", LOST %" PRIu64 " events, %" PRIu64 " frames", now.lost,
                now.lost_frames + now.damaged_frames);
    }
    fflush(stderr);
    recording->line_shown = true;
}

void ht_recording_say(ht_recording_t *recording, const char *format, ...)
{
    va_list arguments;
    if (recording->quiet) { return; }
    hide_line(recording);
    fflush(stdout);
    if (recording->in_line) { fputc('\n', stderr); }
    recording->in_line = false;
    fputs("[heaptrail] ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* --- what the recorder says
 * -----------------------------------------------------------------------
 */

/* The trace goes on without it. */
static void give_up_log(ht_recording_t *recording)
{
    int why = errno;
    hide_line(recording);
    ht_complain(HT_EXIT_OUTPUT, "%s: %s", recording->log_path, strerror(why));
    close(recording->log);
    recording->log = -1;
    recording->log_failed = true;
}

static void log_text(ht_recording_t *recording, const uint8_t *bytes, size_t length)
{
    while (recording->log >= 0 && length > 0) {
        ssize_t done = write(recording->log, bytes, length);
        if (done < 0 && errno == EINTR) { continue; }
        if (done <= 0) {
            give_up_log(recording);
            return;
        }
        bytes += done;
        length -= (size_t)done;
    }
}

static void on_text(void *context, const uint8_t *bytes, size_t length)
{
    ht_recording_t *recording = context;
    log_text(recording, bytes, length);
    if (!recording->shows_text || length == 0) { return; }
    hide_line(recording);
    (void)fwrite(bytes, 1, length, stdout);
    fflush(stdout);
    recording->in_line = bytes[length - 1] != '\n';
}

static void on_reboot(void *context, uint32_t boot)
{
    ht_recording_say(context, "the program began anew (boot %04" PRIx32 ")", boot);
}

/* --- the file
 * --------------------------------------------------------------------------------------
 */

/* STEM-20261127-0305.heaptrail; the second one of a minute gets -2. */
static char *make_name(const char *stem, int number)
{
    char day[32];
    char *name = NULL;
    time_t now = time(NULL);
    struct tm parts;
    localtime_r(&now, &parts);
    strftime(day, sizeof(day), "%Y%m%d-%H%M", &parts);
    int made = number == 1 ? asprintf(&name, "%s-%s.heaptrail", stem, day)
                           : asprintf(&name, "%s-%s-%d.heaptrail", stem, day, number);
    return made < 0 ? NULL : name;
}

static int open_made_up(ht_recording_t *recording, const char *stem)
{
    for (int number = 1; number <= NAMES_MAX; number++) {
        recording->path = make_name(stem, number);
        if (recording->path == NULL) { return HT_EXIT_MEMORY; }
        recording->fd = open(recording->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
        if (recording->fd >= 0) { return HT_EXIT_OK; }
        if (errno != EEXIST || number == NAMES_MAX) { break; }
        free(recording->path);
    }
    return ht_complain(HT_EXIT_OUTPUT, "cannot write %s: %s; -o FILE names another place",
                       recording->path, strerror(errno));
}

/* What is no file (a pipe, a device) loses nothing when it is written to. */
static int open_existing(ht_recording_t *recording, const char *path)
{
    struct stat what;
    if (stat(path, &what) == 0 && S_ISREG(what.st_mode)) {
        return ht_complain(HT_EXIT_OUTPUT, "%s is there already; --force writes over it", path);
    }
    recording->fd = open(path, O_WRONLY | O_CLOEXEC);
    return HT_EXIT_OK;
}

static int open_given(ht_recording_t *recording, const char *path, bool force)
{
    int code = HT_EXIT_OK;
    recording->path = strdup(path);
    if (recording->path == NULL) { return HT_EXIT_MEMORY; }
    if (strcmp(path, "-") == 0) {
        recording->fd = dup(STDOUT_FILENO);
    } else {
        int how = O_RDWR | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
        recording->fd = open(path, how, FILE_MODE);
        if (recording->fd < 0 && errno == EEXIST) { code = open_existing(recording, path); }
    }
    if (recording->fd >= 0 || code != HT_EXIT_OK) { return code; }
    return ht_complain(HT_EXIT_OUTPUT, "cannot write %s: %s", path, strerror(errno));
}

static bool is_trace(const ht_recording_t *recording, const char *path)
{
    struct stat trace;
    struct stat log;
    return fstat(recording->fd, &trace) == 0 && S_ISREG(trace.st_mode) && stat(path, &log) == 0 &&
           trace.st_dev == log.st_dev && trace.st_ino == log.st_ino;
}

static int open_log(ht_recording_t *recording, const char *path)
{
    recording->log = -1;
    recording->log_path = path;
    if (path == NULL) { return HT_EXIT_OK; }
    if (is_trace(recording, path)) {
        return ht_complain(HT_EXIT_OUTPUT, "cannot write the log: %s is the trace's file", path);
    }
    recording->log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (recording->log >= 0) { return HT_EXIT_OK; }
    return ht_complain(HT_EXIT_OUTPUT, "cannot write %s: %s", path, strerror(errno));
}

/* An empty trace helps nobody. A pipe or a device is not ours to remove. */
static void remove_file(const ht_recording_t *recording)
{
    struct stat what;
    if (fstat(recording->fd, &what) == 0 && S_ISREG(what.st_mode) &&
        strcmp(recording->path, "-") != 0) {
        unlink(recording->path);
    }
}

static void close_all(ht_recording_t *recording)
{
    ht_recorder_free(recording->recorder);
    if (recording->fd >= 0) { close(recording->fd); }
    if (recording->log >= 0) { close(recording->log); }
    free(recording->path);
    recording->recorder = NULL;
    recording->path = NULL;
    recording->fd = -1;
    recording->log = -1;
}

int ht_recording_begin(ht_recording_t *recording, const ht_recording_plan_t *plan)
{
    *recording = (ht_recording_t){.fd = -1, .log = -1, .quiet = plan->quiet};
    recording->shows_text = plan->shows_text;
    recording->live = !plan->quiet && isatty(STDERR_FILENO) != 0;
    recording->began_us = ht_now_us();
    recording->saved_us = recording->began_us;
    int code = plan->path != NULL ? open_given(recording, plan->path, plan->force)
                                  : open_made_up(recording, plan->stem);
    if (code == HT_EXIT_OK) { code = open_log(recording, plan->log); }
    if (code == HT_EXIT_OK) {
        recording->recorder = ht_recorder_new(&(ht_recorder_plan_t){.fd = recording->fd,
                                                                    .raw = plan->raw,
                                                                    .text = on_text,
                                                                    .rebooted = on_reboot,
                                                                    .context = recording});
        if (recording->recorder == NULL) { code = HT_EXIT_MEMORY; }
    }
    if (code == HT_EXIT_MEMORY) { ht_complain(HT_EXIT_MEMORY, "no memory"); }
    if (code != HT_EXIT_OK) {
        remove_file(recording);
        close_all(recording);
    }
    return code;
}

/* --- while it runs
 * ---------------------------------------------------------------------------------
 */

static int unwritable(ht_recording_t *recording)
{
    hide_line(recording);
    if (!recording->failed) {
        ht_complain(HT_EXIT_OUTPUT, "%s: %s; what was written before can be read", recording->path,
                    ht_recorder_error(recording->recorder));
    }
    recording->failed = true;
    return HT_EXIT_OUTPUT;
}

int ht_recording_feed(ht_recording_t *recording, const uint8_t *bytes, size_t length)
{
    return ht_recorder_feed(recording->recorder, bytes, length) ? HT_EXIT_OK
                                                                : unwritable(recording);
}

int ht_recording_tick(ht_recording_t *recording)
{
    uint64_t now = ht_now_us();
    if (now - recording->saved_us >= SAVE_US) {
        recording->saved_us = now;
        if (!ht_recorder_flush(recording->recorder)) { return unwritable(recording); }
    }
    if (recording->live && !recording->in_line && now - recording->said_us >= LIVE_US) {
        recording->said_us = now;
        show_line(recording);
    }
    return HT_EXIT_OK;
}

static void say_losses(ht_recording_t *recording, const ht_recorder_status_t *all)
{
    char number[32];
    if (all->lost > 0) {
        ht_recording_say(recording,
                         "lost: %s events on the device: its ring was full, or the line too slow",
                         count_text(number, all->lost));
    }
    if (all->lost_frames + all->damaged_frames > 0) {
        ht_recording_say(recording,
                         "lost on the way: %" PRIu64 " frames missing, %" PRIu64 " damaged",
                         all->lost_frames, all->damaged_frames);
    }
    if (all->newer_version > 0) {
        ht_recording_say(recording,
                         "%" PRIu32 " frames are of a newer format than this program knows: "
                         "update it",
                         all->newer_version);
    }
}

int ht_recording_end(ht_recording_t *recording)
{
    char numbers[2][32];
    bool written = ht_recorder_end(recording->recorder);
    ht_recorder_status_t all = ht_recorder_status(recording->recorder);
    int code = written ? HT_EXIT_OK : unwritable(recording);
    if (all.frames == 0) {
        ht_recording_say(recording, "no trace came in %s of input",
                         bytes_text(numbers[0], all.bytes));
    } else {
        ht_recording_say(recording, "%s events in %s: %s", count_text(numbers[0], all.events),
                         bytes_text(numbers[1], all.file_bytes), recording->path);
    }
    say_losses(recording, &all);
    if (all.frames == 0 && code == HT_EXIT_OK) {
        remove_file(recording);
        code = HT_EXIT_INPUT;
    }
    if (recording->log_failed) { code = HT_EXIT_OUTPUT; }
    close_all(recording);
    return code;
}
