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

static inline ht_origin_id_t stack_origin(ht_tracker_t *tracker, const heaptrail_site_t *site,
                                          uintptr_t caller, uint32_t method, uint32_t caps)
{
    uintptr_t frames[HT_STACK_DEPTH_MAX];
    ht_origin_key_t key = {.site = site, .frames = frames, .caps = caps, .method = method};
    key.depth = ht_port_stack(frames, tracker->stack_depth, caller);
    ht_origin_id_t id = intern(tracker, &key);
    if (id.index == 0 &&
        key.depth > 1) { /* no room for the stack: the caller is better than nothing */
        key.depth = site != NULL ? 0 : 1;
        id = intern(tracker, &key);
    }
    return id;
}

static inline ht_origin_id_t origin_at(ht_tracker_t *tracker, heaptrail_site_ref_t *ref,
                                       uintptr_t caller, uint32_t method, uint32_t caps)
{
    if (tracker->stack_depth > 1) {
        return stack_origin(tracker, ref != NULL ? ref->site : NULL, caller, method, caps);
    }
    if (ref != NULL) { return site_origin(tracker, ref, caps); }
    return (ht_origin_id_t){
        ht_origin_of_caller(&tracker->origins, &tracker->lock, caller, caps, method)->id};
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
