// SPDX-License-Identifier: Apache-2.0
/** TLSF allocator: M. Masmano, I. Ripoll, A. Crespo, J. Real, "TLSF: a new dynamic memory allocator
 *  for real-time systems", ECRTS 2004. Two-level segregated lists of free blocks, bitmaps to find a
 *  list in O(1), immediate coalescing. Not locked. Parameters follow ESP-IDF's: see tlsf.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct tlsf tlsf_t;
typedef bool (*tlsf_walker_t)(void *ptr, size_t size, int used, void *user);

/** Control structure at `mem`, the rest of the `bytes` as one free block. NULL: too small. */
tlsf_t *tlsf_create(void *mem, size_t bytes);
/** Bytes that the control structure itself takes. */
size_t tlsf_control_bytes(const tlsf_t *t);
size_t tlsf_alloc_overhead(void);
/** O(1); NULL when size is 0, too large, or no list has a block that fits. */
void *tlsf_malloc(tlsf_t *t, size_t size);
/** The address `offset` bytes into the block is aligned to `align`, a power of two. */
void *tlsf_memalign(tlsf_t *t, size_t align, size_t size, size_t offset);
void tlsf_free(tlsf_t *t, void *ptr);
/** NULL leaves the old block as it was. `ptr` is not NULL, `size` not 0. */
void *tlsf_realloc(tlsf_t *t, void *ptr, size_t size);
size_t tlsf_block_size(const void *ptr);
/** Largest request that a free block of `size` bytes is sure to serve. */
size_t tlsf_fit_size(const tlsf_t *t, size_t size);
/** `ptr` may be what tlsf_malloc() gave: its header says "used" and a size that is possible. Reads
 *  nothing outside of the pool. */
bool tlsf_is_used_block(tlsf_t *t, const void *ptr);
/** Every block in address order, until `fn` returns false. Ends at a header that is damaged. */
void tlsf_walk(tlsf_t *t, tlsf_walker_t fn, void *user);
/** Lists, bitmaps and the physical chain agree. On false, `*reason` says what does not. Whatever
 * was written to the blocks: reads nothing outside of the pool, and ends. */
bool tlsf_check(tlsf_t *t, const char **reason);
