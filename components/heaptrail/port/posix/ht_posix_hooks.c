/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The allocator's functions as the program sees them. Each calls glibc's and tells the default
 * tracker what came of it; what the program gets (pointers, NULL, errno) is what glibc gave.
 *
 *   the program, nothing checked     glibc's block, recorded
 *   the program, with checks         ht_checked.h: recorded, and perhaps not where glibc's block is
 *   heaptrail itself (muted)         ht_posix_own.h, not recorded
 *   after the end (frozen)           glibc's block, not recorded
 *
 * So what comes to free() is told apart by its address and by the table, never by who frees it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "ht_checked.h"
#include "ht_posix.h"
#include "ht_posix_elf.h"
#include "ht_posix_heap.h"
#include "ht_posix_own.h"

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

/* --- what is not the plain case ------------------------------------------------------------------
 */

static ht_origin_id_t origin_of_request(ht_tracker_t *tracker, const ht_request_t *request)
{
    return origin_of(tracker, request->caller, request->method);
}

static void *failed(const ht_request_t *request)
{
    ht_on_fail(request->size, request->alignment, 0, request->method, request->caller);
    errno = ENOMEM;
    return NULL;
}

static void make_room(void)
{
    if (UNLIKELY(ht_default_tracker.table.count >=
                 __atomic_load_n(&ht_posix_grow_at, __ATOMIC_RELAXED))) {
        ht_posix_grow(&ht_default_tracker);
    }
}

/* For the program, with checks. */
static void *alloc_checked(const ht_request_t *request)
{
    int saved_errno = errno;
    make_room();
    void *block = NULL;
    if (request->size <= PTRDIFF_MAX) { block = ht_checked_alloc_from(request, origin_of_request); }
    if (block == NULL) { return failed(request); }
    ht_posix_checks_scrub(&ht_posix_options);
    errno = saved_errno;
    return block;
}

static void *alloc_from_libc(const ht_request_t *request)
{
    if (request->zero) { return __libc_calloc(1, request->size); }
    return request->alignment != 0 ? __libc_memalign(request->alignment, request->size)
                                   : __libc_malloc(request->size);
}

/* For heaptrail, or after the end. */
static void *alloc_unseen(const ht_request_t *request)
{
    const ht_posix_thread_t *self = ht_posix_thread_find();
    void *block = NULL;
    if (self != NULL && self->busy != 0) {
        block = ht_posix_own_alloc(request->alignment, request->size);
    }
    if (block == NULL) { return alloc_from_libc(request); }
    if (request->zero) { memset(block, 0, request->size); }
    return block;
}

static __attribute__((noinline)) void *alloc_otherwise(ht_posix_thread_t *self,
                                                       const ht_request_t *request)
{
    if (self == NULL) { return alloc_unseen(request); }
    void *block = alloc_checked(request);
    ht_posix_leave(self);
    return block;
}

/* True where alloc_otherwise() has to do it. */
static inline bool is_otherwise(const ht_posix_thread_t *self)
{
    return UNLIKELY(self == NULL || ht_checking());
}

/* Has this block a record? Then it is the program's, and perhaps not where glibc's begins. */
static bool is_known(const void *block, ht_known_t *known)
{
    return ht_tracker_known(&ht_default_tracker, (uintptr_t)block, known);
}

/* --- malloc, calloc ------------------------------------------------------------------------------
 */

void *malloc(size_t size)
{
    ht_posix_thread_t *self = ht_posix_enter();
    if (is_otherwise(self)) {
        return alloc_otherwise(
            self,
            &(ht_request_t){.size = size, .method = HEAPTRAIL_METHOD_MALLOC, .caller = CALLER()});
    }
    void *block = __libc_malloc(size);
    return told(self, (outcome_t){block, size, 0, HEAPTRAIL_METHOD_MALLOC}, CALLER());
}

void *calloc(size_t n, size_t size)
{
    ht_posix_thread_t *self = ht_posix_enter();
    size_t bytes = 0;
    if (__builtin_mul_overflow(n, size, &bytes)) { bytes = SIZE_MAX; }
    if (is_otherwise(self)) {
        return alloc_otherwise(self, &(ht_request_t){.size = bytes,
                                                     .method = HEAPTRAIL_METHOD_CALLOC,
                                                     .caller = CALLER(),
                                                     .zero = true});
    }
    void *block = __libc_calloc(n, size);
    return told(self, (outcome_t){block, bytes, 0, HEAPTRAIL_METHOD_CALLOC}, CALLER());
}

/* --- free ----------------------------------------------------------------------------------------
 */

/* A block that was allocated while its thread was muted has no record, and that is no news. */
static void forget_if_known(const void *block)
{
    ht_known_t known;
    if (is_known(block, &known)) { ht_tracker_remove(&ht_default_tracker, (uintptr_t)block); }
}

/*
 * A thread that we see for the first time because it frees something. Not one that libc or ld.so is
 * taking apart: its state is gone, and would not go a second time.
 */
static __attribute__((noinline)) ht_posix_thread_t *new_freeing_thread(uintptr_t caller)
{
    ht_elf_object_t from;
    ht_elf_object_t libc;
    bool known = ht_elf_object(caller, &from) && ht_elf_object((uintptr_t)&__libc_free, &libc);
    if (!known || from.base == libc.base || from.base == getauxval(AT_BASE)) { return NULL; }
    return ht_posix_thread_self();
}

/* Free with checks. A muted thread has blocks of glibc's too: only what is known is looked at. */
static __attribute__((noinline)) void free_checked(ht_posix_thread_t *self, void *block,
                                                   uintptr_t caller)
{
    int saved_errno = errno;
    ht_known_t known;
    if (UNLIKELY(self == NULL)) { self = new_freeing_thread(caller); }
    bool is_muted = self != NULL && self->busy != 0;
    if (is_muted && !is_known(block, &known)) {
        __libc_free(block);
    } else if (is_muted || self == NULL) {
        ht_checked_free_from(block, caller, origin_of_request);
    } else {
        self->busy = 1;
        ht_checked_free_from(block, caller, origin_of_request);
        ht_posix_checks_scrub(&ht_posix_options);
        ht_posix_leave(self);
    }
    errno = saved_errno;
}

/* After the end the table is being reported: it stays. So do the blocks in it, where they are read.
 */
static bool is_kept(const void *block)
{
    ht_known_t known;
    bool are_read = ht_checking() || ht_posix_options.leaks != HT_POSIX_REPORT_NONE;
    return ht_posix_phase == HT_POSIX_FROZEN && are_read && is_known(block, &known);
}

static void free_frozen(void *block)
{
    if (!is_kept(block)) { __libc_free(block); }
}

static void do_free(void *block, uintptr_t caller)
{
    if (block == NULL) { return; }
    if (UNLIKELY(ht_posix_own_has(block))) {
        ht_posix_own_free(block);
        return;
    }
    uint32_t phase = __atomic_load_n(&ht_posix_phase, __ATOMIC_ACQUIRE);
    if (__builtin_expect(phase != HT_POSIX_RUNNING, 0)) {
        free_frozen(block);
        return;
    }
    /* Not ..._enter(): a thread frees its last things after its state is gone. */
    ht_posix_thread_t *self = ht_posix_thread_find();
    if (UNLIKELY(ht_checking())) {
        free_checked(self, block, caller);
        return;
    }
    if (self != NULL && self->busy == 0) {
        self->busy = 1;
        ht_on_free(block);
        ht_posix_leave(self);
    } else if (self != NULL) {
        forget_if_known(block);
    } else {
        ht_on_free(block);
        ht_posix_trace_drain();
    }
    __libc_free(block);
}

void free(void *block)
{
    do_free(block, CALLER());
}

void cfree(void *block)
{
    do_free(block, CALLER());
}

/* --- realloc -------------------------------------------------------------------------------------
 */

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

static void *realloc_checked(void *old, const ht_request_t *request)
{
    int saved_errno = errno;
    void *block = NULL;
    bool refused = false;
    if (request->size == 0) {
        ht_checked_free_from(old, request->caller, origin_of_request);
    } else if (request->size > PTRDIFF_MAX) {
        return failed(request);
    } else {
        make_room();
        block = ht_checked_realloc(old, request, origin_of_request, &refused);
        if (block == NULL && !refused) { return failed(request); }
        ht_posix_checks_scrub(&ht_posix_options);
    }
    errno = refused ? ENOMEM : saved_errno;
    return block;
}

/* A block of the program's, by a muted thread or after the end. */
static void *move_known(void *old, size_t old_size, const ht_request_t *request)
{
    void *block = request->size != 0 ? alloc_unseen(request) : NULL;
    if (block == NULL && request->size != 0) { return NULL; }
    if (block != NULL) { memcpy(block, old, old_size < request->size ? old_size : request->size); }
    do_free(old, request->caller);
    return block;
}

static __attribute__((noinline)) void *realloc_otherwise(ht_posix_thread_t *self, void *old,
                                                         const ht_request_t *request)
{
    ht_known_t known;
    if (self != NULL) {
        void *block = realloc_checked(old, request);
        ht_posix_leave(self);
        return block;
    }
    if ((ht_checking() && is_known(old, &known)) || (is_kept(old) && is_known(old, &known))) {
        return move_known(old, known.size, request);
    }
    if (ht_posix_phase == HT_POSIX_RUNNING) { forget_if_known(old); }
    return __libc_realloc(old, request->size);
}

static inline void *do_realloc(void *old, size_t size, uintptr_t caller)
{
    if (UNLIKELY(old != NULL && ht_posix_own_has(old))) { return ht_posix_own_realloc(old, size); }
    ht_posix_thread_t *self = ht_posix_enter();
    ht_request_t request = {.size = size, .method = HEAPTRAIL_METHOD_REALLOC, .caller = caller};
    if (is_otherwise(self)) {
        return old != NULL ? realloc_otherwise(self, old, &request)
                           : alloc_otherwise(self, &request);
    }
    if (old != NULL) { return track_realloc(self, old, size, caller); }
    void *block = __libc_realloc(NULL, size);
    return told(self, (outcome_t){block, size, 0, HEAPTRAIL_METHOD_REALLOC}, caller);
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

/* --- aligned blocks ------------------------------------------------------------------------------
 */

/* glibc's rule: what is no power of two is rounded up to one. 0: no such alignment. */
static size_t round_alignment(size_t alignment)
{
    size_t power = HT_PORT_ALIGN;
    while (power < alignment && power != 0) {
        power <<= 1;
    }
    return power;
}

static inline void *do_memalign(size_t alignment, size_t size, uint32_t method, uintptr_t caller)
{
    ht_posix_thread_t *self = ht_posix_enter();
    size_t rounded = round_alignment(alignment);
    if (is_otherwise(self) && rounded != 0) {
        return alloc_otherwise(
            self, &(ht_request_t){
                      .size = size, .alignment = rounded, .method = method, .caller = caller});
    }
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
    if (is_otherwise(self)) {
        return alloc_otherwise(self, &(ht_request_t){.size = size,
                                                     .alignment = (size_t)getpagesize(),
                                                     .method = HEAPTRAIL_METHOD_MEMALIGN,
                                                     .caller = CALLER()});
    }
    void *block = __libc_valloc(size);
    return told(self, (outcome_t){block, size, 0, HEAPTRAIL_METHOD_MEMALIGN}, CALLER());
}

/* Whole pages: with checks, all of them are the program's. */
void *pvalloc(size_t size)
{
    ht_posix_thread_t *self = ht_posix_enter();
    if (is_otherwise(self)) {
        size_t page = (size_t)getpagesize();
        size_t rounded = size <= SIZE_MAX - page ? (size + page - 1U) & ~(page - 1U) : SIZE_MAX;
        return alloc_otherwise(self, &(ht_request_t){.size = rounded,
                                                     .alignment = page,
                                                     .method = HEAPTRAIL_METHOD_MEMALIGN,
                                                     .caller = CALLER()});
    }
    void *block = __libc_pvalloc(size);
    return told(self, (outcome_t){block, size, 0, HEAPTRAIL_METHOD_MEMALIGN}, CALLER());
}

/* --- sizes ---------------------------------------------------------------------------------------
 */

size_t malloc_usable_size(void *block)
{
    size_t size = 0;
    if (block == NULL) { return 0; }
    if (ht_posix_own_has(block)) { return ht_posix_own_size(block); }
    if (ht_checking() && ht_checked_size(block, &size)) { return size; }
    return ht_posix_heap_size(block);
}
