/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The reachability scan while tasks on both cores, and interrupts, allocate, move and free: random
 * graphs against the oracle, and nothing of anybody else's is called lost. */
#include <stdlib.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "hammer.h"
#include "heaptrail_leaks.h"
#include "reach.h"

#define OLD_MS 20U
#if defined(__SANITIZE_THREAD__)
#define GRAPHS 3U /* slow */
#else
#define GRAPHS 12U
#endif
#define TASKS 3U

static reach_graph_t s_graph;
static volatile uintptr_t s_roots[16];
static hammer_t s_hammer[TASKS + 2U]; /* tasks; the interrupts of both cores */
static volatile bool s_ends;
static volatile uint32_t s_running;

/* --- who runs meanwhile: in internal memory, so that no old pointer is to a block of the graph ---
 */

static void *make_internal(size_t bytes)
{
    return heap_caps_calloc(1, bytes, MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
}

static void hammer_task(void *arg)
{
    hammer_t *hammer = arg;
    while (!s_ends) {
        hammer_step(hammer);
        if (hammer->steps % 64U == 0) { vTaskDelay(1); }
    }
    __atomic_fetch_sub(&s_running, 1U, __ATOMIC_RELAXED);
    vTaskDelete(NULL);
}

static void on_interrupt(void *arg)
{
    (void)arg;
    hammer_step(&s_hammer[TASKS + (uint32_t)xPortGetCoreID()]);
}

static void begin_hammers(void)
{
    for (uint32_t i = 0; i < TASKS + 2U; i++) {
        hammer_init(&s_hammer[i], make_internal, heap_caps_free, i + 1U);
    }
    s_running = TASKS;
    for (uint32_t i = 0; i < TASKS; i++) {
        xTaskCreatePinnedToCore(hammer_task, "hammer", 4096, &s_hammer[i], 1U + i % 2U, NULL,
                                (BaseType_t)(i % 2U));
    }
    sim_isr_attach(on_interrupt, NULL);
}

static void end_hammers(void)
{
    s_ends = true;
    while (__atomic_load_n(&s_running, __ATOMIC_RELAXED) != 0) {
        vTaskDelay(1);
    }
    sim_isr_detach_all();
    for (uint32_t i = 0; i < TASKS + 2U; i++) {
        assert_true(hammer_is_whole(&s_hammer[i]));
    }
}

/* --- a graph -------------------------------------------------------------------------------------
 */

static uintptr_t value_of(reach_link_t link)
{
    return link.kind == REACH_NUMBER ? link.offset
                                     : (uintptr_t)SHOW(s_graph.block[link.to]) + link.offset;
}

FW static void fw_make_graph(uint32_t seed)
{
    reach_begin(&s_graph, seed * 2654435761U);
    for (uint32_t i = 0; i < s_graph.count; i++) {
        size_t bytes = s_graph.words[i] * sizeof(uintptr_t);
        s_graph.block[i] = HIDE(heap_caps_calloc(1, bytes != 0 ? bytes : 1U, MALLOC_CAP_SPIRAM));
    }
    for (uint32_t i = 0; i < s_graph.count; i++) {
        uintptr_t *words = SHOW(s_graph.block[i]);
        for (uint32_t w = 0; w < s_graph.words[i]; w++) {
            if (reach_random(&s_graph, 4) == 0) { words[w] = value_of(reach_link(&s_graph, i)); }
        }
    }
    uint32_t roots = reach_random(&s_graph, 16);
    for (uint32_t r = 0; r < roots; r++) {
        s_roots[r] = value_of(reach_link(&s_graph, REACH_MAX));
    }
    reach_solve(&s_graph);
}

static void free_graph(void)
{
    for (uint32_t r = 0; r < 16U; r++) {
        s_roots[r] = 0;
    }
    for (uint32_t i = 0; i < s_graph.count; i++) {
        heap_caps_free(SHOW(s_graph.block[i]));
    }
}

static struct {
    reach_t got[REACH_MAX];
    uintptr_t leader[REACH_MAX]; /* hidden */
    uint32_t strangers;
} s_seen;

static uint32_t number_of(uintptr_t hidden)
{
    uint32_t i = 0;
    while (i < s_graph.count && s_graph.block[i] != hidden) {
        i++;
    }
    return i;
}

static bool keep_row(void *context, const heaptrail_leak_row_t *row)
{
    (void)context;
    uint32_t i = number_of(HIDE(row->block.address));
    if (i < s_graph.count) {
        s_seen.got[i] = (reach_t)row->reach;
        s_seen.leader[i] = HIDE(row->leader);
    } else {
        s_seen.strangers += row->reach == HEAPTRAIL_LOST || row->reach == HEAPTRAIL_INDIRECTLY_LOST;
    }
    return true;
}

__attribute__((noinline)) static void scan_graph(void)
{
    const heaptrail_scan_options_t options = {
        .passes = 3, .pause_ms = 1, .age_min_us = OLD_MS * 1000U, .slice_words = 512, .all = true};
    heaptrail_scan_summary_t summary;
    memset(&s_seen, 0, sizeof(s_seen)); /* REACH_REACHABLE */
    vTaskDelay(pdMS_TO_TICKS(OLD_MS + 10U));
    esp_clear_stack();
    assert_int_equal(heaptrail_scan(&options, keep_row, NULL, &summary), ESP_OK);
    assert_int_equal(summary.left_out_blocks, 0);
    assert_int_equal(s_seen.strangers, 0);
}

static void one_graph(uint32_t seed)
{
    uint32_t leader[REACH_MAX];
    uint32_t which = 0;
    fw_make_graph(seed);
    esp_clear_stack(); /* where scan_graph() has its frame, and below it once more */
    scan_graph();
    for (uint32_t i = 0; i < s_graph.count; i++) {
        leader[i] = number_of(s_seen.leader[i]);
    }
    const char *wrong = reach_compare(&s_graph, s_seen.got, leader, &which);
    if (wrong != NULL) {
        fail_msg("seed %u block %u: %s, %d and not %d", seed, which, wrong, (int)s_seen.got[which],
                 (int)s_graph.fate[which]);
    }
    free_graph();
}

static void in_stress(void *arg)
{
    (void)arg;
    begin_hammers();
    for (uint32_t seed = 1; seed <= GRAPHS; seed++) {
        one_graph(seed);
    }
    end_hammers();
    esp_check();
}

static void test_interrupts_and_preemption(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    config.preempt_per_mille = 50;
    config.isr_per_mille = 50;
    sim_init(&config);
    esp_run(in_stress);
}

/* qemu-i386 up to 7.2 cannot deliver a signal to one of several threads: there without interrupts.
 */
static void test_two_cores_at_once(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    config.parallel = true;
    config.isr_period_us = sizeof(void *) == 4 ? 0 : 500;
    sim_init(&config);
    esp_run(in_stress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interrupts_and_preemption),
        cmocka_unit_test(test_two_cores_at_once),
    };
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
