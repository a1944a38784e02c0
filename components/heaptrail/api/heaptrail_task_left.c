/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What a task leaves behind, told when it is deleted. */
#include "heaptrail_leaks.h"
#include "ht_default.h"
#include "ht_left.h"
#include "ht_query.h"

/* A look-up without the lock may miss a row whose entry moves just then. */
#define TRIES 4U

static heaptrail_task_left_fn_t volatile s_fn; /* may be taken back while a task ends */
static void *s_context;

void heaptrail_set_task_left(heaptrail_task_left_fn_t fn, void *context)
{
    s_fn = NULL;
    s_context = context;
    s_fn = fn;
}

void ht_task_leaves(uintptr_t key)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    const heaptrail_task_left_fn_t fn = s_fn;
    if (fn == NULL || key < HT_KEY_FIRST_TASK || tracker->state == HT_STATE_NEW) { return; }
    uint32_t id = HT_TASK_OTHER;
    for (uint32_t i = 0; i < TRIES && id == HT_TASK_OTHER; i++) {
        id = ht_task_find(&tracker->tasks, key);
    }
    heaptrail_task_row_t row;
    if (id == HT_TASK_OTHER) { return; }
    ht_query_task(tracker, id, &row);
    if (row.live_blocks != 0) { fn(s_context, &row); }
}
