/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_wrong_free.h"

#include "ht_checked.h"
#include "ht_diagnose.h"
#include "ht_fault.h"
#include "ht_guard.h"

/* Unknown pointers that are looked up in a second where blocks without a record are ordinary. */
#define DOUBTS_PER_SECOND 16U

/* May a heap whose blocks we do not all see have made one where one of ours was freed? */
static bool may_be_reused(const ht_checks_t *checks, uintptr_t address)
{
    uint32_t canary = checks->front != 0 ? ht_canary_front(checks->seed, address) : 0;
    return ht_port_may_be_block(address, canary);
}

/* Is it certain that this is no block that the heap may free? */
static bool is_certain(const ht_tracker_t *tracker, const ht_diagnosis_t *pointer,
                       uintptr_t address)
{
    switch (pointer->place) {
    case HEAPTRAIL_PLACE_QUARANTINE: /* its memory is still ours */
    case HEAPTRAIL_PLACE_BLOCK:
    case HEAPTRAIL_PLACE_FRONT_REDZONE:
    case HEAPTRAIL_PLACE_TAIL_REDZONE:
    case HEAPTRAIL_PLACE_STACK:
    case HEAPTRAIL_PLACE_STATIC:
    case HEAPTRAIL_PLACE_READ_ONLY:
        return true;
    case HEAPTRAIL_PLACE_RECENTLY_FREED:
        return ht_tracker_sees_all(tracker) ||
               (pointer->offset == 0 && !may_be_reused(&tracker->checks, address));
    default:
        return ht_tracker_sees_all(tracker);
    }
}

static heaptrail_error_kind_t kind_of(const ht_diagnosis_t *pointer, bool in_realloc)
{
    bool was_freed = pointer->freed && pointer->offset == 0;
    if (was_freed) {
        return in_realloc ? HEAPTRAIL_ERROR_REALLOC_FREED : HEAPTRAIL_ERROR_DOUBLE_FREE;
    }
    return in_realloc ? HEAPTRAIL_ERROR_BAD_REALLOC : HEAPTRAIL_ERROR_BAD_FREE;
}

/*
 * Blocks without a record are ordinary where some were lost: then not each of their frees is worth
 * a walk over the table. A race costs a walk more.
 */
static bool may_doubt(ht_tracker_t *tracker)
{
    ht_checks_t *checks = &tracker->checks;
    if (ht_tracker_sees_all(tracker)) { return true; }
    uint32_t second = (uint32_t)(ht_port_tick() / ht_port_tick_hz());
    if (__atomic_load_n(&checks->doubt_second, __ATOMIC_RELAXED) != second) {
        __atomic_store_n(&checks->doubt_second, second, __ATOMIC_RELAXED);
        __atomic_store_n(&checks->doubts, 0, __ATOMIC_RELAXED);
    }
    uint32_t doubts = __atomic_load_n(&checks->doubts, __ATOMIC_RELAXED);
    __atomic_store_n(&checks->doubts, doubts + 1U, __ATOMIC_RELAXED);
    return doubts < DOUBTS_PER_SECOND;
}

bool ht_wrong_free(ht_tracker_t *tracker, const void *block, bool in_realloc, ht_origin_id_t caller)
{
    if (!tracker->checks.wrong_frees || !may_doubt(tracker)) { return false; }
    ht_diagnosis_t pointer;
    ht_diagnose(tracker, (uintptr_t)block, &pointer);
    if (!is_certain(tracker, &pointer, (uintptr_t)block)) { return false; }
    const ht_fault_t fault = {
        .kind = kind_of(&pointer, in_realloc),
        .found = in_realloc ? HEAPTRAIL_FOUND_REALLOC : HEAPTRAIL_FOUND_FREE,
        .record = pointer.has_block ? &pointer.record : NULL,
        .was = pointer.freed ? &pointer.was : NULL,
        .pointer = &pointer,
        .address = (uintptr_t)block,
        .caller = caller,
    };
    ht_error_t *error = ht_fault_report(tracker, &fault);
    if (error != NULL) { ht_tell(tracker, error); }
    return true;
}
