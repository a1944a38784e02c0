/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What the unit tests of the core share: cmocka, and a tracker in one line. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ht_check.h"
#include "ht_query.h"
#include "ht_tracker.h"

#define ENTRIES(tests) (sizeof(tests) / sizeof((tests)[0]))

/* Half of the tick's range: how far apart two stamps may be. */
#define TICK_HALF ((ht_tick_t) ~(ht_tick_t)0 >> 1)

static const ht_sizes_t unit_sizes = {
    .max_blocks = 100,
    .max_origins = 20,
    .frame_words = 64,
    .max_tasks = 8,
    .max_failures = 4,
    .stack_depth = 4,
};

static inline void unit_make(ht_tracker_t *tracker, const ht_sizes_t *sizes)
{
    memset(tracker, 0, sizeof(*tracker));
    size_t bytes = ht_tracker_memory_bytes(sizes);
    assert_int_not_equal(bytes, 0);
    void *memory = calloc(1, bytes);
    assert_non_null(memory);
    ht_tracker_init(tracker, sizes, memory, HT_STATE_RUNNING);
}

/* The origins come first in a tracker's memory, so they are where it starts. */
static inline void unit_free(ht_tracker_t *tracker)
{
    free(tracker->origins.origins);
}

static inline ht_origin_id_t unit_origin(ht_tracker_t *tracker, const heaptrail_site_t *site,
                                         uint32_t caps)
{
    const ht_origin_key_t key = {.site = site, .caps = caps, .method = HEAPTRAIL_METHOD_MALLOC};
    return ht_origin_intern(&tracker->origins, &tracker->lock, &key);
}

static inline void unit_check(ht_tracker_t *tracker)
{
    const char *wrong = ht_check(tracker);
    if (wrong != NULL) { fail_msg("ht_check: %s", wrong); }
}

static inline void unit_be(uintptr_t key, const char *name)
{
    g_fake.task_key = key;
    g_fake.task_name = name;
}

static inline heaptrail_loss_t unit_loss(ht_tracker_t *tracker)
{
    heaptrail_status_t status;
    ht_query_status(tracker, &status);
    return status.loss;
}

static inline uint32_t unit_live(ht_tracker_t *tracker)
{
    heaptrail_status_t status;
    ht_query_status(tracker, &status);
    return status.live_blocks;
}

static inline int unit_setup(void **state)
{
    (void)state;
    fake_port_reset();
    return 0;
}
