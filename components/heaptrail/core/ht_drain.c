/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Frames out, events in; what of them becomes which record is in ht_drain_event.c. */
#include "ht_drain.h"

#include <string.h>

/* A poll sends at most about so much beside events, so that it ends. */
#define ADVANCE_BYTES_MAX (16U << 10)
#define ADVANCE_STEPS_MAX 4096U

static size_t align(size_t bytes)
{
    return (bytes + 7U) & ~(size_t)7U;
}

static size_t ring_bytes(const ht_drain_config_t *config)
{
    return HT_PORT_CORES * align(config->ring_events * sizeof(ht_raw_t));
}

static size_t bits_bytes(const ht_tracker_t *tracker)
{
    return align(tracker->origins.max / 8U + 1U) +
           align((tracker->tasks.max + HT_TASK_FIRST) / 8U + 1U);
}

void ht_drain_define_anew(ht_drain_t *drain)
{
    memset(drain->defined, 0, bits_bytes(drain->tracker));
}

size_t ht_drain_memory_bytes(const ht_tracker_t *tracker, const ht_drain_config_t *config)
{
    return ring_bytes(config) + align(config->frame_bytes) + bits_bytes(tracker);
}

void ht_drain_init(ht_drain_t *drain, ht_tracker_t *tracker, const ht_drain_config_t *config,
                   void *memory)
{
    uint8_t *at = memory;
    memset(drain, 0, sizeof(*drain));
    drain->tracker = tracker;
    ht_trace_init(&drain->trace, memory, config->ring_events, config->pauses);
    at += ring_bytes(config);
    drain->coder.frame = (ht_frame_t){
        .wire = at,
        .room = config->frame_bytes,
        .boot = config->boot,
        .flags = (uint8_t)((HT_64BIT ? HT_FRAME_POINTER_64 : 0) |
                           (HT_PORT_ALIGN >= 16U ? HT_FRAME_UNIT_16 : 0) |
                           (config->complete ? HT_FRAME_COMPLETE : 0)),
    };
    at += align(config->frame_bytes);
    drain->defined = at;
    ht_drain_define_anew(drain);
    drain->complete = config->complete;
    drain->write = config->write;
    drain->context = config->context;
    drain->counters_interval_ms = config->counters_interval_ms;
    drain->latency_ms = config->latency_ms;
    drain->memory_bytes = ht_drain_memory_bytes(tracker, config) + sizeof(*drain);
    ht_trace_clock_init(&drain->clock);
    drain->now = ht_trace_clock_compare(&drain->clock);
    drain->counters_at = drain->now;
    ht_drain_introduce(drain);
    ht_drain_want_snapshot(drain);
}

/* --- frames -------------------------------------------------------------------------------------
 */

/* Hand the finished frame to the sink. */
static bool offer(ht_drain_t *drain)
{
    ht_frame_t *frame = &drain->coder.frame;
    if (!drain->finished) { return true; }
    while (drain->sent < frame->used) {
        size_t left = frame->used - drain->sent;
        size_t taken = drain->write(drain->context, frame->wire + drain->sent, left);
        if (taken > left) { taken = left; }
        drain->sent += (uint32_t)taken;
        drain->bytes += taken;
        if (taken == 0) { break; }
    }
    bool all = drain->sent == frame->used;
    __atomic_store_n(&drain->trace.slow, all ? 0U : 1U, __ATOMIC_RELAXED);
    if (all) {
        drain->finished = false;
        drain->frames++;
        ht_frame_clear(frame);
    }
    return all;
}

bool ht_drain_flush(ht_drain_t *drain)
{
    if (drain->in_one) { return false; }
    if (!drain->finished && ht_coder_end_frame(&drain->coder)) {
        drain->finished = true;
        drain->urgent = false;
        drain->sent = 0;
    }
    return offer(drain);
}

bool ht_drain_flush_if_due(ht_drain_t *drain)
{
    if (drain->open_frame != drain->coder.frame.sequence) {
        drain->open_frame = drain->coder.frame.sequence;
        drain->open_since = drain->now;
    }
    bool waits = !drain->finished && !drain->urgent && drain->coder.frame.used != 0 &&
                 drain->now - drain->open_since < (uint64_t)drain->latency_ms * 1000U;
    return waits || ht_drain_flush(drain);
}

bool ht_drain_put(ht_drain_t *drain, const ht_record_out_t *out)
{
    return ht_coder_write(&drain->coder, out) ||
           (ht_drain_flush(drain) && ht_coder_write(&drain->coder, out));
}

/* --- events -------------------------------------------------------------------------------------
 */

/* The ring whose first event has the smallest number before `limit`, by the distance from the one
 * that is expected. NULL: none; then the distance is that of the limit. */
static ht_ring_t *nearest(ht_drain_t *drain, uint32_t limit, uint32_t *distance)
{
    ht_ring_t *found = NULL;
    *distance = limit - drain->expect;
    for (uint32_t core = 0; core < HT_PORT_CORES; core++) {
        ht_ring_t *ring = &drain->trace.ring[core];
        uint32_t tail = ring->tail;
        if (__atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) == tail) { continue; }
        uint32_t number = HT_RAW_NUMBER(ring->slots[tail & ring->mask].head);
        uint32_t ahead = (number - drain->expect) & HT_RAW_NUMBERS;
        if (ahead < *distance) {
            *distance = ahead;
            found = ring;
        }
    }
    return found;
}

uint32_t ht_drain_limit(const ht_drain_t *drain)
{
    ht_port_irq_t irq = ht_port_lock(&drain->tracker->lock);
    uint32_t next = drain->trace.next;
    ht_port_unlock(&drain->tracker->lock, irq);
    return next;
}

/* What has to be said before the next event. */
static bool introduced(ht_drain_t *drain)
{
    while (drain->intro.stage != HT_STAGE_IDLE) {
        if (!ht_drain_step(drain, &drain->intro)) { return false; }
    }
    return true;
}

/* In a frame that stands alone: an event and what it refers to, or nothing of both. */
static bool write_alone(ht_drain_t *drain, unsigned core, uint32_t at)
{
    for (int tries = 0; tries < 2; tries++) {
        const ht_coder_t before = drain->coder;
        if (before.frame.used == 0) { ht_drain_define_anew(drain); }
        drain->in_one = true;
        bool written = ht_drain_event(drain, core, at);
        drain->in_one = false;
        if (written) { return true; }
        drain->coder = before;
        if (!ht_drain_flush(drain)) { return false; }
    }
    return true; /* longer than any frame: there is no such event */
}

static bool write_event(ht_drain_t *drain, unsigned core, uint32_t at)
{
    return drain->complete ? write_alone(drain, core, at) : ht_drain_event(drain, core, at);
}

bool ht_drain_to(ht_drain_t *drain, uint32_t limit)
{
    while (drain->expect != limit) {
        uint32_t distance;
        ht_ring_t *ring = nearest(drain, limit, &distance);
        if (distance != 0) {
            if (!ht_drain_gap(drain, distance)) { return false; }
            drain->expect += distance;
            continue;
        }
        if (!introduced(drain)) { return false; }
        uint32_t kind = HT_RAW_KIND(ring->slots[ring->tail & ring->mask].head);
        if (!write_event(drain, (unsigned)(ring - drain->trace.ring), ring->tail)) { return false; }
        drain->events++;
        drain->expect++;
        __atomic_store_n(&ring->tail, ring->tail + ht_drain_slots(kind), __ATOMIC_RELEASE);
    }
    return true;
}

static bool put_loss(ht_drain_t *drain, uint32_t cause, uint32_t count)
{
    ht_record_out_t out;
    ht_coder_begin_at(&out, HT_TAG_LOSS, drain->coder.time);
    ht_bytes_varint(&out.bytes, cause);
    ht_bytes_varint(&out.bytes, count);
    ht_bytes_varint(&out.bytes, HT_PORT_CORES == 1U ? 0 : 2U);
    return ht_drain_put(drain, &out);
}

static bool put_end(ht_drain_t *drain, uint32_t why)
{
    ht_record_out_t out;
    ht_coder_begin_at(&out, HT_TAG_END, drain->coder.time);
    ht_bytes_varint(&out.bytes, why);
    return ht_drain_put(drain, &out);
}

/* A gap says how many are missing, and where; the counters say why. */
bool ht_drain_gap(ht_drain_t *drain, uint32_t count)
{
    if (drain->trace.pauses && !drain->pause_told) {
        if (!put_end(drain, HT_END_PAUSED)) { return false; }
        drain->pause_told = true;
    }
    uint32_t slow = __atomic_load_n(&drain->trace.lost[HT_LOST_SLOW], __ATOMIC_RELAXED) -
                    drain->told_lost[HT_LOST_SLOW];
    if (slow > count) { slow = count; }
    if (slow != 0) {
        if (!put_loss(drain, HT_LOSS_SINK_SLOW, slow)) { return false; }
        drain->told_lost[HT_LOST_SLOW] += slow;
    }
    if (count != slow) {
        if (!put_loss(drain, HT_LOSS_RING_FULL, count - slow)) {
            drain->told_lost[HT_LOST_SLOW] -= slow; /* both again */
            return false;
        }
        drain->told_lost[HT_LOST_FULL] += count - slow;
    }
    drain->gaps++;
    ht_drain_introduce(drain);
    drain->snapshot.tries = 0;
    ht_drain_want_snapshot(drain);
    return true;
}

/* All that was before the pause is written: go on. */
static bool end_pause(ht_drain_t *drain)
{
    if (!__atomic_load_n(&drain->trace.paused, __ATOMIC_RELAXED)) { return true; }
    if (!ht_drain_to(drain, ht_drain_limit(drain)) || !ht_drain_flush(drain)) { return false; }
    uint32_t next = ht_trace_go_on(drain->tracker, &drain->trace);
    bool written = ht_drain_to(drain, next);
    drain->pause_told = false;
    return written;
}

/* --- the whole ----------------------------------------------------------------------------------
 */

static void note_pending(ht_drain_t *drain)
{
    for (uint32_t core = 0; core < HT_PORT_CORES; core++) {
        const ht_ring_t *ring = &drain->trace.ring[core];
        uint32_t pending = __atomic_load_n(&ring->head, __ATOMIC_RELAXED) - ring->tail;
        if (pending > drain->most_pending) { drain->most_pending = pending; }
    }
}

/* What the tracker itself lost, if that is more than was told. */
static bool tell_losses(ht_drain_t *drain)
{
    ht_tracker_t *tracker = drain->tracker;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const uint32_t lost[HT_DRAIN_TOLD] = {
        tracker->lost_full,           tracker->lost_crowded,
        tracker->lost_large,          tracker->origins.lost_origins,
        tracker->origins.lost_frames, tracker->tasks.lost,
        tracker->lost_filtered};
    ht_port_unlock(&tracker->lock, irq);
    for (uint32_t i = 0; i < HT_DRAIN_TOLD; i++) {
        if (lost[i] > drain->told[i] &&
            !put_loss(drain, HT_LOSS_TABLE_FULL + i, lost[i] - drain->told[i])) {
            return false;
        }
        drain->told[i] = lost[i]; /* after a reset it begins again */
    }
    return true;
}

static bool put_counters(ht_drain_t *drain)
{
    ht_trace_sums_t sums;
    ht_port_irq_t irq = ht_port_lock(&drain->tracker->lock);
    ht_trace_sums(drain->tracker, &drain->trace, &sums);
    uint32_t limit = drain->trace.next;
    ht_port_unlock(&drain->tracker->lock, irq);
    if (!ht_drain_to(drain, limit)) { return false; }
    ht_record_out_t out;
    ht_coder_begin_at(&out, HT_TAG_COUNTERS, drain->now);
    ht_drain_sums(&out.bytes, &sums);
    return ht_drain_put(drain, &out);
}

static bool counters_if_due(ht_drain_t *drain)
{
    uint64_t interval = (uint64_t)drain->counters_interval_ms * 1000U;
    if (drain->counters_interval_ms == UINT32_MAX || drain->now - drain->counters_at < interval) {
        return true;
    }
    if (!put_counters(drain)) { return false; }
    drain->counters_at = drain->now;
    return true;
}

static bool advance(ht_drain_t *drain)
{
    uint64_t before = drain->bytes;
    for (uint32_t i = 0; drain->steps.stage != HT_STAGE_IDLE && i < ADVANCE_STEPS_MAX &&
                         drain->bytes - before < ADVANCE_BYTES_MAX;
         i++) {
        if (!ht_drain_step(drain, &drain->steps)) { return false; }
    }
    return true;
}

bool ht_drain_poll(ht_drain_t *drain)
{
    note_pending(drain);
    if (!offer(drain)) { return false; }
    drain->now = ht_trace_clock_compare(&drain->clock);
    if (!ht_drain_to(drain, ht_drain_limit(drain)) || !end_pause(drain) || !introduced(drain)) {
        return false;
    }
    ht_drain_resync(drain);
    return advance(drain) && tell_losses(drain) && counters_if_due(drain) &&
           ht_drain_flush_if_due(drain);
}

bool ht_drain_end(ht_drain_t *drain, uint32_t why)
{
    if (!offer(drain)) { return false; }
    if (!drain->ended) {
        drain->now = ht_trace_clock_compare(&drain->clock);
        if (!ht_drain_to(drain, ht_drain_limit(drain)) || !tell_losses(drain) ||
            !put_counters(drain)) {
            return false;
        }
        if (!put_end(drain, why)) { return false; }
        drain->ended = true;
    }
    return ht_drain_flush(drain);
}

/* --- the firmware crashed -----------------------------------------------------------------------
 */

/* An event that was written, but not taken out of its ring, is written again. */
static void step_back(ht_drain_t *drain)
{
    for (uint32_t core = 0; core < HT_PORT_CORES; core++) {
        const ht_ring_t *ring = &drain->trace.ring[core];
        if (ring->head == ring->tail) { continue; }
        uint32_t first = HT_RAW_NUMBER(ring->slots[ring->tail & ring->mask].head);
        if (first == ((drain->expect - 1U) & HT_RAW_NUMBERS)) {
            drain->expect--;
            drain->events--;
            return;
        }
    }
}

/* The number behind the last event: one that is in its ring may not have used it up yet. */
static uint32_t end_of_rings(const ht_drain_t *drain)
{
    uint32_t next = drain->trace.next;
    for (uint32_t core = 0; core < HT_PORT_CORES; core++) {
        const ht_ring_t *ring = &drain->trace.ring[core];
        uint32_t last = HT_RAW_NUMBER(ring->slots[(ring->head - 1U) & ring->mask].head);
        if (ring->head != ring->tail && last == (next & HT_RAW_NUMBERS)) { return next + 1U; }
    }
    return next;
}

bool ht_drain_rescue(ht_drain_t *drain, bool inside)
{
    if (!drain->complete) { return false; }
    memset(&drain->tracker->lock, 0, sizeof(drain->tracker->lock)); /* free */
    drain->tracker->trace = NULL;
    if (inside) { /* perhaps half of an event is in there */
        ht_frame_clear(&drain->coder.frame);
        drain->finished = drain->in_one = false;
        step_back(drain);
    }
    return ht_drain_to(drain, end_of_rings(drain)) && ht_drain_flush(drain);
}
