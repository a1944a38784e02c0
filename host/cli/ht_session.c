/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_session.h"

#include <stdlib.h>
#include <string.h>

#include "ht_parse.h"
#include "ht_strings.h"

/* --- options ------------------------------------------------------------------------------------
 */

enum { KEY_BOOT = 0x200, KEY_AT, KEY_BETWEEN, KEY_MIN_SIZE, KEY_MAX_SIZE };

static const struct argp_option s_options[] = {
    {"boot", KEY_BOOT, "N", 0, "The N-th boot in the trace instead of the last", 0},
    {"at", KEY_AT, "TIME", 0,
     "As it was then: 12.5s, 3m, 1h2m since boot, or the name or #number of a mark", 0},
    {"between", KEY_BETWEEN, "A..B", 0,
     "What happened in between: totals, peaks and leaks of this time only; each as with --at, or "
     "empty",
     0},
    {"min-size", KEY_MIN_SIZE, "SIZE", 0, "Only blocks of so many bytes or more: 100, 4k, 1M", 0},
    {"max-size", KEY_MAX_SIZE, "SIZE", 0, "Only blocks of so many bytes or less", 0},
    {0},
};

bool ht_moment_parse(const char *text, ht_moment_t *moment)
{
    *moment = (ht_moment_t){.given = true};
    if (strncmp(text, "mark:", 5) == 0) {
        moment->mark = text + 5;
    } else if (!ht_parse_time(text, &moment->time_us)) {
        moment->mark = text;
    }
    return moment->mark == NULL || *moment->mark != '\0';
}

static void parse_between(struct argp_state *state, ht_session_options_t *options, char *text)
{
    char *dots = strstr(text, "..");
    if (dots == NULL) {
        argp_error(state, "--between takes A..B, not '%s'", text);
        return;
    }
    *dots = '\0';
    if (dots != text) { ht_moment_parse(text, &options->from); }
    if (dots[2] != '\0') { ht_moment_parse(dots + 2, &options->to); }
    const ht_moment_t *from = &options->from, *to = &options->to;
    if (!from->given && !to->given) {
        argp_error(state, "--between needs a beginning or an end");
    } else if (from->given && to->given && from->mark == NULL && to->mark == NULL &&
               from->time_us > to->time_us) {
        argp_error(state, "--between ends before it begins");
    }
}

static void parse_size(struct argp_state *state, const char *option, const char *text,
                       uint64_t *size)
{
    if (!ht_parse_size(text, size)) {
        argp_error(state, "%s takes a size as 100, 4k or 1M, not '%s'", option, text);
    }
}

static error_t parse_end(struct argp_state *state, const ht_session_options_t *options)
{
    const ht_model_options_t *model = &options->model;
    if (model->size_max != 0 && model->size_min > model->size_max) {
        argp_error(state, "--min-size is above --max-size");
    }
    return 0;
}

static error_t parse_session(int key, char *argument, struct argp_state *state)
{
    ht_session_options_t *options = state->input;
    switch (key) {
    case KEY_BOOT:
        if (!ht_parse_number(argument, &options->boot) || options->boot == 0) {
            argp_error(state, "--boot takes a number from 1, not '%s'", argument);
        }
        return 0;
    case KEY_AT:
        if (!ht_moment_parse(argument, &options->to)) {
            argp_error(state, "--at takes a time or a mark, not '%s'", argument);
        }
        return 0;
    case KEY_BETWEEN:
        parse_between(state, options, argument);
        return 0;
    case KEY_MIN_SIZE:
        parse_size(state, "--min-size", argument, &options->model.size_min);
        return 0;
    case KEY_MAX_SIZE:
        parse_size(state, "--max-size", argument, &options->model.size_max);
        return 0;
    case ARGP_KEY_END:
        return parse_end(state, options);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp ht_session_argp = {s_options, parse_session, NULL, NULL, NULL, NULL, NULL};

/* --- reading ------------------------------------------------------------------------------------
 */

typedef struct {
    ht_session_t *session;
    const ht_session_options_t *options;
    ht_session_watch_t watch;
    void *context;
    bool began; /* the window, in this boot */
    bool ended; /* nothing more of this boot */
    bool no_memory;
} reading_t;

static bool is_mark_of(const ht_event_t *event, const char *mark)
{
    uint64_t number;
    if (event->kind != HT_EVENT_MARK) { return false; }
    if (mark[0] == '#' && ht_parse_number(mark + 1, &number)) {
        return event->mark.number == number;
    }
    return strlen(mark) == event->mark.name.length &&
           memcmp(mark, event->mark.name.bytes, event->mark.name.length) == 0;
}

/* A time has come with the first event that is later, a mark with itself. */
static bool is_past(const ht_moment_t *moment, const ht_event_t *event)
{
    return moment->mark == NULL ? event->time_us > moment->time_us
                                : is_mark_of(event, moment->mark);
}

static bool begin_boot(reading_t *reading, const ht_event_t *event)
{
    ht_session_t *session = reading->session;
    if (!ht_array_room((void **)&session->boot, &session->boot_capacity, session->boots,
                       sizeof(*session->boot))) {
        reading->no_memory = true;
        return false;
    }
    session->boot[session->boots++] = (ht_session_boot_t){.boot = event->boot,
                                                          .before_reset = event->before_reset,
                                                          .first_us = event->time_us,
                                                          .last_us = event->time_us};
    reading->began = !reading->options->from.given;
    reading->ended = false;
    return true;
}

static void feed(reading_t *reading, const ht_event_t *event)
{
    ht_session_t *session = reading->session;
    const ht_moment_t *from = &reading->options->from, *to = &reading->options->to;
    bool mark = from->mark != NULL;
    if (reading->ended) { return; }
    /* What happens at the very time belongs to what follows it; a mark stands before it. */
    if (!reading->began && !mark && event->time_us >= from->time_us) {
        reading->began = true;
        ht_model_begin_window(session->model, from->time_us);
    }
    if (to->given && to->mark == NULL && is_past(to, event)) {
        reading->ended = true;
        return;
    }
    if (reading->watch != NULL) { reading->watch(reading->context, event); }
    ht_model_event(session->model, event);
    if (!reading->began && mark && is_past(from, event)) {
        reading->began = true;
        ht_model_begin_window(session->model, event->time_us);
    }
    reading->ended = to->given && to->mark != NULL && is_past(to, event);
}

static bool on_event(void *context, const ht_event_t *event)
{
    reading_t *reading = context;
    ht_session_t *session = reading->session;
    const uint64_t wanted = reading->options->boot;
    if ((event->kind == HT_EVENT_BOOT || session->boots == 0) && !begin_boot(reading, event)) {
        return false;
    }
    if (wanted != 0 && session->boots > wanted) { return false; }
    ht_session_boot_t *boot = &session->boot[session->boots - 1U];
    boot->events += event->kind == HT_EVENT_BOOT ? 0U : 1U;
    boot->last_us = event->time_us > boot->last_us ? event->time_us : boot->last_us;
    if (wanted == 0 || session->boots == wanted) { feed(reading, event); }
    return true;
}

/* All of a batch is of one boot, and mostly of the time that is asked for. */
static void on_briefs(void *context, const ht_event_t *head, const ht_brief_t *brief, size_t count)
{
    reading_t *reading = context;
    ht_session_t *session = reading->session;
    const uint64_t wanted = reading->options->boot;
    bool all = reading->began && !reading->options->to.given && session->boots != 0 &&
               (wanted == 0 || session->boots == wanted);
    if (all) {
        ht_session_boot_t *boot = &session->boot[session->boots - 1U];
        const uint64_t last_us = head->time_us + brief[count - 1U].after_us;
        boot->events += count;
        boot->last_us = last_us > boot->last_us ? last_us : boot->last_us;
        ht_model_briefs(session->model, head, brief, count);
        return;
    }
    ht_event_t event = *head;
    bool more = true;
    for (size_t i = 0; i < count && more; i++) {
        ht_event_of_brief(&event, head, &brief[i]);
        more = on_event(reading, &event);
    }
}

static int complain_moment(const char *option, const ht_moment_t *moment)
{
    if (moment->mark != NULL) {
        return ht_complain(HT_EXIT_USAGE, "there is no mark '%s' in this boot (%s)", moment->mark,
                           option);
    }
    return ht_complain(HT_EXIT_USAGE, "the boot ended before %.6g s (%s)",
                       (double)moment->time_us / 1e6, option);
}

static int judge(const reading_t *reading)
{
    const ht_session_t *session = reading->session;
    const ht_session_options_t *options = reading->options;
    if (reading->no_memory || session->view.no_memory) {
        return ht_complain(HT_EXIT_MEMORY, "no memory for this trace");
    }
    if (options->boot > session->boots) {
        return ht_complain(HT_EXIT_USAGE, "--boot %llu: the trace has %zu boot%s",
                           (unsigned long long)options->boot, session->boots,
                           session->boots == 1 ? "" : "s");
    }
    if (!reading->began) { return complain_moment("--between", &options->from); }
    if (options->to.given && options->to.mark != NULL && !reading->ended) {
        return complain_moment(options->from.given ? "--between" : "--at", &options->to);
    }
    return HT_EXIT_OK;
}

/* What an index can spare: only times of the last run. */
static void ask_for_time(const ht_session_options_t *options, ht_input_reader_t *reader)
{
    const ht_moment_t *from = &options->from, *to = &options->to;
    if (options->boot != 0) { return; }
    reader->from_us = from->given && from->mark == NULL ? from->time_us : 0;
    reader->until_us = to->given && to->mark == NULL ? to->time_us : 0;
}

int ht_session_open(ht_session_t *session, const ht_session_options_t *options,
                    const ht_output_options_t *output, ht_session_watch_t watch, void *context)
{
    *session = (ht_session_t){.model = ht_model_new(&options->model)};
    if (session->model == NULL) { return ht_complain(HT_EXIT_MEMORY, "no memory"); }
    reading_t reading = {
        .session = session, .options = options, .watch = watch, .context = context};
    /* Who watches watches each event. */
    const bool alone = watch == NULL && options->model.change == NULL;
    ht_input_reader_t reader = {
        .event = on_event, .briefs = alone ? on_briefs : NULL, .context = &reading};
    ask_for_time(options, &reader);
    int code = ht_input_read(options->path, output, &reader, &session->input);
    if (code != HT_EXIT_OK) { return code; }
    bool chosen = options->boot != 0 && options->boot <= session->boots;
    session->shown = chosen ? options->boot : session->boots;
    session->boots -= session->input.stopped && session->boots > session->shown ? 1U : 0U;
    session->view = ht_model_view(session->model);
    return judge(&reading);
}

void ht_session_close(ht_session_t *session)
{
    ht_model_free(session->model);
    free(session->boot);
    *session = (ht_session_t){0};
}

bool ht_session_find_mark(const ht_session_t *session, const ht_moment_t *moment, uint32_t *marks)
{
    const ht_model_view_t *view = &session->view;
    uint64_t number;
    bool by_number = moment->mark[0] == '#' && ht_parse_number(moment->mark + 1, &number);
    for (uint32_t i = view->mark_rows; i-- > 0;) {
        const ht_mark_row_t *mark = &view->mark[i];
        if (by_number ? mark->number == number : strcmp(mark->name, moment->mark) == 0) {
            *marks = i + 1U;
            return true;
        }
    }
    return false;
}
