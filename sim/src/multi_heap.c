// SPDX-License-Identifier: Apache-2.0
/* A TLSF pool with a lock and byte counts, kept in the first bytes of its own region. */
#include "multi_heap.h"

#include "freertos/FreeRTOS.h"
#include "heap_private.h"
#include "tlsf.h"
#include <stdio.h>
#include <string.h>

struct multi_heap_info {
    portMUX_TYPE *lock;
    size_t free_bytes;
    size_t minimum_free_bytes;
    size_t pool_bytes; /* control structure included */
    tlsf_t *tlsf;
};

static inline void lock(multi_heap_handle_t heap)
{
    if (heap->lock) { portENTER_CRITICAL_SAFE(heap->lock); }
}

static inline void unlock(multi_heap_handle_t heap)
{
    if (heap->lock) { portEXIT_CRITICAL_SAFE(heap->lock); }
}

/* Both sums are written under the lock and may be read without it: relaxed atomics say so, and cost
 * what plain accesses cost. */
static inline void set_free_bytes(multi_heap_handle_t heap, size_t bytes)
{
    __atomic_store_n(&heap->free_bytes, bytes, __ATOMIC_RELAXED);
}

static inline void set_minimum(multi_heap_handle_t heap, size_t bytes)
{
    __atomic_store_n(&heap->minimum_free_bytes, bytes, __ATOMIC_RELAXED);
}

static inline void took(multi_heap_handle_t heap, size_t bytes)
{
    size_t left = heap->free_bytes - bytes;
    set_free_bytes(heap, left);
    if (left < heap->minimum_free_bytes) { set_minimum(heap, left); }
}

static void __attribute__((noinline)) assert_inside(multi_heap_handle_t heap, const void *p)
{
    uintptr_t first = (uintptr_t)heap->tlsf + tlsf_control_bytes(heap->tlsf);
    uintptr_t end = (uintptr_t)heap->tlsf + heap->pool_bytes;
    if ((uintptr_t)p < first || (uintptr_t)p >= end || (uintptr_t)p % sizeof(size_t) != 0) {
        sim_panic("CORRUPT HEAP: %p is no block of this heap", p);
    }
}

/* On the chip an assertion somewhere in TLSF, or a load fault. Not in the bare heap, whose
 * instructions are counted. Lock held. */
static inline void assert_used(multi_heap_handle_t heap, const void *p)
{
#if !SIM_BARE
    if (!tlsf_is_used_block(heap->tlsf, p)) {
        unlock(heap);
        sim_panic("CORRUPT HEAP: the header of %p is damaged, or it is free", p);
    }
#endif
    (void)heap;
    (void)p;
}

multi_heap_handle_t multi_heap_register(void *start, size_t size)
{
    if (size < sizeof(struct multi_heap_info)) { return NULL; }
    multi_heap_handle_t heap = start;
    size -= sizeof(*heap);
    heap->tlsf = tlsf_create(heap + 1, size);
    if (heap->tlsf == NULL) { return NULL; }
    heap->lock = NULL;
    heap->pool_bytes = size;
    heap->free_bytes = size - tlsf_control_bytes(heap->tlsf);
    heap->minimum_free_bytes = heap->free_bytes;
    return heap;
}

void multi_heap_set_lock(multi_heap_handle_t heap, void *mux)
{
    heap->lock = mux;
}

void *multi_heap_malloc(multi_heap_handle_t heap, size_t size)
{
    if (heap == NULL || size == 0) { return NULL; }
    lock(heap);
    void *p = tlsf_malloc(heap->tlsf, size);
    if (p) { took(heap, tlsf_block_size(p) + tlsf_alloc_overhead()); }
    unlock(heap);
    return p;
}

void *multi_heap_aligned_alloc_offs(multi_heap_handle_t heap, size_t size, size_t alignment,
                                    size_t offset)
{
    if (heap == NULL || size == 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) {
        return NULL;
    }
    lock(heap);
    void *p = tlsf_memalign(heap->tlsf, alignment, size, offset);
    if (p) { took(heap, tlsf_block_size(p) + tlsf_alloc_overhead()); }
    unlock(heap);
    return p;
}

void *multi_heap_aligned_alloc(multi_heap_handle_t heap, size_t size, size_t alignment)
{
    return multi_heap_aligned_alloc_offs(heap, size, alignment, 0);
}

void multi_heap_free(multi_heap_handle_t heap, void *p)
{
    if (heap == NULL || p == NULL) { return; }
    assert_inside(heap, p);
    lock(heap);
    assert_used(heap, p);
    set_free_bytes(heap, heap->free_bytes + tlsf_block_size(p) + tlsf_alloc_overhead());
    tlsf_free(heap->tlsf, p);
    unlock(heap);
}

void multi_heap_aligned_free(multi_heap_handle_t heap, void *p)
{
    multi_heap_free(heap, p);
}

void *multi_heap_realloc(multi_heap_handle_t heap, void *p, size_t size)
{
    if (p == NULL) { return multi_heap_malloc(heap, size); }
    if (size == 0) {
        multi_heap_free(heap, p);
        return NULL;
    }
    assert_inside(heap, p);
    lock(heap);
    assert_used(heap, p);
    size_t old_bytes = tlsf_block_size(p);
    void *moved = tlsf_realloc(heap->tlsf, p, size);
    if (moved) {
        set_free_bytes(heap, heap->free_bytes + old_bytes);
        took(heap, tlsf_block_size(moved));
    }
    unlock(heap);
    return moved;
}

/* Locked, though the chip's is not: a neighbour's free changes a flag in the same word. */
size_t multi_heap_get_allocated_size(multi_heap_handle_t heap, void *p)
{
    lock(heap);
    size_t bytes = tlsf_block_size(p);
    unlock(heap);
    return bytes;
}

size_t multi_heap_get_full_block_size(multi_heap_handle_t heap, void *p)
{
    return multi_heap_get_allocated_size(heap, p);
}

size_t multi_heap_free_size(multi_heap_handle_t heap)
{
    return heap ? __atomic_load_n(&heap->free_bytes, __ATOMIC_RELAXED) : 0;
}

size_t multi_heap_minimum_free_size(multi_heap_handle_t heap)
{
    return heap ? __atomic_load_n(&heap->minimum_free_bytes, __ATOMIC_RELAXED) : 0;
}

size_t multi_heap_reset_minimum_free_bytes(multi_heap_handle_t heap)
{
    lock(heap);
    size_t old = heap->minimum_free_bytes;
    set_minimum(heap, heap->free_bytes);
    unlock(heap);
    return old;
}

void multi_heap_restore_minimum_free_bytes(multi_heap_handle_t heap, const size_t value)
{
    lock(heap);
    if (value < heap->minimum_free_bytes) { set_minimum(heap, value); }
    unlock(heap);
}

static bool count_block(void *ptr, size_t size, int used, void *user)
{
    multi_heap_info_t *info = user;
    (void)ptr;
    info->total_blocks++;
    if (used) {
        info->allocated_blocks++;
    } else {
        info->free_blocks++;
        if (size > info->largest_free_block) { info->largest_free_block = size; }
    }
    return true;
}

void multi_heap_get_info(multi_heap_handle_t heap, multi_heap_info_t *info)
{
    memset(info, 0, sizeof(*info));
    if (heap == NULL) { return; }
    lock(heap);
    tlsf_walk(heap->tlsf, count_block, info);
    size_t overhead = info->allocated_blocks * tlsf_alloc_overhead();
    info->total_free_bytes = heap->free_bytes;
    info->total_allocated_bytes =
        heap->pool_bytes - tlsf_control_bytes(heap->tlsf) - heap->free_bytes - overhead;
    info->minimum_free_bytes = heap->minimum_free_bytes;
    if (info->largest_free_block) {
        info->largest_free_block = tlsf_fit_size(heap->tlsf, info->largest_free_block);
    }
    unlock(heap);
}

bool multi_heap_check(multi_heap_handle_t heap, bool print_errors)
{
    const char *reason = NULL;
    lock(heap);
    bool valid = tlsf_check(heap->tlsf, &reason);
    unlock(heap);
    if (!valid && print_errors) {
        fprintf(stderr, "CORRUPT HEAP: %s, in the heap at %p\n", reason, (void *)heap);
    }
    return valid;
}

void multi_heap_walk(multi_heap_handle_t heap, multi_heap_walker_cb_t walker_func, void *user_data)
{
    lock(heap);
    tlsf_walk(heap->tlsf, walker_func, user_data);
    unlock(heap);
}

static bool dump_block(void *ptr, size_t size, int used, void *user)
{
    (void)user;
    fprintf(stderr, "Block %p data, size: %zu bytes, Free: %s \n", ptr, size, used ? "No" : "Yes");
    return true;
}

void multi_heap_dump(multi_heap_handle_t heap)
{
    fprintf(stderr, "Showing data for heap: %p \n", (void *)heap);
    multi_heap_walk(heap, dump_block, NULL);
}

typedef struct {
    uintptr_t wanted;
    void *found;
} containing_t;

static bool is_containing(void *ptr, size_t size, int used, void *user)
{
    containing_t *c = user;
    uintptr_t start = (uintptr_t)ptr;
    if (c->wanted < start || c->wanted >= start + size) { return true; }
    c->found = used ? ptr : NULL;
    return false;
}

void *multi_heap_find_containing_block(multi_heap_handle_t heap, void *ptr)
{
    containing_t c = {(uintptr_t)ptr, NULL};
    multi_heap_walk(heap, is_containing, &c);
    if (c.found == NULL) { sim_panic("%p is in no used block", ptr); }
    return c.found;
}
