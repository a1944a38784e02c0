/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_evidence.h
 * What speaks for a leak at one site, how sure that is, and which of two sites comes first.
 *
 *   certain    the scan lost blocks
 *   likely     a floor that rises steadily; or one that rises, and another kind of evidence
 *   possible   any other kind, and what is possibly lost
 *   follows    nothing of its own: its blocks are lost with others'
 *
 * A task that is gone, a long life and a pointer into the middle have innocent causes that come
 * together (a timer that the start-up's task made), so all of them are no more than possible.
 */
#pragma once

#include "ht_floors.h"

/** Kinds of evidence, HEAPTRAIL_EVIDENCE_*. */
enum { HT_UNREACHABLE = 1, HT_GROWTH = 2, HT_TASK_LEFT = 4, HT_OVERDUE = 8 };

/** HEAPTRAIL_SURE_*. */
enum { HT_SURE_FOLLOWS, HT_SURE_POSSIBLE, HT_SURE_LIKELY, HT_SURE_CERTAIN };

typedef struct {
    uint32_t id; /**< of the origin */
    uint8_t sure;
    uint8_t kinds;
    bool left_by_many; /**< more than one task */
    uint32_t left_task;
    uint32_t live_blocks;
    size_t live_bytes;
    uint32_t lost_blocks;
    uint32_t with_blocks;
    uint32_t possible_blocks;
    uint32_t indirect_blocks;
    size_t lost_bytes;
    size_t with_bytes;
    size_t possible_bytes;
    size_t indirect_bytes;
    uint32_t left_blocks;
    uint32_t overdue_blocks;
    size_t left_bytes;
    size_t overdue_bytes;
    ht_tick_t oldest_ticks;
    uint32_t usual_ticks; /**< a life's usual end */
    uint32_t limit_ticks; /**< from which age on a block is overdue; 0: never */
    ht_trend_t trend;
} ht_evidence_t;

/** Fill in `sure` and `kinds`. False: nothing speaks against this site. */
bool ht_evidence_judge(ht_evidence_t *site);

/** The surest first; of those what grows or holds most. In place, O(n^1.3), no recursion. */
void ht_evidence_sort(ht_evidence_t *site, uint32_t count);
