/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A small first-fit allocator as graphics libraries bring it, and the four lines that make its
 * blocks visible: add, alloc, free, remove. One task uses it, so it needs no lock.
 */
#include "ui_pool.h"

#include "esp_heap_caps.h"

heaptrail_pool_t ui_pool;

/* In front of each block, free or not. Blocks follow each other without a gap. */
typedef struct {
    uint32_t bytes; /* of the block behind it, a multiple of 8 */
    uint32_t used;
} head_t;

static char *s_memory;
static size_t s_bytes;

static head_t *first(void)
{
    return (head_t *)(void *)s_memory;
}

static head_t *next(head_t *head)
{
    head_t *behind = (head_t *)(void *)((char *)(head + 1) + head->bytes);
    return (char *)behind < s_memory + s_bytes ? behind : NULL;
}

/* One free block of it and those that follow. */
static void join(head_t *head)
{
    for (head_t *behind = next(head); behind != NULL && !behind->used; behind = next(head)) {
        head->bytes += (uint32_t)sizeof(*behind) + behind->bytes;
    }
}

static void *take(size_t size)
{
    uint32_t bytes = ((uint32_t)size + 7U) & ~7U;
    for (head_t *head = s_memory != NULL ? first() : NULL; head != NULL; head = next(head)) {
        if (head->used) { continue; }
        join(head);
        if (head->bytes < bytes) { continue; }
        if (head->bytes >= bytes + sizeof(head_t) + 8U) { /* the rest is a free block */
            head_t *rest = (head_t *)(void *)((char *)(head + 1) + bytes);
            *rest = (head_t){head->bytes - bytes - (uint32_t)sizeof(*rest), 0};
            head->bytes = bytes;
        }
        head->used = 1;
        return head + 1;
    }
    return NULL;
}

/* heaptrail asks, for its reports. */
static bool measure(void *context, heaptrail_pool_room_t *room)
{
    (void)context;
    for (head_t *head = first(); head != NULL; head = next(head)) {
        if (head->used) { continue; }
        join(head);
        room->free_bytes += head->bytes;
        if (head->bytes > room->largest_free_bytes) { room->largest_free_bytes = head->bytes; }
    }
    return true;
}

bool lv_mem_init(size_t bytes)
{
    s_bytes = bytes & ~(size_t)7;
    s_memory = heap_caps_malloc(s_bytes, MALLOC_CAP_8BIT | MALLOC_CAP_INTERNAL);
    if (s_memory == NULL) { return false; }
    *first() = (head_t){(uint32_t)(s_bytes - sizeof(head_t)), 0};
    const heaptrail_pool_config_t config = {
        .name = "ui", .start = s_memory, .size_bytes = s_bytes, .measure = measure};
    (void)heaptrail_pool_add(&config, &ui_pool); /* it goes on without */
    return true;
}

void lv_mem_deinit(void)
{
    (void)heaptrail_pool_remove(ui_pool);
    heap_caps_free(s_memory);
    s_memory = NULL;
    ui_pool = 0;
}

void *lv_malloc_at(heaptrail_site_ref_t *ref, const void *caller, size_t size)
{
    return heaptrail_pool_alloc(ui_pool, ref, caller, take(size), size);
}

void *(lv_malloc)(size_t size)
{
    return lv_malloc_at(NULL, __builtin_return_address(0), size);
}

void lv_free(void *block)
{
    if (block == NULL) { return; }
    (void)heaptrail_pool_free(ui_pool, block); /* before its memory may be another's */
    ((head_t *)block - 1)->used = 0;
}
