/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The three closures. */
#include "ht_scan.h"

#include "ht_query.h"

#include <string.h>

/* --- memory -------------------------------------------------------------------------------------
 */

static size_t aligned(size_t bytes)
{
    return (bytes + sizeof(uintptr_t) - 1U) & ~(sizeof(uintptr_t) - 1U);
}

size_t ht_scan_memory_bytes(uint32_t max, uint32_t work_max)
{
    if (max == 0 || max > HT_SCAN_MAX || work_max == 0 || work_max > HT_SCAN_MAX) { return 0; }
    return max * (sizeof(uintptr_t) + sizeof(ht_word_t)) +
           aligned(((size_t)max + work_max) * sizeof(ht_scan_index_t));
}

void ht_scan_init(ht_scan_t *scan, ht_tracker_t *tracker, void *memory, uint32_t max,
                  uint32_t work_max)
{
    memset(scan, 0, sizeof(*scan));
    scan->tracker = tracker;
    scan->max = max;
    scan->work_max = work_max;
    scan->addresses = memory;
    scan->info = (ht_word_t *)(scan->addresses + max);
    scan->leaders = (ht_scan_index_t *)(scan->info + max);
    scan->work = scan->leaders + max;
    scan->phase = HT_SCAN_DONE;
    ht_scan_hide(scan, memory, ht_scan_memory_bytes(max, work_max));
    ht_scan_hide(scan, scan, sizeof(*scan));
}

bool ht_scan_hide(ht_scan_t *scan, const void *start, size_t bytes)
{
    if (scan->hidden_count == HT_SCAN_HIDDEN) { return false; }
    scan->hidden[scan->hidden_count++] = (ht_scan_area_t){(uintptr_t)start, bytes};
    return true;
}

/* --- what is reached ----------------------------------------------------------------------------
 */

static bool is_lost(ht_word_t info)
{
    return (info & (HT_SCAN_REACHED | HT_SCAN_MAYBE)) == 0;
}

/* To be read soon; when there is no room, whenever the sweep finds it. */
static void push(ht_scan_t *scan, uint32_t block)
{
    if (scan->work_count < scan->work_max) {
        scan->work[scan->work_count++] = (ht_scan_index_t)block;
    } else {
        scan->overflows++;
        scan->sweep_again = true;
    }
}

/* A leader that was found before is held by another one now: all it holds goes with it. */
static void hold(ht_scan_t *scan, uint32_t block)
{
    ht_word_t *info = &scan->info[block];
    if (block == scan->leader || (*info & HT_SCAN_HELD) != 0) { return; }
    *info |= HT_SCAN_HELD;
    scan->leaders[block] = (ht_scan_index_t)scan->leader;
    if ((*info & HT_SCAN_READ) == 0) { push(scan, block); }
}

/* A word that points to a block was read. */
static void mark(ht_scan_t *scan, uint32_t block, bool is_start)
{
    ht_word_t *info = &scan->info[block];
    if (!is_lost(*info)) {
        /* A block that only its middle led to is read once, whatever else leads to it. */
        return;
    }
    switch (scan->phase) {
    case HT_SCAN_STARTS:
        *info |= is_start ? HT_SCAN_REACHED : HT_SCAN_POINTED;
        if (is_start) { push(scan, block); }
        break;
    case HT_SCAN_MIDDLES:
        *info |= HT_SCAN_MAYBE;
        push(scan, block);
        break;
    case HT_SCAN_LEADERS:
        hold(scan, block);
        break;
    default:
        break;
    }
}

/* A page has one block or two on average. */
static inline uint32_t block_in(const ht_scan_t *scan, const ht_scan_span_t *span, uintptr_t word)
{
    uint32_t first = span->first;
    uint32_t last = span->last - 1U;
    if (scan->has_pages) {
        const ht_scan_index_t *pages = scan->leaders + first;
        uintptr_t page = (word - span->low) >> span->shift;
        last = pages[page];
        if (page != 0) { first = pages[page - 1U]; }
    }
    if (last - first > 4U) { return ht_scan_last_before(scan, first, last, word); }
    const uintptr_t *address = &scan->addresses[last];
    while (*address > word) { /* the first one begins before it */
        address--;
        last--;
    }
    return last;
}

static inline bool find(const ht_scan_t *scan, uintptr_t word, uint32_t *block)
{
    const ht_scan_span_t *span = scan->span;
    const ht_scan_span_t *end = span + scan->span_count;
    while (span != end && word - span->low >= span->bytes) {
        span++;
    }
    if (span == end) { return false; }
    *block = block_in(scan, span, word);
    uintptr_t offset = word - scan->addresses[*block];
    return offset == 0 || offset < ht_scan_size(scan, *block);
}

bool ht_scan_find(const ht_scan_t *scan, uintptr_t word, uint32_t *block)
{
    return find(scan, word, block);
}

void ht_scan_word(ht_scan_t *scan, uintptr_t word)
{
    uint32_t block = 0;
    if (find(scan, word, &block)) { mark(scan, block, scan->addresses[block] == word); }
}

/* --- reading memory ------------------------------------------------------------------------------
 */

/* The program may write here meanwhile, and what lies around a block may be poisoned for its
 * sanitizer: neither harms, each word is read once. */
__attribute__((no_sanitize("address", "thread", "undefined"))) static uintptr_t
read_word(uintptr_t at)
{
    return *(const volatile uintptr_t *)at;
}

static void read_words(ht_scan_t *scan, uintptr_t at, uintptr_t end)
{
    scan->words += (end - at) / sizeof(uintptr_t);
    const uintptr_t low = scan->low;
    const uintptr_t bytes = scan->bytes;
    for (; at < end; at += sizeof(uintptr_t)) {
        uintptr_t word = read_word(at);
        if (word - low < bytes) { ht_scan_word(scan, word); }
    }
}

static uintptr_t round_up(uintptr_t address)
{
    return (address + sizeof(uintptr_t) - 1U) & ~(uintptr_t)(sizeof(uintptr_t) - 1U);
}

/* The first of some areas that [at, end) meets, in address order; its index, or the count. */
static uint32_t first_of(const ht_scan_area_t *areas, uint32_t count, uintptr_t at, uintptr_t end)
{
    uint32_t first = count;
    for (uint32_t i = 0; i < count; i++) {
        const ht_scan_area_t *area = &areas[i];
        bool meets = area->start < end && area->start + area->bytes > at;
        if (meets && (first == count || area->start < areas[first].start)) { first = i; }
    }
    return first;
}

static uintptr_t round_down(uintptr_t address)
{
    return address & ~(uintptr_t)(sizeof(uintptr_t) - 1U);
}

void ht_scan_root(ht_scan_t *scan, uintptr_t start, size_t bytes)
{
    uintptr_t at = round_up(start);
    uintptr_t end = round_down(start + bytes);
    while (at < end) {
        uint32_t hidden = first_of(scan->hidden, scan->hidden_count, at, end);
        if (hidden == scan->hidden_count) {
            read_words(scan, at, end);
            return;
        }
        const ht_scan_area_t *area = &scan->hidden[hidden];
        read_words(scan, at, area->start > at ? round_down(area->start) : at);
        at = round_up(area->start + area->bytes);
    }
}

/* --- what must not be read, in blocks ------------------------------------------------------------
 */

static void cover(ht_scan_t *scan, uintptr_t start, size_t bytes)
{
    uint32_t block = ht_scan_first(scan, start);
    if (block == scan->count || scan->addresses[block] >= start + bytes) { return; }
    if (scan->covered_count < HT_SCAN_COVERED) {
        scan->covered[scan->covered_count++] = (ht_scan_area_t){start, bytes};
    } else {
        ht_scan_area_t *last = &scan->covered[HT_SCAN_COVERED - 1U];
        last->bytes = start + bytes - last->start;
    }
}

static void cover_hidden(ht_scan_t *scan)
{
    scan->covered_count = 0;
    for (uint32_t i = 0; i < scan->hidden_count; i++) {
        cover(scan, scan->hidden[i].start, scan->hidden[i].bytes);
    }
    scan->covered_hidden = scan->covered_count;
}

void ht_scan_unreadable(ht_scan_t *scan, uintptr_t start, size_t bytes)
{
    cover(scan, start, bytes);
}

static void read_covered(ht_scan_t *scan, uintptr_t at, uintptr_t end)
{
    while (at < end) {
        uint32_t i = first_of(scan->covered, scan->covered_count, at, end);
        if (i == scan->covered_count) {
            read_words(scan, at, end);
            return;
        }
        uintptr_t start = round_down(scan->covered[i].start);
        uintptr_t next = round_up(scan->covered[i].start + scan->covered[i].bytes);
        if (start > at) {
            read_words(scan, at, start);
            at = start;
        }
        if (next > end) { next = end; }
        if (i >= scan->covered_hidden) { scan->unread += next - at; }
        at = next;
    }
}

static inline void read_block(ht_scan_t *scan, uintptr_t at, uintptr_t end)
{
    if (scan->covered_count == 0) {
        read_words(scan, at, end);
    } else {
        read_covered(scan, at, end);
    }
}

void ht_scan_root_between(ht_scan_t *scan, uintptr_t start, size_t bytes)
{
    uintptr_t end = start + bytes;
    for (uint32_t i = ht_scan_first(scan, start); i < scan->count; i++) {
        uintptr_t block = scan->addresses[i];
        if (block >= end) { break; }
        if (block > start) { ht_scan_root(scan, start, block - start); }
        start = block + ht_scan_size(scan, i);
        if (start >= end) { return; }
    }
    ht_scan_root(scan, start, end - start);
}

/* --- the closure that runs
 * ------------------------------------------------------------------------
 */

/* Was it reached in this phase, and not read yet? */
static bool is_waiting(const ht_scan_t *scan, uint32_t block)
{
    static const ht_word_t by_phase[] = {HT_SCAN_REACHED, HT_SCAN_MAYBE, HT_SCAN_HELD};
    ht_word_t info = scan->info[block];
    return (info & HT_SCAN_READ) == 0 && (info & by_phase[scan->phase]) != 0;
}

static void open_block(ht_scan_t *scan, uint32_t block)
{
    scan->info[block] |= HT_SCAN_READ;
    scan->block = block;
    scan->at = round_up(scan->addresses[block]);
    scan->end = round_down(scan->addresses[block] + ht_scan_size(scan, block));
    scan->in_block = scan->at < scan->end;
}

/* The next block that waits: from the work list, else by a sweep. */
static bool next_block(ht_scan_t *scan)
{
    while (scan->work_count > 0) {
        uint32_t block = scan->work[--scan->work_count];
        if (is_waiting(scan, block)) {
            open_block(scan, block);
            return true;
        }
    }
    for (;;) {
        for (; scan->sweep < scan->count; scan->sweep++) {
            if (is_waiting(scan, scan->sweep)) {
                open_block(scan, scan->sweep++);
                return true;
            }
        }
        if (!scan->sweep_again) { return false; }
        scan->sweep_again = false;
        scan->sweep = 0;
    }
}

/* Up to `words` of the open block. Returns how many are left to do elsewhere. */
static uint32_t read_some(ht_scan_t *scan, uint32_t words)
{
    uintptr_t left = (scan->end - scan->at) / sizeof(uintptr_t);
    uint32_t now = left < words ? (uint32_t)left : words;
    uintptr_t until = scan->at + now * sizeof(uintptr_t);
    read_block(scan, scan->at, until);
    scan->at = until;
    scan->in_block = until < scan->end;
    return words - now;
}

static void begin_sweep(ht_scan_t *scan)
{
    scan->sweep = 0;
    scan->sweep_again = false;
}

/* The next lost block that nothing holds yet is a leader; its closure begins. */
static bool next_leader(ht_scan_t *scan)
{
    for (scan->leader++; scan->leader < scan->count; scan->leader++) {
        ht_word_t info = scan->info[scan->leader];
        if (is_lost(info) && (info & HT_SCAN_HELD) == 0) {
            scan->sweep = scan->count; /* only what finds the work list full needs a sweep */
            open_block(scan, scan->leader);
            return true;
        }
    }
    return false;
}

bool ht_scan_run(ht_scan_t *scan, uint32_t words)
{
    if (scan->phase == HT_SCAN_DONE) { return true; }
    for (;;) {
        if (scan->in_block) {
            words = read_some(scan, words);
            if (scan->in_block) { return false; }
        }
        if (next_block(scan)) { continue; }
        if (scan->phase != HT_SCAN_LEADERS || !next_leader(scan)) { return true; }
        if (words == 0) { return false; }
    }
}

/* --- phases
 * -----------------------------------------------------------------------------------------
 */

static void forget_state(ht_scan_t *scan)
{
    for (uint32_t i = 0; i < scan->count; i++) {
        ht_word_t info = scan->info[i];
        bool stays_lost = is_lost(info) && (scan->passes == 1 || (info & HT_SCAN_WAS_LOST) != 0);
        scan->info[i] = (info & HT_MASK(HT_SIZE_BITS)) | (stays_lost ? HT_SCAN_WAS_LOST : 0);
    }
}

void ht_scan_begin(ht_scan_t *scan)
{
    forget_state(scan);
    scan->disturbed = false;
    ht_scan_list_update(scan, 0);
    cover_hidden(scan);
    scan->phase = HT_SCAN_STARTS;
    scan->passes++;
    scan->words = 0;
    scan->overflows = 0;
    scan->unread = 0;
    scan->work_count = 0;
    scan->in_block = false;
    begin_sweep(scan);
}

uint32_t ht_scan_grow(ht_scan_t *scan)
{
    if (scan->phase != HT_SCAN_STARTS || ht_scan_list_is_whole(scan)) { return 0; }
    uint32_t added = ht_scan_list_update(scan, HT_SCAN_REACHED);
    cover_hidden(scan);
    scan->work_count = 0; /* the numbers of blocks have changed */
    begin_sweep(scan);
    return added;
}

/* What reached blocks point into the middle of. */
static void begin_middles(ht_scan_t *scan)
{
    for (uint32_t i = 0; i < scan->count; i++) {
        if (is_lost(scan->info[i]) && (scan->info[i] & HT_SCAN_POINTED) != 0) {
            scan->info[i] |= HT_SCAN_MAYBE;
        }
    }
    begin_sweep(scan);
}

static bool is_recorded(const ht_scan_t *scan, uint32_t i)
{
    heaptrail_block_row_t row;
    return ht_query_block_at(scan->tracker, scan->addresses[i], &row) &&
           row.size_bytes == ht_scan_size(scan, i);
}

/* A block that was freed meanwhile holds the heap's own pointers by now: it must not lead. */
static void drop_ended(ht_scan_t *scan)
{
    for (uint32_t i = 0; i < scan->count; i++) {
        if (is_lost(scan->info[i]) && !is_recorded(scan, i)) { scan->info[i] |= HT_SCAN_ENDED; }
    }
}

static void begin_leaders(ht_scan_t *scan)
{
    drop_ended(scan);
    scan->has_pages = false;
    for (uint32_t i = 0; i < scan->count; i++) {
        scan->leaders[i] = (ht_scan_index_t)i;
    }
    scan->leader = UINT32_MAX;
    scan->sweep = scan->count;
    scan->sweep_again = false;
}

static bool is_held(const ht_scan_t *scan, uint32_t i)
{
    return (scan->info[i] & HT_SCAN_ENDED) == HT_SCAN_HELD;
}

/* A leader that came to be held is held by a later one, so two rounds find the last leader of all.
 */
static void settle_leaders(ht_scan_t *scan)
{
    ht_scan_index_t *leader = scan->leaders;
    for (uint32_t i = scan->count; i > 0; i--) {
        if (is_held(scan, i - 1U)) { leader[i - 1U] = leader[leader[i - 1U]]; }
    }
    for (uint32_t i = 0; i < scan->count; i++) {
        if (is_held(scan, i)) { leader[i] = leader[leader[i]]; }
    }
}

/* Then each leader begins a ring: leader -> lowest of its blocks -> ... -> highest -> leader. */
static void link_rings(ht_scan_t *scan)
{
    ht_scan_index_t *next = scan->leaders;
    for (uint32_t i = scan->count; i > 0; i--) {
        if (!is_held(scan, i - 1U)) { continue; }
        uint32_t leader = next[i - 1U];
        next[i - 1U] = next[leader];
        next[leader] = (ht_scan_index_t)(i - 1U);
    }
}

ht_scan_phase_t ht_scan_next(ht_scan_t *scan)
{
    switch (scan->phase) {
    case HT_SCAN_STARTS:
        scan->phase = HT_SCAN_MIDDLES;
        begin_middles(scan);
        break;
    case HT_SCAN_MIDDLES:
        scan->phase = HT_SCAN_LEADERS;
        begin_leaders(scan);
        break;
    case HT_SCAN_LEADERS:
        scan->phase = HT_SCAN_DONE;
        settle_leaders(scan);
        link_rings(scan);
        break;
    default:
        break;
    }
    return scan->phase;
}

/* --- answers
 * ---------------------------------------------------------------------------------------
 */

ht_scan_class_t ht_scan_class(const ht_scan_t *scan, uint32_t i)
{
    ht_word_t info = scan->info[i];
    if ((info & HT_SCAN_REACHED) != 0) { return HT_SCAN_REACHABLE; }
    if ((info & HT_SCAN_ENDED) == HT_SCAN_ENDED) { return HT_SCAN_GONE; }
    if ((info & HT_SCAN_MAYBE) != 0) { return HT_SCAN_POSSIBLE; }
    return (info & HT_SCAN_HELD) != 0 ? HT_SCAN_INDIRECT : HT_SCAN_LOST;
}

bool ht_scan_was_lost(const ht_scan_t *scan, uint32_t i)
{
    return scan->passes == 1 || (scan->info[i] & HT_SCAN_WAS_LOST) != 0;
}

uint32_t ht_scan_leader(const ht_scan_t *scan, uint32_t i)
{
    if (scan->phase != HT_SCAN_DONE) { return i; }
    while (is_held(scan, i)) {
        i = scan->leaders[i];
    }
    return i;
}

uint32_t ht_scan_ring(const ht_scan_t *scan, uint32_t i)
{
    return scan->leaders[i];
}
