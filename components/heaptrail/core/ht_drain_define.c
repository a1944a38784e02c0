/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What a reader has to know: hello, definitions, and the snapshot of what is live. */
#include <string.h>

#include "ht_drain.h"

/* "Again every 64 frames or 10 s, whichever is later": SPEC.md, 5.4. */
#define HELLO_FRAMES 64U
#define HELLO_US 10000000U

/* Bytes of a text in a definition, at most: a site's three fit into a record. */
#define TEXT_MAX 120U

/* Snapshots that find the table changed, one after the other, before it is left at that. */
#define SNAPSHOT_TRIES 8U

/* --- hello --------------------------------------------------------------------------------------
 */

/* Pairs go into one record until it is full, then into the next one. */
typedef struct {
    ht_drain_t *drain;
    ht_record_out_t out;
    uint32_t pairs; /**< so far, those that were skipped included */
    bool good;
} hello_t;

static bool hello_write(hello_t *hello)
{
    if (hello->out.bytes.used == 0) { return true; }
    bool written = ht_drain_put(hello->drain, &hello->out);
    if (written) { hello->drain->hello_pairs = hello->pairs; }
    ht_coder_begin(&hello->out, HT_TAG_HELLO);
    return written;
}

/* A pair that was written before the sink stopped taking is not written again. */
static void hello_pair(hello_t *hello, const ht_bytes_t *pair)
{
    if (!hello->good) { return; }
    if (hello->pairs >= hello->drain->hello_pairs && pair->used <= pair->room) {
        if (hello->out.bytes.used + pair->used > hello->out.bytes.room && !hello_write(hello)) {
            hello->good = false;
            return;
        }
        ht_bytes_raw(&hello->out.bytes, pair->bytes, pair->used);
    }
    hello->pairs++;
}

static void hello_number(void *context, uint32_t key, uint64_t value)
{
    uint8_t buffer[24];
    ht_bytes_t pair = {.bytes = buffer, .room = sizeof(buffer)};
    ht_bytes_varint(&pair, key);
    ht_bytes_varint(&pair, value);
    hello_pair(context, &pair);
}

static void hello_text(void *context, uint32_t key, const void *bytes, size_t length)
{
    uint8_t buffer[HT_FRAME_RECORD_MAX];
    ht_bytes_t pair = {.bytes = buffer, .room = sizeof(buffer)};
    ht_bytes_varint(&pair, key);
    ht_bytes_varint(&pair, length);
    ht_bytes_raw(&pair, bytes, length);
    hello_pair(context, &pair);
}

bool ht_drain_hello(ht_drain_t *drain)
{
    const ht_tracker_t *tracker = drain->tracker;
    const ht_port_story_t story = {hello_number, hello_text, NULL};
    hello_t hello = {.drain = drain, .good = true};
    const struct {
        uint32_t key, value;
    } own[] = {
        {HT_HELLO_GENERATION, drain->generation},
        {HT_HELLO_TICK_HZ, ht_port_tick_hz()},
        {HT_HELLO_CORES, HT_PORT_CORES},
        {HT_HELLO_STACK_DEPTH, tracker->stack_depth},
        {HT_HELLO_MAX_BLOCKS, tracker->table.limit},
        {HT_HELLO_RING_BYTES,
         (uint32_t)((drain->trace.ring[0].mask + 1U) * sizeof(ht_raw_t) * HT_PORT_CORES)},
        {HT_HELLO_POLICY, drain->trace.pauses ? 4U : 0U},
    };
    ht_coder_begin(&hello.out, HT_TAG_HELLO);
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        hello_number(&hello, own[i].key, own[i].value);
    }
    ht_port_story_t told = story;
    told.context = &hello;
    ht_port_describe(&told);
    if (!hello.good || !hello_write(&hello)) { return false; }
    drain->hello_pairs = 0;
    return true;
}

/* Write the events before what was copied. */
static bool reach(ht_drain_t *drain, const ht_steps_t *steps, uint32_t limit)
{
    return steps->inexact || ht_drain_to(drain, limit);
}

/* The generation, true where the hello stands. */
static bool step_hello(ht_drain_t *drain, ht_steps_t *steps)
{
    ht_port_irq_t irq = ht_port_lock(&drain->tracker->lock);
    uint32_t generation = ht_drain_generation(drain->tracker->generation);
    uint32_t limit = drain->trace.next;
    ht_port_unlock(&drain->tracker->lock, irq);
    if (!reach(drain, steps, limit)) { return false; }
    if (generation != drain->generation) { ht_drain_define_anew(drain); }
    drain->generation = generation;
    if (!ht_drain_hello(drain)) { return false; }
    drain->hello_at = drain->now;
    drain->hello_frame = drain->coder.frame.sequence;
    *steps = (ht_steps_t){.stage = HT_STAGE_HEAPS, .inexact = steps->inexact};
    return true;
}

/* --- definitions --------------------------------------------------------------------------------
 */

bool ht_drain_put_heap(ht_drain_t *drain, uint32_t index, uintptr_t start, size_t bytes,
                       const ht_trace_heap_t *facts)
{
    ht_record_out_t out;
    ht_coder_begin(&out, HT_TAG_HEAP);
    ht_bytes_varint(&out.bytes, index);
    ht_bytes_varint(&out.bytes, start);
    ht_bytes_varint(&out.bytes, bytes);
    ht_bytes_varint(&out.bytes, facts->caps);
    ht_bytes_varint(&out.bytes, facts->pool);
    ht_bytes_text(&out.bytes, facts->name, sizeof(facts->name));
    return ht_drain_put(drain, &out);
}

bool ht_drain_define_heap(ht_drain_t *drain, uint32_t index)
{
    ht_port_irq_t irq = ht_port_lock(&drain->tracker->lock);
    const ht_heap_t row = drain->tracker->heaps.row[index];
    ht_port_unlock(&drain->tracker->lock, irq);
    ht_trace_heap_t facts;
    ht_trace_heap_facts(&row, &facts);
    size_t bytes = row.kind == HT_HEAP_REAL ? row.size : row.pool_size;
    return ht_drain_put_heap(drain, index, row.start, bytes, &facts);
}

static bool step_heap(ht_drain_t *drain, ht_steps_t *steps)
{
    ht_tracker_t *tracker = drain->tracker;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool exists = steps->cursor <= tracker->heaps.count;
    const ht_heap_t row = tracker->heaps.row[exists ? steps->cursor : 0];
    uint32_t limit = drain->trace.next;
    ht_port_unlock(&tracker->lock, irq);
    if (!exists) {
        steps->stage = HT_STAGE_TASKS;
        steps->cursor = 0;
        return true;
    }
    ht_trace_heap_t facts;
    ht_trace_heap_facts(&row, &facts);
    size_t bytes = row.kind == HT_HEAP_REAL ? row.size : row.pool_size;
    if (!reach(drain, steps, limit) ||
        (row.kind != HT_HEAP_GONE &&
         !ht_drain_put_heap(drain, steps->cursor, row.start, bytes, &facts))) {
        return false;
    }
    steps->cursor++;
    return true;
}

static uint32_t task_kind(uint32_t index)
{
    switch (index) {
    case HT_TASK_OTHER:
        return HT_TRACE_TASK_OTHERS;
    case HT_TASK_STARTUP:
        return HT_TRACE_TASK_STARTUP;
    case HT_TASK_ISR_0:
    case HT_TASK_ISR_1:
        return HT_TRACE_TASK_ISR;
    default:
        return HT_TRACE_TASK;
    }
}

bool ht_drain_put_task(ht_drain_t *drain, uint64_t time_us, uint32_t index, uintptr_t handle,
                       const char *name)
{
    ht_record_out_t out;
    ht_coder_begin_at(&out, HT_TAG_TASK, time_us);
    ht_bytes_varint(&out.bytes, index);
    ht_bytes_varint(&out.bytes, handle);
    ht_bytes_varint(&out.bytes, task_kind(index));
    ht_bytes_text(&out.bytes, name, HT_TASK_NAME_MAX);
    return ht_drain_put(drain, &out);
}

bool ht_drain_put_task_gone(ht_drain_t *drain, uint64_t time_us, uint32_t index)
{
    ht_record_out_t out;
    ht_coder_begin_at(&out, HT_TAG_TASK_GONE, time_us);
    ht_bytes_varint(&out.bytes, index);
    return ht_drain_put(drain, &out);
}

static bool step_task(ht_drain_t *drain, ht_steps_t *steps)
{
    ht_tracker_t *tracker = drain->tracker;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool exists = steps->cursor < tracker->tasks.row_count;
    const ht_task_t row = tracker->tasks.rows[exists ? steps->cursor : 0];
    uint32_t limit = drain->trace.next;
    ht_port_unlock(&tracker->lock, irq);
    if (!exists) {
        steps->stage = steps->inexact ? HT_STAGE_IDLE : HT_STAGE_ORIGINS;
        steps->cursor = 1;
        return true;
    }
    if (!reach(drain, steps, limit)) { return false; }
    if (row.used != HT_TASK_UNUSED &&
        !ht_drain_put_task(drain, drain->now, steps->cursor, row.key, row.name)) {
        return false;
    }
    if (row.used == HT_TASK_GONE && !ht_drain_put_task_gone(drain, drain->now, steps->cursor)) {
        return false;
    }
    steps->cursor++;
    return true;
}

/* A site goes by the number of the first origin that has it. */
static uint32_t site_index(const ht_origins_t *origins, const heaptrail_site_t *site,
                           uint32_t below)
{
    for (uint32_t id = 1; id < below; id++) {
        if (origins->origins[id].site == site) { return id; }
    }
    return below;
}

static bool put_site(ht_drain_t *drain, uint32_t index, const heaptrail_site_t *site)
{
    ht_record_out_t out;
    ht_coder_begin(&out, HT_TAG_SITE);
    ht_bytes_varint(&out.bytes, index);
    ht_bytes_varint(&out.bytes, (uintptr_t)site);
    ht_bytes_varint(&out.bytes, site->line);
    ht_bytes_varint(&out.bytes, site->method);
    size_t max = drain->complete ? 0 : TEXT_MAX; /* in each frame: the ELF file has them */
    ht_bytes_text(&out.bytes, site->file, max);
    ht_bytes_text(&out.bytes, site->function, max);
    ht_bytes_text(&out.bytes, site->variable, max);
    return ht_drain_put(drain, &out);
}

/* The key of an origin does not change once it has a number. */
static bool put_origin(ht_drain_t *drain, uint32_t index)
{
    const ht_origins_t *origins = &drain->tracker->origins;
    const ht_origin_t *origin = &origins->origins[index];
    const uintptr_t *frame = ht_origin_frames(origins, origin);
    uint32_t site = 0;
    if (origin->site != NULL) {
        site = site_index(origins, origin->site, index);
        if (!put_site(drain, site, origin->site)) { return false; }
    }
    ht_record_out_t out;
    ht_coder_begin(&out, HT_TAG_ORIGIN);
    ht_bytes_varint(&out.bytes, index);
    ht_bytes_varint(&out.bytes, origin->method);
    ht_bytes_varint(&out.bytes, origin->caps);
    ht_bytes_varint(&out.bytes, site);
    ht_bytes_varint(&out.bytes, origin->depth);
    for (uint32_t i = 0; i < origin->depth; i++) {
        if (i == 0) {
            ht_bytes_varint(&out.bytes, frame[0]);
        } else {
            ht_bytes_zigzag(&out.bytes, (int64_t)((uint64_t)frame[i] - (uint64_t)frame[i - 1U]));
        }
    }
    return ht_drain_put(drain, &out);
}

static bool is_defined(const ht_drain_t *drain, uint32_t index)
{
    return ((uint32_t)drain->defined[index / 8U] >> index % 8U & 1U) != 0;
}

bool ht_drain_define_origin(ht_drain_t *drain, uint32_t index)
{
    if (index == 0 || index > drain->tracker->origins.max || is_defined(drain, index)) {
        return true;
    }
    if (!put_origin(drain, index)) { return false; }
    drain->defined[index / 8U] |= (uint8_t)(1U << index % 8U);
    return true;
}

/* Behind those of the origins. */
static uint8_t *task_bits(const ht_drain_t *drain)
{
    return drain->defined + ((drain->tracker->origins.max / 8U + 1U + 7U) & ~7U);
}

void ht_drain_task_is_defined(ht_drain_t *drain, uint32_t index)
{
    task_bits(drain)[index / 8U] |= (uint8_t)(1U << index % 8U);
}

bool ht_drain_define_task(ht_drain_t *drain, uint32_t index)
{
    ht_tracker_t *tracker = drain->tracker;
    unsigned bits = task_bits(drain)[index / 8U];
    if (!drain->complete || (bits >> index % 8U & 1U) != 0) { return true; }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_task_t row = tracker->tasks.rows[index];
    ht_port_unlock(&tracker->lock, irq);
    if (!ht_drain_put_task(drain, drain->coder.time, index, row.key, row.name)) { return false; }
    ht_drain_task_is_defined(drain, index);
    return true;
}

static bool step_origin(ht_drain_t *drain, ht_steps_t *steps)
{
    if (steps->cursor > drain->tracker->origins.max) {
        steps->stage = drain->snapshot.wanted ? HT_STAGE_SNAPSHOT : HT_STAGE_IDLE;
        steps->cursor = 0;
        return steps->stage != HT_STAGE_IDLE || ht_drain_flush(drain);
    }
    if (is_defined(drain, steps->cursor) && !put_origin(drain, steps->cursor)) { return false; }
    steps->cursor++;
    return true;
}

/* --- the snapshot -------------------------------------------------------------------------------
 */

void ht_drain_want_snapshot(ht_drain_t *drain)
{
    drain->snapshot.wanted = true;
}

static bool step_snapshot(ht_drain_t *drain, ht_steps_t *steps)
{
    ht_drain_snapshot_t *snapshot = &drain->snapshot;
    ht_tracker_t *tracker = drain->tracker;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    uint32_t moves = tracker->table.moves;
    uint32_t blocks = tracker->table.count;
    uint32_t limit = drain->trace.next;
    ht_port_unlock(&tracker->lock, irq);
    if (!ht_drain_to(drain, limit)) { return false; }
    ht_record_out_t out;
    ht_coder_begin_at(&out, HT_TAG_SNAPSHOT, drain->now);
    ht_bytes_varint(&out.bytes, snapshot->number + 1U);
    ht_bytes_varint(&out.bytes, blocks);
    if (!ht_drain_put(drain, &out)) { return false; }
    *snapshot = (ht_drain_snapshot_t){.number = snapshot->number + 1U,
                                      .moves = moves,
                                      .gaps = drain->gaps,
                                      .tries = snapshot->tries};
    steps->stage = HT_STAGE_BLOCKS;
    steps->cursor = 0;
    return true;
}

/* A stamp may be ahead of the clock. */
static uint64_t age_us(const ht_record_t *record, ht_tick_t now)
{
    ht_tick_t age = now - record->tick;
    return age > (ht_tick_t) ~(ht_tick_t)0 >> 1 ? 0 : ht_ticks_to_us(age);
}

static bool put_live(ht_drain_t *drain, const ht_record_t *record, ht_tick_t now)
{
    ht_record_out_t out;
    if (!ht_drain_define_origin(drain, ht_record_origin(record).index)) { return false; }
    ht_coder_begin(&out, HT_TAG_SNAPSHOT_BLOCK);
    ht_bytes_varint(&out.bytes, ht_record_block(record));
    ht_drain_block(&out.bytes, record, age_us(record, now));
    return ht_drain_put(drain, &out);
}

/* One bucket, as it was at one moment. When the sink stops in the middle it is copied once more. */
static bool step_bucket(ht_drain_t *drain, ht_steps_t *steps)
{
    ht_tracker_t *tracker = drain->tracker;
    ht_bucket_t copy;
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool exists = steps->cursor <= tracker->table.bucket_count;
    if (exists) { copy = tracker->table.buckets[steps->cursor]; }
    uint32_t limit = drain->trace.next;
    ht_port_unlock(&tracker->lock, irq);
    if (!exists) {
        steps->stage = HT_STAGE_END;
        return true;
    }
    if (!ht_drain_to(drain, limit)) { return false; }
    uint32_t sent = 0;
    for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
        if (!ht_record_is_live(&copy.slot[i])) { continue; }
        if (!put_live(drain, &copy.slot[i], now)) { return false; }
        sent++;
    }
    drain->snapshot.blocks += sent;
    steps->cursor++;
    return true;
}

/* A record that was moved meanwhile may have gone where the walk was already: not complete. */
static bool step_end(ht_drain_t *drain, ht_steps_t *steps)
{
    ht_drain_snapshot_t *snapshot = &drain->snapshot;
    ht_tracker_t *tracker = drain->tracker;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool moved = tracker->table.moves != snapshot->moves;
    uint32_t limit = drain->trace.next;
    ht_port_unlock(&tracker->lock, irq);
    if (!ht_drain_to(drain, limit)) { return false; }
    bool complete = !moved && drain->gaps == snapshot->gaps;
    ht_record_out_t out;
    ht_coder_begin_at(&out, HT_TAG_SNAPSHOT_END, drain->now);
    ht_bytes_varint(&out.bytes, snapshot->number);
    ht_bytes_varint(&out.bytes, snapshot->blocks);
    ht_bytes_put(&out.bytes, complete);
    if (!ht_drain_put(drain, &out)) { return false; }
    drain->snapshots += complete;
    snapshot->tries = complete ? 0 : snapshot->tries + 1U;
    if (!complete && snapshot->tries < SNAPSHOT_TRIES) { snapshot->wanted = true; }
    steps->stage = HT_STAGE_IDLE;
    return true;
}

/* --- one after the other ------------------------------------------------------------------------
 */

static bool hello_is_due(const ht_drain_t *drain)
{
    return drain->now - drain->hello_at >= HELLO_US &&
           drain->coder.frame.sequence - drain->hello_frame >= HELLO_FRAMES;
}

void ht_drain_introduce(ht_drain_t *drain)
{
    if (drain->complete) { return; }
    drain->intro = (ht_steps_t){.stage = HT_STAGE_HELLO, .inexact = true};
}

void ht_drain_resync(ht_drain_t *drain)
{
    if (drain->steps.stage != HT_STAGE_IDLE || drain->complete) { return; }
    if (hello_is_due(drain)) {
        drain->steps = (ht_steps_t){.stage = HT_STAGE_HELLO};
    } else if (drain->snapshot.wanted) {
        drain->steps = (ht_steps_t){.stage = HT_STAGE_SNAPSHOT};
    }
}

bool ht_drain_step(ht_drain_t *drain, ht_steps_t *steps)
{
    switch (steps->stage) {
    case HT_STAGE_HELLO: /* in a frame of its own with the definitions */
        return ht_drain_flush(drain) && step_hello(drain, steps);
    case HT_STAGE_HEAPS:
        return step_heap(drain, steps);
    case HT_STAGE_TASKS:
        return step_task(drain, steps);
    case HT_STAGE_ORIGINS:
        return step_origin(drain, steps);
    case HT_STAGE_SNAPSHOT:
        return step_snapshot(drain, steps);
    case HT_STAGE_BLOCKS:
        return step_bucket(drain, steps);
    case HT_STAGE_END:
        return step_end(drain, steps);
    default:
        return true;
    }
}

bool ht_drain_heaps(ht_drain_t *drain)
{
    ht_tracker_t *tracker = drain->tracker;
    if (drain->finished && !ht_drain_flush(drain)) { return false; }
    for (uint32_t id = 0; id <= HT_HEAPS_MAX; id++) {
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        const ht_heap_t row = tracker->heaps.row[id];
        uint32_t limit = drain->trace.next;
        ht_port_unlock(&tracker->lock, irq);
        if (!row.sampled || row.kind == HT_HEAP_GONE) { continue; }
        ht_record_out_t out;
        ht_coder_begin_at(&out, HT_TAG_HEAP_SAMPLE, drain->now);
        ht_bytes_varint(&out.bytes, id);
        ht_bytes_varint(&out.bytes, row.free_bytes);
        ht_bytes_varint(&out.bytes, row.largest_free_bytes);
        ht_bytes_varint(&out.bytes, (uint64_t)row.min_free_bytes + 1U);
        if (!ht_drain_to(drain, limit) || !ht_drain_put(drain, &out)) { return false; }
    }
    return true;
}
