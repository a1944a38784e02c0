/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Names of tasks and heaps by number. Apart from ht_place.c, which the desk shares: it asks no
 * tracker. */
#include "ht_report.h"

typedef struct {
    ht_out_t *out;
    uint32_t id;
    bool found;
} name_t;

static bool name_task(void *context, const heaptrail_task_row_t *row)
{
    name_t *name = context;
    if (row->id != name->id) { return true; }
    ht_out_name(name->out, row->name, sizeof(row->name));
    name->found = true;
    return false;
}

static bool name_heap(void *context, const heaptrail_heap_row_t *row)
{
    name_t *name = context;
    if (row->id != name->id) { return true; }
    ht_out_name(name->out, row->name, sizeof(row->name));
    name->found = true;
    return false;
}

void ht_task_name(ht_out_t *out, uint32_t id)
{
    name_t name = {out, id, false};
    ht_out_text(out, "task" HT_HARD_SPACE);
    (void)heaptrail_for_each_task(NULL, name_task, &name, NULL);
    if (!name.found) { ht_out_number(out, id); }
}

void ht_heap_name(ht_out_t *out, uint32_t id)
{
    name_t name = {out, id, false};
    ht_out_text(out, "heap" HT_HARD_SPACE);
    (void)heaptrail_for_each_heap(NULL, name_heap, &name, NULL);
    if (!name.found) { ht_out_number(out, id); }
}
