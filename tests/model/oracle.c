/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void oracle_init(oracle_t *oracle, const ht_sizes_t *sizes, uint64_t now)
{
    memset(oracle, 0, sizeof(*oracle));
    oracle->sizes = *sizes;
    oracle->running = true;
    oracle->now = oracle->last_tick = now;
    oracle->limit = (sizes->max_blocks + 6U) / 7U * 7U; /* whole buckets */
    oracle->task_count = 4;
    for (uint32_t i = 0; i < 4; i++) {
        oracle->tasks[i].used = true;
    }
}

/* A new event, later than each before it. The tick is that of the clock, or borrowed. */
static void next_event(oracle_t *oracle)
{
    oracle->event++;
    if (oracle->now > oracle->last_tick) {
        oracle->last_tick = oracle->now;
        oracle->last_order = 0;
    } else if (oracle->last_order == HT_ORDER_MAX) {
        oracle->last_tick++;
        oracle->last_order = 0;
    } else {
        oracle->last_order++;
    }
}

uint64_t oracle_mark(oracle_t *oracle)
{
    uint64_t later = oracle->now > oracle->last_tick ? oracle->now : oracle->last_tick;
    oracle->last_tick = later + 1U;
    oracle->last_order = (ht_tick_t)oracle->last_tick == 0; /* a mark is never all zero */
    return ++oracle->event;
}

static bool same_key(const oracle_origin_t *origin, const ht_origin_key_t *key)
{
    return origin->key.site == key->site && origin->key.caps == key->caps &&
           origin->key.method == key->method && origin->key.depth == key->depth &&
           (key->depth == 0 ||
            memcmp(origin->frames, key->frames, key->depth * sizeof(uintptr_t)) == 0);
}

uint32_t oracle_intern(oracle_t *oracle, const ht_origin_key_t *key)
{
    for (uint32_t i = 1; i <= oracle->origin_count; i++) {
        if (same_key(&oracle->origins[i], key)) { return i; }
    }
    if (oracle->origin_count == oracle->sizes.max_origins) {
        oracle->loss.origins_full++;
        return 0;
    }
    if (oracle->frames_used + key->depth > oracle->sizes.frame_words) {
        oracle->loss.frames_full++;
        return 0;
    }
    oracle_origin_t *origin = &oracle->origins[++oracle->origin_count];
    oracle->frames_used += key->depth;
    origin->key = *key;
    for (uint32_t i = 0; i < key->depth; i++) {
        origin->frames[i] = key->frames[i];
    }
    return oracle->origin_count;
}

oracle_sum_t oracle_sum(const oracle_t *oracle, oracle_field_t field, uint32_t id, uint64_t since)
{
    oracle_sum_t sum = {0};
    for (uint32_t i = 0; i < oracle->block_count; i++) {
        const oracle_block_t *block = &oracle->blocks[i];
        uint32_t of = field == ORACLE_BY_ORIGIN ? block->origin
                      : field == ORACLE_BY_TASK ? block->task
                                                : block->heap;
        if (block->address != 0 && !block->forgotten && of == id && block->event > since) {
            sum.blocks++;
            sum.bytes += block->size;
        }
    }
    return sum;
}

uint64_t oracle_age(const oracle_t *oracle, uint64_t tick)
{
    return oracle->now > tick ? oracle->now - tick : 0;
}

uint64_t oracle_oldest(const oracle_t *oracle, uint32_t origin)
{
    uint64_t oldest = 0;
    for (uint32_t i = 0; i < oracle->block_count; i++) {
        const oracle_block_t *block = &oracle->blocks[i];
        if (block->address != 0 && block->origin == origin &&
            oracle_age(oracle, block->tick) > oldest) {
            oldest = oracle_age(oracle, block->tick);
        }
    }
    return oldest;
}

const oracle_block_t *oracle_find(const oracle_t *oracle, uintptr_t address)
{
    for (uint32_t i = 0; i < oracle->block_count; i++) {
        const oracle_block_t *block = &oracle->blocks[i];
        if (block->address == address && !block->held) { return block; }
    }
    return NULL;
}

const oracle_block_t *oracle_whois(const oracle_t *oracle, uintptr_t address)
{
    const oracle_block_t *exact = oracle_find(oracle, address);
    if (exact != NULL) { return exact; }
    for (uint32_t i = 0; i < oracle->block_count; i++) {
        const oracle_block_t *block = &oracle->blocks[i];
        if (block->address != 0 && !block->held && address > block->address &&
            address < block->address + block->size) {
            return block;
        }
    }
    return NULL;
}

static uint32_t heap_of(const oracle_t *oracle, uintptr_t address)
{
    for (uint32_t i = 1; i <= oracle->heap_count; i++) {
        const oracle_heap_t *heap = &oracle->heaps[i];
        if (address >= heap->start && address < heap->start + heap->size) { return i; }
    }
    return 0;
}

static uint32_t row_for_new_task(oracle_t *oracle)
{
    uint32_t max = oracle->sizes.max_tasks;
    if (oracle->task_count < 4U + max) { return oracle->task_count++; }
    for (uint32_t i = 0; i < max && i < 16; i++) { /* the next one that is gone and owns nothing */
        oracle->cursor = (oracle->cursor + 1U) % max;
        uint32_t row = 4U + oracle->cursor;
        if (oracle->tasks[row].gone && oracle_sum(oracle, ORACLE_BY_TASK, row, 0).blocks == 0) {
            return row;
        }
    }
    return 0;
}

static uint32_t task_of(oracle_t *oracle, uintptr_t key, const char *name)
{
    if (key < 16) { return 1U + (uint32_t)key; }
    for (uint32_t i = 4; i < oracle->task_count; i++) {
        if (oracle->tasks[i].key == key) { return i; }
    }
    uint32_t row = row_for_new_task(oracle);
    if (row == 0) {
        oracle->loss.tasks_full++;
        return 0;
    }
    oracle->tasks[row] = (oracle_task_t){.key = key, .used = true};
    snprintf(oracle->tasks[row].name, sizeof(oracle->tasks[row].name), "%s", name);
    return row;
}

void oracle_task_gone(oracle_t *oracle, uintptr_t key)
{
    for (uint32_t i = 4; i < oracle->task_count; i++) {
        if (oracle->tasks[i].key == key) {
            oracle->tasks[i].key = 0;
            oracle->tasks[i].gone = true;
        }
    }
}

static bool passes(const oracle_t *oracle, size_t size, uint32_t origin, uint32_t task)
{
    const ht_filter_t *filter = &oracle->filter;
    if (filter->task_id != 0 && filter->task_id != task) { return false; }
    if (filter->origin_id != 0 && filter->origin_id != origin) { return false; }
    if (size < filter->size_min) { return false; }
    if (filter->size_max != 0 && size > filter->size_max) { return false; }
    return (filter->caps & ~oracle->origins[origin].key.caps) == 0;
}

static uint32_t records(const oracle_t *oracle)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < oracle->block_count; i++) {
        count += oracle->blocks[i].address != 0;
    }
    return count;
}

static oracle_block_t *new_block(oracle_t *oracle)
{
    for (uint32_t i = 0; i < oracle->block_count; i++) {
        if (oracle->blocks[i].address == 0) { return &oracle->blocks[i]; }
    }
    if (oracle->block_count == ORACLE_MAX) { abort(); }
    return &oracle->blocks[oracle->block_count++];
}

static void raise_peaks(oracle_t *oracle, const oracle_block_t *block)
{
    size_t origin = oracle_sum(oracle, ORACLE_BY_ORIGIN, block->origin, 0).bytes;
    size_t task = oracle_sum(oracle, ORACLE_BY_TASK, block->task, 0).bytes;
    size_t heap = oracle_sum(oracle, ORACLE_BY_HEAP, block->heap, 0).bytes;
    size_t *peak = &oracle->origins[block->origin].peak;
    if (origin > *peak) { *peak = origin; }
    peak = &oracle->tasks[block->task].peak;
    if (task > *peak) { *peak = task; }
    peak = &oracle->heaps[block->heap].peak;
    if (heap > *peak) { *peak = heap; }
}

void oracle_add(oracle_t *oracle, uintptr_t address, size_t size, uint32_t origin, uintptr_t key,
                const char *name, uint32_t core)
{
    uint32_t task = task_of(oracle, key, name);
    if (!passes(oracle, size, origin, task)) {
        oracle->loss.filtered++;
        return;
    }
    next_event(oracle);
    oracle->origins[origin].total++;
    oracle->origins[origin].total_bytes += size;
    if (size > HT_SIZE_MAX || records(oracle) >= oracle->limit) {
        oracle->origins[origin].dropped++;
        *(size > HT_SIZE_MAX ? &oracle->loss.too_large : &oracle->loss.table_full) += 1;
        return;
    }
    oracle_block_t *block = new_block(oracle);
    *block = (oracle_block_t){
        address,       size,  origin, heap_of(oracle, address), task, core, oracle->last_tick,
        oracle->event, false, false};
    oracle->tasks[task].total++;
    oracle->tasks[task].total_bytes += size;
    oracle->heaps[block->heap].total++;
    raise_peaks(oracle, block);
}

static void end_block(oracle_t *oracle, oracle_block_t *block)
{
    oracle_origin_t *origin = &oracle->origins[block->origin];
    uint64_t age = oracle_age(oracle, block->tick);
    uint32_t bucket = 0;
    while (age != 0 && bucket < HT_LIFETIME_BUCKETS - 1) { /* one bucket for each doubling */
        age /= 2;
        bucket++;
    }
    if (!block->forgotten) {
        origin->freed++;
        if (origin->lives[bucket] < 65535) { origin->lives[bucket]++; }
    }
    block->address = 0;
}

void oracle_remove(oracle_t *oracle, uintptr_t address)
{
    const oracle_block_t *block = oracle_find(oracle, address);
    if (block == NULL) {
        oracle->loss.unknown_frees++;
    } else {
        end_block(oracle, &oracle->blocks[block - oracle->blocks]);
    }
    oracle_task_gone(oracle, address); /* if it was a TCB */
}

int oracle_hold(oracle_t *oracle, uintptr_t address)
{
    const oracle_block_t *block = oracle_find(oracle, address);
    if (block == NULL) {
        oracle->loss.unknown_frees++;
        return -1;
    }
    int held = (int)(block - oracle->blocks);
    oracle->blocks[held].held = true;
    return held;
}

void oracle_put_back(oracle_t *oracle, int held, bool was_reset)
{
    if (held < 0) {
        oracle->loss.unknown_frees -= was_reset ? 0 : 1;
    } else if (oracle->blocks[held].forgotten) {
        oracle->blocks[held].address = 0;
    } else {
        oracle->blocks[held].held = false;
    }
}

void oracle_drop(oracle_t *oracle, int held)
{
    if (held >= 0) { end_block(oracle, &oracle->blocks[held]); }
}

void oracle_fail(oracle_t *oracle, size_t size, size_t alignment, uint32_t origin, uintptr_t key,
                 const char *name)
{
    uint32_t task = task_of(oracle, key, name);
    next_event(oracle);
    oracle->origins[origin].failures++;
    if (oracle->failure_count == ORACLE_MAX) { abort(); }
    oracle_failure_t *failure = &oracle->failures[oracle->failure_count++];
    *failure = (oracle_failure_t){oracle->failure_count, origin,       task, size, alignment,
                                  oracle->last_tick,     oracle->event};
}

void oracle_add_heap(oracle_t *oracle, uintptr_t start, size_t size, uint32_t caps)
{
    uint32_t id = ++oracle->heap_count;
    oracle->heaps[id] = (oracle_heap_t){.start = start, .size = size, .caps = caps};
    for (uint32_t i = 0; i < oracle->block_count; i++) {
        oracle_block_t *block = &oracle->blocks[i];
        if (block->address != 0 && block->heap == 0 && heap_of(oracle, block->address) == id) {
            block->heap = id;
            oracle->heaps[0].total--;
            oracle->heaps[id].total++;
        }
    }
    oracle->heaps[id].peak = oracle_sum(oracle, ORACLE_BY_HEAP, id, 0).bytes;
}

/* A block that is inside realloc() during a reset is forgotten when that returns, so it is in the
 * peaks still. */
static void peaks_of_held(oracle_t *oracle)
{
    for (uint32_t i = 0; i < oracle->block_count; i++) {
        const oracle_block_t *block = &oracle->blocks[i];
        if (block->address != 0) {
            oracle->origins[block->origin].peak += block->size;
            oracle->tasks[block->task].peak += block->size;
            oracle->heaps[block->heap].peak += block->size;
        }
    }
}

void oracle_reset(oracle_t *oracle)
{
    for (uint32_t i = 0; i < oracle->block_count; i++) {
        oracle_block_t *block = &oracle->blocks[i];
        block->forgotten = block->held;
        if (!block->held) { block->address = 0; }
    }
    for (uint32_t i = 0; i < ORACLE_ROWS; i++) {
        oracle_origin_t *origin = &oracle->origins[i];
        oracle_origin_t kept = {.key = origin->key};
        memcpy(kept.frames, origin->frames, sizeof(kept.frames));
        *origin = kept;
        oracle->tasks[i].total = 0;
        oracle->tasks[i].total_bytes = 0;
        oracle->tasks[i].peak = 0;
    }
    for (uint32_t i = 0; i <= HT_HEAPS_MAX; i++) {
        oracle->heaps[i].total = 0;
        oracle->heaps[i].peak = 0;
    }
    peaks_of_held(oracle);
    oracle->failure_count = 0;
    oracle->loss = (heaptrail_loss_t){0};
}
