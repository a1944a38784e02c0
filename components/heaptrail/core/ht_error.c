/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_error.h"

#include <string.h>

/* FNV-1a (Fowler, Noll, Vo): it tells what a reset left whole, not who forged it. */
static_assert(offsetof(heaptrail_error_row_t, repeats) == 0,
              "the checksum leaves the first field out");

static uint32_t sum_of(const ht_error_t *error)
{
    uint32_t sum = 2166136261U ^ error->image;
    const size_t skipped = offsetof(ht_error_t, row) + sizeof(error->row.repeats);
    const unsigned char *byte = (const unsigned char *)error;
    for (size_t i = skipped; i < sizeof(*error); i++) {
        sum = (sum ^ byte[i]) * 16777619U;
    }
    return sum;
}

/* The ring is static memory: in the next run of the same image the pointers are the same ones. */
static void set_pointers(ht_error_t *error)
{
    error->row.block.allocated.frames = error->frames.allocated;
    error->row.block.freed_by.frames = error->frames.freed_by;
    error->row.caller.frames = error->frames.caller;
    error->row.left.allocated.frames = &error->frames.left;
    error->row.right.allocated.frames = &error->frames.right;
}

static bool is_whole(const ht_error_t *error)
{
    return error->state == HT_ERROR_SEALED && error->image == ht_port_image() &&
           error->row.kind > HEAPTRAIL_ERROR_NONE && error->row.kind < HEAPTRAIL_ERROR_COUNT &&
           error->row.window_bytes <= HEAPTRAIL_WINDOW_BYTES &&
           error->row.block.allocated.frame_count <= HT_ERROR_FRAMES &&
           error->row.block.freed_by.frame_count <= HT_ERROR_FRAMES &&
           error->row.caller.frame_count <= HT_ERROR_FRAMES && error->sum == sum_of(error);
}

void ht_errors_adopt(ht_errors_t *errors, ht_error_t *ring, uint32_t max)
{
    for (uint32_t i = 0; i < max; i++) {
        ht_error_t *error = &ring[i];
        if (is_whole(error)) {
            error->readers = 0;
            error->row.before_reset = true;
            set_pointers(error);
            error->sum = sum_of(error);
        } else {
            memset(error, 0, sizeof(*error));
        }
    }
    errors->max = max;
    __atomic_store_n(&errors->ring, ring, __ATOMIC_RELEASE);
}

/* A report of the run before is older than any of this one; among these the number tells. */
static bool is_older(const ht_error_t *a, const ht_error_t *b)
{
    if (a->row.before_reset != b->row.before_reset) { return a->row.before_reset; }
    return a->row.number < b->row.number;
}

/* The slot to use next: an empty one, else the oldest that nobody reads. */
static ht_error_t *oldest(ht_errors_t *errors)
{
    ht_error_t *best = NULL;
    for (uint32_t i = 0; i < errors->max; i++) {
        ht_error_t *error = &errors->ring[i];
        if (error->state == HT_ERROR_EMPTY) { return error; }
        bool free_to_take = error->state == HT_ERROR_SEALED && error->readers == 0;
        if (free_to_take && (best == NULL || is_older(error, best))) { best = error; }
    }
    return best;
}

ht_error_t *ht_error_claim(ht_errors_t *errors, ht_port_lock_t *lock)
{
    for (uint32_t tries = 0; tries < 4; tries++) {
        ht_error_t *error = oldest(errors); /* no lock: looked at again below */
        if (error == NULL) { break; }
        ht_port_irq_t irq = ht_port_lock(lock);
        bool mine = error->state == HT_ERROR_EMPTY ||
                    (error->state == HT_ERROR_SEALED && error->readers == 0);
        uint32_t number = 0;
        if (mine) {
            if (error->state == HT_ERROR_SEALED) { ht_count_up(&errors->overwritten); }
            error->state = HT_ERROR_OPEN;
            number = ++errors->count;
        }
        ht_port_unlock(lock, irq);
        if (mine) {
            memset(&error->row, 0, sizeof(error->row));
            memset(&error->frames, 0, sizeof(error->frames));
            error->row.number = number;
            return error;
        }
    }
    ht_port_irq_t irq = ht_port_lock(lock);
    errors->count++;
    ht_count_up(&errors->overwritten);
    ht_port_unlock(lock, irq);
    return NULL;
}

void ht_error_seal(ht_error_t *error)
{
    set_pointers(error);
    error->image = ht_port_image();
    error->sum = sum_of(error);
    error->readers = 1;
    __atomic_store_n(&error->state, HT_ERROR_SEALED, __ATOMIC_RELEASE);
}

bool ht_error_read(ht_port_lock_t *lock, ht_error_t *error)
{
    ht_port_irq_t irq = ht_port_lock(lock);
    bool there = error->state == HT_ERROR_SEALED;
    if (there) { error->readers++; }
    ht_port_unlock(lock, irq);
    return there;
}

void ht_error_done(ht_port_lock_t *lock, ht_error_t *error)
{
    ht_port_irq_t irq = ht_port_lock(lock);
    error->readers--;
    ht_port_unlock(lock, irq);
}

bool ht_error_is_repeat(ht_errors_t *errors, heaptrail_error_kind_t kind, uint32_t allocated,
                        uint32_t caller, uint64_t now_us, uint64_t interval_us)
{
    for (uint32_t i = 0; i < errors->max && interval_us != 0; i++) {
        ht_error_t *error = &errors->ring[i];
        const heaptrail_error_row_t *row = &error->row;
        if (__atomic_load_n(&error->state, __ATOMIC_ACQUIRE) == HT_ERROR_SEALED &&
            !row->before_reset && row->kind == kind && row->block.allocated.id == allocated &&
            row->caller.id == caller && now_us - row->uptime_us < interval_us) {
            ht_count_up(&error->row.repeats);
            ht_count_up(&errors->repeated);
            return true;
        }
    }
    return false;
}

void ht_errors_clear(ht_errors_t *errors, ht_port_lock_t *lock)
{
    for (uint32_t i = 0; i < errors->max; i++) {
        ht_port_irq_t irq = ht_port_lock(lock);
        ht_error_t *error = &errors->ring[i];
        if (error->state == HT_ERROR_SEALED && error->readers == 0) {
            error->state = HT_ERROR_EMPTY;
        }
        ht_port_unlock(lock, irq);
    }
    ht_port_irq_t irq = ht_port_lock(lock);
    errors->repeated = 0;
    errors->overwritten = 0;
    errors->count = 0;
    ht_port_unlock(lock, irq);
}
