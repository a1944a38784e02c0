/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The tracker against the oracle, for many seeds and several sizes.
 *   HEAPTRAIL_SEED   only this seed    HEAPTRAIL_SEEDS  how many    HEAPTRAIL_STEPS  of each
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model.h"

typedef struct {
    const char *name;
    ht_sizes_t sizes;
    stream_config_t stream;
    size_t watched_bytes; /* of a memory with low-memory watches; 0: none */
} setting_t;

/* How many seeds take a few seconds: fewer under an emulator, fewer still where each access is
 * watched (there is one thread only). */
#if defined(__SANITIZE_THREAD__)
#define USUAL_SEEDS 5U
#elif UINTPTR_MAX > 0xffffffffU
#define USUAL_SEEDS 250U
#else
#define USUAL_SEEDS 10U
#endif

/* What the stream takes varies around a half of it. */
#define WATCHED_BYTES ((size_t)40000U)

static uint32_t number(const char *name, uint32_t usual)
{
    const char *given = getenv(name);
    return given != NULL ? (uint32_t)strtoul(given, NULL, 0) : usual;
}

static uint64_t s_fired; /* watches */

static void run_one(const setting_t *setting, uint64_t seed, uint32_t steps)
{
    model_t *model = malloc(sizeof(*model));
    assert_non_null(model);
    if (setting->watched_bytes != 0) {
        model_init_watched(model, &setting->sizes, &setting->stream, seed, setting->watched_bytes);
    } else {
        model_init(model, &setting->sizes, &setting->stream, seed);
    }
    bool good = true;
    for (uint32_t i = 0; good && i < steps; i++) {
        good = model_step(model);
        if (good && (i % 97U == 0 || i + 1U == steps)) { good = model_compare(model); }
    }
    if (!good) {
        fail_msg("%s: %s\nagain: HEAPTRAIL_SEED=%llu", setting->name, model->wrong,
                 (unsigned long long)seed);
    }
    if (model->watch != NULL) { s_fired += model->watch->fired_ever; }
    model_deinit(model);
    free(model);
}

static void run_setting(const setting_t *setting)
{
    uint32_t seeds = number("HEAPTRAIL_SEEDS", USUAL_SEEDS);
    uint32_t steps = number("HEAPTRAIL_STEPS", 2000);
    uint64_t first = stream_seed(1);
    if (getenv("HEAPTRAIL_SEED") != NULL) { seeds = 1; }
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        run_one(setting, seed, steps);
    }
}

static setting_t usual(const char *name)
{
    return (setting_t){
        .name = name,
        .sizes = {.max_blocks = 120,
                  .max_origins = 40,
                  .frame_words = 100,
                  .max_tasks = 20,
                  .max_failures = 8,
                  .stack_depth = 4},
        .stream = stream_usual,
    };
}

static void test_usual_sizes(void **state)
{
    (void)state;
    setting_t setting = usual("usual");
    run_setting(&setting);
}

static void test_tables_that_overflow_all_the_time(void **state)
{
    (void)state;
    setting_t setting = usual("tiny");
    setting.sizes = (ht_sizes_t){.max_blocks = 5,
                                 .max_origins = 3,
                                 .frame_words = 4,
                                 .max_tasks = 2,
                                 .max_failures = 1,
                                 .stack_depth = 4};
    setting.stream.blocks = 20;
    run_setting(&setting);
}

static void test_table_at_its_limit(void **state)
{
    (void)state;
    setting_t setting = usual("limit");
    setting.sizes.max_blocks = 70;
    setting.sizes.max_tasks = 4;
    setting.sizes.max_failures = 0;
    setting.stream.blocks = 78;
    setting.stream.weights[STREAM_ALLOC] = 900;
    run_setting(&setting);
}

static void test_tasks_that_come_and_go(void **state)
{
    (void)state;
    setting_t setting = usual("tasks");
    setting.sizes.max_tasks = 25;
    setting.stream.tasks = 24;
    setting.stream.weights[STREAM_TASK_CREATE] = 300;
    setting.stream.weights[STREAM_TASK_DELETE] = 290;
    setting.stream.weights[STREAM_TASK_SWITCH] = 600;
    run_setting(&setting);
}

/* The same with low-memory watches: each block takes the tracker's slow way. */
static void test_with_watches(void **state)
{
    (void)state;
    setting_t setting = usual("watched");
    setting.watched_bytes = WATCHED_BYTES;
    s_fired = 0;
    run_setting(&setting);
    printf("%llu times a watch fired\n", (unsigned long long)s_fired);
    if (getenv("HEAPTRAIL_SEED") == NULL) { assert_true(s_fired >= 4U * USUAL_SEEDS); }
}

static void test_with_watches_and_full_tables(void **state)
{
    (void)state;
    setting_t setting = usual("watched, full");
    setting.watched_bytes = WATCHED_BYTES;
    setting.sizes.max_blocks = 20;
    setting.sizes.max_origins = 8;
    setting.stream.weights[STREAM_STOP] = 8;
    run_setting(&setting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual_sizes),
        cmocka_unit_test(test_tables_that_overflow_all_the_time),
        cmocka_unit_test(test_table_at_its_limit),
        cmocka_unit_test(test_tasks_that_come_and_go),
        cmocka_unit_test(test_with_watches),
        cmocka_unit_test(test_with_watches_and_full_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
