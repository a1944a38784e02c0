/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "actor.h"

#include <stdlib.h>
#include <string.h>

static const stream_config_t s_config = {
    .weights =
        {
            [STREAM_ALLOC] = 400,
            [STREAM_FREE] = 330,
            [STREAM_ALLOC_FAILS] = 10,
            [STREAM_REALLOC_FAILS] = 30,
            [STREAM_REALLOC_IN_PLACE] = 30,
            [STREAM_REALLOC_MOVES] = 60,
            [STREAM_REALLOC_ZERO] = 10,
            [STREAM_FREE_UNKNOWN] = 10,
            [STREAM_MARK] = 10,
        },
    .blocks = 50,
    .origins = ACTOR_ORIGINS,
    .tasks = 1,
    .heaps = 1,
};

ht_origin_id_t actor_origin(ht_tracker_t *tracker, uint32_t origin)
{
    const uintptr_t frames[] = {0x400D0000U + origin / 4U, 0x400D1000U, 0x400D2000U};
    const ht_origin_key_t key = {
        .frames = frames, .depth = 1U + origin % 3U, .caps = origin, .method = 1};
    return ht_origin_intern(&tracker->origins, &tracker->lock, &key);
}

void actor_init(actor_t *actor, unsigned number)
{
    memset(actor, 0, sizeof(*actor));
    stream_init(&actor->stream, &s_config, 7919U * (number + 1U));
    actor->shift = (uintptr_t)number << 24;
    actor->size = calloc(actor->stream.slot_count, sizeof(*actor->size));
    actor->origin = calloc(actor->stream.slot_count, 1);
    if (actor->size == NULL || actor->origin == NULL) { abort(); }
}

/* An unknown address of the stream lies below all slots. */
static uint32_t slot_of(const actor_t *actor, uintptr_t address)
{
    uintptr_t base = stream_heap_start(&actor->stream, 1);
    return address < base ? actor->stream.slot_count : (uint32_t)(address - base) / STREAM_SPACING;
}

static void add(actor_t *actor, ht_tracker_t *tracker, const stream_op_t *op, uintptr_t address)
{
    uint32_t slot = slot_of(actor, address);
    actor_account_t *account = &actor->account[op->origin];
    bool recorded = ht_tracker_add_guarded(tracker, address + actor->shift, op->size,
                                           actor_origin(tracker, op->origin), HT_GUARD_NONE);
    account->total++;
    account->total_bytes += op->size;
    account->dropped += !recorded;
    if (recorded) { account->live_bytes += op->size; }
    actor->size[slot] = recorded ? op->size + 1U : 0;
    actor->origin[slot] = (uint8_t)op->origin;
}

/* What a block that had a record, or none, leaves in the account. */
static void ended(actor_t *actor, uint32_t slot)
{
    if (slot >= actor->stream.slot_count || actor->size[slot] == 0) {
        actor->unknown++;
        return;
    }
    actor_account_t *account = &actor->account[actor->origin[slot]];
    account->freed++;
    account->live_bytes -= actor->size[slot] - 1U;
    actor->size[slot] = 0;
}

static void end(actor_t *actor, ht_tracker_t *tracker, uintptr_t address)
{
    (void)ht_tracker_remove(tracker, address + actor->shift);
    ended(actor, slot_of(actor, address));
}

static void do_realloc(actor_t *actor, ht_tracker_t *tracker, const stream_op_t *op)
{
    ht_hold_t hold = ht_tracker_hold(tracker, op->address + actor->shift);
    uint32_t slot = slot_of(actor, op->address);
    if (op->kind == STREAM_REALLOC_FAILS) {
        ht_tracker_put_back(tracker, hold);
        return;
    }
    ended(actor, slot);
    bool reused = op->kind == STREAM_REALLOC_MOVES && op->inside == STREAM_INSIDE_REUSE;
    if (reused) { add(actor, tracker, op, op->address); }
    ht_tracker_drop_held(tracker, hold);
    if (op->kind != STREAM_REALLOC_ZERO) { add(actor, tracker, op, op->new_address); }
}

static void fail(actor_t *actor, ht_tracker_t *tracker, const stream_op_t *op)
{
    ht_failure_t failure = {.size = op->size, .origin = actor_origin(tracker, op->origin)};
    ht_tracker_fail(tracker, &failure);
    actor->account[op->origin].failures++;
}

void actor_step(actor_t *actor, ht_tracker_t *tracker)
{
    stream_op_t op;
    stream_next(&actor->stream, &op);
    actor->steps++;
    switch (op.kind) {
    case STREAM_ALLOC:
        add(actor, tracker, &op, op.address);
        break;
    case STREAM_FREE:
    case STREAM_FREE_UNKNOWN:
        end(actor, tracker, op.address);
        break;
    case STREAM_ALLOC_FAILS:
        fail(actor, tracker, &op);
        break;
    case STREAM_MARK:
        (void)ht_tracker_mark(tracker);
        break;
    default:
        do_realloc(actor, tracker, &op);
        break;
    }
}
