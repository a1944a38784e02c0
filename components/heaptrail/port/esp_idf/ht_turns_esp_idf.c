/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_turns.h"

#if HT_TURNS

#define RETRY_US 1000000

static bool make_timer(ht_turns_t *turns)
{
    if (turns->timer != NULL) { return true; }
    const esp_timer_create_args_t args = {
        .callback = turns->turn, .name = turns->name, .skip_unhandled_events = true};
    return esp_timer_create(&args, &turns->timer) == ESP_OK;
}

bool ht_turns_begin(ht_turns_t *turns)
{
    if (turns->started) { return true; }
    const int64_t now_us = esp_timer_get_time();
    if (now_us < turns->next_try_us) { return false; }
    turns->next_try_us = now_us + RETRY_US;
    turns->started =
        make_timer(turns) && esp_timer_start_periodic(turns->timer, turns->period_us) == ESP_OK;
    return turns->started;
}

#endif
