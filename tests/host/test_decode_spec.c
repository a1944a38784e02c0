/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* SPEC.md 5.5, the worked example, is read from SPEC.md itself: its body is what its wire says, and
 * decodes to what its lines say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"
#include "hand.h"
#include "ht_format.h"

typedef struct {
    capture_bytes_t body;
    capture_bytes_t wire;
    capture_bytes_t record; /* of another frame */
} example_t;

/* Two digits of hex each with one space in front, until something else comes. */
static void take_hex(const char *line, capture_bytes_t *to)
{
    unsigned value;
    int used;
    while (line[0] == ' ' && line[1] != ' ' && sscanf(line, "%2x%n", &value, &used) == 1 &&
           used == 3) {
        const uint8_t byte = (uint8_t)value;
        capture_append(to, &byte, 1);
        line += 3;
    }
}

static example_t read_example(void)
{
    example_t example = {0};
    FILE *spec = fopen("SPEC.md", "r");
    assert_non_null(spec);
    char line[2048];
    bool in_section = false;
    int fences = 0;
    while (fgets(line, sizeof(line), spec) != NULL) {
        if (strncmp(line, "### ", 4) == 0) { in_section = strstr(line, "5.5") != NULL; }
        if (!in_section) { continue; }
        if (strncmp(line, "```", 3) == 0) {
            fences++;
        } else if (fences % 2 == 1) {
            take_hex(line, fences == 1   ? &example.body
                           : fences == 3 ? &example.wire
                                         : &example.record);
        }
    }
    fclose(spec);
    assert_int_equal(fences, 6);
    return example;
}

static void free_example(example_t *example)
{
    capture_bytes_free(&example->body);
    capture_bytes_free(&example->wire);
    capture_bytes_free(&example->record);
}

static void test_the_wire_is_the_body_stuffed(void **state)
{
    (void)state;
    example_t example = read_example();
    capture_bytes_t wire = {0};
    capture_append(&wire, "", 1);
    for (size_t i = 0; i < example.body.length; i++) {
        uint8_t byte = example.body.bytes[i] ^ 0xA5U;
        if (memchr("\x00\x09\x0A\x0D\x11\x13\xDB", byte, 7) != NULL) {
            capture_append(&wire, "\xDB", 1);
            byte ^= 0x40U;
        }
        capture_append(&wire, &byte, 1);
    }
    capture_append(&wire, "", 1);
    assert_int_equal(wire.length, 63);
    assert_int_equal(wire.length, example.wire.length);
    assert_memory_equal(wire.bytes, example.wire.bytes, wire.length);
    capture_bytes_free(&wire);
    free_example(&example);
}

static void test_it_decodes_to_what_its_lines_say(void **state)
{
    (void)state;
    example_t example = read_example();
    capture_t capture = capture_decode(example.wire.bytes, example.wire.length, 0);
    assert_string_equal(
        capture.all,
        "1500000 1234/32 task=0 core=0 boot\n"
        "1500000 1234/32 task=0 core=0 task index=3 type=0 handle=0x3fc9a000 name=\"wifi\"\n"
        "1500000 1234/32 task=0 core=0 origin index=12 method=1 caps=0x1000 site=0 "
        "frames=0x42001234,0x42005678\n"
        "1500040 1234/32 task=3 core=1 alloc address=0x3fc9b000 size=200 origin=12\n"
        "1500041 1234/32 task=3 core=1 alloc address=0x3fc9b0d0 size=200 origin=12\n"
        "1500043 1234/32 task=3 core=1 free address=0x3fc9b000\n");
    assert_int_equal(capture.status.frames, 1);
    assert_int_equal(capture.status.lost_frames, 0); /* its sequence is 7, but it is the first */
    assert_int_equal(capture.status.bytes, 63);
    assert_int_equal(capture.frames.length, example.wire.length);
    assert_memory_equal(capture.frames.bytes, example.wire.bytes, example.wire.length);
    capture_free(&capture);
    free_example(&example);
}

static void test_the_suspect_decodes_to_what_its_lines_say(void **state)
{
    (void)state;
    example_t example = read_example();
    hand_t body;
    hand_begin(&body, 0, 0, 9);
    for (size_t i = 0; i < example.record.length; i++) {
        hand_byte(&body, example.record.bytes[i]);
    }
    assert_int_equal(example.record.length, 36);
    hand_expect(&body, "9 abcd/32 task=0 core=0 suspect 1 0 12 3 3 41 8200 39 7800 39 2496 0 0 0 0 "
                       "3 1200 12 950 3600000000 200 8200 0 0 0 0 0 0 0 0 0\n");
    free_example(&example);
}

static void test_the_writer_makes_the_example(void **state)
{
    (void)state;
    example_t example = read_example();
    capture_bytes_t wire = {0};
    const ht_writer_config_t config = {
        .boot = 0x1234, .sequence = 7, .sink = capture_frame, .context = &wire};
    ht_writer_t *writer = ht_writer_new(&config);
    const uint64_t frames[] = {0x42001234, 0x42005678};
    const ht_event_t events[] = {
        {.kind = HT_EVENT_TASK,
         .time_us = 1500000,
         .task_defined = {.index = 3, .handle = 0x3fc9a000, .name = {"wifi", 4}}},
        {.kind = HT_EVENT_ORIGIN,
         .time_us = 1500000,
         .origin = {.index = 12, .method = 1, .caps = 0x1000, .depth = 2, .frames = frames}},
        {.kind = HT_EVENT_ALLOC,
         .task = 3,
         .core = 1,
         .time_us = 1500040,
         .alloc = {.address = 0x3fc9b000, .size = 200, .origin = 12}},
        {.kind = HT_EVENT_ALLOC,
         .task = 3,
         .core = 1,
         .time_us = 1500041,
         .alloc = {.address = 0x3fc9b0d0, .size = 200, .origin = 12}},
        {.kind = HT_EVENT_FREE,
         .task = 3,
         .core = 1,
         .time_us = 1500043,
         .free = {.address = 0x3fc9b000}},
    };
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        assert_true(ht_writer_event(writer, &events[i]));
    }
    ht_writer_flush(writer);
    ht_writer_free(writer);
    assert_int_equal(wire.length, example.wire.length);
    assert_memory_equal(wire.bytes, example.wire.bytes, wire.length);
    capture_bytes_free(&wire);
    free_example(&example);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_wire_is_the_body_stuffed),
        cmocka_unit_test(test_it_decodes_to_what_its_lines_say),
        cmocka_unit_test(test_the_suspect_decodes_to_what_its_lines_say),
        cmocka_unit_test(test_the_writer_makes_the_example),
    };
    return cmocka_run_group_tests_name("decode_spec", tests, NULL, NULL);
}
