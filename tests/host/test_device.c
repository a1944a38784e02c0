/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Both ends of the wire, which share nothing but the format's numbers: what the device's encoder
 * makes is read by the desk's decoder, and what the desk's writer makes by the tests' naive reader.
 * In between, the tracker, the model and the reader must agree.
 *
 *     host_device [FILE]      FILE: the device's bytes are left there (a golden trace)
 */
#include <stdio.h>

#include "ht_drain.h"
#include "trace_reader.h"
#include "unit.h"

#include "ht_decode.h"
#include "ht_model.h"
#include "ht_writer.h"
#include "story.h"

#define BLOCKS 48U
#define ADDRESS(n) ((uintptr_t)0x3FC90000U + (uintptr_t)(n)*64U)

static const char *s_file;

typedef struct {
    ht_tracker_t tracker;
    ht_drain_t drain;
    ht_decoder_t *decoder;
    ht_model_t *model;
    FILE *file;
    uint64_t damages;
    uint32_t random;
    size_t size[BLOCKS]; /* 0: not live */
} device_t;

static void on_event(void *context, const ht_event_t *event)
{
    ht_model_event(((device_t *)context)->model, event);
}

static void on_damage(void *context, const ht_damage_t *damage)
{
    print_message("damage at %llu: %s\n", (unsigned long long)damage->offset, damage->words);
    ((device_t *)context)->damages++;
}

static size_t on_wire(void *context, const void *bytes, size_t length)
{
    device_t *device = context;
    ht_decoder_feed(device->decoder, bytes, length);
    if (device->file != NULL) { fwrite(bytes, 1, length, device->file); }
    return length;
}

static uint32_t draw(device_t *device, uint32_t limit)
{
    device->random = device->random * 1664525U + 1013904223U;
    return (device->random >> 8) % limit;
}

static void poll(device_t *device)
{
    for (int i = 0; !ht_drain_poll(&device->drain); i++) {
        assert_in_range(i, 0, 100000);
    }
}

/* realloc(): half of them fail. */
static void reallocate(device_t *device, uint32_t n)
{
    ht_hold_t hold = ht_tracker_hold(&device->tracker, ADDRESS(n));
    if (draw(device, 2) == 0) {
        ht_tracker_put_back(&device->tracker, hold);
        return;
    }
    ht_tracker_drop_held(&device->tracker, hold);
    device->size[n] *= 2;
    ht_tracker_add(&device->tracker, ADDRESS(n), device->size[n],
                   unit_origin(&device->tracker, NULL, 1000 + n % 3U));
}

static void step(device_t *device)
{
    uint32_t n = draw(device, BLOCKS);
    g_fake.tick += draw(device, 10) == 0;
    g_fake.core = draw(device, 2);
    unit_be(draw(device, 3) == 0 ? 0x3FC80000U : 0x3FC81000U, draw(device, 2) == 0 ? "a" : "b");
    if (device->size[n] == 0) {
        device->size[n] = 1 + draw(device, 500);
        ht_tracker_add(&device->tracker, ADDRESS(n), device->size[n],
                       unit_origin(&device->tracker, NULL, n % 7U));
    } else if (draw(device, 5) == 0) {
        reallocate(device, n);
    } else {
        assert_true(ht_tracker_remove(&device->tracker, ADDRESS(n)));
        device->size[n] = 0;
    }
}

static bool is_as_made(void *context, const ht_live_row_t *row)
{
    const device_t *device = context;
    size_t n = (row->address - ADDRESS(0)) / 64U;
    assert_in_range(n, 0, BLOCKS - 1);
    assert_int_equal(row->size, device->size[n]);
    return true;
}

static void begin_device(device_t *device, const ht_drain_config_t *config, void **memory)
{
    fake_port_reset();
    unit_make(&device->tracker, &unit_sizes);
    ht_tracker_add_heap(&device->tracker, 0x3FC90000U, 1U << 20, 0x1000, "DRAM");
    for (unsigned i = 0; i < 20; i++) {
        step(device); /* what lives before the trace begins */
    }
    *memory = calloc(1, ht_drain_memory_bytes(&device->tracker, config));
    assert_non_null(*memory);
    ht_drain_init(&device->drain, &device->tracker, config, *memory);
    ht_trace_attach(&device->tracker, &device->drain.trace);
    poll(device); /* the snapshot */
}

/* The device's sums, told at a mark, are the model's. */
static void compare(device_t *device)
{
    bool traced;
    assert_true(ht_trace_mark(&device->tracker, "now", &traced));
    poll(device);
    heaptrail_status_t status;
    ht_query_status(&device->tracker, &status);
    const ht_model_view_t view = ht_model_view(device->model);
    assert_int_equal(view.live_blocks, status.live_blocks);
    assert_int_equal(view.live_bytes, status.live_bytes);
    assert_int_equal(view.mismatches, 0);
    assert_int_equal(view.unknown_frees, 0);
    assert_null(ht_model_check(device->model));
    ht_model_each_block(device->model, is_as_made, device);
}

static void test_the_desk_reads_the_device(void **state)
{
    (void)state;
    device_t *device = calloc(1, sizeof(*device));
    assert_non_null(device);
    const ht_decoder_sink_t sink = {.event = on_event, .damage = on_damage, .context = device};
    const ht_drain_config_t config = {.ring_events = 64,
                                      .frame_bytes = 512,
                                      .boot = 0x1234,
                                      .write = on_wire,
                                      .context = device,
                                      .counters_interval_ms = 1000};
    void *memory;
    device->random = 1;
    device->decoder = ht_decoder_new(&sink);
    device->model = ht_model_new(NULL);
    device->file = s_file == NULL ? NULL : fopen(s_file, "wb");
    begin_device(device, &config, &memory);
    for (unsigned i = 0; i < 3000; i++) {
        step(device);
        if (i % 16U == 0) { poll(device); }
        if (i % 500U == 499) { compare(device); }
    }
    ht_trace_detach(&device->tracker);
    while (!ht_drain_end(&device->drain, HT_END_STOPPED)) {}
    ht_decoder_end(device->decoder);
    const ht_decoder_status_t status = ht_decoder_status(device->decoder);
    assert_int_equal(device->damages, 0);
    assert_int_equal(status.text_bytes + status.lost_frames + status.damaged_frames, 0);
    assert_true(ht_model_view(device->model).ended);
    if (device->file != NULL) { fclose(device->file); }
    ht_decoder_free(device->decoder);
    ht_model_free(device->model);
    unit_free(&device->tracker);
    free(memory);
    free(device);
}

/* --- the other way -------------------------------------------------------------------------------
 */

static void into_reader(void *context, const uint8_t *wire, size_t length)
{
    reader_feed(context, wire, length);
}

static void into_frames(void *context, const ht_event_t *event)
{
    assert_true(ht_writer_event(context, event));
}

static void read_story(uint64_t seed, bool wide)
{
    reader_t *reader = calloc(1, sizeof(*reader));
    assert_non_null(reader);
    reader_init(reader);
    const ht_writer_config_t config = {.boot = 7,
                                       .flags = wide ? HT_FRAME_POINTER_64 | HT_FRAME_UNIT_16 : 0,
                                       .sink = into_reader,
                                       .context = reader};
    const story_config_t story = {.seed = seed,
                                  .events = 4000,
                                  .origins = 60,
                                  .tasks = 3,
                                  .rare = 50,
                                  .wide = wide,
                                  .boot = 7};
    ht_writer_t *writer = ht_writer_new(&config);
    story_tell(&story, into_frames, writer);
    ht_writer_flush(writer);
    ht_writer_free(writer);
    if (reader->wrong[0] != '\0') {
        fail_msg("seed %llu: %s", (unsigned long long)seed, reader->wrong);
    }
    assert_int_equal(reader->damaged + reader->lost_frames + reader->text_bytes, 0);
    assert_true(reader->exact);
    assert_in_range(reader->mark_count, 3, READER_MARKS);
    for (uint32_t i = 0; i < reader->mark_count; i++) {
        const reader_mark_t *mark = &reader->marks[i];
        if (mark->exact) { assert_memory_equal(&mark->ours, &mark->device, sizeof(mark->ours)); }
    }
    free(reader);
}

static void test_a_naive_reader_reads_the_writer(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        read_story(seed, seed % 2U == 0);
    }
}

int main(int argc, char **argv)
{
    s_file = argc > 1 ? argv[1] : NULL;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_desk_reads_the_device),
        cmocka_unit_test(test_a_naive_reader_reads_the_writer),
    };
    return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
