/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * All that speaks for a leak, by site: what the scan lost, floors that rise, what tasks left behind
 * that are gone, blocks much older than their kind; how sure that is, and in which order.
 */
#include <string.h>

#include "ht_default.h"
#include "ht_evidence.h"
#include "ht_history.h"
#include "ht_leak_sites.h"
#include "ht_query.h"
#include "ht_suppress.h"
#include "ht_trace_suspects.h"

#define TIMES 10U
#define FREES_MIN 16U
/* Nothing younger is overdue, however short its site's lives are. */
#define OVERDUE_MIN_US UINT64_C(60000000)
#define US_PER_HOUR UINT64_C(3600000000)

/* Sites that may be seen between heaptrail_suspects_memory_bytes() and the search. */
#define SPARE_SITES 8U

typedef ht_evidence_t evidence_t;

static struct {
    evidence_t *site; /* by number; once they are ranked, the suspects only */
    uint32_t count;
    volatile uint32_t busy;
    heaptrail_suspect_options_t options; /* memory, memory_bytes: what of it is left */
    heaptrail_suspect_summary_t summary;
    bool complete; /* `summary` is of a search that came to its end */
} s_found;

static bool looks_for(uint32_t evidence)
{
    return (s_found.options.evidence & evidence) != 0;
}

/* --- the scan ------------------------------------------------------------------------------------
 */

static bool add_lost(void *context, const heaptrail_leak_site_t *row)
{
    (void)context;
    if (row->origin.id < s_found.count) {
        evidence_t *site = &s_found.site[row->origin.id];
        site->lost_blocks = row->lost_blocks;
        site->with_blocks = row->with_blocks;
        site->possible_blocks = row->possible_blocks;
        site->indirect_blocks = row->indirect_blocks;
        site->lost_bytes = row->lost_bytes;
        site->with_bytes = row->with_bytes;
        site->possible_bytes = row->possible_bytes;
        site->indirect_bytes = row->indirect_bytes;
    }
    return true;
}

/* Does it all lie in the caller's memory? */
static bool is_given(void)
{
    return s_found.options.memory != NULL;
}

/* The next piece of the caller's memory. NULL: there is not so much left. */
static void *take_given(size_t bytes)
{
    heaptrail_suspect_options_t *options = &s_found.options;
    void *piece = options->memory;
    bytes = (bytes + 7U) & ~(size_t)7U;
    if (bytes > options->memory_bytes) { return NULL; }
    options->memory = (char *)piece + bytes;
    options->memory_bytes -= bytes;
    return piece;
}

/* All of it in the caller's memory, where that was given: an exhausted heap has no room. */
static esp_err_t find_lost(void)
{
    heaptrail_scan_options_t options = {0};
    if (s_found.options.scan != NULL) { options = *s_found.options.scan; }
    if (!is_given()) { return heaptrail_leaks_find(&options, &s_found.summary.scan); }
    const size_t bytes = ht_leak_sites_bytes(s_found.count);
    void *sums = take_given(bytes);
    if (sums == NULL) { return ESP_ERR_NO_MEM; }
    const bool brings_own = options.memory != NULL;
    if (!brings_own) {
        options.memory = s_found.options.memory;
        options.memory_bytes = s_found.options.memory_bytes;
    }
    esp_err_t err = ht_leak_sites_find(&options, &s_found.summary.scan, sums, bytes);
    return err == ESP_ERR_INVALID_SIZE && !brings_own ? ESP_ERR_NO_MEM : err;
}

/* Where there can be no scan, the rest is worth having. */
static esp_err_t scan(void)
{
    if (!looks_for(HEAPTRAIL_EVIDENCE_UNREACHABLE)) {
        s_found.summary.scanned = ESP_ERR_NOT_FOUND;
        return ESP_OK;
    }
    esp_err_t err = find_lost();
    if (err == ESP_OK) {
        (void)heaptrail_for_each_leak_site(add_lost, NULL);
        heaptrail_leaks_forget();
        s_found.summary.disturbed = s_found.summary.scan.disturbed;
    }
    s_found.summary.scanned = err;
    return err == ESP_ERR_NOT_SUPPORTED || err == ESP_ERR_NO_MEM ? ESP_OK : err;
}

/* --- the table -----------------------------------------------------------------------------------
 */

/* The bucket of lives that 19 of 20 do not reach beyond; the last one has no end. */
static uint32_t usual_bucket(const heaptrail_site_row_t *row, uint32_t frees_min)
{
    uint32_t frees = 0;
    for (uint32_t b = 0; b < HEAPTRAIL_LIFETIME_BUCKETS; b++) {
        frees += row->lifetimes[b];
    }
    uint32_t longer = frees;
    for (uint32_t b = 0; b < HEAPTRAIL_LIFETIME_BUCKETS && frees >= frees_min; b++) {
        longer -= row->lifetimes[b];
        if (longer <= frees / 20U) { return b; }
    }
    return HEAPTRAIL_LIFETIME_BUCKETS - 1U;
}

/* What lives of a site, and from which age on a block of it is overdue. */
static void begin_site(ht_tracker_t *tracker, uint32_t id)
{
    heaptrail_site_row_t row;
    evidence_t *site = &s_found.site[id];
    site->id = id;
    if (!ht_query_site(tracker, id, &row)) { return; }
    site->live_blocks = row.live_blocks;
    site->live_bytes = row.live_bytes;
    uint32_t bucket = usual_bucket(&row, s_found.options.frees_min);
    if (!looks_for(HEAPTRAIL_EVIDENCE_OVERDUE) || bucket == HEAPTRAIL_LIFETIME_BUCKETS - 1U) {
        return;
    }
    const uint64_t least = OVERDUE_MIN_US / 1000U * ht_port_tick_hz() / 1000U;
    uint64_t limit = (uint64_t)s_found.options.overdue_times << bucket;
    if (limit < least) { limit = least; }
    site->usual_ticks = 1U << bucket;
    site->limit_ticks = limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX;
}

/* A word that others write under the lock: a task ends now or a moment later. */
__attribute__((no_sanitize("thread"))) static bool is_gone(const ht_tracker_t *tracker,
                                                           uint32_t task)
{
    return *(const volatile uint32_t *)&tracker->tasks.rows[task].used == HT_TASK_GONE;
}

static void note_left(const ht_tracker_t *tracker, evidence_t *site, const ht_record_t *record)
{
    uint32_t task = ht_record_task(record).index;
    uint32_t wanted = s_found.options.task_id;
    if (!is_gone(tracker, task) || (wanted != 0 && wanted != task)) { return; }
    if (site->left_blocks == 0) {
        site->left_task = task;
    } else if (site->left_task != task) {
        site->left_by_many = true;
    }
    site->left_blocks++;
    site->left_bytes += ht_record_size(record);
}

static void note_overdue(evidence_t *site, const ht_record_t *record, ht_tick_t now)
{
    ht_tick_t age = ht_age(now, record->tick);
    if (site->limit_ticks == 0 || age < site->limit_ticks) { return; }
    site->overdue_blocks++;
    site->overdue_bytes += ht_record_size(record);
    if (age > site->oldest_ticks) { site->oldest_ticks = age; }
}

static void walk_table(ht_tracker_t *tracker)
{
    ht_tick_t now = ht_port_tick();
    uint32_t moves_at_start = 0;
    for (uint32_t b = 0; b <= tracker->table.bucket_count; b++) {
        ht_record_t records[HT_BUCKET_SLOTS];
        uint32_t moves = 0;
        uint32_t count = ht_query_bucket(tracker, b, records, &moves);
        if (b == 0) { moves_at_start = moves; }
        s_found.summary.disturbed |= moves != moves_at_start;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t id = ht_record_origin(&records[i]).index;
            if (id >= s_found.count) { continue; }
            if (looks_for(HEAPTRAIL_EVIDENCE_TASK_GONE)) {
                note_left(tracker, &s_found.site[id], &records[i]);
            }
            note_overdue(&s_found.site[id], &records[i], now);
        }
    }
}

/* --- growth, and when memory runs out ------------------------------------------------------------
 */

/* More than one kind of memory may be running out: the first that does. */
static void exhaust(uint32_t caps, size_t free_bytes, uint64_t per_hour)
{
    heaptrail_exhaustion_t *first = &s_found.summary.exhaustion;
    if (per_hour == 0 || free_bytes == SIZE_MAX) { return; }
    /* Free bytes are below 2^41 on any machine that runs out: see ht_trend(). */
    uint64_t hours = free_bytes / per_hour;
    uint64_t left_us =
        hours < UINT64_C(1) << 31
            ? hours * US_PER_HOUR + free_bytes % per_hour * (US_PER_HOUR / 1000U) / per_hour * 1000U
            : UINT64_MAX;
    if (first->caps == 0 || left_us < first->left_us) {
        *first = (heaptrail_exhaustion_t){caps, free_bytes, per_hour, left_us};
    }
}

/* What the heaps say, which lose headers and redzones too. Only if some site, or the heap itself,
 * leaves no doubt. Else what the sites say. */
static void exhaust_kinds(const ht_floors_t *history, const size_t *free_bytes, bool some_rise)
{
    for (uint32_t i = 0; i < HT_FLOORS_KINDS; i++) {
        ht_trend_t trend;
        if (ht_floors_of_kind(history, i, &trend) && (trend.steady || (trend.rises && some_rise))) {
            exhaust(ht_history_caps[i], free_bytes[i], (uint64_t)trend.per_hour);
        }
    }
    if (s_found.summary.exhaustion.caps == 0) {
        exhaust(ht_history_caps[0], free_bytes[0], s_found.summary.bytes_per_hour);
    }
}

static void judge_growth(ht_tracker_t *tracker, const size_t *free_bytes)
{
    heaptrail_suspect_summary_t *summary = &s_found.summary;
    ht_floors_t *history = looks_for(HEAPTRAIL_EVIDENCE_GROWTH) ? ht_history_take(tracker) : NULL;
    if (history == NULL) { return; }
    for (uint32_t id = 0; id < s_found.count && id < history->max; id++) {
        s_found.site[id].trend = ht_floors_of(history, id);
        if (s_found.site[id].trend.rises) {
            summary->bytes_per_hour += (uint64_t)s_found.site[id].trend.per_hour;
        }
    }
    if (history->count != 0) {
        summary->growth_steps = history->count;
        summary->growth_span_us = history->last_us - history->began_us[0];
        summary->growth_left_out = s_found.count > history->max ? s_found.count - history->max : 0;
        exhaust_kinds(history, free_bytes, summary->bytes_per_hour != 0);
    }
    ht_history_give(history);
}

/* --- the ranking ---------------------------------------------------------------------------------
 */

static void rank(const ht_tracker_t *tracker)
{
    uint32_t suspects = 0;
    for (uint32_t id = 0; id < s_found.count; id++) {
        evidence_t *site = &s_found.site[id];
        bool wanted = s_found.options.site_id == 0 || s_found.options.site_id == id;
        if (!wanted || !ht_evidence_judge(site)) { continue; }
        const heaptrail_origin_t origin = ht_query_origin(tracker, (ht_origin_id_t){id});
        if (ht_suppressed(&origin)) {
            s_found.summary.suppressed_sites++;
            continue;
        }
        s_found.summary.sites[site->sure]++;
        s_found.site[suspects++] = *site;
    }
    s_found.count = suspects;
    ht_evidence_sort(s_found.site, suspects);
}

static esp_err_t gather(ht_tracker_t *tracker)
{
    size_t free_bytes[HT_FLOORS_KINDS];
    for (uint32_t i = 0; i < HT_FLOORS_KINDS; i++) { /* before the scan takes some of it */
        free_bytes[i] = ht_port_free_bytes(ht_history_caps[i]);
    }
    const size_t bytes = s_found.count * sizeof(*s_found.site);
    s_found.site = is_given() ? take_given(bytes) : ht_port_scratch(bytes);
    if (s_found.site == NULL) { return is_given() ? ESP_ERR_INVALID_SIZE : ESP_ERR_NO_MEM; }
    memset(s_found.site, 0, s_found.count * sizeof(*s_found.site));
    esp_err_t err = scan();
    if (err != ESP_OK) { return err; }
    for (uint32_t id = 0; id < s_found.count; id++) {
        begin_site(tracker, id);
    }
    walk_table(tracker);
    judge_growth(tracker, free_bytes);
    rank(tracker);
    return ESP_OK;
}

static void give_back(void)
{
    if (s_found.site != NULL && !is_given()) { ht_port_scratch_free(s_found.site); }
    s_found.options.memory = NULL; /* a block of the heap it may be: nothing here points to it */
    s_found.site = NULL;
    s_found.count = 0;
    ht_release(&s_found.busy);
}

static void set_options(const heaptrail_suspect_options_t *options)
{
    heaptrail_suspect_options_t *set = &s_found.options;
    *set = options != NULL ? *options : (heaptrail_suspect_options_t){0};
    if (set->evidence == 0) { set->evidence = HEAPTRAIL_EVIDENCE_ALL; }
    if (set->overdue_times == 0) { set->overdue_times = TIMES; }
    if (set->frees_min == 0) { set->frees_min = FREES_MIN; }
}

static bool is_memory(const heaptrail_suspect_options_t *options)
{
    if (options == NULL) { return true; }
    if (options->memory == NULL) { return options->memory_bytes == 0; }
    return ((uintptr_t)options->memory & 7U) == 0;
}

size_t heaptrail_suspects_memory_bytes(void)
{
    const uint32_t sites = ht_default()->origins.count + 1U + SPARE_SITES;
    return sites * sizeof(evidence_t) + ht_leak_sites_bytes(sites) + heaptrail_scan_memory_bytes();
}

esp_err_t heaptrail_suspects_find(const heaptrail_suspect_options_t *options,
                                  heaptrail_suspect_summary_t *summary)
{
    ht_tracker_t *tracker = ht_default();
    if (!is_memory(options)) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr() || tracker->state == HT_STATE_NEW ||
        !ht_claim(&tracker->lock, &s_found.busy)) {
        return ESP_ERR_INVALID_STATE;
    }
    set_options(options);
    memset(&s_found.summary, 0, sizeof(s_found.summary));
    s_found.count = tracker->origins.count + 1U;
    s_found.complete = false;
    esp_err_t err = gather(tracker);
    s_found.complete = err == ESP_OK;
    if (summary != NULL) { *summary = s_found.summary; }
    if (err == ESP_OK) { ht_trace_suspects(&s_found.options, &s_found.summary, s_found.count); }
    if (err != ESP_OK) { give_back(); }
    return err;
}

esp_err_t heaptrail_suspects_last(heaptrail_suspect_summary_t *summary)
{
    if (summary == NULL) { return ESP_ERR_INVALID_ARG; }
    if (!s_found.complete) { return ESP_ERR_NOT_FOUND; }
    *summary = s_found.summary;
    return ESP_OK;
}

/* --- handing out ---------------------------------------------------------------------------------
 */

static void fill_left(const ht_tracker_t *tracker, const evidence_t *site, heaptrail_suspect_t *row)
{
    row->left_blocks = site->left_blocks;
    row->left_bytes = site->left_bytes;
    if (site->left_blocks == 0) { return; }
    row->left_tasks = site->left_by_many ? 2 : 1;
    row->left_task_id = site->left_task;
    memcpy(row->left_task, tracker->tasks.rows[site->left_task].name, sizeof(row->left_task));
    row->left_task[sizeof(row->left_task) - 1U] = '\0';
}

static void fill_overdue(const evidence_t *site, heaptrail_suspect_t *row)
{
    row->overdue_blocks = site->overdue_blocks;
    row->overdue_bytes = site->overdue_bytes;
    if (site->overdue_blocks == 0) { return; }
    row->overdue_age_us = ht_ticks_to_us(site->oldest_ticks);
    row->usual_life_us = ht_ticks_to_us(site->usual_ticks);
    row->overdue_times = (uint32_t)(site->oldest_ticks / site->usual_ticks);
}

static void fill_lost(const evidence_t *site, heaptrail_suspect_t *row)
{
    row->lost_blocks = site->lost_blocks;
    row->with_blocks = site->with_blocks;
    row->possible_blocks = site->possible_blocks;
    row->indirect_blocks = site->indirect_blocks;
    row->lost_bytes = site->lost_bytes;
    row->with_bytes = site->with_bytes;
    row->possible_bytes = site->possible_bytes;
    row->indirect_bytes = site->indirect_bytes;
}

esp_err_t heaptrail_for_each_suspect(heaptrail_suspect_fn_t fn, void *context)
{
    if (fn == NULL) { return ESP_ERR_INVALID_ARG; }
    if (s_found.site == NULL || !s_found.complete) { return ESP_ERR_INVALID_STATE; }
    const ht_tracker_t *tracker = ht_default();
    for (uint32_t i = 0; i < s_found.count; i++) {
        const evidence_t *site = &s_found.site[i];
        heaptrail_suspect_t row = {
            .origin = ht_query_origin(tracker, (ht_origin_id_t){site->id}),
            .rank = i,
            .sure = (heaptrail_sure_t)site->sure,
            .evidence = site->kinds,
            .live_blocks = site->live_blocks,
            .live_bytes = site->live_bytes,
            .growth = ht_history_row(&site->trend),
        };
        fill_lost(site, &row);
        fill_left(tracker, site, &row);
        fill_overdue(site, &row);
        if (!fn(context, &row)) { break; }
    }
    return ESP_OK;
}

/* Not what another task is gathering. */
void heaptrail_suspects_forget(void)
{
    if (s_found.site != NULL && s_found.complete) { give_back(); }
}
