/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The public interface of the trace: one trace at a time, of the default tracker. */
#include "heaptrail_trace.h"

#include "heaptrail.h"
#include "ht_config.h"
#include "ht_default.h"

#if HT_CONFIG_TRACE

#include "ht_drain.h"
#include "ht_leak_roots.h"
#include "ht_log.h"
#include "ht_ready.h"

#define RING_EVENTS_MIN 16U
#define RING_EVENTS_MAX (1U << 20)
#define INTERVAL_MS 10000U

/* As ht_drain_memory_bytes(), but for the compiler. */
#define STATIC_BYTES                                                                               \
    (HT_PORT_CORES * HT_STATE_ALIGNED(CONFIG_HEAPTRAIL_TRACE_RING_EVENTS * sizeof(ht_raw_t)) +     \
     HT_STATE_ALIGNED(HT_FRAME_WIRE_MIN) +                                                         \
     HT_STATE_ALIGNED(CONFIG_HEAPTRAIL_MAX_SITES / 8U + 1U) +                                      \
     HT_STATE_ALIGNED((CONFIG_HEAPTRAIL_MAX_TASKS + HT_TASK_FIRST) / 8U + 1U))

enum { STATE_NONE = 0, STATE_RUNNING, STATE_DRAINING };

static uint64_t s_memory[STATIC_BYTES / sizeof(uint64_t)];
static ht_drain_t s_drain;
static volatile uint32_t s_busy; /* one task at a time in here */
static uint32_t s_state;         /* its holder's */
static uint32_t s_boot;          /* the number of this boot, with bit 16 set; 0: not asked yet */
static uint32_t s_heaps_interval_ms;
static uint64_t s_heaps_at;
static bool s_heaps_measured; /* and not written yet */
static ht_recorder_t s_recorder;
static bool s_makes_way;    /* the trace that runs is a recorder that nobody started */
static uint32_t s_snapshot; /* asked for, by any task */
static heaptrail_trace_status_t s_status; /* as of the last poll; under the tracker's lock */

/* --- configuration ------------------------------------------------------------------------------
 */

static uint32_t power_of_two(uint32_t number)
{
    uint32_t power = RING_EVENTS_MIN;
    while (power <= number / 2U) {
        power *= 2U;
    }
    return power;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static bool is_recorder(const void *memory, size_t bytes)
{
    return memory != NULL && (uintptr_t)memory % sizeof(uint32_t) == 0 &&
           bytes >= HT_RECORDER_BYTES_MIN && bytes <= UINT32_MAX / 4U;
}

/* The one of Kconfig's size. */
static bool is_ready_memory(const void *memory, size_t bytes)
{
    return HT_READY && memory == NULL && bytes == 0;
}

/* The name of the first field that is wrong, or NULL. */
static const char *wrong_field(const heaptrail_trace_config_t *config)
{
    bool records = config->policy == HEAPTRAIL_TRACE_RECORDER;
    if (config->policy != HEAPTRAIL_TRACE_DROP && config->policy != HEAPTRAIL_TRACE_PAUSE &&
        !records) {
        return "policy";
    }
    if ((config->write == NULL) != records) { return "write"; }
    if (records && !is_recorder(config->recorder, config->recorder_bytes) &&
        !is_ready_memory(config->recorder, config->recorder_bytes)) {
        return "recorder";
    }
    if (records && config->frame_bytes > HT_FRAME_WIRE_MIN) { return "frame_bytes"; }
    if (config->ring_events != 0 &&
        (config->ring_events < RING_EVENTS_MIN || config->ring_events > RING_EVENTS_MAX)) {
        return "ring_events";
    }
    if (config->frame_bytes != 0 &&
        (config->frame_bytes < HT_FRAME_WIRE_MIN || config->frame_bytes > HT_FRAME_MAX)) {
        return "frame_bytes";
    }
    if ((uintptr_t)config->memory % sizeof(uint64_t) != 0) { return "memory (alignment 8)"; }
    if (config->memory == NULL && config->memory_bytes != 0) { return "memory"; }
    return NULL;
}

static ht_drain_config_t drain_config(const heaptrail_trace_config_t *config)
{
    return (ht_drain_config_t){
        .ring_events =
            power_of_two(or_default(config->ring_events, CONFIG_HEAPTRAIL_TRACE_RING_EVENTS)),
        .frame_bytes = or_default(config->frame_bytes, HT_FRAME_WIRE_MIN),
        .pauses = config->policy == HEAPTRAIL_TRACE_PAUSE,
        .boot = (uint16_t)s_boot,
        .complete = config->policy == HEAPTRAIL_TRACE_RECORDER,
        .write = config->write != NULL ? config->write : ht_recorder_write,
        .context = config->write != NULL ? config->context : &s_recorder,
        .counters_interval_ms = or_default(config->counters_interval_ms, INTERVAL_MS),
        .latency_ms = config->latency_ms,
    };
}

size_t heaptrail_trace_memory_bytes(const heaptrail_trace_config_t *config)
{
    if (config == NULL || wrong_field(config) != NULL) { return 0; }
    const ht_drain_config_t wanted = drain_config(config);
    return ht_drain_memory_bytes(ht_default(), &wanted);
}

/* --- one task at a time -------------------------------------------------------------------------
 */

static bool enter(void)
{
    return !ht_port_in_isr() && ht_claim(&ht_default()->lock, &s_busy);
}

/* Publish how it goes, and let the next one in. */
static void leave(void)
{
    ht_port_irq_t irq = ht_port_lock(&ht_default_tracker.lock);
    s_status.running = s_state == STATE_RUNNING;
    s_status.draining = s_state == STATE_DRAINING;
    s_status.waiting = s_drain.finished;
    s_status.events = s_drain.events;
    s_status.bytes = s_drain.bytes;
    s_status.frames = s_drain.frames;
    s_status.snapshots = s_drain.snapshots;
    s_status.most_pending = s_drain.most_pending;
    s_status.memory_bytes = s_drain.memory_bytes;
    s_status.ring_events = s_drain.trace.ring[0].mask + 1U;
    ht_port_unlock(&ht_default_tracker.lock, irq);
    ht_release(&s_busy);
}

static esp_err_t written(bool all)
{
    return all ? ESP_OK : ESP_ERR_NOT_FINISHED;
}

/* --- life ---------------------------------------------------------------------------------------
 */

/* What the recorder has is kept, but for what was not drained yet. */
static void make_way(void)
{
    if (!s_makes_way) { return; }
    (void)ht_drain_poll(&s_drain);
    ht_trace_detach(&ht_default_tracker);
    __atomic_store_n(&s_makes_way, false, __ATOMIC_RELAXED);
    s_state = STATE_NONE;
}

/* Nothing has changed where it cannot begin: a recorder that makes way would be lost for nothing.
 */
static esp_err_t begin(const heaptrail_trace_config_t *config)
{
    ht_tracker_t *tracker = ht_default();
    if ((s_state != STATE_NONE && !s_makes_way) || tracker->state != HT_STATE_RUNNING) {
        return ESP_ERR_INVALID_STATE;
    }
    if (s_boot == 0) { s_boot = (ht_port_seed() & 0xFFFFU) | 0x10000U; }
    const ht_drain_config_t wanted = drain_config(config);
    size_t given = config->memory != NULL ? config->memory_bytes : sizeof(s_memory);
    if (given < ht_drain_memory_bytes(tracker, &wanted)) {
        ht_log(HEAPTRAIL_LOG_ERROR, "heaptrail_trace_start: memory_bytes is too small");
        return ESP_ERR_INVALID_SIZE;
    }
    make_way();
    if (wanted.complete && config->recorder == NULL) {
        ht_ready_begin(&s_recorder, wanted.boot);
    } else if (wanted.complete) {
        ht_recorder_init(&s_recorder, config->recorder, config->recorder_bytes, wanted.boot, 1);
    }
    ht_port_find_heaps(tracker);
    ht_drain_init(&s_drain, tracker, &wanted, config->memory != NULL ? config->memory : s_memory);
    s_heaps_interval_ms = or_default(config->heaps_interval_ms, INTERVAL_MS);
    s_heaps_at = s_drain.now;
    s_heaps_measured = false;
    s_state = STATE_RUNNING;
    ht_trace_attach(tracker, &s_drain.trace);
    return ESP_OK;
}

esp_err_t heaptrail_trace_start(const heaptrail_trace_config_t *config)
{
    if (config == NULL) { return ESP_ERR_INVALID_ARG; }
    const char *wrong = wrong_field(config);
    if (wrong != NULL) {
        ht_log_name(HEAPTRAIL_LOG_ERROR, "heaptrail_trace_start: invalid field", wrong);
        return ESP_ERR_INVALID_ARG;
    }
    if (!enter()) { return ESP_ERR_INVALID_STATE; }
    esp_err_t err = begin(config);
    leave();
    return err;
}

#if HT_READY
esp_err_t ht_trace_record_by_itself(void)
{
    const heaptrail_trace_config_t config = {.policy = HEAPTRAIL_TRACE_RECORDER};
    if (!enter()) { return ESP_ERR_INVALID_STATE; }
    esp_err_t err = begin(&config);
    s_makes_way = err == ESP_OK;
    leave();
    return err;
}

bool ht_trace_records_by_itself(void)
{
    return __atomic_load_n(&s_makes_way, __ATOMIC_RELAXED);
}
#endif

/* Heaps are measured in the task that drains: it may walk them. */
static bool write_heaps(void)
{
    uint64_t interval = (uint64_t)s_heaps_interval_ms * 1000U;
    if (s_heaps_interval_ms != UINT32_MAX && s_drain.now - s_heaps_at >= interval) {
        (void)heaptrail_sample();
        s_heaps_at = s_drain.now;
        s_heaps_measured = true;
    }
    if (s_heaps_measured) { s_heaps_measured = !ht_drain_heaps(&s_drain); }
    return !s_heaps_measured;
}

static bool drain_all(void)
{
    if (s_state == STATE_DRAINING) {
        bool all = ht_drain_end(&s_drain, HT_END_STOPPED);
        if (all) { s_state = STATE_NONE; }
        return all;
    }
    if (__atomic_load_n(&s_snapshot, __ATOMIC_RELAXED) != 0) {
        __atomic_store_n(&s_snapshot, 0U, __ATOMIC_RELAXED); /* rv32imc has no exchange */
        ht_drain_want_snapshot(&s_drain);
    }
    return ht_drain_poll(&s_drain) && write_heaps() && ht_drain_flush_if_due(&s_drain);
}

esp_err_t heaptrail_trace_poll(void)
{
    if (!enter()) { return ESP_ERR_INVALID_STATE; }
    esp_err_t err = s_state != STATE_NONE ? written(drain_all()) : ESP_ERR_INVALID_STATE;
    leave();
    return err;
}

static esp_err_t end(void)
{
    if (s_state == STATE_NONE) { return ESP_ERR_INVALID_STATE; }
    __atomic_store_n(&s_makes_way, false, __ATOMIC_RELAXED);
    bool again = s_state == STATE_DRAINING;
    if (!again) {
        ht_trace_detach(&ht_default_tracker);
        s_state = STATE_DRAINING;
    }
    esp_err_t err = written(drain_all());
    if (err != ESP_OK && again) { s_state = STATE_NONE; } /* given up */
    return err;
}

esp_err_t heaptrail_trace_stop(void)
{
    if (!enter()) { return ESP_ERR_INVALID_STATE; }
    esp_err_t err = end();
    leave();
    return err;
}

/* Frames of another boot are from before a reset. */
static bool is_before(const ht_recorder_t *recorder)
{
    return s_boot == 0 || recorder->head->boot != (s_boot & 0xFFFFU);
}

static esp_err_t send_recorded(const ht_recorder_t *recorder, bool before,
                               heaptrail_trace_write_fn_t write, void *context, uint32_t *frames)
{
    uint8_t wire[HT_RECORDER_READ_BYTES];
    uint32_t at = recorder->head->first;
    uint32_t length;
    while ((length = ht_recorder_read(recorder, &at, before, wire, sizeof(wire))) != 0) {
        if (write(context, wire, length) != length) { return ESP_ERR_NOT_FINISHED; }
        ++*frames;
    }
    return ESP_OK;
}

/* The ready memory's other half: nobody writes to that, so a trace may run. */
static esp_err_t recorded_before(heaptrail_trace_write_fn_t write, void *context, uint32_t *frames)
{
    ht_recorder_t recorder;
    uint32_t sent = 0;
    esp_err_t err = ht_ready_before(&recorder)
                        ? send_recorded(&recorder, true, write, context, &sent)
                        : ESP_ERR_NOT_FOUND;
    if (frames != NULL) { *frames = sent; }
    return err;
}

esp_err_t heaptrail_trace_recorded(void *memory, size_t bytes, heaptrail_trace_write_fn_t write,
                                   void *context, uint32_t *frames)
{
    uint32_t sent = 0;
    ht_recorder_t recorder;
    bool ready = is_ready_memory(memory, bytes);
    if (!HT_READY && memory == NULL && bytes == 0) { return ESP_ERR_NOT_SUPPORTED; }
    if ((!ready && !is_recorder(memory, bytes)) || write == NULL) { return ESP_ERR_INVALID_ARG; }
    if (ready) { return recorded_before(write, context, frames); }
    if (!enter()) { return ESP_ERR_INVALID_STATE; }
    esp_err_t err = ESP_ERR_INVALID_STATE;
    if (s_state == STATE_NONE) {
        bool good = ht_recorder_open(&recorder, memory, bytes);
        err = good ? send_recorded(&recorder, is_before(&recorder), write, context, &sent)
                   : ESP_ERR_NOT_FOUND;
    }
    leave();
    if (frames != NULL) { *frames = sent; }
    return err;
}

/* The user's memory while it is used; what points to it is no address of an event. */
void ht_trace_hide(ht_scan_t *scan)
{
    const ht_ring_t *ring = &s_drain.trace.ring[0];
    ht_scan_hide(scan, s_memory, sizeof(s_memory));
    ht_scan_hide(scan, &s_drain.coder, sizeof(s_drain.coder));
    ht_ready_hide(scan);
    if (s_state == STATE_NONE) { return; }
    ht_scan_hide(scan, ring->slots, HT_PORT_CORES * (ring->mask + 1U) * sizeof(*ring->slots));
    const ht_recorder_head_t *head = s_recorder.head;
    if (s_drain.complete) { ht_scan_hide(scan, head, sizeof(*head) + head->bytes); }
}

esp_err_t heaptrail_trace_rescue(void)
{
    if (s_state != STATE_RUNNING || !s_drain.complete) { return ESP_ERR_INVALID_STATE; }
    return written(ht_drain_rescue(&s_drain, s_busy != 0));
}

esp_err_t heaptrail_trace_mark(const char *name)
{
    bool traced = false;
    if (ht_trace_mark(ht_default(), name, &traced)) { return ESP_OK; }
    return traced ? ESP_ERR_NO_MEM : ESP_ERR_INVALID_STATE;
}

esp_err_t heaptrail_trace_snapshot(void)
{
    if (!ht_tracing(ht_default())) { return ESP_ERR_INVALID_STATE; }
    __atomic_store_n(&s_snapshot, 1U, __ATOMIC_RELAXED);
    return ESP_OK;
}

esp_err_t heaptrail_trace_status(heaptrail_trace_status_t *status)
{
    if (status == NULL) { return ESP_ERR_INVALID_ARG; }
    ht_tracker_t *tracker = ht_default();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    *status = s_status;
    const ht_trace_t *trace = &s_drain.trace;
    for (uint32_t core = 0; core < HT_PORT_CORES; core++) {
        status->pending_events +=
            trace->ring[core].head - __atomic_load_n(&trace->ring[core].tail, __ATOMIC_RELAXED);
    }
    status->paused = trace->paused != 0;
    status->lost_ring_full = trace->lost[HT_LOST_FULL];
    status->lost_sink_slow = trace->lost[HT_LOST_SLOW];
    status->lost_suspects = __atomic_load_n(&trace->lost_said, __ATOMIC_RELAXED);
    ht_port_unlock(&tracker->lock, irq);
    return ESP_OK;
}

#else

size_t heaptrail_trace_memory_bytes(const heaptrail_trace_config_t *config)
{
    (void)config;
    return 0;
}

esp_err_t heaptrail_trace_start(const heaptrail_trace_config_t *config)
{
    (void)config;
    return ESP_ERR_NOT_SUPPORTED;
}

esp_err_t heaptrail_trace_poll(void)
{
    return ESP_ERR_NOT_SUPPORTED;
}

esp_err_t heaptrail_trace_stop(void)
{
    return ESP_ERR_NOT_SUPPORTED;
}

esp_err_t heaptrail_trace_recorded(void *memory, size_t bytes, heaptrail_trace_write_fn_t write,
                                   void *context, uint32_t *frames)
{
    (void)memory, (void)bytes, (void)write, (void)context, (void)frames;
    return ESP_ERR_NOT_SUPPORTED;
}

esp_err_t heaptrail_trace_rescue(void)
{
    return ESP_ERR_NOT_SUPPORTED;
}

esp_err_t heaptrail_trace_mark(const char *name)
{
    (void)name;
    return ESP_ERR_NOT_SUPPORTED;
}

esp_err_t heaptrail_trace_snapshot(void)
{
    return ESP_ERR_NOT_SUPPORTED;
}

esp_err_t heaptrail_trace_status(heaptrail_trace_status_t *status)
{
    if (status == NULL) { return ESP_ERR_INVALID_ARG; }
    *status = (heaptrail_trace_status_t){0};
    return ESP_ERR_NOT_SUPPORTED;
}

#endif
