/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The sorted list of a scan's blocks: made from the table, brought up to date, searched.
 *
 *   span 0  [ page | page | ... ]     blocks of one heap, or of several that lie close
 *   span 1  [ page | page | ... ]     PSRAM, say, megabytes away
 */
#include "ht_query.h"
#include "ht_scan.h"

/* Blocks further apart than this are in different spans, while there are spans left. */
#define SPAN_GAP ((uintptr_t)0x20000)

/* Tries to copy a table that moves its records meanwhile. */
#define COPIES_MAX 4U

/* --- spans and pages --- */

static uintptr_t end_of(const ht_scan_t *scan, uint32_t i)
{
    size_t size = ht_scan_size(scan, i);
    return scan->addresses[i] + (size != 0 ? size : 1U);
}

/* Blocks first .. last - 1. As many pages as blocks at most, so that its part of the list of
 * leaders has room for them. */
static void make_span(ht_scan_t *scan, uint32_t first, uint32_t last)
{
    ht_scan_span_t *span = &scan->span[scan->span_count++];
    uintptr_t low = scan->addresses[first];
    *span = (ht_scan_span_t){
        .low = low, .bytes = end_of(scan, last - 1U) - low, .first = first, .last = last};
    while ((span->bytes - 1U) >> span->shift >= last - first) {
        span->shift++;
    }
    ht_scan_index_t *pages = scan->leaders + first;
    uint32_t count = (uint32_t)((span->bytes - 1U) >> span->shift) + 1U;
    uint32_t block = first;
    for (uint32_t page = 0; page < count; page++) {
        while (block + 1U < last && (scan->addresses[block + 1U] - low) >> span->shift <= page) {
            block++;
        }
        pages[page] = (ht_scan_index_t)block;
    }
}

static void make_spans(ht_scan_t *scan)
{
    scan->span_count = 0;
    scan->low = scan->count != 0 ? scan->addresses[0] : 0;
    scan->bytes = scan->count != 0 ? end_of(scan, scan->count - 1U) - scan->low : 0;
    uint32_t first = 0;
    for (uint32_t i = 1; i <= scan->count; i++) {
        bool ends = i == scan->count || (scan->addresses[i] - end_of(scan, i - 1U) > SPAN_GAP &&
                                         scan->addresses[i] > end_of(scan, i - 1U) &&
                                         scan->span_count < HT_SCAN_SPANS - 1U);
        if (ends) {
            make_span(scan, first, i);
            first = i;
        }
    }
    scan->has_pages = true;
}

uint32_t ht_scan_last_before(const ht_scan_t *scan, uint32_t first, uint32_t last, uintptr_t word)
{
    while (first < last) {
        uint32_t middle = last - (last - first) / 2U;
        if (scan->addresses[middle] <= word) {
            first = middle;
        } else {
            last = middle - 1U;
        }
    }
    return first;
}

uint32_t ht_scan_first(const ht_scan_t *scan, uintptr_t at)
{
    if (scan->count == 0 || at < scan->addresses[0]) { return 0; }
    uint32_t i = ht_scan_last_before(scan, 0, scan->count - 1U, at);
    return at < end_of(scan, i) ? i : i + 1U;
}

/* --- the list and the table --- */

typedef struct {
    uint32_t sorted; /* blocks that were in the list before */
    uint32_t young;  /* and those that were not */
    ht_word_t state; /* of these */
} update_t;

static bool is_listed(const ht_scan_t *scan, const update_t *update, const ht_record_t *record,
                      uint32_t *i)
{
    /* By the spans and pages of the list as it was: what came since is behind `sorted`. */
    return update->sorted != 0 && ht_scan_find(scan, record->address, i) &&
           scan->addresses[*i] == record->address;
}

/* One record of the table: known, or new. A known address with a young stamp is another block. */
static void take(ht_scan_t *scan, update_t *update, const ht_record_t *record)
{
    uint32_t i = 0;
    size_t size = ht_record_size(record);
    if (is_listed(scan, update, record, &i)) {
        bool same = !ht_stamp_after(ht_record_stamp(record), scan->listed);
        ht_word_t state = same ? scan->info[i] & ~HT_MASK(HT_SIZE_BITS) : update->state;
        if (!same && (scan->info[i] & HT_SCAN_SEEN) == 0) { update->young++; }
        scan->info[i] = (ht_word_t)size | state | HT_SCAN_SEEN;
        return;
    }
    if (scan->count == scan->max) {
        scan->left_out++;
        return;
    }
    scan->addresses[scan->count] = record->address;
    scan->info[scan->count++] = (ht_word_t)size | update->state | HT_SCAN_SEEN;
    update->young++;
}

/* Copy the table once, without the blocks of pools: a pool's memory is read as the block it is.
 * False: it moved records meanwhile, so some may have been missed. A block
 * that comes twice is in the list twice until compact(). */
static bool copy(ht_scan_t *scan, update_t *update)
{
    uint32_t moves_at_start = 0;
    uint32_t moves = 0;
    for (uint32_t b = 0; b <= scan->tracker->table.bucket_count; b++) {
        ht_record_t records[HT_BUCKET_SLOTS];
        uint32_t count = ht_query_bucket(scan->tracker, b, records, &moves);
        if (b == 0) { moves_at_start = moves; }
        for (uint32_t i = 0; i < count; i++) {
            const ht_heap_t *heap = &scan->tracker->heaps.row[ht_record_heap(&records[i]).index];
            if (heap->kind == HT_HEAP_REAL) { take(scan, update, &records[i]); }
        }
    }
    return moves == moves_at_start;
}

/* Drop what is gone, and the second of two that are one. The list is sorted. */
static void compact(ht_scan_t *scan)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < scan->count; i++) {
        if ((scan->info[i] & HT_SCAN_SEEN) == 0) { continue; }
        if (kept > 0 && scan->addresses[kept - 1U] == scan->addresses[i]) { continue; }
        scan->addresses[kept] = scan->addresses[i];
        scan->info[kept++] = scan->info[i] & ~HT_SCAN_SEEN;
    }
    scan->count = kept;
}

static ht_stamp_t newest_stamp(ht_scan_t *scan)
{
    ht_port_irq_t irq = ht_port_lock(&scan->tracker->lock);
    ht_stamp_t newest = scan->tracker->last;
    ht_port_unlock(&scan->tracker->lock, irq);
    return newest;
}

bool ht_scan_list_is_whole(ht_scan_t *scan)
{
    ht_stamp_t newest = newest_stamp(scan);
    return newest.tick == scan->listed.tick && newest.order == scan->listed.order &&
           !scan->disturbed;
}

uint32_t ht_scan_list_update(ht_scan_t *scan, ht_word_t young)
{
    uint32_t added = 0;
    bool whole = false;
    ht_stamp_t now = newest_stamp(scan);
    for (uint32_t i = 0; i < COPIES_MAX && !whole; i++) {
        scan->left_out = 0;
        update_t update = {.sorted = scan->count, .state = young};
        for (uint32_t j = 0; j < scan->count; j++) {
            scan->info[j] &= ~HT_SCAN_SEEN;
        }
        whole = copy(scan, &update);
        ht_scan_sort(scan);
        compact(scan);
        make_spans(scan);
        added += update.young;
    }
    scan->disturbed = scan->disturbed || !whole;
    scan->listed = now;
    return added;
}
