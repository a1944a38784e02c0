/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_error.h
 * The ring of error reports.
 *
 * Each report is complete in itself: it holds copies of names and return addresses and needs no
 * other table, so that it can be read after a reset, when those tables are new. The ring lies in
 * memory that keeps its content over a warm reset, where the platform has such memory: then it is
 * neither zeroed nor trusted, and each report carries a checksum and the number of the firmware
 * image that its pointers belong to.
 *
 *   claim()  take the oldest slot and begin a report in it     -> the caller fills it in
 *   seal()   complete: readers see it, and a reset keeps it
 *
 * The newest report replaces the oldest one that nobody is reading (counted).
 */
#pragma once

#include "heaptrail_error_types.h"
#include "ht_types.h"

/** Return addresses that a report keeps of each of its stacks. */
#define HT_ERROR_FRAMES 16

/** The stacks of a report, innermost first. */
typedef struct {
    uintptr_t allocated[HT_ERROR_FRAMES];
    uintptr_t freed_by[HT_ERROR_FRAMES];
    uintptr_t caller[HT_ERROR_FRAMES];
    uintptr_t left;
    uintptr_t right;
} ht_error_frames_t;

enum { HT_ERROR_EMPTY = 0, HT_ERROR_OPEN = 1, HT_ERROR_SEALED = 2 };

typedef struct {
    uint32_t state;   /**< HT_ERROR_* */
    uint32_t readers; /**< > 0: it must not be taken for another report */
    uint32_t image;   /**< ht_port_image() of the firmware that wrote it */
    uint32_t sum;     /**< over row (but for its first field, repeats) and frames, once sealed */
    heaptrail_error_row_t row;
    ht_error_frames_t frames;
} ht_error_t;

typedef struct {
    ht_error_t *ring;
    uint32_t max;
    uint32_t count;       /**< reports since the start; the number of the last one */
    uint32_t repeated;    /**< errors that were counted only */
    uint32_t overwritten; /**< reports that are no longer in the ring, or found no slot */
} ht_errors_t;

/**
 * Use a ring whose memory may hold reports of the run before: keeps those that are whole and of
 * this image, empties the other slots. O(ring), no lock: one caller only. Until it is done there is
 * no ring.
 */
void ht_errors_adopt(ht_errors_t *errors, ht_error_t *ring, uint32_t max);

/** Begin a report: a slot that is all zero but for its number. NULL: no ring, or all slots are
 * being read. Takes the lock for one slot at a time. O(ring). */
ht_error_t *ht_error_claim(ht_errors_t *errors, ht_port_lock_t *lock);

/** The report is complete. The caller is a reader of it until ht_error_done(). */
void ht_error_seal(ht_error_t *error);

/** Read a slot: true if it holds a report, which stays until ht_error_done(). */
bool ht_error_read(ht_port_lock_t *lock, ht_error_t *error);
void ht_error_done(ht_port_lock_t *lock, ht_error_t *error);

/**
 * Was an error of this kind, of these two origins, reported less than `interval_us` ago? Then it is
 * counted there, and true. O(ring), no lock: a race costs one report more.
 */
bool ht_error_is_repeat(ht_errors_t *errors, heaptrail_error_kind_t kind, uint32_t allocated,
                        uint32_t caller, uint64_t now_us, uint64_t interval_us);

/** Empty every slot that nobody reads. */
void ht_errors_clear(ht_errors_t *errors, ht_port_lock_t *lock);
