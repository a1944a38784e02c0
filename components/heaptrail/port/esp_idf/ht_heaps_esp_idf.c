/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The heaps of ESP-IDF, seen through its public walkers (5.3 and later). */
#include <string.h>

#include "esp_freertos_hooks.h"
#include "heaptrail.h"
#include "heaptrail_leaks.h"
#include "ht_caps.h"
#include "ht_config.h"
#include "ht_default.h"
#include "ht_port_wrap.h"

/* Capabilities that tell heaps apart, by bit. */
#define CAPS_BITS 22U

typedef struct {
    struct {
        uintptr_t start;
        size_t size;
        uint32_t caps;
    } heap[HT_HEAPS_MAX];
    uint32_t count;
    uint32_t bit;
} found_t;

/* One block of each heap is enough: false goes on to the next heap. */
static bool note_heap(walker_heap_into_t heap, walker_block_info_t block, void *context)
{
    (void)block;
    found_t *found = context;
    uint32_t i = 0;
    while (i < found->count && found->heap[i].start != (uintptr_t)heap.start) {
        i++;
    }
    if (i == HT_HEAPS_MAX) { return false; }
    if (i == found->count) {
        found->heap[i].start = (uintptr_t)heap.start;
        found->heap[i].size = (size_t)((uintptr_t)heap.end - (uintptr_t)heap.start);
        found->heap[i].caps = 0;
        found->count++;
    }
    found->heap[i].caps |= found->bit;
    return false;
}

static const char *kind_of(uint32_t caps)
{
    if (caps & MALLOC_CAP_SPIRAM) { return "PSRAM"; }
    if (caps & MALLOC_CAP_RTCRAM) { return "RTC"; }
    if ((caps & MALLOC_CAP_EXEC) && !(caps & MALLOC_CAP_8BIT)) { return "IRAM"; }
    return "DRAM";
}

static bool is_known(const ht_tracker_t *tracker, uintptr_t start)
{
    for (uint32_t id = 1; id <= tracker->heaps.count; id++) {
        if (tracker->heaps.row[id].start == start) { return true; }
    }
    return false;
}

/* "DRAM", and the second one "DRAM 2". */
static void name_heap(const ht_tracker_t *tracker, uint32_t caps, char name[HT_TASK_NAME_MAX])
{
    const char *kind = kind_of(caps);
    size_t length = strlen(kind);
    unsigned same = 1;
    for (uint32_t id = 1; id <= tracker->heaps.count; id++) {
        same += strncmp(tracker->heaps.row[id].name, kind, length) == 0;
    }
    memcpy(name, kind, length + 1);
    if (same > 1) {
        name[length++] = ' ';
        if (same > 9) { name[length++] = '1'; }
        name[length++] = (char)('0' + same % 10U);
        name[length] = '\0';
    }
}

void ht_port_find_heaps(ht_tracker_t *tracker)
{
    static volatile uint32_t s_busy; /* two at once would add every heap twice */
    if (!ht_claim(&tracker->lock, &s_busy)) { return; }
    found_t found = {0};
    for (uint32_t bit = 0; bit < CAPS_BITS; bit++) {
        found.bit = 1UL << bit;
        heap_caps_walk(found.bit, note_heap, &found);
    }
    for (uint32_t i = 0; i < found.count; i++) {
        if (!is_known(tracker, found.heap[i].start)) {
            char name[HT_TASK_NAME_MAX];
            name_heap(tracker, found.heap[i].caps, name);
            ht_tracker_add_heap(tracker, found.heap[i].start, found.heap[i].size,
                                found.heap[i].caps, name);
        }
    }
    ht_release(&s_busy);
}

/*
 * So that the first report names the heaps. Not ht_default(): the tracker stays new, for
 * heaptrail_init(). Heaps that ESP-IDF adds later (the stacks of the start-up) are found by
 * heaptrail_sample().
 */
__attribute__((constructor)) static void find_at_boot(void)
{
    ht_port_find_heaps(&ht_default_tracker);
}

uint32_t ht_port_caps_at(const void *address)
{
    const ht_heaps_t *heaps = &ht_default_tracker.heaps;
    uint32_t count = __atomic_load_n(&heaps->count, __ATOMIC_ACQUIRE);
    for (uint32_t id = 1; id <= count; id++) {
        const ht_heap_t *heap = &heaps->row[id];
        if ((uintptr_t)address - heap->start < heap->size) { return heap->caps; }
    }
    return 0;
}

typedef struct {
    uintptr_t start;
    ht_heap_sample_t sample;
    bool seen;
} measure_t;

static bool add_block(walker_heap_into_t heap, walker_block_info_t block, void *context)
{
    measure_t *measure = context;
    if ((uintptr_t)heap.start != measure->start) { return false; }
    measure->seen = true;
    if (!block.used) {
        measure->sample.free_bytes += block.size;
        if (block.size > measure->sample.largest_free_bytes) {
            measure->sample.largest_free_bytes = block.size;
        }
    }
    return true;
}

bool ht_port_sample_heap(uintptr_t start, ht_heap_sample_t *sample)
{
    measure_t measure = {.start = start};
    heap_caps_walk_all(add_block, &measure);
    measure.sample.min_free_bytes = SIZE_MAX; /* ESP-IDF counts it by capability, not by heap */
    *sample = measure.sample;
    return measure.seen;
}

bool ht_port_sample_caps(uint32_t caps, ht_heap_sample_t *sample)
{
    multi_heap_info_t info;
    heap_caps_get_info(&info, caps);
    sample->free_bytes = info.total_free_bytes;
    sample->largest_free_bytes = info.largest_free_block;
    sample->min_free_bytes = info.minimum_free_bytes;
    return true;
}

#if CONFIG_HEAPTRAIL_SAMPLE_INTERVAL_MS > 0 || CONFIG_HEAPTRAIL_GROWTH_PERIOD_MS > 0

/* 0: never. The idle task's stack has room for both. */
static bool is_due(ht_tick_t *last, ht_tick_t now, uint32_t period_ms)
{
    if (period_ms == 0 || now - *last < pdMS_TO_TICKS(period_ms)) { return false; }
    *last = now;
    return true;
}

static bool sample_when_idle(void)
{
    static ht_tick_t s_heaps;
    static ht_tick_t s_floors;
    ht_port_mind_ticks();
    ht_tick_t now = ht_port_tick();
    if (is_due(&s_heaps, now, CONFIG_HEAPTRAIL_SAMPLE_INTERVAL_MS)) { heaptrail_sample(); }
    if (is_due(&s_floors, now, CONFIG_HEAPTRAIL_GROWTH_PERIOD_MS)) { heaptrail_growth_sample(); }
    return true; /* nothing more to do until the next interrupt */
}

__attribute__((constructor)) static void start_sampling(void)
{
    esp_register_freertos_idle_hook_for_cpu(sample_when_idle, 0);
}

#endif
