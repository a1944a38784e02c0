/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_turns.h
 * What heaptrail does now and then by itself, in the task of esp_timer. Its timer is made by an
 * idle hook, since esp_timer is not ready when constructors run.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "esp_timer.h"
#include "ht_config.h"
#include "ht_ready.h"

/** The scrubber has turns. */
#define HT_TURNS_SCRUB (CONFIG_HEAPTRAIL_SCRUB_ROUND_MS > 0 && HT_CONFIG_CHECKS)
/** Somebody has: else there is no ht_turns_begin(). (HT_READY: the recorder.) */
#define HT_TURNS (HT_TURNS_SCRUB || HT_READY)

/** Static memory of the caller's. */
typedef struct {
    const char *name;    /**< of the timer */
    esp_timer_cb_t turn; /**< called with NULL, in the task of esp_timer */
    uint32_t period_us;  /**< from turn to turn */
    esp_timer_handle_t timer;
    bool started;
    int64_t next_try_us;
} ht_turns_t;

/**
 * Have the turns begun? Begins them if not: without memory it is tried again, once a second. For
 * the idle hook of one core, which is called over and over; O(1) then.
 */
bool ht_turns_begin(ht_turns_t *turns);
