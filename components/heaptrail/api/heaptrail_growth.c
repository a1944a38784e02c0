/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The history of floors of the default tracker: its memory, its samples, what it says of a site. */
#include "heaptrail_leaks.h"
#include "ht_config.h"
#include "ht_default.h"
#include "ht_history.h"

#if CONFIG_HEAPTRAIL_GROWTH_SITES > 0
static ht_floor_row_t s_rows[CONFIG_HEAPTRAIL_GROWTH_SITES];
#else /* no room, and none is asked for */
static ht_floor_row_t *const s_rows = NULL;
#endif

static ht_floors_t s_history; /* all zero: not begun, and with the static rows from then on */

/* As esp_heap_caps.h has them: 8BIT 2, INTERNAL 11, DEFAULT 12. What is scarce, and what malloc()
 * takes; with no PSRAM that is the same. */
const uint32_t ht_history_caps[HT_FLOORS_KINDS] = {1U << 11 | 1U << 2, 1U << 12};

/* Samples are short, but their task may have to wait for the one that asks. */
#define WAITS 50U
#define WAIT_MS 10U

static bool claim(ht_tracker_t *tracker)
{
    if (!ht_floors_claim(&s_history, tracker)) { return false; }
    if (s_history.rows == NULL) {
        ht_floors_open(&s_history, s_rows, CONFIG_HEAPTRAIL_GROWTH_SITES);
    }
    return true;
}

ht_floors_t *ht_history_take(ht_tracker_t *tracker)
{
    for (uint32_t i = 0; i < WAITS; i++) {
        if (claim(tracker)) { return &s_history; }
        if (!ht_port_wait_ms(WAIT_MS)) { break; }
    }
    return NULL;
}

void ht_history_give(ht_floors_t *history)
{
    ht_release(&history->busy);
}

void ht_history_hide(ht_scan_t *scan)
{
    ht_scan_hide(scan, &s_history, sizeof(s_history));
    if (s_history.rows != NULL) {
        ht_scan_hide(scan, s_history.rows, s_history.max * sizeof(*s_history.rows));
    }
}

/* False: nobody may ask now. */
static bool may_ask(const ht_tracker_t *tracker)
{
    return !ht_port_in_isr() && tracker->state != HT_STATE_NEW;
}

esp_err_t heaptrail_growth_sample(void)
{
    ht_tracker_t *tracker = ht_default();
    if (!may_ask(tracker)) { return ESP_ERR_INVALID_STATE; }
    size_t free_bytes[HT_FLOORS_KINDS];
    for (uint32_t i = 0; i < HT_FLOORS_KINDS; i++) {
        free_bytes[i] = ht_port_free_bytes(ht_history_caps[i]);
    }
    if (!claim(tracker)) { return ESP_ERR_INVALID_STATE; }
    bool has_room = s_history.max != 0;
    if (has_room) { ht_floors_sample(&s_history, tracker, ht_port_uptime_us(), free_bytes); }
    ht_history_give(&s_history);
    return has_room ? ESP_OK : ESP_ERR_NOT_SUPPORTED;
}

esp_err_t heaptrail_growth_memory(void *memory, size_t bytes)
{
    size_t max = bytes / sizeof(ht_floor_row_t);
    if (memory == NULL ? bytes != 0
                       : max == 0 || (uintptr_t)memory % _Alignof(ht_floor_row_t) != 0) {
        return ESP_ERR_INVALID_ARG;
    }
    ht_tracker_t *tracker = ht_default();
    if (!may_ask(tracker) || !claim(tracker)) { return ESP_ERR_INVALID_STATE; }
    if (max > UINT32_MAX) { max = UINT32_MAX; }
    ht_floors_open(&s_history, memory, (uint32_t)max);
    ht_history_give(&s_history);
    return ESP_OK;
}

heaptrail_growth_t ht_history_row(const ht_trend_t *trend)
{
    return (heaptrail_growth_t){
        .rises = trend->rises,
        .steady = trend->steady,
        .bytes_per_hour = trend->per_hour,
        .steps = trend->epochs,
        .rising_permille = trend->rising_permille,
        .span_us = trend->span_us,
        .from_bytes = trend->from_bytes,
        .to_bytes = trend->to_bytes,
    };
}

esp_err_t heaptrail_growth_of_site(uint32_t site_id, heaptrail_growth_t *growth)
{
    ht_tracker_t *tracker = ht_default();
    if (growth == NULL) { return ESP_ERR_INVALID_ARG; }
    ht_floors_t *history = may_ask(tracker) ? ht_history_take(tracker) : NULL;
    if (history == NULL) { return ESP_ERR_INVALID_STATE; }
    ht_trend_t trend = ht_floors_of(history, site_id);
    esp_err_t err = history->count == 0       ? ESP_ERR_INVALID_STATE
                    : site_id >= history->max ? ESP_ERR_NOT_FOUND
                                              : ESP_OK;
    ht_history_give(history);
    *growth = ht_history_row(&trend);
    return err;
}
