/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_lowmem.h"

/* Of a watch that waits to be armed, looks between its two levels: a short rise is seen. */
#define LOOKS_PER_GAP 4U

void ht_lowmem_open(ht_tracker_t *tracker, ht_lowmem_watch_t *watch, uint32_t max,
                    size_t (*free_bytes)(uint32_t caps), void (*wake)(void))
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    if (tracker->lowmem.max == 0) {
        tracker->lowmem.watch = watch;
        tracker->lowmem.free_bytes = free_bytes;
        tracker->lowmem.wake = wake;
        tracker->lowmem.max = max;
    }
    ht_port_unlock(&tracker->lock, irq);
}

bool ht_lowmem_is_low(const ht_lowmem_levels_t *levels, const ht_lowmem_seen_t *seen,
                      bool *by_largest)
{
    bool low = levels->free_below != 0 && seen->free_bytes < levels->free_below;
    *by_largest = !low && levels->largest_below != 0 && seen->largest_known &&
                  seen->largest_bytes < levels->largest_below;
    return low || *by_largest;
}

bool ht_lowmem_is_high(const ht_lowmem_levels_t *levels, const ht_lowmem_seen_t *seen)
{
    bool free_is = levels->free_below == 0 || seen->free_bytes >= levels->free_rearm;
    bool largest_is = levels->largest_below == 0 ||
                      (seen->largest_known && seen->largest_bytes >= levels->largest_rearm);
    return free_is && largest_is;
}

size_t ht_lowmem_budget_of(const ht_lowmem_levels_t *levels, bool armed, size_t free_bytes)
{
    if (levels->free_below == 0) { return SIZE_MAX; } /* only a measurement can tell */
    if (!armed) { return (levels->free_rearm - levels->free_below) / LOOKS_PER_GAP; }
    return free_bytes > levels->free_below ? free_bytes - levels->free_below : 0;
}

uint32_t ht_lowmem_add(ht_tracker_t *tracker, const ht_lowmem_levels_t *levels,
                       const ht_lowmem_seen_t *seen, ht_lowmem_listener_t listener)
{
    ht_lowmem_t *lowmem = &tracker->lowmem;
    bool by_largest;
    uint32_t index = 0;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    while (index < lowmem->max && (lowmem->watch[index].used || lowmem->watch[index].busy != 0)) {
        index++;
    }
    if (index == lowmem->max) {
        index = UINT32_MAX;
    } else {
        ht_lowmem_watch_t *watch = &lowmem->watch[index];
        watch->levels = *levels;
        watch->listener = listener;
        watch->fired = 0;
        watch->untold = false;
        watch->frozen = false;
        watch->armed = !ht_lowmem_is_low(levels, seen, &by_largest);
        watch->used = true;
        watch->turned = ++lowmem->looks;
        lowmem->count++;
        lowmem->budget = 0; /* the next allocation looks */
        tracker->filtering = true;
        ht_tracker_choose_way(tracker);
    }
    ht_port_unlock(&tracker->lock, irq);
    return index;
}

bool ht_lowmem_remove(ht_tracker_t *tracker, uint32_t index)
{
    ht_lowmem_t *lowmem = &tracker->lowmem;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool found = index < lowmem->max && lowmem->watch[index].used;
    if (found) {
        lowmem->watch[index].used = false;
        lowmem->watch[index].untold = false;
        lowmem->count--;
        tracker->filtering = ht_filter_is_set(&tracker->filter) || lowmem->count != 0;
        ht_tracker_choose_way(tracker);
    }
    ht_port_unlock(&tracker->lock, irq);
    return found;
}

/* --- a snapshot --------------------------------------------------------------------------------
 */

/* Sort an origin in among the largest. Lock held. O(HT_LOWMEM_SITES_MAX). */
static void offer(ht_lowmem_watch_t *watch, uint32_t id, const ht_origin_t *origin)
{
    uint32_t at = watch->site_count;
    if (at == HT_LOWMEM_SITES_MAX) {
        if (watch->site[at - 1U].bytes >= origin->live_bytes) { return; }
        at--;
    } else {
        watch->site_count++;
    }
    for (; at > 0 && watch->site[at - 1U].bytes < origin->live_bytes; at--) {
        watch->site[at] = watch->site[at - 1U];
    }
    watch->site[at] = (ht_lowmem_site_t){id, ht_origin_live_blocks(origin), origin->live_bytes};
}

/* The copy is complete, if it is of the newest trigger: how much it may be off. Lock held. */
static void finish(const ht_tracker_t *tracker, ht_lowmem_watch_t *watch, ht_tick_t now)
{
    uint32_t made = tracker->lowmem.made - watch->made;
    uint32_t grown = tracker->table.count - watch->count;
    watch->drift_made = made;
    watch->drift_ended = (int32_t)(made - grown) > 0 ? made - grown : 0;
    watch->drift_ticks = now - watch->tick;
    watch->frozen = true;
}

void ht_lowmem_freeze(ht_tracker_t *tracker, ht_lowmem_watch_t *watch)
{
    if (!ht_claim(&tracker->lock, &watch->busy)) { return; }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool due = watch->used && watch->fired != 0 && !watch->frozen;
    uint32_t number = watch->fired;
    uint32_t last = tracker->origins.count;
    if (due) { watch->site_count = 0; }
    ht_port_unlock(&tracker->lock, irq);
    for (uint32_t id = 0; due && id <= last; id++) {
        irq = ht_port_lock(&tracker->lock);
        const ht_origin_t *origin = &tracker->origins.origins[id];
        if (origin->live_bytes != 0) { offer(watch, id, origin); }
        ht_port_unlock(&tracker->lock, irq);
    }
    ht_tick_t now = ht_port_tick();
    irq = ht_port_lock(&tracker->lock);
    if (due && watch->fired == number) { finish(tracker, watch, now); }
    ht_port_unlock(&tracker->lock, irq);
    ht_release(&watch->busy);
}

/* --- looks -------------------------------------------------------------------------------------
 */

typedef struct {
    const ht_lowmem_facts_t *facts; /* who made us look */
    bool measure;
    uint32_t number;
    size_t budget; /* until the next one: the least that a watch leaves */
} look_t;

/* What is seen of its memory decides whether a watch fires. Lock held. O(1). */
static bool judge(ht_tracker_t *tracker, ht_lowmem_watch_t *watch, const ht_lowmem_seen_t *seen,
                  const look_t *look, ht_tick_t now)
{
    bool by_largest = false;
    if ((int32_t)(look->number - watch->turned) < 0) { return false; }
    bool turns = watch->armed ? ht_lowmem_is_low(&watch->levels, seen, &by_largest)
                              : ht_lowmem_is_high(&watch->levels, seen);
    if (!turns) { return false; }
    watch->turned = look->number;
    watch->armed = !watch->armed;
    if (watch->armed) { return false; }
    watch->untold = true;
    watch->frozen = false;
    watch->fired++;
    watch->facts = *look->facts;
    watch->seen = *seen;
    watch->by_largest = by_largest;
    watch->tick = now;
    watch->made = tracker->lowmem.made;
    watch->count = tracker->table.count;
    return true;
}

/* Look at one watch. True: it fired. The levels are read without the lock: whether they are still
 * this watch's is seen under it. */
static bool look_at(ht_tracker_t *tracker, ht_lowmem_watch_t *watch, look_t *look)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool used = watch->used;
    const uint32_t caps = watch->levels.caps;
    ht_port_unlock(&tracker->lock, irq);
    if (!used) { return false; }
    ht_heap_sample_t sample = {0};
    bool measured = look->measure && ht_port_sample_caps(caps, &sample);
    ht_lowmem_seen_t seen = {sample.free_bytes, sample.largest_free_bytes, measured};
    if (!measured) { seen.free_bytes = tracker->lowmem.free_bytes(caps); }
    ht_tick_t now = ht_port_tick();
    bool fired = false;
    irq = ht_port_lock(&tracker->lock);
    if (watch->used && watch->levels.caps == caps) {
        fired = judge(tracker, watch, &seen, look, now);
        size_t budget = ht_lowmem_budget_of(&watch->levels, watch->armed, seen.free_bytes);
        if (budget < look->budget) { look->budget = budget; }
    }
    ht_port_unlock(&tracker->lock, irq);
    return fired;
}

/* What is allocated from here on counts against the new budget. */
static void begin(ht_lowmem_t *lowmem, ht_port_lock_t *lock, look_t *look)
{
    ht_port_irq_t irq = ht_port_lock(lock);
    look->number = ++lowmem->looks;
    lowmem->spent = 0;
    lowmem->budget = 0; /* whoever allocates meanwhile looks, too */
    ht_port_unlock(lock, irq);
}

static void end(ht_lowmem_t *lowmem, ht_port_lock_t *lock, const look_t *look)
{
    ht_port_irq_t irq = ht_port_lock(lock);
    if (lowmem->looks == look->number) { lowmem->budget = look->budget; }
    ht_port_unlock(lock, irq);
}

static void look_at_all(ht_tracker_t *tracker, bool measure, const ht_lowmem_facts_t *facts)
{
    ht_lowmem_t *lowmem = &tracker->lowmem;
    bool fired = false;
    look_t look = {.facts = facts, .measure = measure, .budget = SIZE_MAX};
    begin(lowmem, &tracker->lock, &look);
    for (uint32_t i = 0; i < lowmem->max; i++) {
        if (!look_at(tracker, &lowmem->watch[i], &look)) { continue; }
        fired = true;
        if (!ht_port_in_isr()) { ht_lowmem_freeze(tracker, &lowmem->watch[i]); }
    }
    end(lowmem, &tracker->lock, &look);
    if (fired) { lowmem->wake(); }
}

void ht_lowmem_look(ht_tracker_t *tracker, const ht_lowmem_facts_t *facts)
{
    look_at_all(tracker, false, facts);
}

void ht_lowmem_measure(ht_tracker_t *tracker, const ht_lowmem_facts_t *facts)
{
    if (tracker->lowmem.count != 0) { look_at_all(tracker, true, facts); }
}
