/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ht_analyse_leaks.h"
#include "ht_format.h"

typedef struct {
    const char *name;
    bool is_size, has_scope;
} kind_t;

static const kind_t s_kinds[HT_LIMITS] = {
    [HT_LIMIT_LEAKED_BYTES] = {"max-leaked-bytes", true, true},
    [HT_LIMIT_LEAKED_BLOCKS] = {"max-leaked-blocks", false, true},
    [HT_LIMIT_UNREACHABLE_BYTES] = {"max-unreachable-bytes", true, true},
    [HT_LIMIT_UNREACHABLE_BLOCKS] = {"max-unreachable-blocks", false, true},
    [HT_LIMIT_PEAK] = {"max-peak", true, true},
    [HT_LIMIT_GROWTH] = {"max-growth", true, true},
    [HT_LIMIT_ALLOCATIONS] = {"max-allocations", false, true},
    [HT_LIMIT_TEMPORARY] = {"max-temporary", false, true},
    [HT_LIMIT_FAILURES] = {"max-failures", false, false},
    [HT_LIMIT_ERRORS] = {"max-errors", false, false},
    [HT_LIMIT_LOST] = {"max-lost", false, false},
};

static const char *const s_scopes[HT_SCOPES] = {
    [HT_SCOPE_ALL] = "all",   [HT_SCOPE_SITE] = "site",           [HT_SCOPE_FUNCTION] = "function",
    [HT_SCOPE_FILE] = "file", [HT_SCOPE_COMPONENT] = "component", [HT_SCOPE_LIBRARY] = "library",
    [HT_SCOPE_TASK] = "task", [HT_SCOPE_HEAP] = "heap",
};

const char *ht_limit_name(ht_limit_kind_t kind)
{
    return (unsigned)kind < HT_LIMITS ? s_kinds[kind].name : NULL;
}

const char *ht_limit_scope_name(ht_scope_t scope)
{
    return s_scopes[scope];
}

bool ht_limit_find(const char *name, ht_limit_kind_t *kind)
{
    for (unsigned i = 0; i < HT_LIMITS; i++) {
        if (strcmp(name, s_kinds[i].name) == 0) {
            *kind = (ht_limit_kind_t)i;
            return true;
        }
    }
    return false;
}

bool ht_limit_scope_find(const char *name, ht_scope_t *scope)
{
    for (unsigned i = HT_SCOPE_SITE; i < HT_SCOPES; i++) {
        if (strcmp(name, s_scopes[i]) == 0) {
            *scope = (ht_scope_t)i;
            return true;
        }
    }
    return false;
}

bool ht_limit_is_size(ht_limit_kind_t kind)
{
    return s_kinds[kind].is_size;
}

static bool is_of_sites(ht_limit_kind_t kind)
{
    return kind == HT_LIMIT_GROWTH || kind == HT_LIMIT_UNREACHABLE_BYTES ||
           kind == HT_LIMIT_UNREACHABLE_BLOCKS;
}

/* Growth is of sites: a task's or a heap's share of one is not sampled. What is lost, too. */
bool ht_limit_has_scope(ht_limit_kind_t kind, ht_scope_t scope)
{
    bool shared = scope == HT_SCOPE_TASK || scope == HT_SCOPE_HEAP;
    return scope == HT_SCOPE_ALL || (s_kinds[kind].has_scope && !(is_of_sites(kind) && shared));
}

bool ht_limits_add(ht_limits_t *limits, const ht_limit_t *limit)
{
    const char *pattern = NULL;
    if (limit->pattern != NULL) {
        pattern = ht_strings_add(&limits->strings, limit->pattern, strlen(limit->pattern));
        if (pattern == NULL) { return false; }
    }
    if (!ht_array_room((void **)&limits->limit, &limits->capacity, limits->count,
                       sizeof(*limits->limit))) {
        return false;
    }
    limits->limit[limits->count] = *limit;
    limits->limit[limits->count++].pattern = pattern;
    return true;
}

void ht_limits_free(ht_limits_t *limits)
{
    free(limits->limit);
    ht_strings_free(&limits->strings);
    *limits = (ht_limits_t){0};
}

/* --- measuring ----------------------------------------------------------------------------------
 */

static void choose(ht_desk_t *desk, const ht_choice_t *base, const ht_limit_t *limit)
{
    ht_choice_t *choice = &desk->choice;
    const char **const to[HT_SCOPES] = {
        [HT_SCOPE_SITE] = &choice->site,       [HT_SCOPE_FUNCTION] = &choice->function,
        [HT_SCOPE_FILE] = &choice->file,       [HT_SCOPE_COMPONENT] = &choice->component,
        [HT_SCOPE_LIBRARY] = &choice->library, [HT_SCOPE_TASK] = &choice->task,
        [HT_SCOPE_HEAP] = &choice->heap};
    *choice = *base;
    if (to[limit->scope] != NULL) { *to[limit->scope] = limit->pattern; }
    memset(desk->origin_chosen, 0, desk->view.origins + 1U);
}

/* Of all that is chosen; NULL key function: by origin, only the total matters. */
static bool measure_flows(ht_limit_t *limit, ht_desk_t *desk)
{
    ht_tallies_t tallies;
    ht_tally_ask_t ask = {.wanted = ht_desk_wants,
                          .context = desk,
                          .marks = desk->since ? desk->since_marks : 0,
                          .since_us = desk->since ? desk->since_us : 0};
    bool good =
        ht_tally_flows(&tallies, &desk->view, &ask) && ht_tally_blocks(&tallies, desk->model, &ask);
    const ht_tally_t *total = &tallies.total;
    limit->value =
        limit->kind == HT_LIMIT_LEAKED_BYTES    ? total->left_bytes
        : limit->kind == HT_LIMIT_LEAKED_BLOCKS ? total->left_blocks
        : limit->kind == HT_LIMIT_ALLOCATIONS   ? total->total_blocks
        : limit->kind == HT_LIMIT_PEAK          ? total->at_peak_bytes
        : total->total_blocks == 0
            ? 0
            : (total->temporary_blocks * 100U + total->total_blocks - 1U) / total->total_blocks;
    ht_tallies_free(&tallies);
    return good;
}

/* A heap's or a task's own peak, of those that the pattern means the highest; of all, the peak. Of
 * sites: what they held at the moment of the peak. */
static bool measure_peak(ht_limit_t *limit, ht_desk_t *desk)
{
    const ht_model_view_t *view = &desk->view;
    if (limit->scope == HT_SCOPE_ALL && !ht_desk_has_choice(desk)) {
        limit->value = view->peak_bytes;
        return true;
    }
    if (limit->scope != HT_SCOPE_HEAP && limit->scope != HT_SCOPE_TASK) {
        return measure_flows(limit, desk);
    }
    bool heap = limit->scope == HT_SCOPE_HEAP;
    limit->known = false;
    for (uint32_t i = 0; i < (heap ? view->heaps : view->tasks); i++) {
        const char *name = heap ? ht_names_heap(desk->names, i) : ht_names_task(desk->names, i);
        uint64_t peak = heap ? view->heap[i].peak_bytes : view->task[i].peak_bytes;
        if (!ht_name_matches(limit->pattern, name)) { continue; }
        limit->known = true;
        limit->value = peak > limit->value ? peak : limit->value;
    }
    return true;
}

/* The fastest of the sites that keep growing. */
static bool measure_growth(ht_limit_t *limit, ht_desk_t *desk)
{
    ht_growths_t growths;
    bool good = ht_growth(&growths, &desk->view, ht_desk_wants_origin, desk);
    limit->known = growths.samples >= HT_GROWTH_SAMPLES;
    if (good && growths.count != 0) {
        limit->value = (uint64_t)ceil(growths.row[0].bytes_per_hour);
    }
    ht_growths_free(&growths);
    return good;
}

/* Not known without a scan, or if some of what it found is missing. */
static bool measure_unreachable(ht_limit_t *limit, ht_desk_t *desk)
{
    ht_leaks_t leaks;
    const ht_search_t *search = desk->view.search;
    const ht_tally_ask_t ask = {.wanted = ht_desk_has_choice(desk) ? ht_desk_wants : NULL,
                                .context = desk,
                                .marks = desk->since ? desk->since_marks : 0,
                                .since_us = desk->since ? desk->since_us : 0};
    bool good = ht_leaks(&leaks, desk->model, &ask, ht_desk_wants_origin);
    limit->known =
        search != NULL && search->scanned == HT_SCANNED && search->suspects <= desk->view.suspects;
    for (size_t i = 0; good && i < leaks.count; i++) {
        const ht_suspect_t *is = &leaks.row[i].is;
        limit->value += limit->kind == HT_LIMIT_UNREACHABLE_BYTES
                            ? is->reach.lost_bytes + is->reach.indirect_bytes
                            : is->reach.lost_blocks + is->reach.indirect_blocks;
    }
    ht_leaks_free(&leaks);
    return good;
}

static uint64_t lost(const ht_desk_t *desk)
{
    const ht_model_view_t *view = &desk->view;
    uint64_t count = view->vanished_blocks + view->unknown_frees + view->mismatches +
                     view->unknown_blocks + desk->about.damages;
    for (uint32_t i = 0; i < view->losses; i++) {
        count += view->loss[i].count;
    }
    return count;
}

static bool measure(ht_limit_t *limit, ht_desk_t *desk)
{
    limit->known = true;
    limit->value = 0;
    switch (limit->kind) {
    case HT_LIMIT_PEAK:
        return measure_peak(limit, desk);
    case HT_LIMIT_GROWTH:
        return measure_growth(limit, desk);
    case HT_LIMIT_UNREACHABLE_BYTES:
    case HT_LIMIT_UNREACHABLE_BLOCKS:
        return measure_unreachable(limit, desk);
    case HT_LIMIT_FAILURES:
        limit->value = desk->view.failures;
        return true;
    case HT_LIMIT_ERRORS:
        limit->value = desk->view.errors;
        return true;
    case HT_LIMIT_LOST:
        limit->value = lost(desk);
        return true;
    default:
        return measure_flows(limit, desk);
    }
}

bool ht_limits_measure(ht_limits_t *limits, ht_desk_t *desk)
{
    const ht_choice_t base = desk->choice;
    bool good = true;
    for (size_t i = 0; i < limits->count && good; i++) {
        ht_limit_t *limit = &limits->limit[i];
        choose(desk, &base, limit);
        good = measure(limit, desk);
        limit->exceeded = !limit->known || limit->value > limit->most;
    }
    desk->choice = base;
    memset(desk->origin_chosen, 0, desk->view.origins + 1U);
    return good;
}

size_t ht_limits_exceeded(const ht_limits_t *limits)
{
    size_t count = 0;
    for (size_t i = 0; i < limits->count; i++) {
        count += limits->limit[i].exceeded ? 1U : 0U;
    }
    return count;
}
