/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAPS_BASE ((uintptr_t)0x3C000000U)
#define STATIC_BASE ((uintptr_t)0x20000000U)
#define MAIN_KEY ((uintptr_t)0x20008000U)
#define HUGE_SIZE ((SIZE_MAX >> 4) + 5U) /* more than a record can say, on any platform */

enum { SLOT_FREE, SLOT_BLOCK, SLOT_TCB };

const stream_config_t stream_usual = {
    .weights =
        {
            [STREAM_ALLOC] = 400,
            [STREAM_FREE] = 330,
            [STREAM_ALLOC_FAILS] = 10,
            [STREAM_REALLOC_FAILS] = 10,
            [STREAM_REALLOC_IN_PLACE] = 20,
            [STREAM_REALLOC_MOVES] = 30,
            [STREAM_REALLOC_ZERO] = 5,
            [STREAM_FREE_UNKNOWN] = 5,
            [STREAM_TASK_CREATE] = 20,
            [STREAM_TASK_DELETE] = 20,
            [STREAM_TASK_SWITCH] = 60,
            [STREAM_CLOCK] = 80,
            [STREAM_MARK] = 8,
            [STREAM_RESET] = 1,
            [STREAM_FILTER] = 3,
            [STREAM_STOP] = 2,
            [STREAM_START] = 8,
            [STREAM_ADD_HEAP] = 2,
        },
    .blocks = 80,
    .origins = 30,
    .tasks = 8,
    .heaps = 4,
};

uint32_t stream_random(stream_t *stream)
{
    stream->random ^= stream->random << 13;
    stream->random ^= stream->random >> 7;
    stream->random ^= stream->random << 17;
    return (uint32_t)(stream->random >> 32);
}

static uint32_t below(stream_t *stream, uint32_t n)
{
    return (uint32_t)((uint64_t)stream_random(stream) * n >> 32);
}

uint64_t stream_seed(uint64_t usual)
{
    const char *given = getenv("HEAPTRAIL_SEED");
    return given != NULL ? strtoull(given, NULL, 0) : usual;
}

void stream_init(stream_t *stream, const stream_config_t *config, uint64_t seed)
{
    memset(stream, 0, sizeof(*stream));
    stream->config = config;
    stream->random = seed * 0x9E3779B97F4A7C15U ^ 0x2545F4914F6CDD1DU;
    stream->slot_count = (config->heaps + 1U) * (config->blocks + STREAM_TASKS_MAX);
    stream->slots = calloc(stream->slot_count, sizeof(*stream->slots));
    stream->live = calloc(stream->slot_count, sizeof(*stream->live));
    if (stream->slots == NULL || stream->live == NULL) { abort(); }
    stream->tasks[0] = (stream_task_t){.key = MAIN_KEY, .is_static = true, .name = "main"};
    stream->task_count = 1;
}

void stream_deinit(stream_t *stream)
{
    free(stream->slots);
    free(stream->live);
}

size_t stream_heap_bytes(const stream_t *stream)
{
    return (size_t)(stream->slot_count / (stream->config->heaps + 1U)) * STREAM_SPACING;
}

uintptr_t stream_heap_start(const stream_t *stream, uint32_t heap)
{
    return HEAPS_BASE + (heap - 1U) * stream_heap_bytes(stream);
}

static uintptr_t slot_address(uint32_t slot)
{
    return HEAPS_BASE + (uintptr_t)slot * STREAM_SPACING;
}

uintptr_t stream_any_address(stream_t *stream)
{
    uint32_t slot = below(stream, stream->slot_count);
    if (stream->live_count != 0 && below(stream, 2) == 0) {
        slot = stream->live[below(stream, stream->live_count)];
    }
    return slot_address(slot) + (below(stream, 2) == 0 ? 0 : below(stream, STREAM_SPACING));
}

static uint32_t free_slot(stream_t *stream)
{
    uint32_t slot = 0;
    do {
        slot = below(stream, stream->slot_count);
    } while (stream->slots[slot] != SLOT_FREE);
    return slot;
}

static uintptr_t take_block(stream_t *stream)
{
    uint32_t slot = free_slot(stream);
    stream->slots[slot] = SLOT_BLOCK;
    stream->live[stream->live_count++] = slot;
    return slot_address(slot);
}

static uintptr_t give_block(stream_t *stream)
{
    uint32_t pick = below(stream, stream->live_count);
    uint32_t slot = stream->live[pick];
    stream->live[pick] = stream->live[--stream->live_count];
    stream->slots[slot] = SLOT_FREE;
    return slot_address(slot);
}

static size_t any_size(stream_t *stream)
{
    uint32_t kind = below(stream, 100);
    if (kind == 0) { return HUGE_SIZE; }
    if (kind < 4) { return 0; }
    return kind < 60 ? 1U + below(stream, 48) : 1U + below(stream, STREAM_SPACING - 1U);
}

static uintptr_t new_key(stream_t *stream, stream_task_t *task)
{
    task->is_static = below(stream, 3) == 0;
    if (!task->is_static) {
        task->slot = free_slot(stream);
        stream->slots[task->slot] = SLOT_TCB;
        return slot_address(task->slot);
    }
    for (uintptr_t key = STATIC_BASE;; key += 64U) { /* the first that is free: it comes back */
        bool taken = false;
        for (uint32_t i = 0; i < stream->task_count; i++) {
            taken = taken || stream->tasks[i].key == key;
        }
        if (!taken) { return key; }
    }
}

static void create_task(stream_t *stream, stream_op_t *op)
{
    stream_task_t *task = &stream->tasks[stream->task_count];
    task->key = new_key(stream, task);
    snprintf(task->name, sizeof(task->name), "task %u", (unsigned)(++stream->named % 100000U));
    stream->task_count++;
    op->address = task->key;
    op->is_static = task->is_static;
}

static void delete_task(stream_t *stream, stream_op_t *op)
{
    uint32_t pick = 1U + below(stream, stream->task_count - 1U);
    op->address = stream->tasks[pick].key;
    op->is_static = stream->tasks[pick].is_static;
    if (!op->is_static) { stream->slots[stream->tasks[pick].slot] = SLOT_FREE; }
    stream->tasks[pick] = stream->tasks[--stream->task_count];
    stream->current = 0;
    op->task_key = stream->tasks[0].key; /* not a task about itself: its TCB is in use */
    memcpy(op->task_name, stream->tasks[0].name, sizeof(op->task_name));
}

static bool is_possible(const stream_t *stream, stream_kind_t kind)
{
    switch (kind) {
    case STREAM_ALLOC:
    case STREAM_REALLOC_MOVES:
        return stream->live_count < stream->config->blocks &&
               (kind == STREAM_ALLOC || stream->live_count != 0);
    case STREAM_FREE:
    case STREAM_REALLOC_FAILS:
    case STREAM_REALLOC_IN_PLACE:
    case STREAM_REALLOC_ZERO:
        return stream->live_count != 0;
    case STREAM_TASK_CREATE:
        return stream->task_count < stream->config->tasks && stream->task_count < STREAM_TASKS_MAX;
    case STREAM_TASK_DELETE:
        return stream->task_count > 1;
    case STREAM_ADD_HEAP:
        return stream->heaps_added < stream->config->heaps;
    default:
        return true;
    }
}

static stream_kind_t choose(stream_t *stream)
{
    uint32_t sum = 0;
    for (unsigned kind = 0; kind < STREAM_KINDS; kind++) {
        sum += stream->config->weights[kind];
    }
    for (;;) {
        uint32_t at = below(stream, sum);
        unsigned kind = 0;
        while (at >= stream->config->weights[kind]) {
            at -= stream->config->weights[kind++];
        }
        if (is_possible(stream, (stream_kind_t)kind)) { return (stream_kind_t)kind; }
    }
}

static void who(stream_t *stream, stream_op_t *op)
{
    const stream_task_t *task = &stream->tasks[stream->current];
    uint32_t kind = below(stream, 40);
    op->core = below(stream, 2);
    op->task_key = task->key;
    if (kind < 3) { op->task_key = kind == 0 ? 0 : 1U + op->core; }
    memcpy(op->task_name, task->name, sizeof(op->task_name));
}

static void do_realloc_moves(stream_t *stream, stream_op_t *op)
{
    op->address = give_block(stream);
    uint32_t left = (uint32_t)((op->address - HEAPS_BASE) / STREAM_SPACING);
    stream->slots[left] = SLOT_BLOCK; /* not the new address, too */
    op->new_address = take_block(stream);
    stream->slots[left] = SLOT_FREE;
    if (op->inside == STREAM_INSIDE_REUSE) {
        stream->slots[left] = SLOT_BLOCK;
        stream->live[stream->live_count++] = left;
    }
}

static void happen(stream_t *stream, stream_op_t *op)
{
    switch (op->kind) {
    case STREAM_ALLOC:
        op->address = take_block(stream);
        break;
    case STREAM_FREE:
    case STREAM_REALLOC_ZERO:
        op->address = give_block(stream);
        break;
    case STREAM_REALLOC_FAILS:
    case STREAM_REALLOC_IN_PLACE:
        op->address = slot_address(stream->live[below(stream, stream->live_count)]);
        op->new_address = op->address;
        break;
    case STREAM_REALLOC_MOVES:
        do_realloc_moves(stream, op);
        break;
    case STREAM_FREE_UNKNOWN:
        op->address = STATIC_BASE - 64U + below(stream, 16);
        break;
    case STREAM_TASK_CREATE:
        create_task(stream, op);
        break;
    case STREAM_TASK_DELETE:
        delete_task(stream, op);
        break;
    case STREAM_TASK_SWITCH:
        stream->current = below(stream, stream->task_count);
        break;
    case STREAM_ADD_HEAP:
        op->address = stream_heap_start(stream, ++stream->heaps_added);
        op->size = stream_heap_bytes(stream);
        break;
    default:
        break;
    }
}

void stream_next(stream_t *stream, stream_op_t *op)
{
    memset(op, 0, sizeof(*op));
    op->kind = choose(stream);
    who(stream, op);
    op->size = any_size(stream);
    op->origin = below(stream, stream->config->origins);
    op->alignment = below(stream, 8) == 0 ? 64U : 0;
    op->ticks = below(stream, 8) == 0 ? below(stream, 1U << below(stream, 20)) : below(stream, 4);
    op->pick = stream_random(stream);
    if (below(stream, 3) == 0) {
        op->inside = below(stream, 60) == 0 ? STREAM_INSIDE_RESET : STREAM_INSIDE_REUSE;
    }
    if (op->kind != STREAM_REALLOC_MOVES && op->inside == STREAM_INSIDE_REUSE) {
        op->inside = STREAM_INSIDE_NOTHING; /* the address is still in use */
    }
    happen(stream, op);
}
