/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What every malloc() and free() does; a crowded table; tasks. */
#include <string.h>

#include "ht_hot.h"
#include "sweep.h"

/* --- rivals: what an interrupt handler, or a task that came to run, does
 * --------------------------
 */

static void churn(void)
{
    sweep_add(NEW_BLOCK(8), 40, 0);
    ht_tracker_remove(TRACKER, BLOCK(3));
}

static void add_one(void)
{
    sweep_add(NEW_BLOCK(8), 40, 0);
}

static void free_one(void)
{
    ht_tracker_remove(TRACKER, BLOCK(3));
}

/* A block is freed, and its slot in the table is another one's. */
static uintptr_t s_twin;

static void find_twin(void)
{
    s_twin = sweep_twin(BLOCK(0));
}

static void replace_0(void)
{
    ht_tracker_remove(TRACKER, BLOCK(0));
    sweep_add(s_twin, 40, 1);
}

static void free_unknown(void)
{
    ht_tracker_remove(TRACKER, 0x3D000000U);
}

/* --- malloc, free ------------------------------------------------------------------------------
 */

static ht_origin_t *origin_of(uint32_t caller)
{
    return ht_origin_of_caller(&TRACKER->origins, &TRACKER->callers, &TRACKER->lock, caller, 1, 1);
}

static void malloc_free(void)
{
    ht_hot_add(TRACKER, NEW_BLOCK(0), 100, origin_of(0x42000100U), HT_GUARD_NONE, ht_port_tick());
    ht_hot_remove(TRACKER, NEW_BLOCK(0));
}

static void malloc_free_in_handler(void)
{
    ht_hot_add(TRACKER, NEW_BLOCK(1), 50, origin_of(0x42000100U), HT_GUARD_NONE, ht_port_tick());
    ht_hot_remove(TRACKER, NEW_BLOCK(1));
}

/* The origin is known, as it is for all but the first allocation of a place. */
static void know_origin(void)
{
    (void)origin_of(0x42000100U);
}

/* The way that most blocks take, without the rare cases. */
static void add_hot(void)
{
    ht_origin_t *from = &TRACKER->origins.origins[g_sweep.origin[0].index];
    RESULT[0] = ht_hot_add(TRACKER, NEW_BLOCK(0), 100, from, HT_GUARD_NONE, ht_port_tick());
}

static void add(void)
{
    RESULT[0] = sweep_add(NEW_BLOCK(0), 100, 0);
}

static void remove_0(void)
{
    RESULT[0] = ht_tracker_remove(TRACKER, BLOCK(0));
}

static void remember(void)
{
    TRACKER->freed.on = true;
    TRACKER->freed.limit_blocks = 4;
    TRACKER->freed.limit_bytes = 4096;
}

static void end_0(void)
{
    ht_ended_t ended = {0};
    RESULT[0] = ht_tracker_end(TRACKER, BLOCK(0), g_sweep.origin[1], &ended);
    RESULT[1] = (uint32_t)ht_record_size(&ended.record);
}

static void end_3(void)
{
    ht_ended_t ended;
    ht_tracker_end(TRACKER, BLOCK(3), g_sweep.origin[1], &ended);
}

/* Another task ran last: first of all its row is looked up, with the lock given back. */
static void forget_last_task(void)
{
    TRACKER->tasks.last_span = 0;
}

static void remember_as_another(void)
{
    remember();
    forget_last_task();
}

static void note_unknown(void)
{
    ht_tracker_note_unknown(TRACKER, 0x3E000000U);
}

/* --- a crowded table ---------------------------------------------------------------------------
 */

static uintptr_t s_crowded, s_moving;

static uint32_t first_of(uintptr_t address)
{
    return ht_table_first(&TRACKER->table, ht_table_hash(address));
}

static uint32_t second_of(uintptr_t address)
{
    return ht_table_second(&TRACKER->table, ht_table_hash(address));
}

static uint32_t used_in(uint32_t bucket)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
        used += TRACKER->table.buckets[bucket].slot[i].address != HT_ADDRESS_EMPTY;
    }
    return used;
}

/* Of a bucket, the first resident that may move to bucket 2 or 3. */
static uintptr_t movable_in(uint32_t bucket)
{
    for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
        uintptr_t address = TRACKER->table.buckets[bucket].slot[i].address;
        if (first_of(address) > 1 || second_of(address) > 1) { return address; }
    }
    return 0;
}

/* Fill buckets 0 and 1; their residents may move to 2 or 3. Then an address that wants in there. */
static void crowd(void)
{
    for (unsigned i = 0; i < SWEEP_BLOCKS; i++) { /* room for what may move */
        ht_tracker_remove(TRACKER, BLOCK(i));
    }
    uintptr_t address = 0x3C000000U;
    ht_tracker_add_heap(TRACKER, address, 16U << 20, 2, "psram"); /* where the hot path adds */
    for (; used_in(0) < HT_BUCKET_SLOTS || used_in(1) < HT_BUCKET_SLOTS; address += 16U) {
        uint32_t to = first_of(address);
        if (to <= 1 && second_of(address) > 1 && used_in(to) < HT_BUCKET_SLOTS) {
            sweep_add(address, 8, 0);
        }
    }
    while (first_of(address) + second_of(address) != 1) {
        address += 16U;
    }
    s_crowded = address;
    s_moving = movable_in(first_of(address));
}

static void add_crowded(void)
{
    RESULT[0] = sweep_add(s_crowded, 100, 0);
}

static void add_crowded_hot(void)
{
    ht_origin_t *from = &TRACKER->origins.origins[g_sweep.origin[0].index];
    RESULT[0] = ht_hot_add(TRACKER, s_crowded, 100, from, HT_GUARD_NONE, ht_port_tick());
}

/* The very block that has to move. */
static void free_moving(void)
{
    RESULT[0] = ht_tracker_remove(TRACKER, s_moving);
}

/* From the other side: the rival moves the block that an operation has found. */
static void add_by_rival(void)
{
    sweep_add(s_crowded, 100, 0);
}

static void know_moving(void)
{
    ht_known_t known = {0};
    RESULT[0] = ht_tracker_known(TRACKER, s_moving, &known);
    RESULT[1] = (uint32_t)known.size;
}

static void hold_moving(void)
{
    ht_hold_t hold = ht_tracker_hold(TRACKER, s_moving);
    RESULT[0] = hold.slot != NULL;
    ht_tracker_drop_held(TRACKER, hold);
}

static void relabel_moving(void)
{
    RESULT[0] = ht_tracker_relabel(TRACKER, s_moving, g_sweep.origin[2]);
}

/* --- tasks -------------------------------------------------------------------------------------
 */

/* Keys that want the same entry of the index. */
static uintptr_t key(unsigned number)
{
    uintptr_t key = 0x3FC90000U;
    for (;; key += 16U) {
        if (ht_task_hash(&TRACKER->tasks, key) == 3U && number-- == 0) { return key; }
    }
}

static void see_task(void)
{
    ht_tracker_task_seen(TRACKER, key(0));
}

static void see_other_task(void)
{
    ht_tracker_task_seen(TRACKER, key(1));
}

static void see_both_tasks(void)
{
    see_task();
    see_other_task();
}

static void forget_task(void)
{
    ht_tracker_task_gone(TRACKER, key(0));
}

static void forget_other_task(void)
{
    ht_tracker_task_gone(TRACKER, key(1));
}

/* A task whose TCB is block 0: it is freed, and another block takes its place. */
static void see_task_0(void)
{
    ht_tracker_task_seen(TRACKER, BLOCK(0));
}

static void add_next(void)
{
    sweep_add(NEW_BLOCK(8U + RESULT[0]++), 40, 0);
}

static void add_as_other_task(void)
{
    sweep_as_other_task(add_next);
}

/* The other task allocates once more, and so does this one: each at its own row? ht_check() sees
 * it if not, or the sums of the rows are not the same. */
static void add_by_both_again(void)
{
    sweep_rival_again();
    sweep_add(NEW_BLOCK(20), 60, 0);
}

extern const scenario_t g_scenarios_hot[];
const scenario_t g_scenarios_hot[] = {
    {"malloc_free", know_origin, malloc_free, malloc_free_in_handler, NULL, false},
    {"add_hot", NULL, add_hot, free_one, NULL, false},
    {"add_hot_churn", NULL, add_hot, churn, NULL, false},
    {"add", NULL, add, free_one, NULL, false},
    {"add_as_another", forget_last_task, add, free_one, NULL, false},
    {"remove", NULL, remove_0, add_one, NULL, false},
    {"end", remember, end_0, end_3, NULL, false},
    {"end_as_another", remember_as_another, end_0, end_3, NULL, false},
    {"note_unknown", NULL, note_unknown, free_unknown, NULL, false},
    {"crowded", crowd, add_crowded, free_moving, NULL, false},
    {"crowded_hot", crowd, add_crowded_hot, free_moving, NULL, false},
    {"known_moving", crowd, know_moving, add_by_rival, NULL, false},
    {"hold_moving", crowd, hold_moving, add_by_rival, NULL, false},
    {"relabel_moving", crowd, relabel_moving, add_by_rival, NULL, false},
    {"two_tasks", NULL, see_task, see_other_task, NULL, false},
    {"task_gone", see_both_tasks, forget_task, forget_other_task, NULL, false},
    {"tcb_freed", find_twin, see_task_0, replace_0, NULL, false},
    {"task_switch", forget_last_task, add, add_as_other_task, add_by_both_again, false},
    {NULL, NULL, NULL, NULL, NULL, false},
};
