/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What all sections need: which flows, by what, and words. */
#include "ht_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ht_format.h"
#include "ht_units.h"

const ht_section_t ht_sections[] = {
    {"summary", "What it is a trace of, totals, peak, loss", true, false, ht_summary_text,
     ht_summary_tree},
    {"leaks", "What lives at the end, by call site; since a mark with --since", true, true,
     ht_leaks_text, ht_leaks_tree},
    {"sites", "Bytes ever allocated, by call site", false, true, ht_sites_text, ht_sites_tree},
    {"tasks", "Who allocated: tasks and interrupts", false, false, ht_tasks_text, ht_tasks_tree},
    {"heaps", "Each heap, and who held it at the moment of its peak", false, false, ht_heaps_text,
     ht_heaps_tree},
    {"peak", "Who held the memory at the moment of the peak", true, true, ht_peak_text,
     ht_peak_tree},
    {"temporary", "Blocks that are freed before their task allocates again", true, true,
     ht_temporary_text, ht_temporary_tree},
    {"lifetimes", "How long blocks live", false, true, ht_lifetimes_text, ht_lifetimes_tree},
    {"failures", "Failed allocations, and why", true, false, ht_failures_text, ht_failures_tree},
    {"errors", "Memory errors", true, false, ht_errors_text, ht_errors_tree},
    {"growth", "Sites whose live bytes keep rising, with a fit", true, false, ht_growth_text,
     ht_growth_tree},
    {"fragmentation", "Free memory and its largest piece over time", false, false,
     ht_fragmentation_text, ht_fragmentation_tree},
    {"loss", "What is missing in the trace, and why", false, false, ht_loss_text, ht_loss_tree},
    {0},
};

bool ht_desk_begin(ht_desk_t *desk)
{
    desk->origin_chosen = calloc(desk->view.origins + 1U, 1);
    return desk->origin_chosen != NULL;
}

void ht_desk_end(ht_desk_t *desk)
{
    free(desk->origin_chosen);
    ht_strings_free(&desk->strings);
}

/* --- the choice ---------------------------------------------------------------------------------
 */

bool ht_desk_has_choice(const ht_desk_t *desk)
{
    const ht_choice_t *choice = &desk->choice;
    return choice->site != NULL || choice->function != NULL || choice->file != NULL ||
           choice->component != NULL || choice->library != NULL || choice->task != NULL ||
           choice->heap != NULL || choice->caps != 0;
}

static bool is_origin_chosen(ht_desk_t *desk, ht_row_t origin)
{
    const ht_choice_t *choice = &desk->choice;
    const struct {
        ht_name_kind_t kind;
        const char *pattern;
    } names[] = {{HT_NAME_FUNCTION, choice->function},
                 {HT_NAME_FILE, choice->file},
                 {HT_NAME_COMPONENT, choice->component},
                 {HT_NAME_LIBRARY, choice->library}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].pattern != NULL &&
            !ht_names_match(desk->names, origin, names[i].kind, names[i].pattern)) {
            return false;
        }
    }
    return choice->site == NULL || ht_names_match_site(desk->names, origin, choice->site);
}

bool ht_desk_wants_origin(void *context, ht_row_t origin)
{
    ht_desk_t *desk = context;
    uint8_t *chosen = &desk->origin_chosen[origin];
    if (*chosen == 0) { *chosen = is_origin_chosen(desk, origin) ? 2 : 1; }
    return *chosen == 2;
}

bool ht_desk_wants(void *context, const ht_flow_row_t *flow)
{
    ht_desk_t *desk = context;
    const ht_choice_t *choice = &desk->choice;
    const ht_heap_row_t *heap = &desk->view.heap[flow->heap];
    uint32_t caps = heap->defined ? heap->caps : desk->view.origin[flow->origin].caps;
    if ((caps & choice->caps) != choice->caps) { return false; }
    if (choice->task != NULL &&
        !ht_name_matches(choice->task, ht_names_task(desk->names, flow->task))) {
        return false;
    }
    if (choice->heap != NULL &&
        !ht_name_matches(choice->heap, ht_names_heap(desk->names, flow->heap))) {
        return false;
    }
    return ht_desk_wants_origin(desk, flow->origin);
}

void ht_desk_choice_words(ht_desk_t *desk)
{
    const ht_choice_t *choice = &desk->choice;
    ht_out_t *out = &desk->r.out;
    const struct {
        const char *words, *pattern;
    } parts[] = {{"site ", choice->site},       {"function ", choice->function},
                 {"file ", choice->file},       {"component ", choice->component},
                 {"library ", choice->library}, {"task ", choice->task},
                 {"heap ", choice->heap}};
    const char *before = "; only ";
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].pattern == NULL) { continue; }
        ht_out_text(out, before);
        ht_out_text(out, parts[i].words);
        ht_out_name(out, parts[i].pattern, SIZE_MAX);
        before = ", ";
    }
    if (choice->caps != 0) {
        ht_out_text(out, before);
        ht_caps(out, choice->caps);
    }
}

/* --- groups -------------------------------------------------------------------------------------
 */

static uint64_t text_key(ht_desk_t *desk, const char *text)
{
    const char *kept = ht_strings_add(&desk->strings, text, strlen(text));
    return (uint64_t)(uintptr_t)kept;
}

/* Two stacks that end at the same line of the same function are one site. */
static uint64_t site_key(ht_desk_t *desk, ht_row_t row)
{
    char text[1024];
    const ht_place_t *place = ht_names_place(desk->names, row);
    const ht_origin_row_t *origin = &desk->view.origin[row];
    if (place->file != NULL) {
        snprintf(text, sizeof(text), "%s:%u %s %s %u", place->file, (unsigned)place->line,
                 place->function != NULL ? place->function : "",
                 place->variable != NULL ? place->variable : "", (unsigned)origin->method);
    } else if (origin->depth != 0) {
        snprintf(text, sizeof(text), "0x%llx %u", (unsigned long long)origin->frames[0],
                 (unsigned)origin->method);
    } else {
        snprintf(text, sizeof(text), "#%u", (unsigned)origin->index);
    }
    return text_key(desk, text);
}

static const char *group_of(ht_desk_t *desk, ht_row_t origin)
{
    const ht_place_t *place = ht_names_place(desk->names, origin);
    const char *text = desk->by == HT_BY_FUNCTION    ? place->function
                       : desk->by == HT_BY_FILE      ? place->file
                       : desk->by == HT_BY_COMPONENT ? place->component
                                                     : place->library;
    return text != NULL ? text : "(unknown)";
}

uint64_t ht_desk_key(void *context, const ht_flow_row_t *flow)
{
    ht_desk_t *desk = context;
    switch (desk->by) {
    case HT_BY_STACK:
        return flow->origin;
    case HT_BY_TASK:
        return flow->task;
    case HT_BY_SITE:
        return site_key(desk, flow->origin);
    default:
        return text_key(desk, group_of(desk, flow->origin));
    }
}

const char *ht_desk_noun(ht_by_t by)
{
    static const char *const nouns[] = {
        [HT_BY_SITE] = "site", [HT_BY_STACK] = "stack",         [HT_BY_FUNCTION] = "function",
        [HT_BY_FILE] = "file", [HT_BY_COMPONENT] = "component", [HT_BY_LIBRARY] = "library",
        [HT_BY_TASK] = "task"};
    return nouns[by];
}

const char *ht_desk_group_name(ht_desk_t *desk, const ht_tally_t *tally)
{
    return desk->by == HT_BY_TASK ? ht_names_task(desk->names, (ht_row_t)tally->key)
                                  : group_of(desk, tally->origin);
}

/* --- words --------------------------------------------------------------------------------------
 */

void ht_desk_title(ht_desk_t *desk)
{
    ht_out_style(&desk->r.out, HT_STYLE_TITLE);
    ht_out_sentence(&desk->r.out, 0);
}

void ht_desk_title_end(ht_desk_t *desk)
{
    ht_out_style(&desk->r.out, HT_STYLE_PLAIN);
    ht_out_sentence_end(&desk->r.out);
}

void ht_desk_note(ht_desk_t *desk, ht_style_t style, const char *text)
{
    ht_out_sentence(&desk->r.out, 0);
    ht_out_style(&desk->r.out, style);
    ht_out_text(&desk->r.out, text);
    ht_out_style(&desk->r.out, HT_STYLE_PLAIN);
    ht_out_sentence_end(&desk->r.out);
}

void ht_desk_shown(ht_desk_t *desk, const char *noun, uint64_t shown, uint64_t rows)
{
    ht_out_t *out = &desk->r.out;
    if (shown == rows) { return; }
    ht_out_sentence(out, 0);
    ht_out_style(out, HT_STYLE_DIM);
    ht_out_number(out, shown);
    ht_out_text(out, " of ");
    if (strcmp(noun, "library") == 0 && rows != 1) {
        ht_out_number(out, rows);
        ht_out_text(out, " libraries");
    } else {
        ht_out_count(out, rows, noun);
    }
    ht_out_text(out, " shown; --top 0 shows all.");
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

void ht_desk_moment(ht_desk_t *desk, uint64_t time_us)
{
    ht_out_text(&desk->r.out, "at ");
    ht_out_time(&desk->r.out, time_us);
}

void ht_desk_curve(ht_desk_t *desk, const uint64_t *value, uint32_t count)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const plain[] = {"_", ".", ",", "-", "=", "+", "*", "#"};
    uint64_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        most = value[i] > most ? value[i] : most;
    }
    for (uint32_t i = 0; i < count; i++) {
        /* All of it is the eighth height; so is what is as good as all of a very large number. */
        uint32_t eighths = ht_ratio(value[i], most, 8);
        uint32_t height = eighths < 8U ? eighths : 7U;
        ht_out_text(&desk->r.out, desk->utf8 ? blocks[height] : plain[height]);
    }
}

/* --- losses -------------------------------------------------------------------------------------
 */

typedef struct {
    uint32_t cause;
    const char *key, *noun, *words;
} loss_t;

static const loss_t s_losses[] = {
    {HT_LOSS_RING_FULL, "ring_full", "event",
     " (the ring was full): a larger ring or a faster sink helps"},
    {HT_LOSS_SINK_SLOW, "sink_slow", "event", " (the sink was too slow)"},
    {HT_LOSS_NOT_WRITTEN, "not_written", "event", " (a frame was not written)"},
    {HT_LOSS_TABLE_FULL, "table_full", "block",
     " without a record on the device (its table was full): raise CONFIG_HEAPTRAIL_MAX_BLOCKS"},
    {HT_LOSS_TABLE_CROWDED, "table_crowded", "block",
     " without a record on the device (its table was crowded): raise "
     "CONFIG_HEAPTRAIL_MAX_BLOCKS"},
    {HT_LOSS_TOO_LARGE, "too_large", "block", " without a record on the device: too large for one"},
    {HT_LOSS_ORIGINS_FULL, "origins_full", "allocation",
     " without a site: raise CONFIG_HEAPTRAIL_MAX_SITES"},
    {HT_LOSS_FRAMES_FULL, "frames_full", "site",
     " without a stack: raise CONFIG_HEAPTRAIL_FRAME_WORDS"},
    {HT_LOSS_TASKS_FULL, "tasks_full", "allocation",
     " without a task: raise CONFIG_HEAPTRAIL_MAX_TASKS"},
    {HT_LOSS_FILTERED, "filtered", "allocation", " left out by a filter on the device"},
    {HT_LOSS_OVERWRITTEN, "overwritten", "event",
     " from before the flight recorder's first, which keeps the latest"},
    {HT_EVENT_LOSS_FRAMES, "frames", "frame", " that are missing in the sequence"},
};

static const loss_t *loss_of(uint32_t cause)
{
    static const loss_t unknown = {0, "unknown", "event",
                                   " of a cause that this program does not know"};
    for (size_t i = 0; i < sizeof(s_losses) / sizeof(s_losses[0]); i++) {
        if (s_losses[i].cause == cause) { return &s_losses[i]; }
    }
    return &unknown;
}

const char *ht_loss_key(uint32_t cause)
{
    return loss_of(cause)->key;
}

const char *ht_loss_noun(uint32_t cause)
{
    return loss_of(cause)->noun;
}

const char *ht_loss_words(uint32_t cause)
{
    return loss_of(cause)->words;
}
