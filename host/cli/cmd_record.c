/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail record: a device's trace into a file, its console onto the screen. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ht_parse.h"
#include "ht_recording.h"
#include "ht_stream.h"

enum { STEP_MS = 100, BAUD_MAX = 12000000, KEY_RESET = 0x200, KEY_LOG };
enum { KEY_FOR = 0x300, KEY_UNTIL_END, KEY_NO_CONSOLE };

typedef struct {
    const char *stream;
    ht_stream_options_t how;
    ht_recording_plan_t plan;
    uint64_t limit_us; /* 0: none */
    bool until_end;
} options_t;

static const struct argp_option s_options[] = {
    {"baud", 'b', "RATE", 0, "Of a serial port (115200)", 0},
    {"reset", KEY_RESET, NULL, 0, "Reset the chip through RTS first, to see it from its boot on",
     0},
    {"follow", 'f', NULL, 0, "Wait for more at the end of a file", 0},
    {"for", KEY_FOR, "TIME", 0, "Stop after so long: 30s, 5m, 1h", 0},
    {"until-end", KEY_UNTIL_END, NULL, 0, "Stop when the device ends its trace, or when it is gone",
     0},
    {"log", KEY_LOG, "FILE", 0, "Write the console's text there, too", 0},
    {"no-console", KEY_NO_CONSOLE, NULL, 0, "Do not show the console's text", 0},
    {0},
};

static void parse_baud(struct argp_state *state, options_t *options, const char *text)
{
    uint64_t baud = 0;
    if (!ht_parse_number(text, &baud) || baud == 0 || baud > BAUD_MAX) {
        argp_error(state, "--baud takes 1 to 12000000, not '%s'", text);
    }
    options->how.baud = (uint32_t)baud;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    options_t *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->plan;
        return 0;
    case 'b':
        parse_baud(state, options, argument);
        return 0;
    case 'f':
        options->how.follow = true;
        return 0;
    case KEY_RESET:
        options->how.reset = true;
        return 0;
    case KEY_FOR:
        if (!ht_parse_time(argument, &options->limit_us) || options->limit_us == 0) {
            argp_error(state, "--for takes a time such as 30s or 5m, not '%s'", argument);
        }
        return 0;
    case KEY_UNTIL_END:
        options->until_end = true;
        return 0;
    case KEY_LOG:
        options->plan.log = argument;
        return 0;
    case KEY_NO_CONSOLE:
        options->plan.shows_text = false;
        return 0;
    case ARGP_KEY_ARG:
        if (options->stream != NULL) { argp_error(state, "one source at a time"); }
        options->stream = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "where from? /dev/ttyUSB0, tcp:HOST:PORT, listen:PORT, a file, or -");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child s_children[] = {{&ht_recording_argp, 0, "Output:", 1}, {0}};

static const struct argp s_argp = {
    s_options,
    parse,
    "SOURCE",
    "Record a device's trace, and be its monitor meanwhile.\v"
    "SOURCE is a serial port or another terminal (/dev/ttyUSB0, /dev/pts/4), tcp:HOST:PORT for a "
    "device that listens, listen:PORT for one that calls, a file, or - for standard input. What is "
    "no trace goes to the screen as it is; what you type goes to the device. A port that vanishes "
    "is "
    "waited for. Ctrl-C ends the recording.\n\n"
    "Exit codes: 0 recorded, 2 wrong usage, 3 no trace came or the source cannot be opened, 4 the "
    "file or the log cannot be written.",
    s_children,
    NULL,
    NULL};

/* --- the loop
 * --------------------------------------------------------------------------------------
 */

static volatile sig_atomic_t s_stop; /* a signal's handler has nothing else to write to */

static void on_signal(int number)
{
    (void)number;
    s_stop = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

/* What is typed goes to the device. */
static void pass_keys(ht_stream_t *stream, const options_t *options)
{
    uint8_t keys[256];
    struct pollfd typed = {.fd = STDIN_FILENO, .events = POLLIN};
    if (strcmp(options->stream, "-") == 0 || isatty(STDIN_FILENO) == 0) { return; }
    if (poll(&typed, 1, 0) != 1 || (typed.revents & POLLIN) == 0) { return; }
    ssize_t length = read(STDIN_FILENO, keys, sizeof(keys));
    if (length > 0) { ht_stream_write(stream, keys, (size_t)length); }
}

typedef struct {
    ht_stream_t *stream;
    const options_t *options;
    ht_recording_t *recording;
    bool was_there; /* bytes came since it was (re)opened */
    bool missed;    /* it vanished, and this was said */
} session_t;

/* It is gone: wait, and try again. False: that was the end. */
static bool wait_for_it(session_t *session)
{
    if (session->was_there && session->options->until_end) { return false; }
    if (session->was_there && !session->missed) {
        ht_recording_say(session->recording, "%s is gone; waiting for it",
                         ht_stream_name(session->stream));
        session->missed = true;
    }
    /* Who hung up without a word is not called again at once. */
    if (!session->was_there) { poll(NULL, 0, STEP_MS); }
    if (ht_stream_reopen(session->stream)) {
        if (session->missed) {
            ht_recording_say(session->recording, "%s is back", ht_stream_name(session->stream));
        }
        session->missed = false;
        session->was_there = false;
        return true;
    }
    poll(NULL, 0, STEP_MS);
    return true;
}

/* One step. False: the recording ends; *code says how. */
static bool step(session_t *session, int *code)
{
    uint8_t bytes[16384];
    size_t length = 0;
    switch (ht_stream_read(session->stream, bytes, sizeof(bytes), STEP_MS, &length)) {
    case HT_STREAM_BYTES:
        session->was_there = true;
        *code = ht_recording_feed(session->recording, bytes, length);
        break;
    case HT_STREAM_GONE:
        if (!wait_for_it(session)) { return false; }
        break;
    case HT_STREAM_END:
        return false;
    default:
        break;
    }
    if (*code == HT_EXIT_OK) { *code = ht_recording_tick(session->recording); }
    if (*code != HT_EXIT_OK) { return false; }
    pass_keys(session->stream, session->options);
    ht_recorder_status_t now = ht_recorder_status(session->recording->recorder);
    return !(session->options->until_end && now.ended);
}

static int record(session_t *session)
{
    int code = HT_EXIT_OK;
    uint64_t began = ht_now_us();
    uint64_t limit = session->options->limit_us;
    ht_recording_say(session->recording, "recording %s to %s; Ctrl-C ends it",
                     ht_stream_name(session->stream), session->recording->path);
    while (s_stop == 0 && (limit == 0 || ht_now_us() - began < limit) && step(session, &code)) {}
    int end = ht_recording_end(session->recording);
    return code != HT_EXIT_OK ? code : end;
}

/* Would writing there destroy what is read? */
static bool is_source(const char *source, const char *path)
{
    struct stat in;
    struct stat out;
    bool is_known =
        strcmp(source, "-") == 0 ? fstat(STDIN_FILENO, &in) == 0 : stat(source, &in) == 0;
    return path != NULL && is_known && S_ISREG(in.st_mode) && stat(path, &out) == 0 &&
           in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

static int check_outputs(const options_t *options)
{
    const char *const paths[] = {options->plan.path, options->plan.log};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (is_source(options->stream, paths[i])) {
            return ht_complain(HT_EXIT_OUTPUT, "cannot write %s: it is what is read", paths[i]);
        }
    }
    return HT_EXIT_OK;
}

int ht_cmd_record(int argc, char **argv)
{
    options_t options = {.plan = {.stem = "heaptrail", .shows_text = true}};
    char error[HT_STREAM_ERROR_MAX];
    ht_recording_t recording;
    argp_parse(&s_argp, argc, argv, 0, NULL, &options);
    if (options.plan.path != NULL && strcmp(options.plan.path, "-") == 0) {
        options.plan.shows_text = false; /* standard output is the trace's */
    }
    ht_stream_t *stream = ht_stream_open(options.stream, &options.how, error, sizeof(error));
    if (stream == NULL) { return ht_complain(HT_EXIT_INPUT, "%s", error); }
    int code = check_outputs(&options);
    if (code == HT_EXIT_OK) { code = ht_recording_begin(&recording, &options.plan); }
    if (code == HT_EXIT_OK) {
        catch_signals();
        code = record(&(session_t){.stream = stream, .options = &options, .recording = &recording});
    }
    ht_stream_free(stream);
    return code;
}
