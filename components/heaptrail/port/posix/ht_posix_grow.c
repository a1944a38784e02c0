/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The live table grows with the program.
 *
 * A cuckoo table is touched all over, so a table for millions of blocks would cost a small program
 * thousands of page faults. It begins small; when it is 3/4 full, every record moves into one four
 * times the size, under the lock. A chip could not afford that pause, so the core does not know of
 * it.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "ht_posix.h"

#define GROWTH 4U

uint32_t ht_posix_grow_at = UINT32_MAX;

static struct {
    uint32_t busy; /* one thread at a time */
    void *pages;   /* of the table now; NULL: it is still the first one */
    size_t page_bytes;
    uint32_t max_blocks;
} s_grow;

static uint32_t threshold(const ht_table_t *table)
{
    return table->limit < s_grow.max_blocks ? table->limit / 4U * 3U : UINT32_MAX;
}

void ht_posix_grow_init(const ht_tracker_t *tracker, uint32_t max_blocks)
{
    s_grow.max_blocks = max_blocks;
    __atomic_store_n(&ht_posix_grow_at, threshold(&tracker->table), __ATOMIC_RELAXED);
}

void ht_posix_grow_forked(void)
{
    s_grow.busy = 0;
}

/* Copy every record. False: a block is inside realloc(), which keeps the address of its slot. */
static bool move_all(const ht_table_t *from, ht_table_t *to)
{
    for (uint32_t b = 0; b <= from->bucket_count; b++) {
        for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
            const ht_record_t *record = &from->buckets[b].slot[i];
            if (record->address == HT_ADDRESS_EMPTY) { continue; }
            ht_record_t *slot = record->address != HT_ADDRESS_HELD
                                    ? ht_table_insert(to, ht_record_key(record))
                                    : NULL;
            if (slot == NULL) { return false; }
            *slot = *record;
        }
    }
    to->moves = from->moves + 1U; /* a query under way has missed some */
    return true;
}

/* A thread that grows the table, and no other. `pages` may be NULL. */
static void swap(ht_tracker_t *tracker, void *pages, size_t bytes, uint32_t buckets)
{
    ht_table_t *table = &tracker->table;
    ht_table_t larger;
    void *unused = pages;
    size_t unused_bytes = bytes;
    ht_table_init(&larger, pages, buckets);
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    uint32_t next_at = table->count + 256U; /* moved in vain: not at once again */
    if (move_all(table, &larger)) {
        unused = s_grow.pages;
        unused_bytes = s_grow.page_bytes;
        tracker->memory_bytes += bytes - unused_bytes;
        ht_table_stay(&larger, (table->stays & HT_TABLE_STAYS) != 0);
        *table = larger;
        s_grow.pages = pages;
        s_grow.page_bytes = bytes;
        next_at = threshold(table);
    }
    ht_port_unlock(&tracker->lock, irq);
    __atomic_store_n(&ht_posix_grow_at, next_at, __ATOMIC_RELAXED);
    if (unused != NULL) { ht_posix_pages_free(unused, unused_bytes); }
}

void ht_posix_grow(ht_tracker_t *tracker)
{
    if (__atomic_exchange_n(&s_grow.busy, 1U, __ATOMIC_ACQUIRE) != 0) { return; }
    int saved_errno = errno;
    if (tracker->table.count >= __atomic_load_n(&ht_posix_grow_at, __ATOMIC_RELAXED)) {
        uint64_t blocks = (uint64_t)tracker->table.limit * GROWTH;
        if (blocks > s_grow.max_blocks) { blocks = s_grow.max_blocks; }
        uint32_t buckets = ht_table_buckets_for((uint32_t)blocks);
        size_t bytes = (buckets + 1U) * sizeof(ht_bucket_t);
        void *pages = ht_posix_pages(bytes);
        if (pages != NULL) {
            swap(tracker, pages, bytes, buckets);
        } else {
            __atomic_store_n(&ht_posix_grow_at, UINT32_MAX, __ATOMIC_RELAXED);
        }
    }
    errno = saved_errno;
    __atomic_store_n(&s_grow.busy, 0U, __ATOMIC_RELEASE);
}
