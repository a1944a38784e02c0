/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The allocator's functions as the program sees them. Each calls glibc's and tells the default
 * tracker what came of it; what the program gets (pointers, NULL, errno) is what glibc gave.
 *
 * Why __libc_malloc() and not dlsym(RTLD_NEXT): it needs no start-up, and dlsym() allocates.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ht_posix.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);
void __libc_free(void *block);

#define CALLER() ((uintptr_t)__builtin_return_address(0))
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* Origins seen so far: a higher number is a new one, and its caller may lie in a new libstdc++. */
static uint32_t s_origins_seen;

/* Frames of operator new above malloc(): nothrow new[] calls new[] calls new. */
#define NEW_FRAMES_MAX 3U

/* The allocation comes from operator new (which has called malloc, method says so). */
static __attribute__((noinline)) ht_origin_id_t new_origin(ht_tracker_t *tracker, uintptr_t caller,
                                                           uint32_t method)
{
    uintptr_t frames[HT_STACK_DEPTH_MAX + NEW_FRAMES_MAX];
    uint32_t depth = tracker->stack_depth > 1 ? tracker->stack_depth : 1;
    unsigned count = ht_port_stack(frames, depth + NEW_FRAMES_MAX, caller);
    unsigned skip = ht_posix_new_skip(frames, count, &method);
    if (skip == count && skip > 0) { skip--; } /* the stack ends there: better than nothing */
    ht_origin_key_t key = {.frames = frames + skip, .method = method};
    key.depth = count - skip < depth ? count - skip : depth;
    return ht_origin_intern(&tracker->origins, &tracker->lock, &key);
}

static inline ht_origin_id_t origin_of(ht_tracker_t *tracker, uintptr_t caller, uint32_t method)
{
    if (UNLIKELY(ht_posix_new_near(caller))) { return new_origin(tracker, caller, method); }
    ht_origin_id_t id = ht_scope_origin(tracker, caller, method, 0);
    uint32_t seen = __atomic_load_n(&s_origins_seen, __ATOMIC_RELAXED);
    if (UNLIKELY(id.index > seen)) {
        __atomic_store_n(&s_origins_seen, id.index, __ATOMIC_RELAXED);
        if (ht_posix_new_learn(caller) && ht_posix_new_near(caller)) {
            return new_origin(tracker, caller, method);
        }
    }
    return id;
}

/* What came of a request. */
typedef struct {
    void *block; /* NULL: it failed */
    size_t size;
    size_t alignment;
    uint32_t method;
} outcome_t;

static inline void record(const outcome_t *outcome, uintptr_t caller)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    if (UNLIKELY(outcome->block == NULL)) {
        ht_on_fail(outcome->size, outcome->alignment, 0, outcome->method, caller);
    } else if (__builtin_expect(tracker->state == HT_STATE_RUNNING, 1)) {
        if (UNLIKELY(tracker->table.count >=
                     __atomic_load_n(&ht_posix_grow_at, __ATOMIC_RELAXED))) {
            ht_posix_grow(tracker);
        }
        ht_tracker_add(tracker, (uintptr_t)outcome->block, outcome->size,
                       origin_of(tracker, caller, outcome->method));
    }
}

static inline void *told(ht_posix_thread_t *self, outcome_t outcome, uintptr_t caller)
{
    if (__builtin_expect(self != NULL, 1)) {
        record(&outcome, caller);
        ht_posix_leave(self);
    }
    return outcome.block;
}

void *malloc(size_t size)
{
    ht_posix_thread_t *self = ht_posix_enter();
    void *block = __libc_malloc(size);
    return told(self, (outcome_t){block, size, 0, HEAPTRAIL_METHOD_MALLOC}, CALLER());
}

void *calloc(size_t n, size_t size)
{
    ht_posix_thread_t *self = ht_posix_enter();
    void *block = __libc_calloc(n, size);
    size_t bytes = 0;
    if (__builtin_mul_overflow(n, size, &bytes)) { bytes = SIZE_MAX; }
    return told(self, (outcome_t){block, bytes, 0, HEAPTRAIL_METHOD_CALLOC}, CALLER());
}

/* A block that was allocated while its thread was muted has no record, and that is no news. */
static void forget_if_known(uintptr_t block)
{
    ht_hold_t hold = ht_tracker_hold(&ht_default_tracker, block);
    if (hold.slot == NULL) {
        ht_tracker_put_back(&ht_default_tracker, hold);
    } else {
        ht_tracker_drop_held(&ht_default_tracker, hold);
    }
}

/* realloc(p, 0) of glibc frees p and gives NULL; of NULL it is malloc(0). */
static void *track_realloc(ht_posix_thread_t *self, void *old, size_t size, uintptr_t caller)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    ht_hold_t hold = ht_tracker_hold(tracker, (uintptr_t)old);
    void *block = __libc_realloc(old, size);
    if (block == NULL && size != 0) {
        ht_tracker_put_back(tracker, hold);
    } else {
        ht_tracker_drop_held(tracker, hold);
    }
    if (block != NULL || size != 0) {
        record(&(outcome_t){block, size, 0, HEAPTRAIL_METHOD_REALLOC}, caller);
    }
    ht_posix_leave(self);
    return block;
}

static inline void *do_realloc(void *old, size_t size, uintptr_t caller)
{
    ht_posix_thread_t *self = ht_posix_enter();
    if (old == NULL) {
        void *block = __libc_realloc(NULL, size);
        return told(self, (outcome_t){block, size, 0, HEAPTRAIL_METHOD_REALLOC}, caller);
    }
    if (self != NULL) { return track_realloc(self, old, size, caller); }
    if (ht_posix_phase == HT_POSIX_RUNNING) { forget_if_known((uintptr_t)old); }
    return __libc_realloc(old, size);
}

void *realloc(void *old, size_t size)
{
    return do_realloc(old, size, CALLER());
}

void *reallocarray(void *old, size_t n, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        ht_posix_thread_t *self = ht_posix_enter();
        (void)told(self, (outcome_t){NULL, SIZE_MAX, 0, HEAPTRAIL_METHOD_REALLOC}, CALLER());
        errno = ENOMEM;
        return NULL;
    }
    return do_realloc(old, bytes, CALLER());
}

void free(void *block)
{
    if (block == NULL) { return; }
    uint32_t phase = __atomic_load_n(&ht_posix_phase, __ATOMIC_ACQUIRE);
    if (__builtin_expect(phase == HT_POSIX_RUNNING, 1)) {
        /* Not ..._enter(): a thread frees its last things after its state is gone. */
        ht_posix_thread_t *self = ht_posix_thread_find();
        if (self != NULL && self->busy == 0) {
            self->busy = 1;
            ht_on_free(block);
            ht_posix_leave(self);
        } else if (self != NULL) {
            forget_if_known((uintptr_t)block);
        } else {
            ht_on_free(block);
        }
    }
    __libc_free(block);
}

void cfree(void *block)
{
    free(block);
}

static inline void *do_memalign(size_t alignment, size_t size, uint32_t method, uintptr_t caller)
{
    ht_posix_thread_t *self = ht_posix_enter();
    void *block = __libc_memalign(alignment, size);
    return told(self, (outcome_t){block, size, alignment, method}, caller);
}

void *memalign(size_t alignment, size_t size)
{
    return do_memalign(alignment, size, HEAPTRAIL_METHOD_MEMALIGN, CALLER());
}

void *aligned_alloc(size_t alignment, size_t size)
{
    bool is_power = alignment != 0 && (alignment & (alignment - 1U)) == 0;
    if (UNLIKELY(!is_power && ht_posix_strict_aligned_alloc)) {
        errno = EINVAL;
        return NULL;
    }
    return do_memalign(alignment, size, HEAPTRAIL_METHOD_ALIGNED_ALLOC, CALLER());
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    if (alignment == 0 || alignment % sizeof(void *) != 0 || (alignment & (alignment - 1U)) != 0) {
        return EINVAL;
    }
    void *block = do_memalign(alignment, size, HEAPTRAIL_METHOD_POSIX_MEMALIGN, CALLER());
    if (block == NULL) { return ENOMEM; }
    *out = block;
    return 0;
}

void *valloc(size_t size)
{
    ht_posix_thread_t *self = ht_posix_enter();
    void *block = __libc_valloc(size);
    return told(self, (outcome_t){block, size, 0, HEAPTRAIL_METHOD_MEMALIGN}, CALLER());
}

void *pvalloc(size_t size)
{
    ht_posix_thread_t *self = ht_posix_enter();
    void *block = __libc_pvalloc(size);
    return told(self, (outcome_t){block, size, 0, HEAPTRAIL_METHOD_MEMALIGN}, CALLER());
}
