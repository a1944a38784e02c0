/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_scan.h
 * The reachability scan: which live blocks can still be reached from the program's variables?
 *
 * A conservative mark phase (Boehm & Weiser 1988), classified as Valgrind's Memcheck does it:
 *
 *   reachable   a chain of pointers to the starts of blocks leads here from a root
 *   possible    so does one with a pointer into the middle of a block
 *   lost        none does
 *   indirect    none does, but a lost block points here: it would be freed with that one, its
 *               leader. In a ring of lost blocks one is the leader, also where another lost
 *               block points to another one of the ring. (So it is in Memcheck.)
 *
 * Three closures, one after the other, over a list of all blocks sorted by address:
 *
 *   addresses  [ a0 | a1 | a2 | ... ]    sorted: an address is found by halving a page of it
 *   info       [ size, state | ... ]     state: what the closures know of the block
 *   leaders    [ who holds a lost block ]   until the third closure: the last block of each page
 *   work       [ blocks that were reached and not read yet ]   full: the rest is found by sweeping
 *
 * Nothing recurses, and the work list may have any size from 1 on: the answer is the same.
 *
 * The scan reads memory without the tracker's lock while the program goes on (docs/leaks.md says
 * what that means); the table is copied in constant slices. Memory that is read must be there, and
 * allow aligned word reads. One scan at a time per ht_scan_t; from a task.
 */
#pragma once

#include "ht_tracker.h"

/** Number of a block in the scan. */
#if HT_64BIT
typedef uint32_t ht_scan_index_t;
#else
typedef uint16_t ht_scan_index_t;
#endif

/** Blocks of a scan, at most. */
#define HT_SCAN_MAX ((uint32_t)((ht_scan_index_t) ~(ht_scan_index_t)0))

/** Runs of blocks that lie close to each other, with pages of as many bytes as a block has on
 * average, or fewer: ht_scan_find(). */
#define HT_SCAN_SPANS 8U

typedef struct {
    uintptr_t low, bytes; /**< from the first byte of the first block, to the last one's end */
    uint32_t first, last; /**< blocks; `leaders` from `first` on: the last block that begins in a
                               page or before it, of each page */
    uint32_t shift;       /**< a page has 2^shift bytes */
} ht_scan_span_t;

/** Memory that is not read: heaptrail's own, which knows every block. */
typedef struct {
    uintptr_t start;
    size_t bytes;
} ht_scan_area_t;

#define HT_SCAN_HIDDEN 14U

/** Of these, and of memory that cannot be read, what lies in blocks: seldom any. */
#define HT_SCAN_COVERED 16U

/** What was found out about a block. */
typedef enum {
    HT_SCAN_REACHABLE,
    HT_SCAN_POSSIBLE,
    HT_SCAN_INDIRECT,
    HT_SCAN_LOST,
    HT_SCAN_GONE, /**< was not reached, and is no block any more */
    HT_SCAN_CLASSES
} ht_scan_class_t;

typedef enum { HT_SCAN_STARTS = 0, HT_SCAN_MIDDLES, HT_SCAN_LEADERS, HT_SCAN_DONE } ht_scan_phase_t;

typedef struct {
    ht_tracker_t *tracker;
    uintptr_t *addresses;
    ht_word_t *info;
    ht_scan_index_t *leaders; /**< who holds a lost block; in the end: the ring it is in */
    ht_scan_index_t *work;
    uint32_t max;
    uint32_t work_max;
    uint32_t count;
    uint32_t work_count;
    ht_scan_span_t span[HT_SCAN_SPANS];
    uint32_t span_count;
    bool has_pages;       /**< `leaders` has them */
    uintptr_t low, bytes; /**< from the first block to the last one's end: other words are none */
    ht_scan_area_t hidden[HT_SCAN_HIDDEN];
    uint32_t hidden_count;
    ht_scan_area_t covered[HT_SCAN_COVERED]; /**< hidden ones first */
    uint32_t covered_count;
    uint32_t covered_hidden;
    ht_scan_phase_t phase;
    uint32_t sweep;   /**< blocks below were looked at by the sweep that runs */
    bool sweep_again; /**< the work list was full since the sweep began */
    uint32_t leader;  /**< whose closure runs, in HT_SCAN_LEADERS */
    bool in_block;    /**< `block` is read up to `at` */
    uint32_t block;
    uintptr_t at, end;
    ht_stamp_t listed; /**< the list knows what was made until then */
    uint32_t passes;   /**< begun */
    /* about this pass */
    uint64_t words;     /**< read */
    uint32_t overflows; /**< blocks that found the work list full */
    uint32_t left_out;  /**< blocks for which there was no room */
    size_t unread;      /**< bytes of blocks that were reached, and that cannot be read */
    bool disturbed;     /**< the table moved records during each try to copy it */
} ht_scan_t;

/** Bytes that a scan of up to `max` blocks with a work list of `work_max` takes; 0: not valid. */
size_t ht_scan_memory_bytes(uint32_t max, uint32_t work_max);

/** Prepare a scan in memory of that size, aligned as a pointer. It is hidden. O(1). */
void ht_scan_init(ht_scan_t *scan, ht_tracker_t *tracker, void *memory, uint32_t max,
                  uint32_t work_max);

/** Do not read this area, whoever points into it. False: there are too many. */
bool ht_scan_hide(ht_scan_t *scan, const void *start, size_t bytes);

/**
 * Begin a pass: copy the table, forget what was reached. What was lost in the pass before is kept
 * in mind. O(slots + blocks * log blocks).
 */
void ht_scan_begin(ht_scan_t *scan);

/**
 * Memory that must not be read, in the order of addresses: a page that the program protected. Only
 * what lies in blocks counts; more stretches than HT_SCAN_COVERED become one with what is between
 * them. After ht_scan_begin(), and again after each ht_scan_grow(). O(log blocks).
 */
void ht_scan_unreadable(ht_scan_t *scan, uintptr_t start, size_t bytes);

/** A root: words at `start`. What is hidden in between is left out. Before ht_scan_run(). O(bytes).
 */
void ht_scan_root(ht_scan_t *scan, uintptr_t start, size_t bytes);

/**
 * The same, but what lies in blocks of the list is left out: for memory that blocks may lie in and
 * that is no block's. O(bytes + log blocks).
 */
void ht_scan_root_between(ht_scan_t *scan, uintptr_t start, size_t bytes);

/** A root: one word (a register), or the address of a block that is no leak. O(log blocks). */
void ht_scan_word(ht_scan_t *scan, uintptr_t word);

/**
 * Go on for about so many words. True: everything that is known to be reached has been read. Then
 * more roots may follow, or ht_scan_grow(), or the next phase. O(words), and O(blocks) for a sweep.
 */
bool ht_scan_run(ht_scan_t *scan, uint32_t words);

/**
 * Blocks that were made since the pass began are taken for reachable, and as roots: they may hold
 * what was moved meanwhile. Returns how many there are; then ht_scan_run() again. O(slots + blocks
 * * log blocks).
 */
uint32_t ht_scan_grow(ht_scan_t *scan);

/** Go on to the next closure. HT_SCAN_DONE: ht_scan_class() knows. */
ht_scan_phase_t ht_scan_next(ht_scan_t *scan);

/** The block that a pointer points to: its start, or the inside of it (not just behind its end).
 * False: none. O(log blocks of a page). */
bool ht_scan_find(const ht_scan_t *scan, uintptr_t word, uint32_t *block);

/** What is known of block `i`, 0 .. count - 1, when all phases are done. O(1). */
ht_scan_class_t ht_scan_class(const ht_scan_t *scan, uint32_t i);

/** Was it lost in the pass before, too (or is this the first one)? O(1). */
bool ht_scan_was_lost(const ht_scan_t *scan, uint32_t i);

/** Its leader, of a block that is indirect; else `i`. O(blocks of that leader). */
uint32_t ht_scan_leader(const ht_scan_t *scan, uint32_t i);

/** From a lost block through all that it leads, in the order of addresses, and back to it. When all
 * phases are done. O(1). */
uint32_t ht_scan_ring(const ht_scan_t *scan, uint32_t i);

HT_INLINE uintptr_t ht_scan_address(const ht_scan_t *scan, uint32_t i)
{
    return scan->addresses[i];
}

HT_INLINE size_t ht_scan_size(const ht_scan_t *scan, uint32_t i)
{
    return (size_t)(scan->info[i] & HT_MASK(HT_SIZE_BITS));
}

/** The first block, in the order of addresses, that ends behind `at`; the count: none. O(log
 * blocks). */
uint32_t ht_scan_first(const ht_scan_t *scan, uintptr_t at);

/* --- between ht_scan.c, ht_scan_list.c and ht_scan_sort.c --------------------------------------
 */

/* What is known of a block: bits of its info above the size. */
#define HT_SCAN_BIT(n) ((ht_word_t)1 << (HT_SIZE_BITS + (n)))
#define HT_SCAN_REACHED HT_SCAN_BIT(0)  /**< by starts */
#define HT_SCAN_POINTED HT_SCAN_BIT(1)  /**< something reached points into its middle */
#define HT_SCAN_MAYBE HT_SCAN_BIT(2)    /**< reached by a middle */
#define HT_SCAN_HELD HT_SCAN_BIT(3)     /**< a lost block points to it */
#define HT_SCAN_READ HT_SCAN_BIT(4)     /**< what it holds was followed */
#define HT_SCAN_WAS_LOST HT_SCAN_BIT(5) /**< in the pass before */
#define HT_SCAN_SEEN HT_SCAN_BIT(6)     /**< its record is still there */
#define HT_SCAN_ENDED (HT_SCAN_MAYBE | HT_SCAN_HELD) /**< otherwise never both: it is gone */

/** Was nothing allocated since it was brought up to date? O(1). */
bool ht_scan_list_is_whole(ht_scan_t *scan);

/** Bring the list up to date with the table. `young`: state bits of a block that was not in it.
 * Returns how many were not. */
uint32_t ht_scan_list_update(ht_scan_t *scan, ht_word_t young);

/** The last of the blocks first .. last that begins at or before an address, which `first` does.
 * O(log blocks). */
uint32_t ht_scan_last_before(const ht_scan_t *scan, uint32_t first, uint32_t last, uintptr_t word);

/** By address; O(blocks * log blocks), less where they do not crowd. The pages are gone. */
void ht_scan_sort(ht_scan_t *scan);
