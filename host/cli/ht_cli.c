/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "ht_parse.h"

enum { HT_WIDTH_MAX = 1000 };

/* What could not be written is asked for at the end: ht_output_end(). */
static int s_write_errno; /* of the first piece that could not be written; 0: none */

static void write_file(void *context, const char *text, size_t length)
{
    errno = 0;
    if (fwrite(text, 1, length, context) < length && s_write_errno == 0) { s_write_errno = errno; }
}

/* --- complaints ----------------------------------------------------------------------------------
 */

static void say(const char *kind, const char *format, va_list arguments)
{
    char *words = NULL;
    if (vasprintf(&words, format, arguments) < 0) { words = NULL; }
    ht_out_t out;
    fflush(stdout);
    ht_out_init(&out, write_file, stderr, UINT16_MAX, false);
    ht_out_text(&out, program_invocation_name);
    ht_out_text(&out, kind);
    ht_out_name(&out, words != NULL ? words : "no memory", SIZE_MAX);
    ht_out_line(&out);
    free(words);
}

int ht_complain(ht_exit_t code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(": ", format, arguments);
    va_end(arguments);
    return (int)code;
}

void ht_note_stderr(bool quiet, const char *format, ...)
{
    va_list arguments;
    if (quiet) { return; }
    va_start(arguments, format);
    say(": note: ", format, arguments);
    va_end(arguments);
}

/* --- output --------------------------------------------------------------------------------------
 */

enum { KEY_COLOR = 0x100, KEY_NO_COLOR, KEY_WIDTH };

static const struct argp_option s_options[] = {
    {"json", 'j', NULL, 0, "Write JSON instead of text", 0},
    {"color", KEY_COLOR, "WHEN", 0, "Colour: auto (on a terminal), always, never", 0},
    {"no-color", KEY_NO_COLOR, NULL, 0, "The same as --color=never", 0},
    {"width", KEY_WIDTH, "COLUMNS", 0, "Width of the text, 40 to 1000", 0},
    {"quiet", 'q', NULL, 0, "No progress and no notes on standard error", 0},
    {0},
};

static void parse_color(struct argp_state *state, ht_output_options_t *options, const char *when)
{
    static const char *const names[] = {"auto", "always", "never"};
    for (unsigned i = 0; i < 3U; i++) {
        if (strcmp(when, names[i]) == 0) {
            options->color = (ht_color_t)i;
            return;
        }
    }
    argp_error(state, "--color takes auto, always or never, not '%s'", when);
}

static void parse_width(struct argp_state *state, ht_output_options_t *options, const char *text)
{
    uint64_t width;
    if (!ht_parse_number(text, &width) || width < HT_OUT_MIN_WIDTH || width > HT_WIDTH_MAX) {
        argp_error(state, "--width takes 40 to 1000 columns, not '%s'", text);
        return;
    }
    options->width = (uint16_t)width;
}

static error_t parse_output(int key, char *argument, struct argp_state *state)
{
    ht_output_options_t *options = state->input;
    switch (key) {
    case 'j':
        options->json = true;
        return 0;
    case 'q':
        options->quiet = true;
        return 0;
    case KEY_COLOR:
        parse_color(state, options, argument);
        return 0;
    case KEY_NO_COLOR:
        options->color = HT_COLOR_NEVER;
        return 0;
    case KEY_WIDTH:
        parse_width(state, options, argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp ht_output_argp = {s_options, parse_output, NULL, NULL, NULL, NULL, NULL};

static uint16_t terminal_width(FILE *file)
{
    struct winsize size;
    uint64_t columns;
    const char *variable = getenv("COLUMNS");
    if (variable != NULL && ht_parse_number(variable, &columns) && columns >= HT_OUT_MIN_WIDTH &&
        columns <= HT_WIDTH_MAX) {
        return (uint16_t)columns;
    }
    if (isatty(fileno(file)) == 0 || ioctl(fileno(file), TIOCGWINSZ, &size) != 0) {
        return HT_OUT_WIDTH;
    }
    return size.ws_col < HT_OUT_MIN_WIDTH ? HT_OUT_MIN_WIDTH : size.ws_col;
}

/* NO_COLOR: no-color.org. */
static bool wants_color(const ht_output_options_t *options, FILE *file)
{
    const char *no = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    if (options->color != HT_COLOR_AUTO) { return options->color == HT_COLOR_ALWAYS; }
    if (no != NULL && *no != '\0') { return false; }
    if (terminal != NULL && strcmp(terminal, "dumb") == 0) { return false; }
    return isatty(fileno(file)) != 0;
}

void ht_output_begin(ht_out_t *out, const ht_output_options_t *options, FILE *file)
{
    uint16_t width = options->width != 0 ? options->width : terminal_width(file);
    ht_out_init(out, write_file, file, width, wants_color(options, file));
}

int ht_output_end(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && ferror(stdout) == 0) { return HT_EXIT_OK; }
    int cause = s_write_errno != 0 ? s_write_errno : errno;
    return ht_complain(HT_EXIT_OUTPUT, "standard output: %s",
                       cause != 0 ? strerror(cause) : "not everything was written");
}

/* --- progress ------------------------------------------------------------------------------------
 */

enum { HT_PROGRESS_FIRST_US = 1000000, HT_PROGRESS_EVERY_US = 250000 };

uint64_t ht_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

void ht_progress_begin(ht_progress_t *progress, const ht_output_options_t *options,
                       const char *words, uint64_t total)
{
    *progress = (ht_progress_t){.words = words, .total = total};
    progress->enabled = !options->quiet && isatty(STDERR_FILENO) != 0;
    progress->began_us = ht_now_us();
}

void ht_progress_update(ht_progress_t *progress, uint64_t done)
{
    if (!progress->enabled) { return; }
    uint64_t now = ht_now_us();
    if (now - progress->began_us < HT_PROGRESS_FIRST_US ||
        now - progress->said_us < HT_PROGRESS_EVERY_US) {
        return;
    }
    progress->said_us = now;
    progress->shown = true;
    if (progress->total != 0) {
        uint64_t percent = done >= progress->total ? 100U : done * 100U / progress->total;
        fprintf(stderr, "\r%s: %u %%\x1b[K", progress->words, (unsigned)percent);
    } else {
        fprintf(stderr, "\r%s: %.1f MiB\x1b[K", progress->words, (double)done / 1048576.0);
    }
}

void ht_progress_end(ht_progress_t *progress)
{
    if (progress->shown) { fputs("\r\x1b[K", stderr); }
    progress->shown = false;
}
