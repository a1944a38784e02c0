/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_spans.h"

#include <stdlib.h>

#include "ht_strings.h"

bool ht_spans_add(ht_spans_t *spans, uint64_t low, uint64_t high, uint32_t depth, uint32_t value)
{
    if (low >= high) { return true; }
    if (!ht_array_room((void **)&spans->spans, &spans->span_capacity, spans->span_count,
                       sizeof(*spans->spans))) {
        return false;
    }
    spans->spans[spans->span_count++] = (ht_span_t){low, high, depth, value};
    return true;
}

/* The outer before the inner. */
static int compare(const void *left, const void *right)
{
    const ht_span_t *a = left;
    const ht_span_t *b = right;
    if (a->low != b->low) { return a->low < b->low ? -1 : 1; }
    if (a->high != b->high) { return a->high > b->high ? -1 : 1; }
    if (a->depth != b->depth) { return a->depth < b->depth ? -1 : 1; }
    return a->value < b->value ? -1 : a->value > b->value;
}

/* From `start` on it is `value`. */
static bool step(ht_spans_t *spans, uint64_t start, uint32_t value)
{
    ht_span_step_t *last = spans->step_count > 0 ? &spans->steps[spans->step_count - 1] : NULL;
    if (last != NULL && last->start == start) {
        last->value = value;
        return true;
    }
    if (last != NULL && last->value == value) { return true; }
    if (!ht_array_room((void **)&spans->steps, &spans->step_capacity, spans->step_count,
                       sizeof(*spans->steps))) {
        return false;
    }
    spans->steps[spans->step_count++] = (ht_span_step_t){.start = start, .value = value};
    return true;
}

/* Close the open stretches that end at or before `until`. The open ones are a stack of indices in
 * `open`, the innermost last. */
static bool close_until(ht_spans_t *spans, const size_t *open, size_t *open_count, uint64_t until)
{
    while (*open_count > 0 && spans->spans[open[*open_count - 1]].high <= until) {
        uint64_t end = spans->spans[open[--*open_count]].high;
        /* Outer ones that end no later have no stretch left: of damaged input only. */
        while (*open_count > 0 && spans->spans[open[*open_count - 1]].high <= end) {
            --*open_count;
        }
        uint32_t value =
            *open_count > 0 ? spans->spans[open[*open_count - 1]].value : HT_SPANS_NONE;
        if (!step(spans, end, value)) { return false; }
    }
    return true;
}

bool ht_spans_flatten(ht_spans_t *spans)
{
    bool good = true;
    size_t open_count = 0;
    size_t *open = calloc(spans->span_count + 1, sizeof(*open));
    if (open == NULL) { return false; }
    if (spans->span_count > 0) {
        qsort(spans->spans, spans->span_count, sizeof(*spans->spans), compare);
    }
    for (size_t i = 0; good && i < spans->span_count; i++) {
        good = close_until(spans, open, &open_count, spans->spans[i].low) &&
               step(spans, spans->spans[i].low, spans->spans[i].value);
        open[open_count++] = i;
    }
    good = good && close_until(spans, open, &open_count, UINT64_MAX);
    free(open);
    free(spans->spans);
    spans->spans = NULL;
    spans->span_count = spans->span_capacity = 0;
    return good;
}

uint32_t ht_spans_find(const ht_spans_t *spans, uint64_t address, uint64_t *low)
{
    size_t first = 0;
    size_t beyond = spans->step_count;
    while (first < beyond) { /* the last step that starts at or before the address */
        size_t middle = first + (beyond - first) / 2;
        if (spans->steps[middle].start <= address) {
            first = middle + 1;
        } else {
            beyond = middle;
        }
    }
    if (first == 0) { return HT_SPANS_NONE; }
    if (low != NULL) { *low = spans->steps[first - 1].start; }
    return spans->steps[first - 1].value;
}

void ht_spans_free(ht_spans_t *spans)
{
    free(spans->spans);
    free(spans->steps);
    *spans = (ht_spans_t){0};
}
