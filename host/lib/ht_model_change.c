/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What turned out otherwise: a realloc() that failed, a block of another origin. */
#include <string.h>

#include "ht_model_flow.h"

/* --- realloc() that fails -----------------------------------------------------------------------
 */

void ht_model_remember_realloc(ht_model_t *model, const ht_slot_t *slot)
{
    size_t at = model->realloc_count++ % HT_REALLOCS;
    model->realloc[at] = *slot;
    model->realloc_time_us[at] = model->view.last_us;
}

/* The latest one with that key; it is taken out. */
static bool recall(ht_model_t *model, uint64_t key, ht_slot_t *slot, uint64_t *time_us)
{
    uint64_t count = model->realloc_count < HT_REALLOCS ? model->realloc_count : HT_REALLOCS;
    for (uint64_t back = 1; back <= count; back++) {
        size_t at = (model->realloc_count - back) % HT_REALLOCS;
        if (model->realloc[at].key == key) {
            *slot = model->realloc[at];
            *time_us = model->realloc_time_us[at];
            model->realloc[at].key = 0;
            return true;
        }
    }
    return false;
}

/* As if its free had not been. */
static void restore(ht_model_t *model, const ht_slot_t *was, uint64_t freed_us)
{
    ht_slot_t *slot = ht_live_add(&model->live, ht_live_find(&model->live, was->key), was->key);
    if (slot == NULL) {
        model->view.no_memory = true;
        return;
    }
    *slot = *was;
    slot->snapshot = model->snapshot;
    if (was->flow == HT_NO_ROW) { return; }
    ht_flow_row_t *flow = &model->flows.row[was->flow];
    uint64_t lived = freed_us - was->time_us;
    model->origins.row[flow->origin].lifetimes[ht_lifetime_bucket(lived)]--;
    model->view.freed_blocks -= flow->pool ? 0U : 1U;
    ht_flow_raise(model, flow, slot->size);
    ht_flow_recorded(model, slot->flags, slot->size);
    ht_flow_tell(model, HT_CHANGE_PUT_BACK, slot, slot->flow);
}

static void carry(ht_model_t *model, const ht_event_t *event, uint64_t key)
{
    uint64_t now = model->view.last_us;
    uint64_t age = event->block.age_us < now ? event->block.age_us : now;
    ht_birth_t known = {.key = key,
                        .size = event->block.size,
                        .time_us = now - age,
                        .origin = ht_model_origin(model, event->block.origin),
                        .task = ht_model_task(model, event->block.task),
                        .heap = ht_model_heap_at(model, key),
                        .flags =
                            HT_LIVE_CARRIED | ((unsigned)event->block.core << HT_LIVE_CORE_SHIFT)};
    ht_model_carried_block(model, &known);
}

void ht_model_put_back(ht_model_t *model, const ht_event_t *event)
{
    ht_slot_t was;
    uint64_t freed_us;
    uint64_t key = event->block.address & ~HT_KEY_POOL;
    if (key == 0 || ht_live_slot(&model->live, key) != NULL) { return; }
    if (recall(model, key, &was, &freed_us)) {
        restore(model, &was, freed_us);
    } else if (!event->block.unrecorded) {
        carry(model, event, key);
    }
}

/* --- another origin -----------------------------------------------------------------------------
 */

/* One block from what one flow counts to what another does. */
static void move_count(const ht_model_t *model, const ht_slot_t *slot, ht_flow_row_t *from,
                       ht_flow_row_t *to)
{
    bool carried = (slot->flags & HT_LIVE_CARRIED) != 0 || slot->time_us < model->view.window_us;
    if ((carried && from->carried_blocks != 0) || from->total_blocks == 0) {
        from->carried_blocks--;
        from->carried_bytes -= slot->size;
        to->carried_blocks++;
        to->carried_bytes += slot->size;
        return;
    }
    from->total_blocks--;
    from->total_bytes -= slot->size;
    to->total_blocks++;
    to->total_bytes += slot->size;
}

void ht_model_relabel(ht_model_t *model, const ht_event_t *event)
{
    uint64_t key = event->relabel.address & ~HT_KEY_POOL;
    ht_slot_t *slot = key != 0 ? ht_live_slot(&model->live, key) : NULL;
    if (slot == NULL || slot->flow == HT_NO_ROW) { return; }
    ht_flow_row_t was = model->flows.row[slot->flow];
    ht_row_t origin = ht_model_origin(model, event->relabel.origin);
    ht_row_t flow = ht_flow_of(model, origin, was.task, was.heap, was.pool);
    if (flow == HT_NO_ROW || flow == slot->flow) { return; }
    move_count(model, slot, &model->flows.row[slot->flow], &model->flows.row[flow]);
    ht_flow_lower(model, slot);
    ht_row_t before = slot->flow;
    slot->flow = flow;
    ht_flow_raise(model, &model->flows.row[flow], slot->size);
    ht_flow_recorded(model, slot->flags, slot->size);
    ht_flow_tell(model, HT_CHANGE_RELABELED, slot, before);
}
