/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What a core dump holds: a copy of heaptrail_state, read by a reader that knows SPEC.md only, says
 * what the queries said when it was taken. */
#include <stdlib.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_pool.h"
#include "ht_state.h"
#include "state_reader.h"

#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)

/* The dump: RAM at the moment, of which only heaptrail's state is there, and the firmware's image.
 */
static ht_state_t s_dump;

extern const char __executable_start;
extern const char etext;

static bool in_image(uint64_t address, size_t length)
{
    /* Constants lie between the first byte of the program and its first variable. */
    extern char __data_start;
    return address >= (uintptr_t)&__executable_start &&
           address + length <= (uintptr_t)&__data_start;
}

static bool read_dump(void *context, uint64_t address, void *bytes, size_t length)
{
    (void)context;
    uint64_t offset = address - (uintptr_t)&heaptrail_state;
    if (offset < sizeof(s_dump) && length <= sizeof(s_dump) - offset) {
        memcpy(bytes, (const char *)&s_dump + offset, length);
        return true;
    }
    if (!in_image(address, length)) { return false; }
    memcpy(bytes, (const void *)(uintptr_t)address, length);
    return true;
}

static void dump(void)
{
    memcpy(&s_dump, &heaptrail_state, sizeof(s_dump));
}

static state_reader_t opened(void)
{
    state_reader_t reader;
    const char *wrong = state_open(&reader, read_dump, NULL, (uintptr_t)&heaptrail_state);
    if (wrong != NULL) { fail_msg("%s", wrong); }
    return reader;
}

static uint64_t field(const state_reader_t *reader, unsigned number)
{
    uint64_t value;
    assert_true(state_get(reader, number, &value));
    return value;
}

static void read_text(uint64_t address, char *text, size_t size)
{
    size_t i = 0;
    do {
        assert_true(read_dump(NULL, address + i, &text[i], 1));
    } while (text[i] != '\0' && ++i < size - 1);
    text[i] = '\0';
}

/* --- what the queries said ----------------------------------------------------------------------
 */

#define BLOCKS_MAX 1000
static heaptrail_block_row_t s_rows[BLOCKS_MAX];
static unsigned s_row_count;

static bool keep_row(void *context, const heaptrail_block_row_t *row)
{
    (void)context;
    assert_in_range(s_row_count, 0, BLOCKS_MAX - 1);
    s_rows[s_row_count++] = *row;
    return true;
}

/* A pool's first block may begin where the heap's block does that it lies in. */
static const heaptrail_block_row_t *row_at(uint64_t address, uint32_t heap)
{
    for (unsigned i = 0; i < s_row_count; i++) {
        if (s_rows[i].address == address && s_rows[i].heap_id == heap) { return &s_rows[i]; }
    }
    return NULL;
}

static void *s_blocks[60];

FW static void allocate_some(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < sizeof(s_blocks) / sizeof(s_blocks[0]); i++) {
        s_blocks[i] = i % 3 == 0 ? malloc(10 + i) : heap_caps_malloc(100 + i, CAPS);
    }
    for (size_t i = 0; i < sizeof(s_blocks) / sizeof(s_blocks[0]); i += 7) {
        free(s_blocks[i]);
        s_blocks[i] = NULL;
    }
}

static void compare_task(const state_reader_t *reader, uint32_t task, const char *expected)
{
    uint64_t address;
    char name[HEAPTRAIL_TASK_NAME_MAX];
    assert_true(state_row_at(reader, 3, field(reader, 13), task, 3, &address));
    read_text(address, name, sizeof(name));
    assert_string_equal(name, expected);
}

static void compare_origin(const state_reader_t *reader, uint32_t origin,
                           const heaptrail_origin_t *expected)
{
    uint64_t origins = field(reader, 9);
    uint64_t value;
    assert_true(state_row(reader, 2, origins, origin, 5, &value));
    assert_int_equal(value, expected->method);
    assert_true(state_row(reader, 2, origins, origin, 2, &value));
    assert_int_equal(value, expected->caps);
    uint64_t depth;
    uint64_t first;
    assert_true(state_row(reader, 2, origins, origin, 4, &depth));
    assert_true(state_row(reader, 2, origins, origin, 6, &value));
    if (depth == 1 && expected->site == NULL && value != 0) {
        assert_int_equal(value, expected->frames[0]);
        return;
    }
    assert_int_equal(depth, expected->frame_count);
    assert_true(state_row(reader, 2, origins, origin, 3, &first));
    for (uint64_t i = 0; i < depth; i++) {
        uint64_t frame = 0;
        assert_true(read_dump(NULL, field(reader, 11) + (first + i) * sizeof(void *), &frame,
                              sizeof(void *)));
        assert_int_equal(frame, expected->frames[i]);
    }
}

/* True: the block's row is a pool's. */
static bool compare_pool(const state_reader_t *reader, const state_block_t *block)
{
    uint64_t rows;
    uint64_t kind;
    uint64_t start;
    uint64_t size;
    assert_true(state_at(reader, 15, &rows));
    assert_true(state_row(reader, 4, rows, block->heap, 5, &kind));
    assert_true(state_row(reader, 4, rows, block->heap, 1, &start));
    assert_true(state_row(reader, 4, rows, block->heap, kind == 1 ? 6 : 2, &size));
    assert_int_equal(block->in_pool, kind == 1);
    if (block->heap != 0) { assert_in_range(block->address, start, start + size - 1); }
    return kind == 1;
}

static unsigned s_pooled;

static void compare_blocks(void)
{
    s_pooled = 0;
    state_reader_t reader = opened();
    state_block_t block;
    unsigned count = 0;
    for (; state_block(&reader, count, &block); count++) {
        const heaptrail_block_row_t *row = row_at(block.address, block.heap);
        assert_non_null(row);
        s_pooled += compare_pool(&reader, &block);
        assert_int_equal(block.size, row->size_bytes);
        assert_int_equal(block.heap, row->heap_id);
        assert_int_equal(block.origin, row->origin.id);
        assert_int_equal(block.task, row->task_id);
        compare_task(&reader, block.task, row->task_name);
        compare_origin(&reader, block.origin, &row->origin);
    }
    assert_int_equal(count, s_row_count);
    assert_true(count > 40);
}

static void test_blocks(void **state)
{
    (void)state;
    esp_run(allocate_some);
    s_row_count = 0;
    assert_int_equal(heaptrail_for_each_block(NULL, keep_row, NULL, NULL), ESP_OK);
    dump();
    for (size_t i = 0; i < sizeof(s_blocks) / sizeof(s_blocks[0]); i++) {
        free(s_blocks[i]); /* later events are not in the dump */
    }
    compare_blocks();
}

/* Blocks of pools: one in a block of the heap, whose first block begins where that does; one in
 * static memory. */
#define POOL_BYTES 512U

static void use_pools(void *arg)
{
    static uint64_t memory[POOL_BYTES / 8];
    allocate_some(arg);
    char *start = heap_caps_malloc(POOL_BYTES, CAPS);
    heaptrail_pool_config_t config = {.name = "inner", .start = start, .size_bytes = POOL_BYTES};
    heaptrail_pool_t pool;
    assert_int_equal(heaptrail_pool_add(&config, &pool), ESP_OK);
    for (size_t i = 0; i < 5; i++) {
        (void)heaptrail_pool_alloc(pool, NULL, NULL, start + 64 * i, 10 + i);
    }
    assert_int_equal(heaptrail_pool_free(pool, start + 128), ESP_OK);
    config = (heaptrail_pool_config_t){"static", memory, POOL_BYTES, NULL, NULL};
    assert_int_equal(heaptrail_pool_add(&config, &pool), ESP_OK);
    (void)heaptrail_pool_alloc(pool, NULL, NULL, &memory[2], 30);
}

static void test_blocks_of_pools(void **state)
{
    (void)state;
    esp_run(use_pools);
    s_row_count = 0;
    assert_int_equal(heaptrail_for_each_block(NULL, keep_row, NULL, NULL), ESP_OK);
    dump();
    compare_blocks();
    assert_int_equal(s_pooled, 5);
}

static void fail_once(void *arg)
{
    (void)arg;
    assert_null(heap_caps_malloc(50U << 20, CAPS));
}

static void test_failures(void **state)
{
    (void)state;
    esp_run(fail_once);
    heaptrail_failure_row_t row = esp_last_failure();
    dump();
    state_reader_t reader = opened();
    uint64_t value;
    assert_int_equal(field(&reader, 19), 1);
    assert_true(state_row(&reader, 5, field(&reader, 17), 0, 2, &value));
    assert_int_equal(value, 50U << 20);
    assert_true(state_row(&reader, 5, field(&reader, 17), 0, 4, &value));
    assert_int_equal(value, CAPS);
    assert_true(state_row(&reader, 5, field(&reader, 17), 0, 8, &value));
    assert_int_equal(value, row.origin.id);
    assert_true(state_row(&reader, 5, field(&reader, 17), 0, 9, &value));
    assert_int_equal(value, row.task_id);
}

static bool keep_heap(void *context, const heaptrail_heap_row_t *row)
{
    heaptrail_heap_row_t *heap = context;
    if (row->id != heap->id) { return true; }
    *heap = *row;
    return false;
}

static void test_heaps(void **state)
{
    (void)state;
    esp_run(allocate_some);
    dump();
    state_reader_t reader = opened();
    uint64_t heaps = field(&reader, 16);
    assert_in_range(heaps, 2, 15);
    uint64_t block_heap = esp_block(s_blocks[1]).heap_id;
    uint64_t rows;
    uint64_t start;
    uint64_t size;
    assert_true(state_at(&reader, 15, &rows));
    assert_true(state_row(&reader, 4, rows, block_heap, 1, &start));
    assert_true(state_row(&reader, 4, rows, block_heap, 2, &size));
    heaptrail_heap_row_t expected = {.id = (uint32_t)block_heap};
    assert_int_equal(heaptrail_for_each_heap(NULL, keep_heap, &expected, NULL), ESP_OK);
    assert_int_equal(start, expected.start);
    assert_int_equal(size, expected.size_bytes);
    assert_in_range((uintptr_t)s_blocks[1], start, start + size - 1);
}

static void test_what_is_no_state(void **state)
{
    (void)state;
    state_reader_t reader;
    memset(&s_dump, 0, sizeof(s_dump));
    assert_non_null(state_open(&reader, read_dump, NULL, (uintptr_t)&heaptrail_state));
    esp_run(allocate_some);
    dump();
    s_dump.header.version = 3;
    assert_non_null(
        strstr(state_open(&reader, read_dump, NULL, (uintptr_t)&heaptrail_state), "version"));
    dump();
    s_dump.header.fields = (const void *)8;
    assert_non_null(state_open(&reader, read_dump, NULL, (uintptr_t)&heaptrail_state));
    assert_non_null(state_open(&reader, read_dump, NULL, 64));
}

/* The header of SPEC.md, 3, byte by byte. */
static void test_header(void **state)
{
    (void)state;
    esp_run(allocate_some);
    dump();
    const uint8_t *bytes = (const uint8_t *)&s_dump;
    const uint8_t expected[14] = {'h',
                                  'e',
                                  'a',
                                  'p',
                                  't',
                                  'r',
                                  'l',
                                  0x1a,
                                  2,
                                  0,
                                  (uint8_t)(32 + 2 * sizeof(void *)),
                                  0,
                                  sizeof(void *),
                                  8};
    assert_memory_equal(bytes, expected, sizeof(expected));
    uint32_t total;
    memcpy(&total, bytes + 16, sizeof(total));
    assert_int_equal(total, sizeof(heaptrail_state));
    const void *self;
    memcpy(&self, bytes + 32, sizeof(self));
    assert_ptr_equal(self, &heaptrail_state);
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_header),          cmocka_unit_test(test_blocks),
    cmocka_unit_test(test_blocks_of_pools), cmocka_unit_test(test_failures),
    cmocka_unit_test(test_heaps),           cmocka_unit_test(test_what_is_no_state),
};

ESP_TEST_MAIN(s_tests)
