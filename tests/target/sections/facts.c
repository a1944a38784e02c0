/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "facts.h"

#include <stdio.h>
#include <string.h>

#include "ht_lowmem.h"
#include "sweep.h"

static void note(facts_t *facts, const char *name, uint32_t fact)
{
    facts->name[facts->count] = name;
    facts->fact[facts->count++] = fact;
}

/* Sums over rows tell which row it was: two numbers that changed places are not the same. */
static uint32_t of_row(uint32_t number, uint32_t row)
{
    return number * (2U * row + 3U);
}

static void note_status(facts_t *facts)
{
    heaptrail_status_t status;
    ht_query_status(TRACKER, &status);
    note(facts, "live blocks", status.live_blocks);
    note(facts, "live bytes", (uint32_t)status.live_bytes);
    note(facts, "total blocks", (uint32_t)status.total_blocks);
    note(facts, "total bytes", (uint32_t)status.total_bytes);
    note(facts, "total frees", (uint32_t)status.total_frees);
    note(facts, "failures", status.failures);
    note(facts, "origins", status.origins);
    note(facts, "generation", status.generation);
    note(facts, "lost, table full", status.loss.table_full);
    note(facts, "lost, crowded", status.loss.table_crowded);
    note(facts, "lost, origins", status.loss.origins_full);
    note(facts, "lost, tasks", status.loss.tasks_full);
    note(facts, "lost, filtered", status.loss.filtered);
    note(facts, "unknown frees", status.loss.unknown_frees);
}

/* Two blocks of one stamp: which of them came first is lost. */
static uint32_t same_stamps(const ht_record_t *record)
{
    uint32_t same = 0;
    const ht_record_t *end = TRACKER->table.buckets[TRACKER->table.bucket_count + 1U].slot;
    for (const ht_record_t *other = record + 1; other != end; other++) {
        same += other->address != HT_ADDRESS_EMPTY && other->tick == record->tick &&
                ht_record_stamp(other).order == ht_record_stamp(record).order;
    }
    return same;
}

static void note_records(facts_t *facts)
{
    uint32_t tcbs = 0;
    uint32_t out_of_sight = 0;
    uint32_t what = 0;
    uint32_t same = 0;
    for (uint32_t i = 0; i < HT_BUCKET_SLOTS * (TRACKER->table.bucket_count + 1U); i++) {
        const ht_record_t *record = &TRACKER->table.buckets[0].slot[i];
        if (record->address == HT_ADDRESS_EMPTY) { continue; }
        tcbs += ht_record_is_tcb(record);
        out_of_sight += !ht_record_is_live(record);
        what += (uint32_t)record->address *
                (ht_record_origin(record).index + 17U * (uint32_t)ht_record_size(record));
        same += same_stamps(record);
    }
    note(facts, "records of TCBs", tcbs);
    note(facts, "records held or forgotten", out_of_sight);
    note(facts, "addresses, sizes and origins", what);
    note(facts, "blocks of one stamp", same);
    note(facts, "newest order", TRACKER->last.order);
    note(facts, "newest tick", TRACKER->last.tick);
}

static void note_rows(facts_t *facts)
{
    ht_tally_settle(&TRACKER->tally);
    uint32_t sites = 0;
    for (uint32_t i = 0; i <= TRACKER->origins.count; i++) {
        const ht_origin_t *row = &TRACKER->origins.origins[i];
        sites += of_row(row->total_blocks + 7U * (uint32_t)row->live_bytes + 11U * row->failures +
                            13U * row->dropped_blocks,
                        i);
    }
    uint32_t tasks = 0;
    for (uint32_t i = 0; i < TRACKER->tasks.row_count; i++) {
        const ht_task_t *row = &TRACKER->tasks.rows[i];
        tasks += of_row(row->total_blocks + 7U * (uint32_t)row->live_bytes +
                            11U * row->freed_blocks + 13U * row->used + (uint32_t)row->key,
                        i);
    }
    uint32_t heaps = 0;
    for (uint32_t i = 0; i <= TRACKER->heaps.count; i++) {
        const ht_heap_t *row = &TRACKER->heaps.row[i];
        heaps += of_row(row->total_blocks + 7U * (uint32_t)row->live_bytes +
                            11U * row->freed_blocks + 13U * row->kind + (uint32_t)row->start,
                        i);
    }
    note(facts, "rows of sites", sites);
    note(facts, "rows of tasks", tasks);
    note(facts, "rows of heaps", heaps);
    note(facts, "heaps", TRACKER->heaps.count);
    note(facts, "pools", TRACKER->heaps.pools);
    note(facts, "pools that are gone", TRACKER->heaps.gone);
    note(facts, "tasks", TRACKER->tasks.row_count);
}

static void note_rings(facts_t *facts)
{
    const ht_freed_ring_t *freed = &TRACKER->freed;
    uint32_t entries = 0;
    for (uint32_t i = 0; i < freed->max; i++) {
        const ht_freed_t *entry = &freed->ring[i];
        entries += of_row((uint32_t)entry->record.address + 7U * entry->state +
                              11U * (uint32_t)entry->freed_who,
                          i);
    }
    uint32_t failures = 0;
    for (uint32_t i = 0; i < TRACKER->failures.max; i++) {
        failures += of_row(TRACKER->failures.ring[i].number +
                               7U * (uint32_t)TRACKER->failures.ring[i].size +
                               11U * TRACKER->failures.ring[i].stamp.order,
                           i);
    }
    note(facts, "freed blocks", freed->count);
    note(facts, "first that may be held", freed->first);
    note(facts, "held blocks", freed->held_blocks);
    note(facts, "held bytes", (uint32_t)freed->held_bytes);
    note(facts, "entries of freed blocks", entries);
    note(facts, "entries of failures", failures);
    note(facts, "errors", TRACKER->errors.count);
    note(facts, "errors overwritten", TRACKER->errors.overwritten);
}

static void note_switches(facts_t *facts)
{
    const ht_filter_t *filter = &TRACKER->filter;
    note(facts, "filter",
         filter->task_id + 3U * filter->origin_id + 5U * (uint32_t)filter->size_min +
             7U * (uint32_t)filter->size_max);
    note(facts, "filtering", TRACKER->filtering);
    note(facts, "state", TRACKER->state);
    note(facts, "way", (uint32_t)TRACKER->way);
    note(facts, "query", TRACKER->query);
    note(facts, "watches", TRACKER->lowmem.count);
    note(facts, "bytes spent", (uint32_t)TRACKER->lowmem.spent);
    note(facts, "budget", (uint32_t)TRACKER->lowmem.budget);
    note(facts, "looks", TRACKER->lowmem.looks);
    for (uint32_t i = 0; i < TRACKER->lowmem.max; i++) {
        const ht_lowmem_watch_t *watch = &TRACKER->lowmem.watch[i];
        note(facts, "a watch",
             watch->used + 2U * watch->armed + 4U * watch->untold + 8U * watch->frozen +
                 16U * watch->busy + 32U * watch->fired);
    }
}

void facts_take(facts_t *facts)
{
    note_status(facts);
    note_records(facts);
    note_rows(facts);
    note_rings(facts);
    note_switches(facts);
    for (unsigned i = 0; i < SWEEP_RESULTS; i++) {
        note(facts, "what the operation said", g_sweep.result[0][i]);
        note(facts, "what the rival said", g_sweep.result[1][i]);
    }
}

void facts_take_results(facts_t *facts)
{
    for (unsigned i = 0; i < SWEEP_RESULTS; i++) {
        note(facts, "what was seen in the end", g_sweep.result[2][i]);
    }
}

bool facts_are_same(const facts_t *a, const facts_t *b)
{
    return a->count == b->count && memcmp(a->fact, b->fact, a->count * sizeof(a->fact[0])) == 0;
}

void facts_print_difference(const facts_t *now, const facts_t *one, const facts_t *other)
{
    for (uint32_t i = 0; i < now->count; i++) {
        if (now->fact[i] == one->fact[i] && now->fact[i] == other->fact[i]) { continue; }
        printf("  %s: %lu; operation first %lu, rival first %lu\n", now->name[i],
               (unsigned long)now->fact[i], (unsigned long)one->fact[i],
               (unsigned long)other->fact[i]);
    }
}
