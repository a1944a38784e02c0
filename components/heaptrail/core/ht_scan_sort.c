/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The list of a scan by address: in place, no recursion, no bad case.
 *
 *   all blocks     spread over up to n / 2 stretches of the addresses that they cover, each of
 * 2^shift a stretch      few: by insertion; many (a heap far from another one): spread again
 *   ... of that    few: by insertion; many: by a heap
 *
 * Spread: American flag sort (McIlroy, Bostic, McIlroy 1993), O(n). The heap bounds what is left
 * when addresses crowd twice: O(n log n). The two numbers that each stretch needs are kept where
 * the leaders are later.
 */
#include <string.h>

#include "ht_scan.h"

/* Fewer are sorted by insertion. */
#define FEW 24U

/* How addresses are spread. */
typedef struct {
    uintptr_t low;
    uint32_t shift;
    uint32_t stretches;
} spread_t;

typedef void (*sort_fn_t)(ht_scan_t *scan, uint32_t first, uint32_t last);

static void sort_by_insertion(ht_scan_t *scan, uint32_t first, uint32_t last)
{
    uintptr_t *const addresses = scan->addresses;
    ht_word_t *const infos = scan->info;
    for (uint32_t i = first + 1U; i < last; i++) {
        uintptr_t address = addresses[i];
        if (addresses[i - 1U] <= address) { continue; }
        ht_word_t info = infos[i];
        uint32_t hole = i;
        for (; hole > first && addresses[hole - 1U] > address; hole--) {
            addresses[hole] = addresses[hole - 1U];
            infos[hole] = infos[hole - 1U];
        }
        addresses[hole] = address;
        infos[hole] = info;
    }
}

/* --- heapsort (Williams 1964)
 * ---------------------------------------------------------------------
 */

/* Put an entry into the heap whose root, a hole, it would be: the hole goes down first. */
static void sift_down(uintptr_t *addresses, ht_word_t *infos, uint32_t hole, uint32_t count,
                      uintptr_t address, ht_word_t info)
{
    for (uint32_t child = 2U * hole + 1U; child < count; child = 2U * hole + 1U) {
        if (child + 1U < count && addresses[child] < addresses[child + 1U]) { child++; }
        if (address >= addresses[child]) { break; }
        addresses[hole] = addresses[child];
        infos[hole] = infos[child];
        hole = child;
    }
    addresses[hole] = address;
    infos[hole] = info;
}

static void sort_by_heap(ht_scan_t *scan, uint32_t first, uint32_t last)
{
    uintptr_t *addresses = scan->addresses + first;
    ht_word_t *infos = scan->info + first;
    uint32_t count = last - first;
    for (uint32_t i = count / 2U; i > 0; i--) {
        sift_down(addresses, infos, i - 1U, count, addresses[i - 1U], infos[i - 1U]);
    }
    for (uint32_t i = count - 1U; i > 0; i--) {
        uintptr_t address = addresses[i];
        ht_word_t info = infos[i];
        addresses[i] = addresses[0];
        infos[i] = infos[0];
        sift_down(addresses, infos, 0, i, address, info);
    }
}

/* --- spreading -----------------------------------------------------------------------------------
 */

static uint32_t stretch_of(const spread_t *spread, uintptr_t address)
{
    return (uint32_t)((address - spread->low) >> spread->shift);
}

/* Between the lowest and the highest; a power of two of stretches, up to half of the blocks: two
 * numbers for each have room in the list of leaders. */
static spread_t choose(const ht_scan_t *scan, uint32_t first, uint32_t last)
{
    uintptr_t low = scan->addresses[first];
    uintptr_t high = low;
    for (uint32_t i = first + 1U; i < last; i++) {
        uintptr_t address = scan->addresses[i];
        if (address < low) { low = address; }
        if (address > high) { high = address; }
    }
    spread_t spread = {.low = low, .stretches = 1};
    while (spread.stretches <= (last - first) / 4U) {
        spread.stretches *= 2U;
    }
    while ((high - low) >> spread.shift >= spread.stretches) {
        spread.shift++;
    }
    return spread;
}

/* next[s], end[s]: where the blocks of stretch s will lie. */
static void measure(ht_scan_t *scan, const spread_t *spread, uint32_t first, uint32_t last)
{
    ht_scan_index_t *next = scan->leaders;
    ht_scan_index_t *end = next + spread->stretches;
    memset(end, 0, spread->stretches * sizeof(*end));
    for (uint32_t i = first; i < last; i++) {
        end[stretch_of(spread, scan->addresses[i])]++;
    }
    uint32_t at = first;
    for (uint32_t s = 0; s < spread->stretches; s++) {
        next[s] = (ht_scan_index_t)at;
        at += end[s];
        end[s] = (ht_scan_index_t)at;
    }
}

/* Take the next block of a stretch that is not its own: it goes home, and who is there goes on,
 * until one belongs here. */
static void bring_home(ht_scan_t *scan, const spread_t *spread, uint32_t stretch)
{
    ht_scan_index_t *next = scan->leaders;
    uint32_t here = next[stretch];
    uintptr_t address = scan->addresses[here];
    ht_word_t info = scan->info[here];
    for (uint32_t home = stretch_of(spread, address); home != stretch;
         home = stretch_of(spread, address)) {
        uint32_t there = next[home]++;
        uintptr_t other = scan->addresses[there];
        ht_word_t other_info = scan->info[there];
        scan->addresses[there] = address;
        scan->info[there] = info;
        address = other;
        info = other_info;
    }
    scan->addresses[here] = address;
    scan->info[here] = info;
    next[stretch]++;
}

/* Blocks first .. last - 1, more than FEW: by stretch, then each stretch by itself. */
static void sort_by_stretch(ht_scan_t *scan, uint32_t first, uint32_t last, sort_fn_t sort_one)
{
    const spread_t spread = choose(scan, first, last);
    measure(scan, &spread, first, last);
    const ht_scan_index_t *next = scan->leaders;
    const ht_scan_index_t *end = next + spread.stretches;
    for (uint32_t s = 0; s < spread.stretches; s++) {
        while (next[s] < end[s]) {
            bring_home(scan, &spread, s);
        }
    }
    /* Both arrays may be used again: where a stretch ends is seen from the addresses. */
    for (uint32_t i = first; i < last;) {
        uint32_t stretch = stretch_of(&spread, scan->addresses[i]);
        uint32_t begin = i;
        while (i < last && stretch_of(&spread, scan->addresses[i]) == stretch) {
            i++;
        }
        sort_one(scan, begin, i);
    }
}

static void sort_crowd(ht_scan_t *scan, uint32_t first, uint32_t last)
{
    if (last - first > FEW) {
        sort_by_heap(scan, first, last);
    } else {
        sort_by_insertion(scan, first, last);
    }
}

static void sort_stretch(ht_scan_t *scan, uint32_t first, uint32_t last)
{
    if (last - first > FEW) {
        sort_by_stretch(scan, first, last, sort_crowd);
    } else {
        sort_by_insertion(scan, first, last);
    }
}

static bool is_sorted(const ht_scan_t *scan)
{
    for (uint32_t i = 1; i < scan->count; i++) {
        if (scan->addresses[i - 1U] > scan->addresses[i]) { return false; }
    }
    return true;
}

void ht_scan_sort(ht_scan_t *scan)
{
    if (is_sorted(scan)) { return; } /* nothing came to it */
    if (scan->count > FEW) {
        sort_by_stretch(scan, 0, scan->count, sort_stretch);
    } else {
        sort_by_insertion(scan, 0, scan->count);
    }
}
