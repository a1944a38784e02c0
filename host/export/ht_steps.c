/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_steps.h"

void ht_steps_begin(ht_steps_t *steps, const ht_export_stream_t *stream, void *writer, bool pools)
{
    steps->pools = pools;
    steps->stream = stream;
    steps->writer = writer;
    steps->first = 0;
    steps->next = 0;
}

static void hand_over_oldest(ht_steps_t *steps)
{
    size_t at = steps->first++ % HT_STEPS_WAITING;
    if (!steps->void_[at]) { steps->stream->step(steps->writer, &steps->waiting[at]); }
}

static void wait(ht_steps_t *steps, const ht_step_t *step)
{
    if (steps->next - steps->first == HT_STEPS_WAITING) { hand_over_oldest(steps); }
    size_t at = steps->next++ % HT_STEPS_WAITING;
    steps->waiting[at] = *step;
    steps->void_[at] = false;
}

void ht_steps_flush(ht_steps_t *steps)
{
    while (steps->first != steps->next) {
        hand_over_oldest(steps);
    }
}

/* The latest step that waits and brought, or took, the block at an address. NULL: none waits. */
static ht_step_t *find(ht_steps_t *steps, uint64_t address, bool brought)
{
    for (uint64_t n = steps->next; n > steps->first; n--) {
        size_t at = (n - 1U) % HT_STEPS_WAITING;
        ht_step_t *step = &steps->waiting[at];
        bool brings = step->kind == HT_STEP_MADE || step->kind == HT_STEP_CARRIED;
        if (!steps->void_[at] && step->address == address && brings == brought) { return step; }
    }
    return NULL;
}

static ht_step_t step_of(const ht_change_t *change, ht_step_kind_t kind)
{
    return (ht_step_t){.kind = kind,
                       .address = change->address,
                       .size = change->size,
                       .time_us = change->time_us,
                       .made_us = change->made_us,
                       .flow = change->flow};
}

/* Too long ago to be corrected: it goes and comes again. */
static void relabel(ht_steps_t *steps, const ht_change_t *change)
{
    ht_step_t *made = find(steps, change->address, true);
    if (made != NULL) {
        made->flow = change->flow;
        return;
    }
    ht_step_t gone = step_of(change, HT_STEP_VANISHED);
    ht_step_t again = step_of(change, HT_STEP_CARRIED);
    gone.flow = change->was;
    wait(steps, &gone);
    wait(steps, &again);
}

static void put_back(ht_steps_t *steps, const ht_change_t *change)
{
    ht_step_t *freed = find(steps, change->address, false);
    if (freed != NULL) {
        steps->void_[freed - steps->waiting] = true;
        return;
    }
    ht_step_t again = step_of(change, HT_STEP_CARRIED);
    wait(steps, &again);
}

void ht_steps_change(ht_steps_t *steps, const ht_change_t *change)
{
    static const ht_step_kind_t kinds[] = {[HT_CHANGE_MADE] = HT_STEP_MADE,
                                           [HT_CHANGE_CARRIED] = HT_STEP_CARRIED,
                                           [HT_CHANGE_FREED] = HT_STEP_FREED,
                                           [HT_CHANGE_VANISHED] = HT_STEP_VANISHED};
    if (change->pool != steps->pools) { return; }
    if (change->kind == HT_CHANGE_RELABELED) {
        relabel(steps, change);
    } else if (change->kind == HT_CHANGE_PUT_BACK) {
        put_back(steps, change);
    } else if ((size_t)change->kind < sizeof(kinds) / sizeof(kinds[0])) {
        ht_step_t step = step_of(change, kinds[change->kind]);
        wait(steps, &step);
    }
}

void ht_steps_carried(ht_steps_t *steps, const ht_live_row_t *row, uint64_t time_us)
{
    if (row->pool != steps->pools || row->flow == UINT32_MAX) { return; }
    const ht_step_t step = {.kind = HT_STEP_CARRIED,
                            .address = row->address,
                            .size = row->size,
                            .time_us = time_us,
                            .made_us = row->time_us,
                            .flow = row->flow};
    wait(steps, &step);
}
