/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What a reader of a core dump needs to know: the header, and the table of fields. */
#include "ht_state.h"

#include <string.h>

/* ids are the contract of SPEC.md, 3: never used again for another field. */
#define FIELD(table, number, base, type, member)                                                   \
    {                                                                                              \
        (uint16_t)(((table) << 8) | (number)), (uint16_t)sizeof(((type *)NULL)->member),           \
            (uint32_t)((base) + offsetof(type, member))                                            \
    }
#define ROW(table, type)                                                                           \
    {                                                                                              \
        (uint16_t)((table) << 8), (uint16_t)sizeof(type), 0                                        \
    }
#define TRACKER(number, member)                                                                    \
    FIELD(HT_STATE_TRACKER, number, offsetof(ht_state_t, tracker), ht_tracker_t, member)
#define ORIGIN(number, member) FIELD(HT_STATE_ORIGIN, number, 0U, ht_origin_t, member)
#define TASK(number, member) FIELD(HT_STATE_TASK, number, 0U, ht_task_t, member)
#define HEAP(number, member) FIELD(HT_STATE_HEAP, number, 0U, ht_heap_t, member)
#define FAILURE(number, member) FIELD(HT_STATE_FAILURE, number, 0U, ht_failure_t, member)
#define FREED(number, member) FIELD(HT_STATE_FREED, number, 0U, ht_freed_t, member)
#define SITE(number, member) FIELD(HT_STATE_SITE, number, 0U, heaptrail_site_t, member)

static const ht_state_field_t s_fields[] = {
    TRACKER(1, state),
    TRACKER(2, last.tick),
    TRACKER(3, last.order),
    TRACKER(4, started_at),
    TRACKER(5, stack_depth),
    TRACKER(6, table.buckets),
    TRACKER(7, table.bucket_count),
    TRACKER(8, table.count),
    TRACKER(9, origins.origins),
    TRACKER(10, origins.count),
    TRACKER(11, origins.frames),
    TRACKER(12, origins.frames_used),
    TRACKER(13, tasks.rows),
    TRACKER(14, tasks.row_count),
    TRACKER(15, heaps.row),
    TRACKER(16, heaps.count),
    TRACKER(17, failures.ring),
    TRACKER(18, failures.max),
    TRACKER(19, failures.count),
    TRACKER(20, freed.ring),
    TRACKER(21, freed.max),
    TRACKER(22, freed.count),
    TRACKER(23, checks.front),
    TRACKER(24, lost_full),
    TRACKER(25, lost_crowded),
    TRACKER(26, lost_large),
    TRACKER(27, lost_filtered),
    TRACKER(28, unknown_frees),
    TRACKER(29, origins.lost_origins),
    TRACKER(30, origins.lost_frames),
    TRACKER(31, tasks.lost),
    TRACKER(32, table.limit),
    TRACKER(33, origins.max),
    TRACKER(34, tasks.max),
    TRACKER(35, memory_bytes),
    TRACKER(36, tally.who),
    TRACKER(37, tally.total_blocks),
    TRACKER(38, tally.freed_blocks),
    TRACKER(39, tally.total_bytes),
    TRACKER(40, tally.live_bytes),
    TRACKER(41, tally.peak_bytes),
    ROW(HT_STATE_RECORD, ht_record_t),
    ROW(HT_STATE_ORIGIN, ht_origin_t),
    ORIGIN(1, site),
    ORIGIN(2, caps),
    ORIGIN(3, frame_first),
    ORIGIN(4, depth),
    ORIGIN(5, method),
    ORIGIN(6, caller),
    ORIGIN(7, total_blocks),
    ORIGIN(8, freed_beyond),
    ORIGIN(9, dropped_blocks),
    ORIGIN(10, failures),
    ORIGIN(11, total_bytes),
    ORIGIN(12, live_bytes),
    ORIGIN(13, peak_bytes),
    ORIGIN(14, lifetimes),
    ROW(HT_STATE_TASK, ht_task_t),
    TASK(1, key),
    TASK(2, used),
    TASK(3, name),
    TASK(4, live_bytes),
    TASK(5, peak_bytes),
    TASK(6, total_bytes),
    TASK(7, total_blocks),
    TASK(8, freed_blocks),
    ROW(HT_STATE_HEAP, ht_heap_t),
    HEAP(1, start),
    HEAP(2, size),
    HEAP(3, caps),
    HEAP(4, name),
    HEAP(5, kind),
    HEAP(6, pool_size),
    HEAP(7, live_bytes),
    HEAP(8, peak_bytes),
    HEAP(9, total_blocks),
    HEAP(10, freed_blocks),
    HEAP(11, sampled),
    HEAP(12, sampled_at),
    HEAP(13, free_bytes),
    HEAP(14, largest_free_bytes),
    HEAP(15, min_free_bytes),
    HEAP(16, min_largest_free_bytes),
    ROW(HT_STATE_FAILURE, ht_failure_t),
    FAILURE(1, number),
    FAILURE(2, size),
    FAILURE(3, alignment),
    FAILURE(4, caps),
    FAILURE(5, free_bytes),
    FAILURE(6, largest_free_bytes),
    FAILURE(7, measured),
    FAILURE(8, origin),
    FAILURE(9, task),
    FAILURE(10, stamp.tick),
    ROW(HT_STATE_FREED, ht_freed_t),
    FREED(1, record),
    FREED(2, freed_who),
    FREED(3, freed_tick),
    FREED(4, state),
    ROW(HT_STATE_SITE, heaptrail_site_t),
    SITE(1, file),
    SITE(2, function),
    SITE(3, variable),
    SITE(4, line),
    SITE(5, method),
};

HT_PORT_HOT void ht_state_sign(ht_state_t *state)
{
    static const char magic[] HT_PORT_HOT_DATA = HT_STATE_MAGIC;
    ht_state_header_t *header = &state->header;
    header->version = HT_STATE_VERSION;
    header->header_bytes = (uint16_t)sizeof(*header);
    header->pointer_bytes = (uint8_t)sizeof(void *);
    header->bucket_slots = HT_BUCKET_SLOTS;
    header->field_count = (uint16_t)(sizeof(s_fields) / sizeof(s_fields[0]));
    header->total_bytes = (uint32_t)sizeof(*state);
    header->tick_hz = ht_port_tick_hz();
    header->image = ht_port_image();
    header->self = state;
    header->fields = s_fields;
    for (size_t i = 0; i < sizeof(header->magic); i++) {
        ((volatile char *)header->magic)[i] = magic[i]; /* last: no header is half written */
    }
}
