/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* How large a block is, for those who ask the heap: with redzones, only its record knows. */
#include "ht_checked.h"
#include "ht_diagnose.h"

bool ht_checked_size(const void *block, size_t *size)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    if (block == NULL || tracker->state == HT_STATE_NEW || ((uintptr_t)block & 3U) != 0) {
        return false;
    }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_record_t *record = ht_table_find(&tracker->table, (uintptr_t)block);
    if (record == NULL) { record = ht_table_find_forgotten(&tracker->table, (uintptr_t)block); }
    bool guarded = record != NULL && ht_record_guard(record) != HT_GUARD_NONE;
    if (guarded) { *size = ht_record_size(record); }
    ht_port_unlock(&tracker->lock, irq);
    return guarded;
}

bool ht_checked_containing_size(const void *address, size_t *size)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    if (tracker->state == HT_STATE_NEW) { return false; }
    ht_diagnosis_t diagnosis;
    ht_diagnose(tracker, (uintptr_t)address, &diagnosis);
    if (!diagnosis.has_block || diagnosis.freed ||
        ht_record_guard(&diagnosis.record) == HT_GUARD_NONE) {
        return false;
    }
    *size = ht_record_size(&diagnosis.record);
    return true;
}
