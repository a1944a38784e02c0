/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Walks over the blocks of a heap that may be damaged. ESP-IDF's own walk and its integrity check
 * follow a damaged size wherever it leads, which on a chip is a load fault, and a damaged list for
 * ever. So ESP-IDF is asked for the first block only, which it gives under the heap's lock; the
 * steps from there are ours, and stay inside the heap.
 *
 *      header                                                header
 *     [ size | P F ][ payload ............................. ][ size | P F ][ payload ...
 *                     next_free prev_free  ...   prev_phys
 *                     \_______ only while free __________/
 *
 * F: this block is free, P: the one before it is. The pointers lead two words before a payload.
 */
#include "esp_heap_caps.h"
#include "ht_port.h"

#define WORD sizeof(size_t)
#define FREE_BIT ((size_t)1)
#define PREV_FREE_BIT ((size_t)2)
#define MIN_BYTES (3U * WORD)
#define LINK_OFFSET (2U * WORD)

/* The header that ends a heap is one of its last words. */
#define TAIL_BYTES (8U * WORD)

typedef struct {
    uintptr_t start;
    uintptr_t first; /* the first payload; before it lie TLSF's lists */
    uintptr_t end;
} bounds_t;

typedef struct {
    uintptr_t at;
    size_t bytes; /* 0: the heap's end */
    bool is_free;
    bool is_prev_free;
} block_t;

/* Volatile: what is read may be anything, and the compiler must not think that it knows. */
static size_t word_at(uintptr_t address)
{
    return *(const volatile size_t *)address;
}

static block_t read_block(uintptr_t at)
{
    size_t header = word_at(at - WORD);
    return (block_t){at, header & ~(FREE_BIT | PREV_FREE_BIT), (header & FREE_BIT) != 0,
                     (header & PREV_FREE_BIT) != 0};
}

/* The block and the header behind it lie in the heap. */
static bool fits(const bounds_t *bounds, const block_t *block)
{
    size_t left = bounds->end - block->at;
    return block->bytes >= MIN_BYTES && block->bytes % WORD == 0 && left >= WORD &&
           block->bytes <= left - WORD;
}

static bool is_end(const bounds_t *bounds, const block_t *block)
{
    return block->bytes == 0 && bounds->end - block->at < TAIL_BYTES;
}

/* The other end of a link of the list of free blocks points back, `back` bytes into its payload. */
static bool is_linked(const bounds_t *bounds, uintptr_t at, uintptr_t link, size_t back)
{
    uintptr_t other = link + LINK_OFFSET;
    if (link % WORD != 0 || link < bounds->start) { return false; }
    if (other < bounds->first) { return true; } /* TLSF's own end of every list */
    return other <= bounds->end - LINK_OFFSET && word_at(other + back) == at - LINK_OFFSET;
}

static bool is_free_sound(const bounds_t *bounds, const block_t *block)
{
    return word_at(block->at + block->bytes - WORD) == block->at - LINK_OFFSET &&
           is_linked(bounds, block->at, word_at(block->at), WORD) &&
           is_linked(bounds, block->at, word_at(block->at + WORD), 0);
}

/* Visit each block until the heap ends, the function has enough or a size is wrong. True: the end
 * was reached. */
static bool walk(const bounds_t *bounds, ht_port_heap_block_fn fn, void *context)
{
    block_t block = read_block(bounds->first);
    while (fits(bounds, &block) && fn(context, block.at, block.bytes, !block.is_free)) {
        block = read_block(block.at + block.bytes + WORD);
    }
    return is_end(bounds, &block);
}

static bool is_sound(const bounds_t *bounds)
{
    bool prev_free = false;
    block_t block = read_block(bounds->first);
    while (fits(bounds, &block)) {
        if (block.is_prev_free != prev_free || (prev_free && block.is_free)) { return false; }
        if (block.is_free && !is_free_sound(bounds, &block)) { return false; }
        prev_free = block.is_free;
        block = read_block(block.at + block.bytes + WORD);
    }
    return is_end(bounds, &block) && block.is_prev_free == prev_free;
}

/* --- of ESP-IDF's heaps ------------------------------------------------------------------------
 */

typedef struct {
    uintptr_t start;          /* of the heap that is meant; 0: all */
    ht_port_heap_block_fn fn; /* NULL: look whether it is sound */
    void *context;
    bool seen;
    bool sound;
} task_t;

static bool on_first_block(walker_heap_into_t heap, walker_block_info_t block, void *context)
{
    task_t *task = context;
    bounds_t bounds = {(uintptr_t)heap.start, (uintptr_t)block.ptr, (uintptr_t)heap.end};
    if (task->start != 0 && task->start != bounds.start) { return false; }
    task->seen = true;
    if (task->fn != NULL) {
        walk(&bounds, task->fn, task->context);
    } else if (!is_sound(&bounds)) {
        task->sound = false;
    }
    return false; /* on to the next heap */
}

bool ht_port_walk_heap(uintptr_t start, ht_port_heap_block_fn fn, void *context)
{
    task_t task = {.start = start, .fn = fn, .context = context, .sound = true};
    heap_caps_walk_all(on_first_block, &task);
    return task.seen;
}

bool ht_port_heap_sound(uintptr_t start)
{
    task_t task = {.start = start, .sound = true};
    heap_caps_walk_all(on_first_block, &task);
    return task.sound;
}
