/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_scope.h"

HT_PORT_HOT void ht_scope_enter(ht_tracker_t *tracker, ht_scope_t *scope, heaptrail_site_ref_t *ref,
                                uintptr_t caller, uint32_t method)
{
    scope->ref = ref;
    scope->caller = caller;
    scope->method = method;
    scope->alignment = 0;
    scope->task = HT_TASK_OTHER;
    scope->recorded = false;
    scope->seal = (uintptr_t)scope ^ HT_SCOPE_SEAL;
    if (tracker->state == HT_STATE_NEW) {
        return;
    }
    uint32_t task = ht_tracker_task(tracker).index;
    /* "other" is shared by all tasks that found no row: no scope for them, the caller's address must do. */
    if (task != HT_TASK_OTHER && ht_scope_current(tracker, task) == NULL) {
        scope->task = task;
        tracker->tasks.rows[task].scope = scope;
    }
}

HT_PORT_HOT void ht_scope_leave(ht_tracker_t *tracker, ht_scope_t *scope)
{
    scope->seal = 0;
    if (scope->task != HT_TASK_OTHER && tracker->tasks.rows[scope->task].scope == scope) {
        tracker->tasks.rows[scope->task].scope = NULL;
    }
}

static inline ht_origin_id_t intern(ht_tracker_t *tracker, const ht_origin_key_t *key)
{
    return ht_origin_intern(&tracker->origins, &tracker->lock, key);
}

/* A macro's site, no stack: its number is cached beside it. */
static inline ht_origin_id_t site_origin(ht_tracker_t *tracker, heaptrail_site_ref_t *ref, uint32_t caps)
{
    uint32_t cached = ref->origin;
    if (ht_origin_is_site(&tracker->origins, cached, ref->site, caps)) {
        return (ht_origin_id_t){cached};
    }
    ht_origin_key_t key = {.site = ref->site, .caps = caps, .method = ref->method};
    ht_origin_id_t id = intern(tracker, &key);
    ref->origin = id.index;
    return id;
}

/* With stacks: up to stack_depth frames, the site (if any) as the innermost word of the key. */
static HT_PORT_HOT ht_origin_id_t stack_origin(ht_tracker_t *tracker, const heaptrail_site_t *site,
                                               uintptr_t caller, uint32_t method, uint32_t caps)
{
    uintptr_t frames[HT_STACK_DEPTH_MAX];
    ht_origin_key_t key = {.site = site, .frames = frames, .caps = caps, .method = method};
    key.depth = ht_port_stack(frames, tracker->stack_depth, caller);
    ht_origin_id_t id = intern(tracker, &key);
    if (id.index == 0 && key.depth > 1) { /* no room for the stack: the caller is better than nothing */
        key.depth = site != NULL ? 0 : 1;
        id = intern(tracker, &key);
    }
    return id;
}

HT_PORT_HOT ht_origin_id_t ht_scope_origin(ht_tracker_t *tracker, uintptr_t caller, uint32_t method,
                                           uint32_t caps)
{
    const heaptrail_site_t *site = NULL;
    uint32_t task = ht_task_find(&tracker->tasks, ht_port_task_key());
    ht_scope_t *scope = task != HT_TASK_OTHER ? ht_scope_current(tracker, task) : NULL;
    if (scope != NULL) {
        scope->recorded = true;
        caller = scope->caller;
        method = scope->method;
        if (scope->ref != NULL) {
            if (tracker->stack_depth <= 1) {
                return site_origin(tracker, scope->ref, caps);
            }
            site = scope->ref->site;
        }
    }
    if (tracker->stack_depth > 1) {
        return stack_origin(tracker, site, caller, method, caps);
    }
    ht_origin_key_t key = {.frames = &caller, .depth = 1, .caps = caps, .method = method};
    return intern(tracker, &key);
}
