// SPDX-License-Identifier: Apache-2.0
/* Questions about the heaps: sizes, walks, checks. */
#include "esp_heap_caps.h"
#include "heap_private.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static size_t sum(uint32_t caps, size_t (*bytes)(multi_heap_handle_t))
{
    size_t total = 0;
    sim_heap_t *heap;
    SLIST_FOREACH(heap, &sim_heaps, next)
    {
        if (heap_matches(heap, caps)) { total += bytes(heap->heap); }
    }
    return total;
}

size_t heap_caps_get_total_size(uint32_t caps)
{
    size_t total = 0;
    sim_heap_t *heap;
    SLIST_FOREACH(heap, &sim_heaps, next)
    {
        if (heap_matches(heap, caps)) { total += (size_t)(heap->end - heap->start); }
    }
    return total;
}

size_t heap_caps_get_free_size(uint32_t caps)
{
    return sum(caps, multi_heap_free_size);
}

size_t heap_caps_get_minimum_free_size(uint32_t caps)
{
    return sum(caps, multi_heap_minimum_free_size);
}

size_t heap_caps_get_largest_free_block(uint32_t caps)
{
    multi_heap_info_t info;
    heap_caps_get_info(&info, caps);
    return info.largest_free_block;
}

#define MONITORED_MAX 16
static size_t s_saved_minimum[MONITORED_MAX];
static bool s_monitoring;

esp_err_t heap_caps_monitor_local_minimum_free_size_start(void)
{
    size_t i = 0;
    sim_heap_t *heap;
    SLIST_FOREACH(heap, &sim_heaps, next)
    {
        if (i < MONITORED_MAX) {
            size_t old = multi_heap_reset_minimum_free_bytes(heap->heap);
            if (!s_monitoring || old < s_saved_minimum[i]) { s_saved_minimum[i] = old; }
            i++;
        }
    }
    s_monitoring = true;
    return ESP_OK;
}

esp_err_t heap_caps_monitor_local_minimum_free_size_stop(void)
{
    if (!s_monitoring) { return ESP_FAIL; }
    size_t i = 0;
    sim_heap_t *heap;
    SLIST_FOREACH(heap, &sim_heaps, next)
    {
        if (i < MONITORED_MAX) {
            multi_heap_restore_minimum_free_bytes(heap->heap, s_saved_minimum[i++]);
        }
    }
    s_monitoring = false;
    return ESP_OK;
}

void heap_caps_get_info(multi_heap_info_t *info, uint32_t caps)
{
    memset(info, 0, sizeof(*info));
    sim_heap_t *heap;
    SLIST_FOREACH(heap, &sim_heaps, next)
    {
        if (!heap_matches(heap, caps)) { continue; }
        multi_heap_info_t one;
        multi_heap_get_info(heap->heap, &one);
        info->total_free_bytes += one.total_free_bytes;
        info->total_allocated_bytes += one.total_allocated_bytes;
        if (one.largest_free_block > info->largest_free_block) {
            info->largest_free_block = one.largest_free_block;
        }
        info->minimum_free_bytes += one.minimum_free_bytes;
        info->allocated_blocks += one.allocated_blocks;
        info->free_blocks += one.free_blocks;
        info->total_blocks += one.total_blocks;
    }
}

void heap_caps_print_heap_info(uint32_t caps)
{
    multi_heap_info_t info;
    printf("Heap summary for capabilities 0x%08" PRIX32 ":\n", caps);
    sim_heap_t *heap;
    SLIST_FOREACH(heap, &sim_heaps, next)
    {
        if (!heap_matches(heap, caps)) { continue; }
        multi_heap_get_info(heap->heap, &info);
        printf("  At 0x%08lx len %ld free %zu allocated %zu min_free %zu\n",
               (unsigned long)heap->start, (long)(heap->end - heap->start), info.total_free_bytes,
               info.total_allocated_bytes, info.minimum_free_bytes);
        printf("    largest_free_block %zu alloc_blocks %zu free_blocks %zu total_blocks %zu\n",
               info.largest_free_block, info.allocated_blocks, info.free_blocks, info.total_blocks);
    }
    heap_caps_get_info(&info, caps);
    printf("  Totals:\n    free %zu allocated %zu min_free %zu largest_free_block %zu\n",
           info.total_free_bytes, info.total_allocated_bytes, info.minimum_free_bytes,
           info.largest_free_block);
}

static inline bool selected(const sim_heap_t *heap, uint32_t caps)
{
    return (caps & (uint32_t)MALLOC_CAP_INVALID) != 0 || heap_matches(heap, caps);
}

bool heap_caps_check_integrity(uint32_t caps, bool print_errors)
{
    bool valid = true;
    sim_heap_t *heap;
    SLIST_FOREACH(heap, &sim_heaps, next)
    {
        if (selected(heap, caps)) { valid = multi_heap_check(heap->heap, print_errors) && valid; }
    }
    return valid;
}

bool heap_caps_check_integrity_all(bool print_errors)
{
    return heap_caps_check_integrity((uint32_t)MALLOC_CAP_INVALID, print_errors);
}

bool heap_caps_check_integrity_addr(intptr_t addr, bool print_errors)
{
    sim_heap_t *heap = heap_containing((const void *)addr);
    return heap != NULL && multi_heap_check(heap->heap, print_errors);
}

void heap_caps_dump(uint32_t caps)
{
    sim_heap_t *heap;
    SLIST_FOREACH(heap, &sim_heaps, next)
    {
        if (selected(heap, caps)) { multi_heap_dump(heap->heap); }
    }
}

void heap_caps_dump_all(void)
{
    heap_caps_dump((uint32_t)MALLOC_CAP_INVALID);
}

static sim_heap_t *heap_of(void *ptr, const char *function_name)
{
    sim_heap_t *heap = heap_containing(ptr);
    if (heap == NULL) { sim_panic("%s: %p is outside heap areas", function_name, ptr); }
    return heap;
}

size_t heap_caps_get_allocated_size(void *ptr)
{
    return multi_heap_get_allocated_size(heap_of(ptr, __func__)->heap, ptr);
}

size_t heap_caps_get_containing_block_size(void *ptr)
{
    sim_heap_t *heap = heap_of(ptr, __func__);
    void *block = multi_heap_find_containing_block(heap->heap, ptr);
    return multi_heap_get_allocated_size(heap->heap, block);
}

typedef struct {
    sim_heap_t *heap;
    heap_caps_walker_cb_t fn;
    void *user;
} walk_t;

static bool walk_block(void *ptr, size_t size, int used, void *user)
{
    walk_t *w = user;
    walker_heap_into_t heap_info = {w->heap->start, w->heap->end};
    walker_block_info_t block_info = {ptr, size, used != 0};
    return w->fn(heap_info, block_info, w->user);
}

void heap_caps_walk(uint32_t caps, heap_caps_walker_cb_t walker_func, void *user_data)
{
    sim_heap_t *heap;
    SLIST_FOREACH(heap, &sim_heaps, next)
    {
        if (selected(heap, caps)) {
            walk_t w = {heap, walker_func, user_data};
            multi_heap_walk(heap->heap, walk_block, &w);
        }
    }
}

void heap_caps_walk_all(heap_caps_walker_cb_t walker_func, void *user_data)
{
    heap_caps_walk((uint32_t)MALLOC_CAP_INVALID, walker_func, user_data);
}
