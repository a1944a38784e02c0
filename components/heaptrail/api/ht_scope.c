/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_scope.h"

static inline ht_origin_id_t intern(ht_tracker_t *tracker, const ht_origin_key_t *key)
{
    return ht_origin_of_key(&tracker->origins, &tracker->lock, key);
}

/* A macro's site, no stack: its number is cached beside it. */
static inline ht_origin_id_t site_origin(ht_tracker_t *tracker, heaptrail_site_ref_t *ref,
                                         uint32_t caps)
{
    uint32_t cached = __atomic_load_n(&ref->origin, __ATOMIC_ACQUIRE);
    if (ht_origin_is_site(&tracker->origins, cached, ref->site, caps)) {
        return (ht_origin_id_t){cached};
    }
    ht_origin_key_t key = {.site = ref->site, .caps = caps, .method = ref->method};
    ht_origin_id_t id = intern(tracker, &key);
    __atomic_store_n(&ref->origin, id.index, __ATOMIC_RELEASE);
    return id;
}

/* No room for the stack: the caller is better than nothing. */
static __attribute__((noinline)) HT_PORT_HOT ht_origin_t *
origin_without_stack(ht_tracker_t *tracker, const heaptrail_site_t *site, uintptr_t caller,
                     uint32_t method, uint32_t caps)
{
    const ht_origin_key_t key = {
        .site = site, .frames = &caller, .depth = site == NULL, .caps = caps, .method = method};
    return &tracker->origins.origins[intern(tracker, &key).index];
}

/* By all of its frames. `where`: see ht_origin_of_stack(). */
static __attribute__((noinline)) HT_PORT_HOT ht_origin_t *
recorded_origin(ht_tracker_t *tracker, const heaptrail_site_t *site, uintptr_t caller,
                uint32_t method, uint32_t caps, uintptr_t where)
{
    uintptr_t frames[HT_STACK_DEPTH_MAX];
    ht_origin_key_t key = {.site = site, .frames = frames, .caps = caps, .method = method};
    key.depth = ht_port_stack(frames, tracker->stack_depth, caller);
    ht_origin_t *origin =
        ht_origin_of_stack(&tracker->origins, &tracker->callers, &tracker->lock, &key, where);
    if (__builtin_expect(origin->id == 0 && key.depth > 1, 0)) {
        origin = origin_without_stack(tracker, site, frames[0], method, caps);
    }
    return origin;
}

/* `like` has the rest of the key. */
static __attribute__((noinline)) HT_PORT_HOT ht_origin_t *
recorded_again(ht_tracker_t *tracker, const ht_origin_t *like, uintptr_t caller, uintptr_t where)
{
    return recorded_origin(tracker, like->site, caller, like->method, like->caps, where);
}

/* The stack pointer is another one on nearly every way to the same call: so the stack that came
 * from there last is expected again. */
static inline ht_origin_t *stack_origin(ht_tracker_t *tracker, const heaptrail_site_t *site,
                                        uintptr_t caller, uint32_t method, uint32_t caps)
{
    uintptr_t where = ht_port_stack_pointer() + caller;
    ht_origin_t *expected = HT_PORT_COMPARES_STACKS && caller != 0
                                ? ht_origin_expected(&tracker->callers, site, caps, method, where)
                                : NULL;
    if (__builtin_expect(expected == NULL, 0)) {
        return recorded_origin(tracker, site, caller, method, caps, where);
    }
    /* What the rare case below needs waits on the stack, not in registers that cost to save. */
    ht_tracker_t *volatile kept_tracker = tracker;
    ht_origin_t *volatile kept = expected;
    volatile uintptr_t kept_caller = caller;
    volatile uintptr_t kept_where = where;
    return __builtin_expect(ht_port_stack_is(&tracker->origins.frames[expected->frame_first],
                                             expected->depth, tracker->stack_depth, caller),
                            1)
               ? kept
               : recorded_again(kept_tracker, kept, kept_caller, kept_where);
}

HT_PORT_HOT ht_origin_t *ht_stack_origin(ht_tracker_t *tracker, uintptr_t caller, uint32_t method,
                                         uint32_t caps)
{
    return stack_origin(tracker, NULL, caller, method, caps);
}

static inline ht_origin_id_t origin_at(ht_tracker_t *tracker, heaptrail_site_ref_t *ref,
                                       uintptr_t caller, uint32_t method, uint32_t caps)
{
    if (tracker->stack_depth > 1) {
        const heaptrail_site_t *site = ref != NULL ? ref->site : NULL;
        return (ht_origin_id_t){stack_origin(tracker, site, caller, method, caps)->id};
    }
    if (ref != NULL) { return site_origin(tracker, ref, caps); }
    return (ht_origin_id_t){ht_origin_of_caller(&tracker->origins, &tracker->callers,
                                                &tracker->lock, caller, caps, method)
                                ->id};
}

HT_PORT_HOT ht_origin_id_t ht_scope_origin(ht_tracker_t *tracker, uintptr_t caller, uint32_t method,
                                           uint32_t caps)
{
    ht_scope_t *scope = ht_scope_current(tracker);
    if (scope == NULL) { return origin_at(tracker, NULL, caller, method, caps); }
    scope->used = true;
    return origin_at(tracker, scope->ref, scope->caller, scope->method, caps);
}

HT_PORT_HOT void ht_scope_relabel(ht_tracker_t *tracker, const ht_scope_t *scope, const void *block)
{
    if (tracker->state != HT_STATE_RUNNING) { return; }
    ht_known_t known;
    if (ht_tracker_known(tracker, (uintptr_t)block, &known)) {
        ht_tracker_relabel(
            tracker, (uintptr_t)block,
            origin_at(tracker, scope->ref, scope->caller, scope->method, known.caps));
    }
}
