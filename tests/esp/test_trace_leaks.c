/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* A search for leaks while a trace runs: a reader that knows SPEC.md only gets what the interface
 * hands out, number for number; with no room in the ring, with another task that drains it, out of
 * the flight recorder. */
#include <stdlib.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_leaks.h"
#include "heaptrail_trace.h"
#include "trace_reader.h"

#define SITES 24U

static reader_t s_reader;
static uint8_t s_wire[1U << 16];
static size_t s_length;
static uint32_t s_found;
static uint64_t s_lost_bytes, s_heard_bytes;
static volatile bool s_drains;

/* The reader knows addresses: it would be a root, so it hears nothing before all is found. */
static size_t take(void *context, const void *bytes, size_t length)
{
    (void)context;
    if (length > sizeof(s_wire) - s_length) { return 0; }
    memcpy(s_wire + s_length, bytes, length);
    s_length += length;
    return length;
}

static void hear(void)
{
    reader_init(&s_reader);
    for (size_t i = 0; i < s_length; i++) {
        uint64_t before = s_reader.suspects;
        reader_feed(&s_reader, s_wire + i, 1);
        if (s_reader.suspects > before) { s_heard_bytes = s_reader.suspect[8]; }
    }
    if (s_reader.wrong[0] != '\0') { fail_msg("the trace: %s", s_reader.wrong); }
    assert_int_equal(s_reader.damaged + s_reader.lost_frames, 0);
}

static heaptrail_trace_config_t config_of(uint32_t ring_events)
{
    return (heaptrail_trace_config_t){.write = take, .ring_events = ring_events};
}

/* Each call is a site. Two lost blocks that are too many for a byte of the trace. */
#define LEAK lost = (uintptr_t)malloc(200);
#define FOUR LEAK LEAK LEAK LEAK

FW static void leak(void)
{
    volatile uintptr_t lost;
    FOUR FOUR FOUR FOUR FOUR FOUR lost = 0;
    (void)lost;
}

static bool count(void *context, const heaptrail_suspect_t *row)
{
    (void)context;
    s_found++;
    s_lost_bytes = row->lost_bytes;
    return true;
}

static heaptrail_suspect_summary_t find(void)
{
    heaptrail_suspect_summary_t summary;
    const heaptrail_scan_options_t scan = {.age_min_us = 1};
    const heaptrail_suspect_options_t options = {.scan = &scan};
    s_found = 0;
    esp_clear_stack();
    assert_int_equal(heaptrail_suspects_find(&options, &summary), ESP_OK);
    assert_int_equal(heaptrail_for_each_suspect(count, NULL), ESP_OK);
    heaptrail_suspects_forget();
    return summary;
}

static void poll_all(void)
{
    while (heaptrail_trace_poll() == ESP_ERR_NOT_FINISHED) {}
}

static uint32_t lost_suspects(void)
{
    heaptrail_trace_status_t status;
    assert_int_equal(heaptrail_trace_status(&status), ESP_OK);
    assert_int_equal(status.lost_ring_full + status.lost_sink_slow, 0);
    return status.lost_suspects;
}

static void begin(uint32_t ring_events)
{
    const heaptrail_trace_config_t config = config_of(ring_events);
    leak();
    vTaskDelay(2);
    assert_int_equal(heaptrail_trace_start(&config), ESP_OK);
    poll_all();
}

static void in_number_for_number(void *context)
{
    (void)context;
    begin(512);
    const heaptrail_suspect_summary_t summary = find();
    poll_all();
    hear();
    const uint64_t *told = s_reader.search;
    assert_true(s_found >= SITES - 2U);
    assert_int_equal(s_reader.suspects, s_found);
    assert_int_equal(told[0], 1);
    assert_int_equal(told[1], s_found);
    assert_int_equal(told[5], 0);
    assert_int_equal(told[7], summary.scan.words);
    assert_int_equal(told[8], summary.scan.took_us);
    for (uint32_t i = 0; i < HEAPTRAIL_REACH_COUNT; i++) {
        assert_int_equal(told[9 + 2 * i], summary.scan.blocks[i]);
        assert_int_equal(told[10 + 2 * i], summary.scan.bytes[i]);
    }
    for (uint32_t i = 0; i < HEAPTRAIL_SURE_COUNT; i++) {
        assert_int_equal(told[21 + i], summary.sites[i]);
    }
    assert_int_equal(s_heard_bytes, s_lost_bytes); /* of the last one */
    assert_int_equal(lost_suspects(), 0);
}

/* Who searches waits for half a second; what has no room then is counted, and no event is lost. */
static void in_no_room(void *context)
{
    (void)context;
    begin(16);
    TickType_t before = xTaskGetTickCount();
    (void)find();
    assert_in_range(xTaskGetTickCount() - before, 1, pdMS_TO_TICKS(1000));
    uint32_t missing = lost_suspects();
    assert_true(missing > SITES / 2U);
    poll_all();
    hear();
    assert_int_equal(s_reader.searches, 1); /* the ring was empty: the first pieces fit */
    assert_int_equal(missing, s_found - s_reader.suspects);
    reader_init(&s_reader);
    (void)find();
    poll_all();
    hear();
    assert_int_equal(s_reader.search[0], 2);
}

static void drain(void *context)
{
    (void)context;
    while (s_drains) {
        poll_all();
        vTaskDelay(1);
    }
    vTaskDelete(NULL);
}

/* A ring that is too small for all of them, and a task that drains it. */
static void in_drained_meanwhile(void *context)
{
    (void)context;
    begin(32);
    s_drains = true;
    assert_int_equal(xTaskCreate(drain, "drain", 8192, NULL, 1, NULL), pdPASS);
    (void)find();
    s_drains = false;
    vTaskDelay(5);
    poll_all();
    hear();
    assert_true(s_found >= SITES - 2U);
    assert_int_equal(s_reader.suspects, s_found);
    assert_int_equal(lost_suspects(), 0);
}

/* Frames that stand alone: each suspect's origin is in its own. */
static void in_recorder(void *context)
{
    (void)context;
    static uint32_t memory[4096];
    const heaptrail_trace_config_t config = {.policy = HEAPTRAIL_TRACE_RECORDER,
                                             .ring_events = 512,
                                             .recorder = memory,
                                             .recorder_bytes = sizeof(memory)};
    uint32_t frames;
    leak();
    vTaskDelay(2);
    assert_int_equal(heaptrail_trace_start(&config), ESP_OK);
    (void)find();
    assert_int_equal(heaptrail_trace_poll(), ESP_OK);
    assert_int_equal(heaptrail_trace_stop(), ESP_OK);
    assert_int_equal(heaptrail_trace_recorded(memory, sizeof(memory), take, NULL, &frames), ESP_OK);
    hear();
    assert_true(s_found >= SITES - 2U);
    assert_int_equal(s_reader.suspects, s_found);
}

/* None is told without a trace, and its numbers count those that were. */
static void in_without(void *context)
{
    (void)context;
    leak();
    vTaskDelay(2);
    (void)find();
    begin(512);
    (void)find();
    poll_all();
    hear();
    assert_int_equal(s_reader.searches, 1);
    assert_int_equal(s_reader.search[0], 1);
    assert_int_equal(heaptrail_trace_stop(), ESP_OK);
    (void)find();
}

#define RUN(name)                                                                                  \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        esp_run(in_##name);                                                                        \
    }

RUN(number_for_number)
RUN(no_room)
RUN(drained_meanwhile)
RUN(recorder)
RUN(without)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number_for_number), cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_drained_meanwhile), cmocka_unit_test(test_recorder),
        cmocka_unit_test(test_without),
    };
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
