/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Random programs against what the test itself remembers: several tasks and interrupts, preempted
 * at random in the stand-in's deterministic mode (the seed says it all), and two cores really at
 * once.
 */
#include <malloc.h>
#include <stdlib.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "heaptrail_errors.h"
#include "heaptrail_site.h"

#define SLOTS 40
#define TASKS_MAX 8

/* What one task remembers of its own blocks. */
typedef struct {
    void *block[SLOTS];
    size_t size[SLOTS];
    uint64_t random;
    unsigned steps;
    bool checks;
    unsigned pause; /* ticks, at most, between some of its steps */
} worker_t;

static worker_t s_workers[TASKS_MAX];
static worker_t s_isr;
static volatile uint32_t s_running;

static uint32_t draw(worker_t *w, uint32_t below)
{
    w->random = w->random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(w->random >> 33) % below;
}

static uint32_t some_caps(worker_t *w)
{
    static const uint32_t caps[] = {MALLOC_CAP_8BIT, MALLOC_CAP_SPIRAM, MALLOC_CAP_DEFAULT,
                                    MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT, MALLOC_CAP_DMA};
    return caps[draw(w, 5)];
}

static void *make(worker_t *w, size_t size)
{
    void *p = NULL;
    switch (draw(w, 12)) {
    case 0:
        return malloc(size);
    case 1:
        return calloc(1, size);
    case 2:
        return heap_caps_calloc(1, size, some_caps(w));
    case 3:
        return heap_caps_aligned_alloc(64, size, MALLOC_CAP_8BIT);
    case 4:
        return HEAPTRAIL_MALLOC(size);
    case 5:
        return HEAPTRAIL_HEAP_CAPS_CALLOC(1, size, some_caps(w));
    case 6:
        return heap_caps_malloc_prefer(size, 2, MALLOC_CAP_SPIRAM, MALLOC_CAP_8BIT);
    case 7:
        return posix_memalign(&p, 32, size) == 0 ? p : NULL;
    case 8:
        return pvPortMalloc(size);
    default:
        return heap_caps_malloc(size, some_caps(w));
    }
}

static void *grow(worker_t *w, void *p, size_t size)
{
    switch (draw(w, 4)) {
    case 0:
        return realloc(p, size);
    case 1:
        return HEAPTRAIL_HEAP_CAPS_REALLOC(p, size, some_caps(w));
    case 2:
        return heap_caps_realloc_prefer(p, size, 2, MALLOC_CAP_DMA, MALLOC_CAP_SPIRAM);
    default:
        return heap_caps_realloc(p, size, some_caps(w));
    }
}

static size_t some_size(worker_t *w)
{
    if (draw(w, 30) == 0) { return (size_t)9 << 20; } /* fails */
    return 1 + draw(w, draw(w, 10) == 0 ? 6000 : 200);
}

/* What the tracker knows of slot `i` is what we know. */
static void expect_slot(const worker_t *w, unsigned i)
{
    if (w->block[i] == NULL) { return; }
    heaptrail_block_row_t row;
    size_t offset = 1;
    assert_int_equal(heaptrail_whois(w->block[i], &row, &offset), ESP_OK);
    assert_int_equal(offset, 0);
    assert_int_equal(row.size_bytes, w->size[i]);
}

static void step(worker_t *w)
{
    unsigned i = draw(w, SLOTS);
    size_t size = some_size(w);
    if (w->block[i] == NULL) {
        w->block[i] = make(w, size);
        w->size[i] = size;
    } else if (draw(w, 3) == 0) {
        void *p = grow(w, w->block[i], size);
        if (p != NULL) {
            w->block[i] = p;
            w->size[i] = size;
        }
    } else {
        heap_caps_free(w->block[i]);
        w->block[i] = NULL;
    }
    if (w->checks && !xPortInIsrContext()) {
        expect_slot(w, i);
        esp_check();
    }
}

static void free_all(worker_t *w)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        free(w->block[i]);
        w->block[i] = NULL;
    }
}

static void interrupt(void *arg)
{
    (void)arg;
    worker_t *w = &s_isr;
    unsigned i = draw(w, SLOTS);
    if (w->block[i] == NULL) {
        w->size[i] = 1 + draw(w, 100);
        w->block[i] =
            draw(w, 2) ? heap_caps_malloc(w->size[i], MALLOC_CAP_8BIT) : malloc(w->size[i]);
    } else {
        heap_caps_free(w->block[i]);
        w->block[i] = NULL;
    }
}

static void work(void *arg)
{
    worker_t *w = arg;
    for (unsigned n = 0; n < w->steps; n++) {
        step(w);
        if (n % 64 == 63) { vTaskDelay(1); }
        if (w->pause != 0 && n % 4 == 3) { vTaskDelay(1 + draw(w, w->pause)); }
    }
    __atomic_fetch_sub(&s_running, 1, __ATOMIC_SEQ_CST);
    vTaskDelete(NULL);
}

static bool is_ours(const heaptrail_block_row_t *row)
{
    return strncmp(row->task_name, "work", 4) == 0 || row->in_isr;
}

typedef struct {
    unsigned blocks;
    size_t bytes;
} sum_t;

static bool add_ours(void *context, const heaptrail_block_row_t *row)
{
    sum_t *sum = context;
    if (is_ours(row)) {
        sum->blocks++;
        sum->bytes += row->size_bytes;
    }
    return true;
}

/* With every task at rest: what we remember and what is recorded are the same, block for block. */
static void compare(unsigned tasks)
{
    sum_t mine = {0};
    for (unsigned t = 0; t <= tasks; t++) {
        const worker_t *w = t < tasks ? &s_workers[t] : &s_isr;
        for (unsigned i = 0; i < SLOTS; i++) {
            expect_slot(w, i);
            mine.blocks += w->block[i] != NULL;
            mine.bytes += w->block[i] != NULL ? w->size[i] : 0;
        }
    }
    sum_t theirs = {0};
    assert_int_equal(heaptrail_for_each_block(NULL, add_ours, &theirs, NULL), ESP_OK);
    assert_int_equal(theirs.blocks, mine.blocks);
    assert_int_equal(theirs.bytes, mine.bytes);
    esp_check();
}

static unsigned s_tasks;

static void run(void *arg)
{
    (void)arg;
    s_running = s_tasks;
    for (unsigned t = 0; t < s_tasks; t++) {
        char name[16];
        snprintf(name, sizeof(name), "work %u", t);
        assert_int_equal(
            xTaskCreatePinnedToCore(work, name, 4096, &s_workers[t], 2, NULL, (BaseType_t)(t % 2)),
            pdPASS);
    }
    while (__atomic_load_n(&s_running, __ATOMIC_SEQ_CST) != 0) {
        vTaskDelay(1 + s_workers[0].pause);
        if (s_workers[0].checks) { continue; }
        if (s_workers[0].pause !=
            0) { /* no report: a failure that is being explained has the query */
            esp_check();
            continue;
        }
        (void)esp_report(HEAPTRAIL_REPORT_SUMMARY); /* questions meanwhile */
        assert_int_equal(heaptrail_sample(), ESP_OK);
    }
    sim_isr_detach_all();
    vTaskDelay(20); /* the idle task buries them, and a last interrupt ends */
    compare(s_tasks);
    for (unsigned t = 0; t < s_tasks; t++) {
        free_all(&s_workers[t]);
    }
    free_all(&s_isr);
    compare(s_tasks);
}

static unsigned s_pause; /* ticks between some steps of a task, at most */

static void stress(const sim_config_t *config, unsigned tasks, unsigned steps, bool checks)
{
    sim_init(config);
    assert_int_equal(heaptrail_reset(), ESP_OK); /* the heaps are empty again */
    s_tasks = tasks;
    for (unsigned t = 0; t < tasks; t++) {
        s_workers[t] = (worker_t){
            .random = config->seed * 1000 + t, .steps = steps, .checks = checks, .pause = s_pause};
    }
    s_isr = (worker_t){.random = config->seed};
    assert_true(sim_isr_attach(interrupt, NULL));
    print_message("seed %llu\n", (unsigned long long)config->seed);
    assert_int_equal(sim_run(run, NULL), SIM_RUN_RETURNED);
    heaptrail_status_t status = esp_status();
    assert_int_equal(status.loss.table_full + status.loss.table_crowded, 0);
    /* Nothing but tasks that were there before the reset can be freed without a record. */
    assert_in_range(status.loss.unknown_frees, 0, 8);
    assert_int_equal(heaptrail_release_quarantine(), ESP_OK); /* the next run has other heaps */
    heaptrail_check_status_t found;
    assert_int_equal(heaptrail_check_status(&found), ESP_OK);
    assert_int_equal(found.reported + found.repeated, 0);
    assert_true(heap_caps_check_integrity_all(true));
}

static void test_deterministic(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        sim_config_t config;
        sim_config_default(&config);
        config.seed = seed;
        config.preempt_per_mille = 150;
        config.isr_per_mille = 60;
        stress(&config, 4, 250, true);
    }
}

static void test_deterministic_with_failures(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    config.seed = 77;
    config.preempt_per_mille = 300;
    config.isr_per_mille = 20;
    config.region_bytes[SIM_REGION_PSRAM] = 65536; /* and memory runs out now and then */
    stress(&config, 4, 400, true);
}

static void test_two_cores(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    config.seed = 5;
    config.parallel = true;
    config.isr_period_us =
        0; /* two cores would share the interrupts' slots; above there are interrupts */
    stress(&config, 8, 3000, false);
}

/* Once is enough: with sanitizers and in an emulator it takes minutes. */
#if ESP_CHECKED && UINTPTR_MAX > 0xffffffffU && !defined(__SANITIZE_THREAD__) &&                   \
    !defined(__SANITIZE_ADDRESS__)
#define STRESS_AN_HOUR 1
#else
#define STRESS_AN_HOUR 0
#endif

#if STRESS_AN_HOUR
/* An hour of model time: eight tasks that work and sleep, interrupts, memory that runs out. */
static void test_an_hour(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    config.seed = 3600;
    config.preempt_per_mille = 50;
    config.isr_per_mille = 20;
    config.region_bytes[SIM_REGION_PSRAM] = 65536;
    s_pause = 2000;
    stress(&config, 8, 14400, false);
    s_pause = 0;
    printf("  %llu s of model time\n", (unsigned long long)(sim_clock_us() / 1000000U));
    assert_true(sim_clock_us() >= 3600ULL * 1000000U);
}
#endif

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_deterministic),
    cmocka_unit_test(test_deterministic_with_failures),
    cmocka_unit_test(test_two_cores),
#if STRESS_AN_HOUR
    cmocka_unit_test(test_an_hour),
#endif
};

ESP_TEST_MAIN(s_tests)
