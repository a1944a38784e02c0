/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail export: a trace for other programs' viewers. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ht_naming.h"
#include "ht_session.h"
#include "ht_steps.h"

enum { KEY_WHAT = 0x400, KEY_POOLS };

typedef struct {
    ht_session_options_t session;
    ht_naming_options_t naming;
    ht_output_options_t output;
    const ht_export_format_t *format;
    const char *file; /* NULL: standard output */
    bool has_what, pools;
    ht_profile_value_t what;
} options_t;

/* --- options ---------------------------------------------------------------------------------- */

static const struct argp_option s_options[] = {
    {"format", 'f', "NAME", 0, "What to write; `list' tells the formats", 0},
    {"output", 'o', "FILE", 0, "Write there instead of to standard output", 0},
    {"what", KEY_WHAT, "VALUE", 0,
     "live (at the end), total (ever), peak (when most bytes lived) or temporary: what folded "
     "shows, "
     "and pprof and speedscope show first",
     0},
    {"pools", KEY_POOLS, NULL, 0,
     "The blocks of pools, which lie in blocks of the heap, instead of all others", 0},
    {"quiet", 'q', NULL, 0, "No progress and no notes on standard error", 0},
    {0},
};

static void list_formats(void)
{
    for (const ht_export_format_t *format = ht_export_formats; format->name != NULL; format++) {
        printf("%-11s %s\n", format->name, format->words);
    }
}

static void take_format(struct argp_state *state, options_t *options, const char *name)
{
    if (strcmp(name, "list") == 0) {
        list_formats();
        exit(ht_output_end());
    }
    for (const ht_export_format_t *format = ht_export_formats; format->name != NULL; format++) {
        if (strcmp(format->name, name) == 0) {
            options->format = format;
            return;
        }
    }
    argp_error(state, "there is no format '%s'; --format=list tells them", name);
}

static void take_what(struct argp_state *state, options_t *options, const char *name)
{
    static const char *const names[HT_VALUES] = {[HT_VALUE_LIVE] = "live",
                                                 [HT_VALUE_TOTAL] = "total",
                                                 [HT_VALUE_PEAK] = "peak",
                                                 [HT_VALUE_TEMPORARY] = "temporary"};
    options->has_what = true;
    for (unsigned v = 0; v < HT_VALUES; v++) {
        if (strcmp(names[v], name) == 0) {
            options->what = (ht_profile_value_t)v;
            return;
        }
    }
    argp_error(state, "--what takes live, total, peak or temporary, not '%s'", name);
}

static void check(struct argp_state *state, const options_t *options)
{
    if (options->format == NULL) { argp_error(state, "no --format; --format=list tells them"); }
    if (options->session.path == NULL) { argp_error(state, "no trace"); }
    if (options->has_what && options->format != NULL && !options->format->has_what) {
        argp_error(state, "%s has all values: --what is for folded, pprof and speedscope",
                   options->format->name);
    }
}

static void check_pools(struct argp_state *state, const options_t *options)
{
    if (options->pools && options->format != NULL && options->format->is_of_heap) {
        argp_error(state, "%s shows the heap as a whole: --pools is for the other formats",
                   options->format->name);
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    options_t *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->session;
        state->child_inputs[1] = &options->naming;
        return 0;
    case 'f':
        take_format(state, options, argument);
        return 0;
    case 'o':
        options->file = argument;
        return 0;
    case KEY_WHAT:
        take_what(state, options, argument);
        return 0;
    case KEY_POOLS:
        options->pools = true;
        return 0;
    case 'q':
        options->output.quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->session.path != NULL) { argp_error(state, "one trace at a time"); }
        options->session.path = argument;
        return 0;
    case ARGP_KEY_END:
        check(state, options);
        check_pools(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int no_memory(void)
{
    return ht_complain(HT_EXIT_MEMORY, "no memory for this export");
}

/* --- reading, once or twice ------------------------------------------------------------------- */

/* Formats that go step by step need to know beforehand what is in the trace: it is read twice. */
typedef struct {
    const options_t *options;
    ht_session_t session; /* of the first reading: what the profile is of */
    ht_profile_t profile;
    ht_export_t export;
    unsigned boots, runs;               /* begun so far: boots, and runs of this boot */
    unsigned wanted_boots, wanted_runs; /* at the end of the first reading: what is exported */
    ht_steps_t *steps;
    bool begun, no_memory;
} run_t;

static void count_run(void *context, const ht_model_t *model, const ht_change_t *change)
{
    run_t *run = context;
    (void)model;
    if (change->kind == HT_CHANGE_ANEW) { run->runs++; }
}

/* Before the model hears of it. */
static void begin_boot(void *context, const ht_event_t *event)
{
    run_t *run = context;
    if (event->kind == HT_EVENT_BOOT) {
        run->boots++;
        run->runs = 0;
    }
}

static bool is_wanted(const run_t *run)
{
    return run->boots == run->wanted_boots && run->runs == run->wanted_runs;
}

static int read_first(run_t *run)
{
    ht_session_options_t session = run->options->session;
    session.model.change = count_run;
    session.model.change_context = run;
    return ht_session_open(&run->session, &session, &run->options->output, begin_boot, run);
}

/* Blocks that live already, in the order in which they were made: a table's order is chance. */
typedef struct {
    ht_live_row_t *row;
    size_t count, capacity;
} lives_t;

static bool collect(void *context, const ht_live_row_t *row)
{
    lives_t *lives = context;
    if (!ht_array_room((void **)&lives->row, &lives->capacity, lives->count, sizeof(*row))) {
        return false;
    }
    lives->row[lives->count++] = *row;
    return true;
}

static int by_age(const void *left, const void *right)
{
    const ht_live_row_t *a = left, *b = right;
    if (a->time_us != b->time_us) { return a->time_us < b->time_us ? -1 : 1; }
    return a->address < b->address ? -1 : a->address > b->address;
}

static void carry_in(run_t *run, const ht_model_t *model, uint64_t time_us)
{
    lives_t lives = {.count = 0};
    const ht_model_view_t view = ht_model_view(model);
    ht_model_each_block(model, collect, &lives);
    run->no_memory = lives.count < view.live_blocks;
    if (lives.count != 0) { qsort(lives.row, lives.count, sizeof(*lives.row), by_age); }
    for (size_t i = 0; i < lives.count; i++) {
        ht_steps_carried(run->steps, &lives.row[i], time_us);
    }
    free(lives.row);
}

static void tell_change(void *context, const ht_model_t *model, const ht_change_t *change)
{
    run_t *run = context;
    count_run(context, model, change);
    if (!is_wanted(run)) { return; }
    if (change->kind == HT_CHANGE_WINDOW) {
        run->begun = true;
        carry_in(run, model, change->time_us);
    } else if (run->begun && change->kind != HT_CHANGE_ANEW) {
        ht_steps_change(run->steps, change);
    }
}

static void tell_event(void *context, const ht_event_t *event)
{
    run_t *run = context;
    begin_boot(context, event);
    if (run->begun && is_wanted(run) && run->steps->stream->event != NULL) {
        run->steps->stream->event(run->steps->writer, event);
    }
}

static int read_again(run_t *run, void *writer)
{
    ht_session_t again;
    ht_session_options_t session = run->options->session;
    session.model.change = tell_change;
    session.model.change_context = run;
    run->wanted_boots = run->boots;
    run->wanted_runs = run->runs;
    run->boots = run->runs = 0;
    run->begun = !session.from.given;
    ht_steps_begin(run->steps, run->options->format->stream, writer, run->options->pools);
    /* What is wrong with the trace was told the first time. */
    ht_output_options_t output = run->options->output;
    output.quiet = output.quiet || run->session.input.damages != 0;
    int code = ht_session_open(&again, &session, &output, tell_event, run);
    ht_steps_flush(run->steps);
    ht_session_close(&again);
    return code == HT_EXIT_OK && run->no_memory ? no_memory() : code;
}

/* --- writing ---------------------------------------------------------------------------------- */

static int write_stream(run_t *run)
{
    const ht_export_stream_t *stream = run->options->format->stream;
    void *writer = stream->open(&run->export);
    run->steps = malloc(sizeof(*run->steps));
    int code = writer == NULL || run->steps == NULL ? no_memory() : read_again(run, writer);
    if (writer != NULL && !stream->close(writer) && code == HT_EXIT_OK) { code = no_memory(); }
    free(run->steps);
    return code;
}

static int write_format(run_t *run)
{
    const ht_export_format_t *format = run->options->format;
    if (format->stream != NULL) { return write_stream(run); }
    return format->profile(&run->export) ? HT_EXIT_OK : no_memory();
}

static bool is_same_file(FILE *file, const char *path)
{
    struct stat a, b;
    return fstat(fileno(file), &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino && S_ISREG(a.st_mode);
}

/* An existing file is cut only when it is known not to be the trace. */
static FILE *open_output(const options_t *options, int *code)
{
    const char *path = options->file;
    FILE *file = path == NULL ? stdout : fopen(path, "ab");
    *code = HT_EXIT_OK;
    if (file == NULL) {
        *code = ht_complain(HT_EXIT_OUTPUT, "%s: %s", path, strerror(errno));
        return NULL;
    }
    if (path == NULL && isatty(fileno(stdout)) != 0 &&
        (options->format->profile == ht_export_pprof ||
         options->format->stream == &ht_export_perfetto)) {
        *code = ht_complain(HT_EXIT_USAGE, "%s is nothing for a terminal: give --output FILE",
                            options->format->name);
        return NULL;
    }
    if (is_same_file(file, options->session.path)) {
        *code = ht_complain(HT_EXIT_USAGE, "the output is the trace itself");
    } else if (path != NULL && ftruncate(fileno(file), 0) != 0 && errno != EINVAL) {
        *code = ht_complain(HT_EXIT_OUTPUT, "%s: %s", path, strerror(errno));
    }
    if (*code != HT_EXIT_OK && file != stdout) { (void)fclose(file); }
    return *code == HT_EXIT_OK ? file : NULL;
}

static int close_output(const options_t *options, FILE *file, int code)
{
    errno = 0;
    bool good = ferror(file) == 0;
    if (file == stdout) { return code; } /* main() asks how it went */
    good = fclose(file) == 0 && good;
    if (!good && code == HT_EXIT_OK) {
        code = ht_complain(HT_EXIT_OUTPUT, "%s: %s", options->file,
                           errno == 0 ? "not everything was written" : strerror(errno));
    }
    return code;
}

static int write_profile(run_t *run)
{
    int code;
    run->export =
        (ht_export_t){.profile = &run->profile, .options = {run->options->what, HEAPTRAIL_VERSION}};
    run->export.file = open_output(run->options, &code);
    if (run->export.file == NULL) { return code; }
    return close_output(run->options, run->export.file, write_format(run));
}

/* Blocks of pools are others' memory: with --pools nobody misses those. */
static void tell_left_out(const run_t *run)
{
    uint64_t blocks = run->profile.left_out;
    if (blocks == 0 || run->options->pools) { return; }
    ht_note_stderr(run->options->output.quiet,
                   "%" PRIu64 " block%s of pools %s left out: --pools exports those alone", blocks,
                   blocks == 1 ? "" : "s", blocks == 1 ? "is" : "are");
}

static int export_session(run_t *run)
{
    ht_naming_t naming;
    const ht_model_view_t *view = &run->session.view;
    int code = ht_naming_open(&naming, &run->options->naming, &run->options->output, view);
    if (code == HT_EXIT_OK) {
        if (naming.hint != NULL) { ht_note_stderr(run->options->output.quiet, "%s", naming.hint); }
        bool made = ht_profile_make(&run->profile, view, naming.from.symbols, run->options->pools);
        if (made) { tell_left_out(run); }
        code = made ? write_profile(run) : no_memory();
        ht_profile_free(&run->profile);
    }
    ht_naming_close(&naming);
    return code;
}

static int export_trace(const options_t *options)
{
    run_t run = {.options = options};
    int code = read_first(&run);
    if (code == HT_EXIT_OK) { code = export_session(&run); }
    ht_session_close(&run.session);
    return code;
}

/* --- a trace that can be read once only ------------------------------------------------------- */

static bool copy_all(int from, int to)
{
    char piece[65536];
    for (ssize_t got; (got = read(from, piece, sizeof(piece))) != 0;) {
        if (got < 0 && errno != EINTR) { return false; }
        for (ssize_t done = 0, written = 0; done < got; done += written) {
            written = write(to, piece + done, (size_t)(got - done));
            if (written < 0) { return false; }
        }
    }
    return true;
}

/* A pipe is copied to a file without a name first, for formats that read the trace twice. */
static int export_pipe(options_t *options)
{
    char path[64];
    FILE *copy = tmpfile();
    if (copy == NULL || !copy_all(STDIN_FILENO, fileno(copy))) {
        int why = errno;
        if (copy != NULL) { (void)fclose(copy); }
        return ht_complain(HT_EXIT_OUTPUT, "a copy of standard input: %s", strerror(why));
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(copy));
    options->session.path = path;
    int code = export_trace(options);
    (void)fclose(copy);
    return code;
}

int ht_cmd_export(int argc, char **argv)
{
    static const struct argp_child children[] = {
        {&ht_session_argp, 0, "Of the trace:", 1}, {&ht_naming_argp, 0, "Names:", 2}, {0}};
    static const struct argp argp = {
        s_options, parse, "TRACE", "A trace in the formats of other programs' viewers.",
        children,  NULL,  NULL};
    options_t options = {.what = HT_VALUE_LIVE};
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0) { return HT_EXIT_USAGE; }
    bool twice = options.format->stream != NULL && strcmp(options.session.path, "-") == 0;
    return twice ? export_pipe(&options) : export_trace(&options);
}
