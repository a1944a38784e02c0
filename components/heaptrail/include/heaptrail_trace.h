/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_trace.h
 * The trace: everything that happens to the heap, a few bytes per event, sent to the desk as it
 * happens. SPEC.md, section 5, has the bytes; the program `heaptrail` reads them.
 *
 *     malloc() ── tracker ──► ring of raw events, one per core ──► heaptrail_trace_poll() ──► write
 *
 * Each event is 24 bytes in a ring (40 on 64-bit platforms) and about 6 on the wire. What does not
 * fit into the ring is lost and counted, never waited for: the program is not slowed down by a slow
 * line. After a loss, and at the start, follows a snapshot of all live blocks.
 *
 * Nothing here is called by heaptrail itself, but for the flight recorder of
 * CONFIG_HEAPTRAIL_TRACE_RECORDER_BYTES. With CONFIG_HEAPTRAIL_TRACE off, and without static
 * memory for it, the functions say ESP_ERR_NOT_SUPPORTED.
 *
 * Unless a function says otherwise it may be called from any task, not from an ISR
 * (ESP_ERR_INVALID_STATE), allocates nothing, and takes the tracker's lock for constant slices.
 */
#pragma once

#include "esp_err.h"
#include "heaptrail_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Where the trace goes. Called from heaptrail_trace_poll() and _stop(), in their task, with no lock
 * held; may block, allocate and log.
 *
 * @param context As in heaptrail_trace_config_t.
 * @param bytes   A whole frame as it is on the wire: it begins and ends with a byte 0 and holds no
 *                other, no line end and no flow control character, so that it may stand between
 *                lines of text. After a call that took less: the rest of that frame.
 * @param length  How many.
 * @return How many were taken, 0 .. length. The rest is offered again by the next poll; meanwhile
 *         the ring fills, and what is lost then is told as lost by a slow sink.
 */
typedef size_t (*heaptrail_trace_write_fn_t)(void *context, const void *bytes, size_t length);

/** What happens when the ring is full. */
typedef enum {
    HEAPTRAIL_TRACE_DROP = 0, /**< events are lost, one by one, until there is room */
    HEAPTRAIL_TRACE_PAUSE,    /**< the trace ends there, and begins again with a snapshot when all
                                 that was before is written: long pieces without a gap */
    HEAPTRAIL_TRACE_RECORDER  /**< flight recorder: nothing is sent; the latest frames are kept in
                                 `recorder`, each of which can be read alone. What the ring itself
                                 loses is lost as with HEAPTRAIL_TRACE_DROP */
} heaptrail_trace_policy_t;

/** How to trace. All zero but `write` is good. */
typedef struct {
    heaptrail_trace_write_fn_t write;
    void *context; /**< handed to `write` */
    heaptrail_trace_policy_t policy;
    uint32_t ring_events;          /**< for each core, 16 .. 2^20, rounded down to a power of two;
                                        0: CONFIG_HEAPTRAIL_TRACE_RING_EVENTS */
    uint32_t frame_bytes;          /**< of a frame on the wire at most, 1024 .. 4096; 0: 1024 */
    uint32_t counters_interval_ms; /**< the tracker's own sums are sent; 0: 10 s, UINT32_MAX: only
                                        with marks */
    uint32_t heaps_interval_ms;    /**< the heaps are measured (heaptrail_sample()) and that is
                                        sent; 0: 10 s, UINT32_MAX: never */
    void *memory;                  /**< rings and frame, aligned to 8; NULL: static memory of
                                        Kconfig's size */
    size_t memory_bytes;           /**< at least heaptrail_trace_memory_bytes(); 0 with NULL */
    void *recorder; /**< of HEAPTRAIL_TRACE_RECORDER, which has no `write`: memory that is not
                       cleared at the start (__NOINIT_ATTR, RTC_NOINIT_ATTR), aligned to 4; NULL:
                       the memory of CONFIG_HEAPTRAIL_TRACE_RECORDER_BYTES */
    size_t recorder_bytes; /**< at least 4,132; more is a longer memory: some 10 bytes an event.
                              0 with NULL */
    uint32_t latency_ms; /**< a frame that is not full waits so long for more events, about: larger
                            frames, fewer bytes an event. 0: each poll sends what there is.
                            Marks, failures and errors are sent by the next poll anyway */
} heaptrail_trace_config_t;

/** What became of a trace so far. Counters are of the trace that runs, or of the last one. */
typedef struct {
    bool running;            /**< events are recorded */
    bool draining;           /**< stopped, but not all is written yet */
    bool paused;             /**< the ring was full (HEAPTRAIL_TRACE_PAUSE) */
    bool waiting;            /**< the sink took only a part of a frame */
    uint64_t events;         /**< written, or in the frame that is being filled */
    uint64_t bytes;          /**< taken by the sink */
    uint32_t frames;         /**< taken by the sink whole */
    uint32_t snapshots;      /**< that were complete */
    uint32_t pending_events; /**< slots in use in the rings */
    uint32_t most_pending;   /**< the most there were at the beginning of a poll, in one ring */
    uint32_t ring_events;    /**< slots in a ring */
    uint32_t lost_ring_full; /**< events */
    uint32_t lost_sink_slow; /**< events, while the sink took no more */
    uint32_t lost_suspects;  /**< of heaptrail_suspects_find(), with a trace running, that found no
                                room in the ring; the search itself counts as one */
    size_t memory_bytes;     /**< rings, frame and state */
} heaptrail_trace_status_t;

/** Bytes of memory that heaptrail_trace_start() wants for this configuration; 0 if it is not valid.
 * Any context. */
size_t heaptrail_trace_memory_bytes(const heaptrail_trace_config_t *config);

/**
 * Begin to trace. From now on each allocation and each free costs some 100 instructions more. The
 * snapshot of what is live already is sent by the polls that follow.
 *
 * @return ESP_OK; ESP_ERR_INVALID_ARG (the log names the field); ESP_ERR_INVALID_SIZE (memory too
 *         small); ESP_ERR_INVALID_STATE (a trace runs or is draining; or the tracker was not
 *         started yet: heaptrail_start()); ESP_ERR_NOT_SUPPORTED. A flight recorder that runs by
 *         itself (CONFIG_HEAPTRAIL_TRACE_RECORDER_BYTES) makes way.
 */
esp_err_t heaptrail_trace_start(const heaptrail_trace_config_t *config);

/**
 * Write what happened until now. Call it often enough that the ring does not fill: at 1,000
 * allocations and frees a second and a ring of 512 events, each 250 ms.
 *
 * @return ESP_OK; ESP_ERR_NOT_FINISHED (the sink took only a part: the rest waits);
 *         ESP_ERR_INVALID_STATE (no trace, or another task is in here).
 */
esp_err_t heaptrail_trace_poll(void);

/**
 * End the trace: nothing more is recorded, what waits is written.
 *
 * @return ESP_OK; ESP_ERR_NOT_FINISHED (the sink took only a part: go on with
 *         heaptrail_trace_poll(), or give up what is left with another heaptrail_trace_stop());
 *         ESP_ERR_INVALID_STATE (no trace, or another task is in here).
 */
esp_err_t heaptrail_trace_stop(void);

/**
 * Put a mark into the trace, exactly where it is called, with the tracker's sums of that moment.
 * (heaptrail_mark() is another thing: it is for queries on the device.) From tasks and ISRs, not
 * with the flash cache off; what an ISR sets is its core's, "(ISR core n)", at the place where it
 * interrupted: a block inside realloc() counts as freed there. Takes the lock once. O(heaps).
 *
 * @param name What it is called on the desk; cut to 31 bytes. May be NULL.
 * @return ESP_OK; ESP_ERR_INVALID_STATE (no trace); ESP_ERR_NO_MEM (the ring is full: counted).
 */
esp_err_t heaptrail_trace_mark(const char *name);

/** Have the next polls send a snapshot of all live blocks. ESP_ERR_INVALID_STATE: no trace. Any
 * context. O(1). */
esp_err_t heaptrail_trace_snapshot(void);

/**
 * Send what a flight recorder kept: of this boot, or of the one before a warm reset (then the
 * frames say so). Takes 1.5 KB of stack.
 *
 * Of memory of your own: call it before heaptrail_trace_start(), which begins the memory anew. Of
 * the ready one (NULL, 0): whenever you like, as often as you like; it is what the last boot before
 * this one left. The events that were not yet drained when the reset came are there if it was one
 * that heaptrail_trace_rescue() came before.
 *
 * @param recorder       The memory, as in heaptrail_trace_config_t.
 * @param recorder_bytes As there.
 * @param write          Where to; a frame that it takes only a part of is given up.
 * @param context        Handed to `write`.
 * @param frames         How many were sent; may be NULL.
 * @return ESP_OK; ESP_ERR_NOT_FOUND (the memory holds nothing that this firmware wrote);
 *         ESP_ERR_NOT_FINISHED (the sink took only a part); ESP_ERR_INVALID_ARG;
 *         ESP_ERR_INVALID_STATE (a trace runs); ESP_ERR_NOT_SUPPORTED (there is no ready memory).
 */
esp_err_t heaptrail_trace_recorded(void *recorder, size_t recorder_bytes,
                                   heaptrail_trace_write_fn_t write, void *context,
                                   uint32_t *frames);

/**
 * The firmware crashed: write what still lies in the rings into the flight recorder. For panic
 * handlers: everything else must stand still, on the other core too, and nothing may come after it
 * but the restart. Takes no lock, waits for nobody, allocates nothing, whatever was interrupted.
 * Some 1,200 instructions per event, 2.1 KB of stack. On ESP-IDF with
 * CONFIG_HEAPTRAIL_TRACE_RECORDER_BYTES it is called by itself.
 *
 * @return ESP_OK; ESP_ERR_INVALID_STATE (no flight recorder runs); ESP_ERR_NOT_SUPPORTED.
 */
esp_err_t heaptrail_trace_rescue(void);

/** How it goes. Any context. O(1). */
esp_err_t heaptrail_trace_status(heaptrail_trace_status_t *status);

#ifdef __cplusplus
}
#endif
