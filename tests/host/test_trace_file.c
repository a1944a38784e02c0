/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Recorded files: written and read again, from anywhere, whole, cut, damaged, full, or of another
 * kind. */
#define _GNU_SOURCE /* memmem() */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zstd.h>

#include "ht_keeper.h"
#include "ht_model.h"
#include "recording.h"

/* Of the whole file: skippable frames of that kind. */
static uint64_t checkpoint_bytes(void)
{
    capture_bytes_t file = recording_bytes();
    uint64_t bytes = 0;
    for (size_t at = 0; at + 8 < file.length;) {
        size_t length = ZSTD_findFrameCompressedSize(file.bytes + at, file.length - at);
        assert_false(ZSTD_isError(length));
        if (file.bytes[at] == 0x57) { bytes += length; }
        at += length;
    }
    capture_bytes_free(&file);
    return bytes;
}

static void test_what_was_recorded_is_read(void **state)
{
    (void)state;
    capture_bytes_t wire = recording_wire(&recording_story);
    ht_trace_writer_t *writer = recording_make(&wire, &recording_small, true);
    ht_trace_written_t written = ht_trace_writer_status(writer);
    capture_t expected = capture_decode(wire.bytes, wire.length, 0);
    reading_t reading = recording_read(0, 0);
    assert_true(reading.good);
    assert_string_equal(reading.events, expected.events);
    assert_int_equal(reading.info.kind, HT_TRACE_RECORDED);
    assert_true(reading.info.indexed);
    assert_int_equal(reading.info.boot, 0x1234);
    assert_int_equal(reading.info.first_us, 250000);
    assert_int_equal(reading.info.events, expected.status.events);
    assert_int_equal(reading.info.events, written.events);
    assert_int_equal(reading.info.chunks, written.chunks);
    assert_int_equal(reading.info.bytes, written.file_bytes);
    assert_int_equal(written.wire_bytes, wire.length);
    assert_in_range(reading.info.checkpoints, 1, 10);
    free(reading.events);
    capture_free(&expected);
    ht_trace_writer_free(writer);
    capture_bytes_free(&wire);
}

/* However often they are asked for, they take an eighth of the file. */
static void test_checkpoints_are_an_eighth(void **state)
{
    (void)state;
    const ht_trace_options_t often = {.chunk_bytes = 4096, .checkpoint_bytes = 1};
    story_config_t config = recording_story;
    config.events = 60000;
    capture_bytes_t wire = recording_wire(&config);
    ht_trace_writer_t *writer = recording_make(&wire, &often, true);
    const ht_trace_written_t written = ht_trace_writer_status(writer);
    assert_true(written.checkpoints > 2);
    assert_in_range(checkpoint_bytes(), 1, written.file_bytes / 6);
    ht_trace_writer_free(writer);
    capture_bytes_free(&wire);
}

/* What a snapshot of the device does not know has ended unseen; what has no record cannot be in it.
 */
static void test_a_snapshot_ends_what_is_not_in_it(void **state)
{
    (void)state;
    ht_keeper_t *keeper = ht_keeper_new();
    ht_event_t events[] = {
        {.kind = HT_EVENT_ALLOC, .alloc = {.address = 0x1000, .size = 1}},
        {.kind = HT_EVENT_ALLOC, .alloc = {.address = 0x2000, .size = 2}},
        {.kind = HT_EVENT_ALLOC, .alloc = {.address = 0x3000, .size = 3, .unrecorded = true}},
        {.kind = HT_EVENT_SNAPSHOT, .snapshot = {.number = 1, .blocks = 1}},
        {.kind = HT_EVENT_ALLOC, .alloc = {.address = 0x4000, .size = 4}},
        {.kind = HT_EVENT_SNAPSHOT_BLOCK, .block = {.address = 0x1000, .size = 1}},
        {.kind = HT_EVENT_SNAPSHOT_END, .snapshot = {.number = 1, .blocks = 1, .complete = true}},
    };
    const size_t count = sizeof(events) / sizeof(events[0]);
    for (size_t i = 0; i < count; i++) {
        ht_keeper_event(keeper, &events[i]);
    }
    assert_int_equal(ht_keeper_blocks(keeper), 3); /* 0x1000, 0x3000, 0x4000 */
    events[count - 1].snapshot.complete = false;   /* proves nothing of what is not in it */
    ht_keeper_event(keeper, &events[3]);
    ht_keeper_event(keeper, &events[count - 1]);
    assert_int_equal(ht_keeper_blocks(keeper), 3);
    ht_keeper_free(keeper);
}

/* The decompressed file is the wire's bytes, for everybody's zstd. */
static void test_zstd_gives_the_wire(void **state)
{
    (void)state;
    capture_bytes_t wire = recording_wire(&recording_story);
    ht_trace_writer_free(recording_make(&wire, &recording_small, true));
    char command[128];
    snprintf(command, sizeof(command), "zstd -q -d -c <%s", recording_path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    capture_bytes_t plain = {0};
    uint8_t buffer[4096];
    for (size_t count; (count = fread(buffer, 1, sizeof(buffer), pipe)) != 0;) {
        capture_append(&plain, buffer, count);
    }
    if (pclose(pipe) != 0) {
        capture_bytes_free(&plain);
        capture_bytes_free(&wire);
        skip(); /* no zstd here */
    }
    assert_int_equal(plain.length, wire.length);
    assert_memory_equal(plain.bytes, wire.bytes, wire.length);
    capture_bytes_free(&plain);
    capture_bytes_free(&wire);
}

/* --- the live set, by a list and nothing else
 * ------------------------------------------------------- */

typedef struct {
    uint64_t address, size, made_us;
    uint32_t origin, task;
    bool pool, unrecorded;
} oracle_block_t;

typedef struct {
    oracle_block_t *block;
    size_t count, room;
    uint64_t stop_us;
    bool stopped;
} oracle_t;

static void oracle_end(oracle_t *oracle, uint64_t address, bool pool)
{
    for (size_t i = 0; i < oracle->count; i++) {
        if (oracle->block[i].address == address && oracle->block[i].pool == pool) {
            oracle->block[i] = oracle->block[--oracle->count];
            return;
        }
    }
}

static void oracle_begin(oracle_t *oracle, oracle_block_t block)
{
    oracle_end(oracle, block.address, block.pool);
    if (oracle->count == oracle->room) {
        oracle->room = oracle->room == 0 ? 64 : 2 * oracle->room;
        oracle->block = realloc(oracle->block, oracle->room * sizeof(oracle_block_t));
    }
    oracle->block[oracle->count++] = block;
}

static void oracle_block_event(oracle_t *oracle, const ht_event_t *e)
{
    oracle_begin(oracle, (oracle_block_t){e->block.address, e->block.size,
                                          e->time_us - e->block.age_us, e->block.origin,
                                          e->block.task, e->block.pool, e->block.unrecorded});
}

static void oracle_event(void *context, const ht_event_t *e)
{
    oracle_t *oracle = context;
    oracle->stopped |= e->time_us > oracle->stop_us;
    if (oracle->stopped) { return; }
    switch (e->kind) {
    case HT_EVENT_BOOT:
        oracle->count = 0;
        break;
    case HT_EVENT_ALLOC:
        oracle_begin(oracle,
                     (oracle_block_t){e->alloc.address, e->alloc.size, e->time_us, e->alloc.origin,
                                      e->task, false, e->alloc.unrecorded});
        break;
    case HT_EVENT_FREE:
        oracle_end(oracle, e->free.address, false);
        break;
    case HT_EVENT_POOL_BLOCK:
        oracle_end(oracle, e->pool.address, true);
        if (!e->pool.freed) {
            oracle_begin(oracle, (oracle_block_t){e->pool.address, e->pool.size, e->time_us,
                                                  e->pool.origin, e->task, true, false});
        }
        break;
    case HT_EVENT_SNAPSHOT_BLOCK:
    case HT_EVENT_PUT_BACK:
        oracle_block_event(oracle, e);
        break;
    case HT_EVENT_RELABEL:
        for (size_t i = 0; i < oracle->count; i++) {
            if (oracle->block[i].address == e->relabel.address && !oracle->block[i].pool) {
                oracle->block[i].origin = e->relabel.origin;
            }
        }
        break;
    default:
        break;
    }
}

static int compare_blocks(const void *a, const void *b)
{
    const oracle_block_t *x = a, *y = b;
    if (x->address != y->address) { return x->address < y->address ? -1 : 1; }
    return x->pool - y->pool;
}

/* What lives at that moment, one line a block. */
static char *live_at(uint64_t from_us, uint64_t at_us, ht_trace_result_t *result)
{
    oracle_t oracle = {.stop_us = at_us};
    ht_trace_error_t error = {0};
    ht_trace_reader_t *reader = ht_trace_reader_open(recording_path, &error);
    assert_non_null(reader);
    const ht_decoder_sink_t sink = {.event = oracle_event, .context = &oracle};
    const ht_trace_request_t request = {.from_us = from_us, .until_us = at_us};
    assert_true(ht_trace_reader_read(reader, &sink, &request, result, &error));
    ht_trace_reader_free(reader);
    qsort(oracle.block, oracle.count, sizeof(oracle_block_t), compare_blocks);
    char *text;
    size_t ignored;
    FILE *out = open_memstream(&text, &ignored);
    for (size_t i = 0; i < oracle.count; i++) {
        const oracle_block_t *b = &oracle.block[i];
        fprintf(out, "%#llx %llu %llu %u %u%s%s\n", (unsigned long long)b->address,
                (unsigned long long)b->size, (unsigned long long)b->made_us, b->origin, b->task,
                b->pool ? " pool" : "", b->unrecorded ? " unrecorded" : "");
    }
    fclose(out);
    free(oracle.block);
    return text;
}

static void test_a_checkpoint_knows_what_lives(void **state)
{
    (void)state;
    story_config_t config = recording_story;
    config.events = 100000;
    config.rare = 5000; /* snapshots of the device itself would say it anew: few */
    capture_bytes_t wire = recording_wire(&config);
    ht_trace_writer_free(recording_make(&wire, &recording_small, true));
    capture_bytes_free(&wire);
    reading_t all = recording_read(0, 0);
    assert_true(all.info.checkpoints > 3);
    for (unsigned i = 1; i < 10; i++) {
        uint64_t at = all.info.first_us + (all.info.last_us - all.info.first_us) * i / 10;
        ht_trace_result_t whole = {0}, part = {0};
        char *expected = live_at(0, at, &whole);
        char *found = live_at(at, at, &part);
        assert_string_equal(found, expected);
        assert_int_equal(part.decoder.damaged_frames, 0);
        assert_int_equal(part.decoder.lost_frames, 0);
        if (i > 3) {
            assert_true(part.from_checkpoint);
            assert_in_range(part.bytes_read, 1, all.info.bytes / 3);
        }
        free(expected);
        free(found);
    }
    free(all.events);
}

/* A model that begins at a checkpoint comes to the same end. */
static void into_model(void *context, const ht_event_t *event)
{
    ht_model_event(context, event);
}

static ht_model_t *model_from(uint64_t from_us)
{
    ht_model_t *model = ht_model_new(NULL);
    ht_trace_error_t error = {0};
    ht_trace_reader_t *reader = ht_trace_reader_open(recording_path, &error);
    assert_non_null(reader);
    const ht_decoder_sink_t sink = {.event = into_model, .context = model};
    const ht_trace_request_t request = {.from_us = from_us};
    ht_trace_result_t result;
    assert_true(ht_trace_reader_read(reader, &sink, &request, &result, &error));
    assert_int_equal(result.from_checkpoint, from_us > 1);
    ht_trace_reader_free(reader);
    assert_null(ht_model_check(model));
    return model;
}

static void test_a_model_from_a_checkpoint(void **state)
{
    (void)state;
    story_config_t config = recording_story;
    config.events = 80000;
    config.rare = 30000;
    capture_bytes_t wire = recording_wire(&config);
    ht_trace_writer_free(recording_make(&wire, &recording_small, true));
    capture_bytes_free(&wire);
    reading_t all = recording_read(0, 0);
    ht_model_t *whole = model_from(0), *part = model_from(all.info.last_us * 2 / 3);
    const ht_model_view_t a = ht_model_view(whole), b = ht_model_view(part);
    assert_int_equal(b.live_blocks, a.live_blocks);
    assert_int_equal(b.live_bytes, a.live_bytes);
    assert_int_equal(b.pool_blocks, a.pool_blocks);
    assert_int_equal(b.unrecorded_blocks, a.unrecorded_blocks);
    assert_int_equal(b.mismatches, 0);
    assert_int_equal(b.unknown_frees, 0);
    assert_true(a.unrecorded_blocks > 0 && b.carried_blocks > 0);
    assert_true(b.total_blocks < a.total_blocks);
    ht_model_free(whole);
    ht_model_free(part);
    free(all.events);
}

/* What the device found before a checkpoint is in it, with all suspects. */
static void test_a_checkpoint_knows_what_was_found(void **state)
{
    (void)state;
    story_config_t config = recording_story;
    config.events = 80000;
    config.rare = 5000;
    capture_bytes_t wire = recording_wire(&config);
    ht_trace_writer_free(recording_make(&wire, &recording_small, true));
    capture_bytes_free(&wire);
    reading_t all = recording_read(0, 0);
    ht_model_t *whole = model_from(0), *part = model_from(all.info.last_us * 2 / 3);
    const ht_model_view_t a = ht_model_view(whole), b = ht_model_view(part);
    assert_non_null(a.search);
    assert_non_null(b.search);
    assert_memory_equal(a.search, b.search, sizeof(*a.search));
    assert_int_equal(a.search_us, b.search_us);
    assert_int_equal(a.suspects, 4);
    assert_int_equal(b.suspects, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_memory_equal(&a.suspect[i].told, &b.suspect[i].told, sizeof(a.suspect[i].told));
        assert_int_equal(b.origin[b.suspect[i].origin].index, a.suspect[i].told.origin);
    }
    ht_model_free(whole);
    ht_model_free(part);
    free(all.events);
}

/* Everything that defines something comes with a checkpoint, too. */
static char *definitions(const char *events)
{
    static const char *const kinds[] = {" hello ", " heap index", " origin index", " site ",
                                        " task index"};
    char *text;
    size_t ignored;
    FILE *out = open_memstream(&text, &ignored);
    bool seen[6][200] = {{false}};
    for (const char *line = events; *line != '\0'; line = strchr(line, '\n') + 1) {
        int length = (int)(strchr(line, '\n') - line);
        for (unsigned kind = 0; kind < 5; kind++) {
            const char *at = memmem(line, (size_t)length, kinds[kind], strlen(kinds[kind]));
            const char *index = at == NULL ? NULL : strstr(at, "index=");
            unsigned number = index == NULL ? 0 : (unsigned)atoi(index + 6) % 200U;
            if (at == NULL || seen[kind][number]) { continue; }
            seen[kind][number] = true;
            fprintf(out, "%.*s\n", length - (int)(at - line), at);
        }
    }
    fclose(out);
    return text;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(char *text)
{
    static char *lines[1000];
    size_t count = 0, length = strlen(text);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        lines[count++] = strdup(line);
    }
    qsort(lines, count, sizeof(lines[0]), compare_lines);
    char *at = text;
    for (size_t i = 0; i < count; i++) {
        at += snprintf(at, length + 1 - (size_t)(at - text), "%s\n", lines[i]);
        free(lines[i]);
    }
}

static void test_a_checkpoint_defines_everything(void **state)
{
    (void)state;
    story_config_t config = recording_story;
    config.events = 80000;
    capture_bytes_t wire = recording_wire(&config);
    ht_trace_writer_free(recording_make(&wire, &recording_small, true));
    capture_bytes_free(&wire);
    reading_t all = recording_read(0, 0);
    reading_t end = recording_read(all.info.last_us, 0);
    assert_true(end.result.from_checkpoint);
    assert_true(end.result.bytes_read < all.result.bytes_read / 2);
    char *expected = definitions(all.events), *found = definitions(end.events);
    sort_lines(expected);
    sort_lines(found);
    assert_string_equal(found, expected);
    /* And what comes at the end is the same. */
    size_t tail = 2000;
    assert_string_equal(end.events + strlen(end.events) - tail,
                        all.events + strlen(all.events) - tail);
    free(expected);
    free(found);
    free(all.events);
    free(end.events);
}

/* --- other files
 * ------------------------------------------------------------------------------------- */

static void expect_foreign(const void *bytes, size_t length, const char *words)
{
    recording_write(bytes, length);
    reading_t reading = recording_read(0, 0);
    assert_false(reading.good);
    assert_int_equal(reading.error.code, HT_TRACE_FOREIGN);
    assert_non_null(strstr(reading.error.text, words));
    assert_non_null(strstr(reading.error.text, recording_path));
    free(reading.events);
}

static void test_files_of_other_kinds(void **state)
{
    (void)state;
    expect_foreign("", 0, "empty");
    expect_foreign("\x7f"
                   "ELF\x02\x01\x01",
                   7, "an ELF file");
    expect_foreign("\x1f\x8b\x08\x00", 4, "a gzip file");
    expect_foreign("hello, world\n", 13, "13 bytes without a whole frame");
    char noise[5000];
    for (size_t i = 0; i < sizeof(noise); i++) {
        noise[i] = (char)(i * i >> 3);
    }
    expect_foreign(noise, sizeof(noise), "5000 bytes without a whole frame");
    const char heaptrack[] = "v 10400 3\nX /usr/bin/lua5.4\n";
    char packed[200];
    size_t length = ZSTD_compress(packed, sizeof(packed), heaptrack, sizeof(heaptrack), 1);
    expect_foreign(packed, length, "a file of heaptrack, compressed");
    ht_trace_error_t error = {0};
    assert_null(ht_trace_reader_open("/nowhere/trace.htz", &error));
    assert_int_equal(error.code, HT_TRACE_UNREADABLE);
    assert_string_equal(error.text, "/nowhere/trace.htz: No such file or directory");
    assert_null(ht_trace_reader_open("tests", &error));
    assert_string_equal(error.text, "tests: a directory");
}

static void test_bytes_of_the_wire_and_text(void **state)
{
    (void)state;
    story_config_t config = recording_story;
    config.events = 500;
    capture_bytes_t wire = recording_wire(&config);
    capture_bytes_t log = {0};
    capture_append(&log, "ESP-ROM:esp32s3\r\nI (20) boot\r\n", 30);
    capture_append(&log, wire.bytes, wire.length);
    recording_write(log.bytes, log.length);
    capture_t expected = capture_decode(wire.bytes, wire.length, 0);
    reading_t reading = recording_read(0, 0);
    assert_true(reading.good);
    assert_int_equal(reading.info.kind, HT_TRACE_WIRE);
    assert_string_equal(reading.events, expected.events);
    assert_int_equal(reading.result.bytes_read, log.length);
    assert_int_equal(reading.result.decoder.text_bytes, 30);
    free(reading.events);
    capture_free(&expected);
    capture_bytes_free(&log);
    capture_bytes_free(&wire);
}

static bool stop_at_once(void *context, uint64_t done, uint64_t total)
{
    (void)done;
    assert_true(total != 0);
    ++*(unsigned *)context;
    return false;
}

static void test_reading_can_be_stopped(void **state)
{
    (void)state;
    capture_bytes_t wire = recording_wire(&recording_story);
    recording_write(wire.bytes, wire.length);
    capture_bytes_free(&wire);
    unsigned calls = 0;
    ht_trace_error_t error = {0};
    ht_trace_result_t result;
    ht_trace_reader_t *reader = ht_trace_reader_open(recording_path, &error);
    const ht_decoder_sink_t sink = {0};
    const ht_trace_request_t request = {.progress = stop_at_once, .progress_context = &calls};
    assert_true(ht_trace_reader_read(reader, &sink, &request, &result, &error));
    assert_int_equal(calls, 1);
    assert_true(result.stopped);
    assert_int_equal(result.decoder.frames, 0);
    ht_trace_reader_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_recorded_is_read),
        cmocka_unit_test(test_checkpoints_are_an_eighth),
        cmocka_unit_test(test_a_snapshot_ends_what_is_not_in_it),
        cmocka_unit_test(test_zstd_gives_the_wire),
        cmocka_unit_test(test_a_checkpoint_knows_what_lives),
        cmocka_unit_test(test_a_model_from_a_checkpoint),
        cmocka_unit_test(test_a_checkpoint_knows_what_was_found),
        cmocka_unit_test(test_a_checkpoint_defines_everything),
        cmocka_unit_test(test_files_of_other_kinds),
        cmocka_unit_test(test_bytes_of_the_wire_and_text),
        cmocka_unit_test(test_reading_can_be_stopped),
    };
    return cmocka_run_group_tests_name("trace_file", tests, recording_make_path,
                                       recording_remove_path);
}
