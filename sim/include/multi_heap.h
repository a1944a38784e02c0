// SPDX-License-Identifier: Apache-2.0
/** One TLSF heap over one contiguous region. Same names, signatures and results as ESP-IDF's.
 *  Every function that takes a handle locks with the heap's own lock (multi_heap_set_lock), so all
 *  are safe from tasks, ISRs and both cores; the walk callback runs under that lock. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct multi_heap_info *multi_heap_handle_t;

/** Sizes in bytes, counts in blocks; block headers are part of neither sum. */
typedef struct {
    size_t total_free_bytes;
    size_t total_allocated_bytes;
    size_t largest_free_block;
    size_t minimum_free_bytes;
    size_t allocated_blocks;
    size_t free_blocks;
    size_t total_blocks;
} multi_heap_info_t;

/** Makes [start, start + size) a heap. NULL when it is too small for the control structure. */
multi_heap_handle_t multi_heap_register(void *start, size_t size);
/** `lock` is a portMUX_TYPE that outlives the heap, or NULL for none. */
void multi_heap_set_lock(multi_heap_handle_t heap, void *lock);

/** O(1). NULL when size is 0 or nothing fits. */
void *multi_heap_malloc(multi_heap_handle_t heap, size_t size);
/** O(1). `alignment` is a power of two. */
void *multi_heap_aligned_alloc(multi_heap_handle_t heap, size_t size, size_t alignment);
/** As aligned_alloc, but the address `offset` bytes into the block is the aligned one. */
void *multi_heap_aligned_alloc_offs(multi_heap_handle_t heap, size_t size, size_t alignment,
                                    size_t offset);
/** O(1) with immediate coalescing. NULL is allowed; a pointer outside the heap aborts. */
void multi_heap_free(multi_heap_handle_t heap, void *p);
void multi_heap_aligned_free(multi_heap_handle_t heap, void *p) __attribute__((deprecated));
/** On failure the old block stays as it was. `p` NULL allocates. */
void *multi_heap_realloc(multi_heap_handle_t heap, void *p, size_t size);

size_t multi_heap_get_allocated_size(multi_heap_handle_t heap, void *p);
size_t multi_heap_get_full_block_size(multi_heap_handle_t heap, void *p);
size_t multi_heap_free_size(multi_heap_handle_t heap);
size_t multi_heap_minimum_free_size(multi_heap_handle_t heap);
size_t multi_heap_reset_minimum_free_bytes(multi_heap_handle_t heap);
void multi_heap_restore_minimum_free_bytes(multi_heap_handle_t heap,
                                           const size_t new_minimum_free_bytes_value);
/** O(blocks), under the lock. */
void multi_heap_get_info(multi_heap_handle_t heap, multi_heap_info_t *info);
/** O(blocks): free lists, bitmaps and the physical chain agree. */
bool multi_heap_check(multi_heap_handle_t heap, bool print_errors);
void multi_heap_dump(multi_heap_handle_t heap);

/** Return false to stop the walk. */
typedef bool (*multi_heap_walker_cb_t)(void *block_ptr, size_t block_size, int block_used,
                                       void *user_data);
void multi_heap_walk(multi_heap_handle_t heap, multi_heap_walker_cb_t walker_func, void *user_data);
/** O(blocks). Start of the used block that contains `ptr`; aborts when there is none. */
void *multi_heap_find_containing_block(multi_heap_handle_t heap, void *ptr);

#ifdef __cplusplus
}
#endif
