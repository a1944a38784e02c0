/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A device uses the row of a deleted task again, and a task may get another name: a row has several
 * lives. A block says only the row. So a checkpoint tells those of an earlier life before the next
 * one is defined.
 */
#include <stdlib.h>
#include <string.h>

#include "ht_keeper_private.h"

/* As many tasks as an index may tell, of a device that is sane. */
#define TASKS_MAX 65536U
#define FIRST_ROOM 16U

uint32_t ht_keeper_life(const ht_keeper_t *keeper, uint32_t task)
{
    return task < keeper->life_room ? keeper->life_of[task] : 0;
}

static void free_life(ht_kept_life_t *life)
{
    free(life->defined.content);
    free(life->gone.content);
}

void ht_keeper_forget_lives(ht_keeper_t *keeper)
{
    for (size_t i = 0; i < keeper->past_count; i++) {
        free_life(&keeper->past[i]);
    }
    free(keeper->past);
    free(keeper->life_of);
    keeper->past = NULL;
    keeper->life_of = NULL;
    keeper->past_count = keeper->past_room = keeper->life_room = 0;
}

/* --- which lives have blocks --------------------------------------------------------------------
 */

static int compare(uint32_t task_a, uint32_t life_a, uint32_t task_b, uint32_t life_b)
{
    const uint64_t a = (uint64_t)task_a << 32 | life_a, b = (uint64_t)task_b << 32 | life_b;
    return (a > b) - (a < b);
}

static int compare_lives(const void *a, const void *b)
{
    const ht_kept_life_t *x = a, *y = b;
    return compare(x->task, x->life, y->task, y->life);
}

static int compare_blocks(const void *a, const void *b)
{
    const ht_kept_block_t *x = *(const ht_kept_block_t *const *)a;
    const ht_kept_block_t *y = *(const ht_kept_block_t *const *)b;
    const int lives = compare(x->task, x->life, y->task, y->life);
    return lives != 0 ? lives : (x->key > y->key) - (x->key < y->key);
}

bool ht_keeper_is_of_the_past(const ht_keeper_t *keeper, const ht_kept_block_t *block)
{
    return block->key != 0 && block->life != ht_keeper_life(keeper, block->task);
}

static ht_kept_life_t *life_of_block(const ht_keeper_t *keeper, const ht_kept_block_t *block)
{
    const ht_kept_life_t wanted = {.task = block->task, .life = block->life};
    return keeper->past_count == 0
               ? NULL
               : bsearch(&wanted, keeper->past, keeper->past_count, sizeof(wanted), compare_lives);
}

/* Without it, the one before could be taken for the one behind, by its name. */
static bool parts(const ht_keeper_t *keeper, size_t kept, const ht_kept_life_t *life)
{
    const ht_kept_life_t *before = kept != 0 ? &keeper->past[kept - 1U] : NULL;
    return before != NULL && before->task == life->task && before->blocks != 0;
}

/* Those that have none go: they will never have any again. */
static void drop_empty(ht_keeper_t *keeper)
{
    size_t kept = 0;
    for (size_t i = 0; i < keeper->past_count; i++) {
        ht_kept_life_t *life = &keeper->past[i];
        if (life->blocks == 0 && !parts(keeper, kept, life)) {
            free_life(life);
        } else {
            keeper->past[kept++] = *life;
        }
    }
    keeper->past_count = kept;
}

/* They are in order then, by task. Returns how many blocks they have. */
static size_t count_blocks(ht_keeper_t *keeper)
{
    size_t all = 0;
    if (keeper->past_count == 0) { return 0; }
    qsort(keeper->past, keeper->past_count, sizeof(keeper->past[0]), compare_lives);
    for (size_t i = 0; i < keeper->past_count; i++) {
        keeper->past[i].blocks = 0;
    }
    for (size_t i = 0; i < keeper->blocks.size; i++) {
        const ht_kept_block_t *block = &keeper->blocks.slot[i];
        if (!ht_keeper_is_of_the_past(keeper, block)) { continue; }
        ht_kept_life_t *life = life_of_block(keeper, block);
        if (life == NULL) { continue; }
        life->blocks++;
        all++;
    }
    drop_empty(keeper);
    return all;
}

bool ht_keeper_sort_lives(ht_keeper_t *keeper, const ht_kept_block_t ***blocks)
{
    const size_t all = count_blocks(keeper);
    size_t count = 0;
    const ht_kept_block_t **list = calloc(all + 1U, sizeof(list[0]));
    *blocks = list;
    if (list == NULL) { return false; }
    for (size_t i = 0; i < keeper->blocks.size && all != 0; i++) {
        const ht_kept_block_t *block = &keeper->blocks.slot[i];
        if (!ht_keeper_is_of_the_past(keeper, block)) { continue; }
        if (life_of_block(keeper, block) != NULL) { list[count++] = block; }
    }
    qsort(list, count, sizeof(list[0]), compare_blocks);
    count = 0;
    for (size_t i = 0; i < keeper->past_count; i++) {
        keeper->past[i].first = count;
        count += keeper->past[i].blocks;
    }
    return true;
}

/* --- a life ends --------------------------------------------------------------------------------
 */

/* Is there room for one more? What is in the way without need goes first: a look at all blocks, and
 * therefore seldom, the more there are. */
static bool make_room(ht_keeper_t *keeper)
{
    if (keeper->past_count < keeper->past_room) { return true; }
    const size_t least = keeper->blocks.size / 16U;
    (void)count_blocks(keeper);
    if (keeper->past_count < keeper->past_room / 2U && keeper->past_room >= least) { return true; }
    size_t room = keeper->past_room != 0 ? 2U * keeper->past_room : FIRST_ROOM;
    room = room < least ? least : room;
    ht_kept_life_t *past = reallocarray(keeper->past, room, sizeof(*past));
    if (past == NULL) { return false; }
    keeper->past = past;
    keeper->past_room = room;
    return true;
}

static bool count_life(ht_keeper_t *keeper, uint32_t task)
{
    if (task >= keeper->life_room) {
        const size_t room = 2U * (size_t)task + FIRST_ROOM;
        uint32_t *life_of = reallocarray(keeper->life_of, room, sizeof(*life_of));
        if (life_of == NULL) { return false; }
        memset(life_of + keeper->life_room, 0, (room - keeper->life_room) * sizeof(*life_of));
        keeper->life_of = life_of;
        keeper->life_room = room;
    }
    keeper->life_of[task]++;
    return true;
}

bool ht_keeper_end_life(ht_keeper_t *keeper, uint32_t task, ht_kept_definition_t *defined,
                        ht_kept_definition_t *gone)
{
    const uint32_t life = ht_keeper_life(keeper, task);
    if (task >= TASKS_MAX) { return true; }
    if (!make_room(keeper) || !count_life(keeper, task)) { return false; }
    ht_kept_life_t *past = &keeper->past[keeper->past_count++];
    *past = (ht_kept_life_t){.task = task, .life = life, .defined = *defined};
    defined->content = NULL;
    if (gone != NULL) {
        past->gone = *gone;
        gone->content = NULL;
    }
    return true;
}

const ht_kept_life_t *ht_keeper_last_life(const ht_keeper_t *keeper, uint32_t task)
{
    const ht_kept_life_t *last = NULL;
    for (size_t low = 0, high = keeper->past_count; low < high;) {
        const size_t middle = low + (high - low) / 2U;
        const ht_kept_life_t *life = &keeper->past[middle];
        if (life->task == task) { last = life; }
        if (life->task <= task) {
            low = middle + 1U;
        } else {
            high = middle;
        }
    }
    return last;
}
