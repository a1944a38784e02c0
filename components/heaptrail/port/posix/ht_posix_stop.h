/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_posix_stop.h
 * All other threads, stopped where they are.
 *
 * Each gets a realtime signal that the program does not use; its handler waits until all may go on.
 * A thread that is inside heaptrail or the allocator stops when it comes out, so that nobody is
 * stopped with a lock of theirs, or with a block that is made and not known yet. One that blocks
 * the signal runs on: it is counted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** Registers of a processor that may hold pointers. */
#define HT_POSIX_REGISTERS 32U

/** A thread that stands still. */
typedef struct {
    uintptr_t sp;   /**< what is in use begins here, or a little below */
    uintptr_t top;  /**< its thread pointer: glibc puts what that points to above its stack */
    uint32_t count; /**< registers; what is in others is on the stack */
    uintptr_t registers[HT_POSIX_REGISTERS];
} ht_posix_still_t;

/** False ends the walk. */
typedef bool (*ht_posix_still_fn)(void *context, const ht_posix_still_t *thread);

/** The threads that stand still, the calling one among them. */
void ht_posix_each_still(ht_posix_still_fn fn, void *context);

/** Called by a thread that leaves heaptrail while all shall stop. */
void ht_posix_stop_late(void);

/** In a forked child: only this thread is left. */
void ht_posix_stop_forked(void);
