/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_task.h"

#include <string.h>

uint32_t ht_tasks_index_size(uint32_t max)
{
    uint32_t size = 16;
    while (size < 2U * max) {
        size *= 2U;
    }
    return size;
}

void ht_tasks_init(ht_tasks_t *tasks)
{
    static const char names[HT_TASK_FIRST][HT_TASK_NAME_MAX] = {"(other tasks)", "(start-up)",
                                                                "(ISR core 0)", "(ISR core 1)"};
    for (uint32_t row = 0; row < HT_TASK_FIRST; row++) {
        memcpy(tasks->rows[row].name, names[row], HT_TASK_NAME_MAX);
        tasks->rows[row].used = HT_TASK_ALIVE;
    }
    tasks->row_count = HT_TASK_FIRST;
}

/* A row to use: a fresh one, else that of a task that is gone and left nothing behind. */
static HT_PORT_HOT uint32_t take_row(ht_tasks_t *tasks)
{
    if (tasks->row_count < HT_TASK_FIRST + tasks->max) { return tasks->row_count++; }
    /* A few at a time, from where the last search ended: the lock is held. */
    for (uint32_t i = 0; i < HT_TASK_PROBES && i < tasks->max; i++) {
        tasks->cursor = (tasks->cursor + 1U) % tasks->max;
        uint32_t row = HT_TASK_FIRST + tasks->cursor;
        if (tasks->rows[row].used == HT_TASK_GONE && ht_task_live_blocks(&tasks->rows[row]) == 0) {
            return row;
        }
    }
    return HT_TASK_OTHER;
}

/* Under the lock, and memset() may write bytes. */
static inline void clear_counters(ht_task_t *task)
{
    task->live_bytes = task->peak_bytes = task->since_bytes = 0;
    task->total_bytes.all = 0;
    task->total_blocks = task->freed_blocks = task->since_blocks = 0;
}

HT_PORT_HOT uint32_t ht_task_add(ht_tasks_t *tasks, uintptr_t key)
{
    uint32_t at = ht_task_hash(tasks, key);
    for (uint32_t i = 0; i < HT_TASK_PROBES; i++) {
        uint16_t *slot = &tasks->index[(at + i) & tasks->index_mask];
        if (*slot != 0) { continue; }
        uint32_t row = take_row(tasks);
        if (row != HT_TASK_OTHER) {
            ht_task_t *task = &tasks->rows[row];
            clear_counters(task);
            ht_port_task_name(key, task->name);
            task->used = HT_TASK_ALIVE;
            __atomic_store_n(&task->key, key, __ATOMIC_RELAXED);
            __atomic_store_n(slot, (uint16_t)row, __ATOMIC_RELEASE);
            return row;
        }
        break;
    }
    if (tasks->lost != UINT32_MAX) { tasks->lost++; }
    return HT_TASK_OTHER;
}

/*
 * Empty an index entry and close the gap behind it (backward-shift deletion; Knuth, TAOCP 3, 6.4,
 * algorithm R), so that look-ups may stop at the first empty entry.
 */
static HT_PORT_HOT void erase_entry(ht_tasks_t *tasks, uint32_t hole)
{
    uint32_t next = hole;
    /* No entry is further than that from its home, so none behind can want the hole. */
    while (((next - hole) & tasks->index_mask) < HT_TASK_PROBES - 1U) {
        next = (next + 1U) & tasks->index_mask;
        uint32_t row = tasks->index[next];
        if (row == 0) { break; }
        uint32_t home = ht_task_hash(tasks, tasks->rows[row].key);
        if (((next - home) & tasks->index_mask) >= ((next - hole) & tasks->index_mask)) {
            __atomic_store_n(&tasks->index[hole], (uint16_t)row, __ATOMIC_RELAXED);
            hole = next;
        }
    }
    __atomic_store_n(&tasks->index[hole], 0, __ATOMIC_RELAXED);
}

HT_PORT_HOT uint32_t ht_task_retire(ht_tasks_t *tasks, uintptr_t key)
{
    if (key < HT_KEY_FIRST_TASK) { return HT_TASK_OTHER; }
    uint32_t at = ht_task_hash(tasks, key);
    for (uint32_t i = 0; i < HT_TASK_PROBES; i++) {
        uint32_t entry = (at + i) & tasks->index_mask;
        uint32_t row = tasks->index[entry];
        if (row == 0) { break; }
        if (tasks->rows[row].key == key) {
            erase_entry(tasks, entry);
            __atomic_store_n(&tasks->rows[row].key, 0, __ATOMIC_RELAXED);
            if (tasks->last == &tasks->rows[row]) { tasks->last_span = tasks->traced_span = 0; }
            tasks->rows[row].used = HT_TASK_GONE;
            return row;
        }
    }
    return HT_TASK_OTHER;
}
