/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_posix_own.h
 * Memory for what heaptrail itself allocates (libdw, names, the dynamic linker on its behalf).
 *
 *   span    [ slot | slot |   slot   | slot | ... free, reserved ... ]
 *   slot    [ padding | header | block            ]    2^class bytes, 32 at least
 *
 * Apart from the program's heap for three reasons. A free() tells by the address alone whose block
 * it is, whoever calls it and when. The program's heap stays as it would be. And a report about a
 * heap that is damaged does not need that heap.
 *
 * Thread-safe; a spin lock is held for O(1). Not meant to be quick or tight.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Where it lies; both 0 until something was allocated. */
extern uintptr_t ht_posix_own_start;
extern size_t ht_posix_own_span;

/** Is this a block of ours? */
static inline bool ht_posix_own_has(const void *block)
{
    return (uintptr_t)block - __atomic_load_n(&ht_posix_own_start, __ATOMIC_RELAXED) <
           __atomic_load_n(&ht_posix_own_span, __ATOMIC_RELAXED);
}

/** Allocate; NULL: no memory. `alignment` is a power of two or 0. The memory is not zeroed. */
void *ht_posix_own_alloc(size_t alignment, size_t size);

/** Give a block back. `block` is one of ours. */
void ht_posix_own_free(void *block);

/** The bytes that a block of ours has, at least those that were asked for. */
size_t ht_posix_own_size(const void *block);

/** Reallocate a block of ours; size 0 frees it and gives NULL, as glibc does. */
void *ht_posix_own_realloc(void *block, size_t size);

/** In a forked child: another thread may have been inside. */
void ht_posix_own_forked(void);
