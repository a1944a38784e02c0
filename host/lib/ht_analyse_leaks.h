/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_analyse_leaks.h
 * Who may leak: what the trace knows, merged with what the device's own search found.
 *
 *                   trace                              device (record 0x24)
 *   unreachable     cannot know; but what was freed    the scan: lost, with others, possibly
 *                   since was not lost: refuted
 *   growth          a line through the samples         floors of its whole history
 *   task gone       blocks that live at the end        at the search
 *   overdue         the same                           the same
 *
 * Of growth the one that covers more time is told; of tasks and ages the trace's, which is later,
 * if it has some; of Linux programs neither, as on the device. The words, and how sure which
 * evidence makes, are the device's:
 *
 *   certain    lost blocks
 *   likely     a steady rise; or a rise, and another kind of evidence
 *   possible   any other, and what is possibly lost
 *   follows    nothing of its own: its blocks are lost with others'
 */
#pragma once

#include "ht_analyse.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { HT_SURE_FOLLOWS, HT_SURE_POSSIBLE, HT_SURE_LIKELY, HT_SURE_CERTAIN, HT_SURES };

/** One origin. Parts that `evidence` does not name are 0. */
typedef struct {
    ht_suspect_t is; /**< `is.left.task` means nothing */
    ht_row_t origin;
    ht_row_t left_task;
    uint32_t by_device;      /**< HT_EVIDENCE_...: told as the device has it */
    uint64_t refuted_blocks; /**< lost, it said, and freed since */
} ht_leak_row_t;

typedef struct {
    ht_leak_row_t *row; /**< the surest first, of those the largest */
    size_t count;
    uint32_t sites[HT_SURES];
    uint32_t growth_samples; /**< fewer than HT_GROWTH_SAMPLES: too short to tell */
} ht_leaks_t;

/** Whose blocks: as for ht_tally_flows(); `key` is not used. */
bool ht_leaks(ht_leaks_t *leaks, const ht_model_t *model, const ht_tally_ask_t *ask,
              bool (*wanted_origin)(void *context, ht_row_t origin));
void ht_leaks_free(ht_leaks_t *leaks);

#ifdef __cplusplus
}
#endif
