/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Records 0x23 and 0x24 of the trace: what a search for leaks found. */
#include "ht_trace_suspects.h"

#include "ht_config.h"

#if HT_CONFIG_TRACE

#include "ht_default.h"
#include "ht_frame.h"
#include "ht_trace.h"

#define WAIT_MS 20U
#define WAITS 25U

static_assert((unsigned)HEAPTRAIL_EVIDENCE_UNREACHABLE == (unsigned)HT_EVIDENCE_UNREACHABLE &&
                  (unsigned)HEAPTRAIL_EVIDENCE_GROWTH == (unsigned)HT_EVIDENCE_GROWTH &&
                  (unsigned)HEAPTRAIL_EVIDENCE_TASK_GONE == (unsigned)HT_EVIDENCE_TASK_GONE &&
                  (unsigned)HEAPTRAIL_EVIDENCE_OVERDUE == (unsigned)HT_EVIDENCE_OVERDUE,
              "the trace has the bits of the interface");

/* The task's that searches: one at a time. */
static struct {
    uint32_t number; /* of the search, of those that were made while there was a trace */
    uint32_t waits;  /* that are left */
    uint8_t bytes[HT_TRACE_SAID_MAX];
} s_say;

static ht_bytes_t begin(void)
{
    return (ht_bytes_t){.bytes = s_say.bytes, .room = sizeof(s_say.bytes)};
}

static void lose(uint32_t records)
{
    ht_trace_t *trace = __atomic_load_n(&ht_default()->trace, __ATOMIC_RELAXED);
    if (trace == NULL) { return; }
    __atomic_store_n(&trace->lost_said, trace->lost_said + records, __ATOMIC_RELAXED);
}

/* Who drains may be the very task that searches: so not for long. */
static bool say(uint32_t tag, uint32_t origin, const ht_bytes_t *bytes)
{
    const ht_trace_said_t said = {
        .tag = tag, .origin = origin, .bytes = bytes->bytes, .length = bytes->used};
    bool traced = false;
    bool fits = bytes->used <= bytes->room && ht_trace_say(ht_default(), &said, &traced);
    while (!fits && traced && s_say.waits != 0 && ht_port_wait_ms(WAIT_MS)) {
        s_say.waits--;
        fits = ht_trace_say(ht_default(), &said, &traced);
    }
    if (!fits) { lose(1); }
    return fits;
}

static uint32_t scanned(esp_err_t err)
{
    switch (err) {
    case ESP_OK:
        return HT_SCANNED;
    case ESP_ERR_NOT_FOUND:
        return HT_SCANNED_NOT_ASKED;
    case ESP_ERR_NOT_SUPPORTED:
        return HT_SCANNED_NOT_SUPPORTED;
    case ESP_ERR_NO_MEM:
        return HT_SCANNED_NO_MEMORY;
    default:
        return HT_SCANNED_OTHER;
    }
}

static void put_scan(ht_bytes_t *bytes, const heaptrail_suspect_summary_t *summary)
{
    const heaptrail_scan_summary_t *scan = &summary->scan;
    ht_bytes_varint(bytes, scanned(summary->scanned));
    ht_bytes_varint(bytes, scan->passes);
    ht_bytes_varint(bytes, scan->words);
    ht_bytes_varint(bytes, scan->took_us);
    for (uint32_t i = 0; i < HEAPTRAIL_REACH_COUNT; i++) {
        ht_bytes_varint(bytes, scan->blocks[i]);
        ht_bytes_varint(bytes, scan->bytes[i]);
    }
    ht_bytes_varint(bytes, scan->young_blocks);
    ht_bytes_varint(bytes, scan->unsure_blocks);
    ht_bytes_varint(bytes, scan->left_out_blocks);
    ht_bytes_varint(bytes, (summary->disturbed ? HT_SEARCH_DISTURBED : 0U) |
                               (scan->disturbed ? HT_SEARCH_SCAN_DISTURBED : 0U));
}

static bool say_search(const heaptrail_suspect_options_t *options,
                       const heaptrail_suspect_summary_t *summary, uint32_t count)
{
    ht_bytes_t bytes = begin();
    const heaptrail_exhaustion_t *end = &summary->exhaustion;
    ht_bytes_varint(&bytes, s_say.number);
    ht_bytes_varint(&bytes, count);
    ht_bytes_varint(&bytes, options->evidence);
    ht_bytes_varint(&bytes, options->site_id);
    ht_bytes_varint(&bytes, options->task_id);
    put_scan(&bytes, summary);
    for (uint32_t i = 0; i < HEAPTRAIL_SURE_COUNT; i++) {
        ht_bytes_varint(&bytes, summary->sites[i]);
    }
    ht_bytes_varint(&bytes, summary->suppressed_sites);
    ht_bytes_varint(&bytes, summary->growth_steps);
    ht_bytes_varint(&bytes, summary->growth_span_us);
    ht_bytes_varint(&bytes, summary->growth_left_out);
    ht_bytes_varint(&bytes, summary->bytes_per_hour);
    ht_bytes_varint(&bytes, end->caps);
    ht_bytes_varint(&bytes, end->free_bytes);
    ht_bytes_varint(&bytes, end->bytes_per_hour);
    ht_bytes_varint(&bytes, end->left_us);
    return say(HT_TAG_SEARCH, 0, &bytes);
}

static void put_lost(ht_bytes_t *bytes, const heaptrail_suspect_t *row)
{
    ht_bytes_varint(bytes, row->lost_blocks);
    ht_bytes_varint(bytes, row->lost_bytes);
    ht_bytes_varint(bytes, row->with_blocks);
    ht_bytes_varint(bytes, row->with_bytes);
    ht_bytes_varint(bytes, row->possible_blocks);
    ht_bytes_varint(bytes, row->possible_bytes);
    ht_bytes_varint(bytes, row->indirect_blocks);
    ht_bytes_varint(bytes, row->indirect_bytes);
}

static void put_growth(ht_bytes_t *bytes, const heaptrail_growth_t *growth)
{
    ht_bytes_varint(bytes, (growth->rises ? HT_GROWTH_RISES : 0U) |
                               (growth->steady ? HT_GROWTH_STEADY : 0U));
    ht_bytes_zigzag(bytes, growth->bytes_per_hour);
    ht_bytes_varint(bytes, growth->steps);
    ht_bytes_varint(bytes, growth->rising_permille);
    ht_bytes_varint(bytes, growth->span_us);
    ht_bytes_varint(bytes, growth->from_bytes);
    ht_bytes_varint(bytes, growth->to_bytes);
}

static void put_left(ht_bytes_t *bytes, const heaptrail_suspect_t *row)
{
    ht_bytes_varint(bytes, row->left_blocks);
    ht_bytes_varint(bytes, row->left_bytes);
    ht_bytes_varint(bytes, row->left_task_id);
    ht_bytes_varint(bytes, row->left_tasks);
}

static void put_overdue(ht_bytes_t *bytes, const heaptrail_suspect_t *row)
{
    ht_bytes_varint(bytes, row->overdue_blocks);
    ht_bytes_varint(bytes, row->overdue_bytes);
    ht_bytes_varint(bytes, row->overdue_age_us);
    ht_bytes_varint(bytes, row->usual_life_us);
    ht_bytes_varint(bytes, row->overdue_times);
}

/* They come by rank: the context counts them. */
static bool say_suspect(void *context, const heaptrail_suspect_t *row)
{
    uint32_t *rank = context;
    ht_bytes_t bytes = begin();
    ht_bytes_varint(&bytes, s_say.number);
    ht_bytes_varint(&bytes, (*rank)++);
    ht_bytes_varint(&bytes, row->origin.id);
    ht_bytes_varint(&bytes, row->sure);
    ht_bytes_varint(&bytes, row->evidence);
    ht_bytes_varint(&bytes, row->live_blocks);
    ht_bytes_varint(&bytes, row->live_bytes);
    if ((row->evidence & HEAPTRAIL_EVIDENCE_UNREACHABLE) != 0) { put_lost(&bytes, row); }
    if ((row->evidence & HEAPTRAIL_EVIDENCE_GROWTH) != 0) { put_growth(&bytes, &row->growth); }
    if ((row->evidence & HEAPTRAIL_EVIDENCE_TASK_GONE) != 0) { put_left(&bytes, row); }
    if ((row->evidence & HEAPTRAIL_EVIDENCE_OVERDUE) != 0) { put_overdue(&bytes, row); }
    (void)say(HT_TAG_SUSPECT, row->origin.id, &bytes);
    return true;
}

void ht_trace_suspects(const heaptrail_suspect_options_t *options,
                       const heaptrail_suspect_summary_t *summary, uint32_t count)
{
    uint32_t rank = 0;
    if (!ht_tracing(ht_default())) { return; }
    s_say.number++;
    s_say.waits = WAITS;
    if (say_search(options, summary, count)) {
        (void)heaptrail_for_each_suspect(say_suspect, &rank);
    } else {
        lose(count);
    }
}

#else

void ht_trace_suspects(const heaptrail_suspect_options_t *options,
                       const heaptrail_suspect_summary_t *summary, uint32_t count)
{
    (void)options, (void)summary, (void)count;
}

#endif
