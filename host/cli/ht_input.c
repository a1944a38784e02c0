/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 18 };

typedef struct {
    const ht_input_reader_t *reader;
    ht_input_status_t *status;
} run_t;

static void on_event(void *context, const ht_event_t *event)
{
    run_t *run = context;
    if (run->status->stopped) { return; }
    run->status->stopped = !run->reader->event(run->reader->context, event);
}

static void on_damage(void *context, const ht_damage_t *damage)
{
    ht_input_status_t *status = ((run_t *)context)->status;
    if (status->damages == 0) { status->first_damage = *damage; }
    status->damages++;
    status->damage_bytes += damage->bytes;
}

/* --- what it is if it is no trace ---------------------------------------------------------------
 */

typedef struct {
    const char *begins;
    size_t bytes;
    const char *words;
} foreign_t;

static const foreign_t s_foreign[] = {
    {"\x7f"
     "ELF",
     4, "an ELF file (give it with --elf)"},
    {"\x1f\x8b", 2, "compressed with gzip"},
    {"\xfd"
     "7zXZ",
     5, "compressed with xz"},
    {"BZh", 3, "compressed with bzip2"},
    {"PK\x03\x04", 4, "a zip archive"},
    {"v 1", 3, "heaptrack's"},
    {"#!", 2, "a script"},
    {"{", 1, "JSON"},
    {"\xe9", 1, "a firmware image"},
    {"MZ", 2, "a Windows program"},
};

/* NULL: nothing that is known. */
static const char *known_kind(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < sizeof(s_foreign) / sizeof(s_foreign[0]); i++) {
        if (length >= s_foreign[i].bytes &&
            memcmp(bytes, s_foreign[i].begins, s_foreign[i].bytes) == 0) {
            return s_foreign[i].words;
        }
    }
    return NULL;
}

static const char *looks_like(const uint8_t *bytes, size_t length)
{
    if (length == 0) { return "empty"; }
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < 0x20U && strchr("\t\n\r\x1b", bytes[i]) == NULL) { return "binary data"; }
    }
    return "text";
}

typedef struct {
    uint8_t bytes[256];
    size_t length;
} beginning_t;

static int complain_foreign(const char *path, const beginning_t *beginning,
                            const ht_input_status_t *status)
{
    const char *kind = known_kind(beginning->bytes, beginning->length);
    if (kind != NULL || status->damages == 0) {
        kind = kind != NULL ? kind : looks_like(beginning->bytes, beginning->length);
        return ht_complain(HT_EXIT_INPUT, "%s: no trace: there is no frame in it; it is %s", path,
                           kind);
    }
    return ht_complain(HT_EXIT_INPUT, "%s: nothing of it can be decoded: at byte %llu, %s", path,
                       (unsigned long long)status->first_damage.offset, status->first_damage.words);
}

static void note_damage(const char *path, const ht_output_options_t *options,
                        const ht_input_status_t *status)
{
    if (status->damages == 0) { return; }
    ht_note_stderr(
        options->quiet,
        "%s: damaged in %llu place%s, %llu bytes were not decoded; first at byte %llu: %s", path,
        (unsigned long long)status->damages, status->damages == 1 ? "" : "s",
        (unsigned long long)status->damage_bytes, (unsigned long long)status->first_damage.offset,
        status->first_damage.words);
}

/* --- reading ------------------------------------------------------------------------------------
 */

static int open_input(const char *path, uint64_t *size)
{
    struct stat stat;
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    *size = 0;
    if (fd < 0 || fstat(fd, &stat) != 0) { return -1; }
    if (S_ISDIR(stat.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    *size = S_ISREG(stat.st_mode) ? (uint64_t)stat.st_size : 0;
    return fd;
}

/* 0, or errno. */
static int feed_all(int fd, ht_decoder_t *decoder, ht_progress_t *progress,
                    ht_input_status_t *status, beginning_t *beginning)
{
    static uint8_t piece[PIECE_BYTES];
    while (!status->stopped) {
        ssize_t got = read(fd, piece, sizeof(piece));
        if (got < 0 && errno == EINTR) { continue; }
        if (got < 0) { return errno; }
        if (got == 0) { break; }
        if (status->file_bytes == 0) {
            beginning->length =
                (size_t)got < sizeof(beginning->bytes) ? (size_t)got : sizeof(beginning->bytes);
            memcpy(beginning->bytes, piece, beginning->length);
        }
        status->file_bytes += (uint64_t)got;
        ht_decoder_feed(decoder, piece, (size_t)got);
        ht_progress_update(progress, status->file_bytes);
    }
    if (!status->stopped) { ht_decoder_end(decoder); }
    return 0;
}

static int read_open(int fd, uint64_t size, const char *path, const ht_output_options_t *options,
                     run_t *run)
{
    ht_progress_t progress;
    beginning_t beginning = {.length = 0};
    ht_decoder_sink_t sink = {.event = on_event, .damage = on_damage, .context = run};
    ht_decoder_t *decoder = ht_decoder_new(&sink);
    if (decoder == NULL) { return ht_complain(HT_EXIT_MEMORY, "no memory"); }
    ht_progress_begin(&progress, options, path, size);
    int error = feed_all(fd, decoder, &progress, run->status, &beginning);
    ht_progress_end(&progress);
    run->status->decoder = ht_decoder_status(decoder);
    ht_decoder_free(decoder);
    if (error != 0) {
        return ht_complain(HT_EXIT_INPUT, "%s: at byte %llu: %s", path,
                           (unsigned long long)run->status->file_bytes, strerror(error));
    }
    if (run->status->decoder.frames == 0) {
        return complain_foreign(path, &beginning, run->status);
    }
    note_damage(path, options, run->status);
    return HT_EXIT_OK;
}

int ht_input_read(const char *path, const ht_output_options_t *options,
                  const ht_input_reader_t *reader, ht_input_status_t *status)
{
    uint64_t size;
    int fd = open_input(path, &size);
    *status = (ht_input_status_t){0};
    if (fd < 0) { return ht_complain(HT_EXIT_INPUT, "%s: %s", path, strerror(errno)); }
    run_t run = {reader, status};
    int code = read_open(fd, size, path, options, &run);
    if (fd != STDIN_FILENO) { close(fd); }
    return code;
}
