/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Random damage: bits flipped anywhere in redzones, in quarantined blocks, in user data, and in the
 * heap's own headers. What is checked is reported exactly, user data never, and nothing falls over.
 */
#include <stdlib.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_errors.h"

#define BLOCKS 48
#define FRONT 16
#define TAIL 12
#define ROUNDS 3000
#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)

static struct {
    unsigned count;
    heaptrail_error_row_t row[4];
} s_got;

static uint32_t s_random;

static uint32_t below(uint32_t limit)
{
    s_random ^= s_random << 13;
    s_random ^= s_random >> 17;
    s_random ^= s_random << 5;
    return s_random % limit;
}

static void on_error(void *context, const heaptrail_error_row_t *error)
{
    (void)context;
    if (s_got.count < 4) { s_got.row[s_got.count] = *error; }
    s_got.count++;
}

static void set_up(void)
{
    const heaptrail_checks_t checks = {
        .redzones = true,
        .redzone_front_bytes = FRONT,
        .redzone_tail_bytes = TAIL,
        .fill_freed = true,
        .freed_byte = 0xdd,
        .heap_headers = true,
        .wrong_frees = true,
        .quarantine_blocks = 16,
        .quarantine_bytes = 16384,
    };
    const char *seed = getenv("HEAPTRAIL_SEED");
    s_random = seed != NULL ? (uint32_t)strtoul(seed, NULL, 0) | 1U : 20261122U;
    printf("  seed %u\n", (unsigned)s_random);
    assert_int_equal(heaptrail_set_checks(&checks), ESP_OK);
    assert_int_equal(heaptrail_set_policy(HEAPTRAIL_ERROR_NONE, HEAPTRAIL_POLICY_CALLBACK), ESP_OK);
    heaptrail_set_error_callback(on_error, NULL);
}

typedef struct {
    uint8_t *bytes;
    size_t size;
    bool freed;
} block_t;

static block_t s_block[BLOCKS];

static void make_blocks(void)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        s_block[i].size = 1U + below(200);
        s_block[i].bytes = heap_caps_malloc(s_block[i].size, CAPS);
        assert_non_null(s_block[i].bytes);
        memset(s_block[i].bytes, (int)i, s_block[i].size);
        s_block[i].freed = false;
    }
    for (unsigned i = 0; i < 12; i++) {
        block_t *block = &s_block[below(BLOCKS)];
        if (!block->freed) { heap_caps_free(block->bytes); }
        block->freed = true;
    }
}

static void end_blocks(void)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        if (!s_block[i].freed) { heap_caps_free(s_block[i].bytes); }
    }
    assert_int_equal(heaptrail_release_quarantine(), ESP_OK);
}

/* Flip bits in [from, from + count) of a block: the span that changed, or none. */
static bool flip(const block_t *block, long from, size_t count, long *first, size_t *span)
{
    long low = 0;
    long high = -1;
    unsigned flips = 1 + below(4);
    uint8_t before[256];
    memcpy(before, block->bytes + from, count);
    for (unsigned i = 0; i < flips; i++) {
        block->bytes[from + (long)below((uint32_t)count)] ^= (uint8_t)(1U << below(8));
    }
    bool any = false;
    for (long at = 0; at < (long)count; at++) {
        if (block->bytes[from + at] != before[at]) {
            if (!any) { low = at; }
            high = at;
            any = true;
        }
    }
    *first = from + low;
    *span = (size_t)(high - low + 1);
    return any;
}

static void expect(heaptrail_error_kind_t kind, const block_t *block, long first, size_t span)
{
    assert_int_equal(s_got.count, 1);
    assert_int_equal(s_got.row[0].kind, kind);
    assert_int_equal(s_got.row[0].block.address, (uintptr_t)block->bytes);
    assert_int_equal(s_got.row[0].block.size_bytes, block->size);
    assert_int_equal(s_got.row[0].offset_bytes, first);
    assert_int_equal(s_got.row[0].damaged_bytes, span);
}

/* Look by each of the ways in turn. */
static void look(unsigned round, const block_t *block)
{
    heaptrail_verified_t seen;
    switch (round % 3) {
    case 0:
        assert_int_equal(heaptrail_verify_heap(0, &seen), ESP_OK);
        assert_true(seen.round_complete);
        break;
    case 1:
        assert_int_equal(heaptrail_verify(block->bytes, &seen), ESP_OK);
        break;
    default:
        for (int rounds = 0; rounds < 2;) { /* one may be under way */
            assert_int_equal(heaptrail_scrub(7, &seen), ESP_OK);
            rounds += seen.round_complete;
        }
    }
}

static void damage_something(unsigned round)
{
    const block_t *block = &s_block[below(BLOCKS)];
    long first;
    size_t span;
    long size = (long)block->size;
    s_got.count = 0;
    bool changed = false;
    heaptrail_error_kind_t kind = HEAPTRAIL_ERROR_NONE;
    switch (below(3)) {
    case 0:
        kind = HEAPTRAIL_ERROR_UNDERFLOW;
        changed = flip(block, -FRONT, FRONT, &first, &span);
        break;
    case 1:
        kind = HEAPTRAIL_ERROR_OVERFLOW;
        changed = flip(block, size, (size_t)(((size + TAIL + 3) & ~3L) - size), &first, &span);
        break;
    default:
        changed = flip(block, 0, block->size, &first, &span);
        if (block->freed) { kind = HEAPTRAIL_ERROR_WRITE_AFTER_FREE; }
    }
    look(round, block);
    if (!changed || kind == HEAPTRAIL_ERROR_NONE) { /* a bit flipped twice, or user data */
        assert_int_equal(s_got.count, 0);
        return;
    }
    expect(kind, block, first, span);
    s_got.count = 0;
    look(0, block); /* it was put right: told once */
    assert_int_equal(s_got.count, 0);
    esp_check();
}

static void test_redzones_and_quarantine(void **state)
{
    (void)state;
    set_up();
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (round % 50 == 0) { make_blocks(); }
        damage_something(round);
        if (round % 50 == 49) { end_blocks(); }
    }
    assert_true(heap_caps_check_integrity_all(true));
}

/* A table that is nearly full: each block is looked at, and only once. */
static void test_every_block_is_looked_at(void **state)
{
    (void)state;
    enum { MANY = 1700 };
    static uint8_t *many[MANY];
    uint32_t before = esp_records();
    set_up();
    for (unsigned i = 0; i < MANY; i++) {
        many[i] = heap_caps_malloc(8, MALLOC_CAP_SPIRAM);
        assert_non_null(many[i]);
    }
    heaptrail_verified_t seen;
    assert_int_equal(heaptrail_verify_heap(0, &seen), ESP_OK);
    assert_int_equal(seen.blocks, MANY);
    assert_int_equal(esp_records() - before, MANY);
    uint32_t scrubbed = 0;
    do {
        assert_int_equal(heaptrail_scrub(100, &seen), ESP_OK);
        scrubbed += seen.blocks;
    } while (!seen.round_complete);
    assert_int_equal(scrubbed, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        heap_caps_free(many[i]);
    }
    esp_check();
}

/* The heap's header of a block, its size word: in front of the front redzone. */
static size_t *header_of(const block_t *block)
{
    return (size_t *)(uintptr_t)(block->bytes - FRONT) - 1;
}

/* A header that cannot be: the block is told, not given back, and everything else goes on. */
static void test_headers_of_blocks(void **state)
{
    (void)state;
    set_up();
    heaptrail_check_status_t status;
    uint32_t leaked = 0;
    for (unsigned round = 0; round < 300; round++) {
        block_t block = {.size = 1U + below(100)};
        block.bytes = heap_caps_malloc(block.size, CAPS);
        assert_non_null(block.bytes);
        size_t *header = header_of(&block);
        size_t good = *header;
        *header ^= (size_t)1 << (below(2) == 0 ? 0 : 8 + below(20)); /* "free", or another size */
        s_got.count = 0;
        assert_int_equal(heaptrail_verify_heap(0, NULL), ESP_OK);
        assert_true(s_got.count >= 1);
        assert_int_equal(s_got.row[0].kind, HEAPTRAIL_ERROR_HEAP_DAMAGED);
        assert_int_equal(s_got.row[0].block.address, (uintptr_t)block.bytes);
        s_got.count = 0;
        heap_caps_free(block.bytes);
        assert_int_equal(s_got.count, 1);
        assert_int_equal(s_got.row[0].kind, HEAPTRAIL_ERROR_HEAP_DAMAGED);
        assert_int_equal(heaptrail_check_status(&status), ESP_OK);
        assert_int_equal(status.leaked_blocks, ++leaked);
        *header = good;
    }
    s_got.count = 0;
    esp_check();
    assert_true(heap_caps_check_integrity_all(true));
    assert_int_equal(heaptrail_verify_heap(0, NULL), ESP_OK);
    assert_int_equal(s_got.count, 0);
}

/* Bits of free memory, headers and links of the heap included: looked at, put back, never fatal. */
static void test_bits_of_the_heap(void **state)
{
    (void)state;
    set_up();
    enum { SMALL = 300 };
    static void *small[SMALL];
    for (unsigned i = 0; i < SMALL; i++) {
        small[i] = heap_caps_malloc(1 + below(24), MALLOC_CAP_SPIRAM);
        assert_non_null(small[i]);
    }
    for (unsigned i = 0; i < SMALL; i += 2) {
        heap_caps_free(small[i]);
    }
    assert_int_equal(heaptrail_release_quarantine(), ESP_OK);
    /* From the first block on: what lies before it is the heap's control structure, with pointers
     * that ESP-IDF's own functions follow before we are asked. */
    uint8_t *start = (uint8_t *)small[0] - FRONT - 2 * sizeof(size_t);
    uint32_t bytes = (uint32_t)((uint8_t *)small[SMALL - 1] - start);
    unsigned told = 0;
    for (unsigned round = 0; round < 2000; round++) {
        uint8_t *at = start + below(bytes);
        uint8_t good = *at;
        *at ^= (uint8_t)(1U << below(8));
        s_got.count = 0;
        assert_int_equal(heaptrail_verify_heap(0, NULL), ESP_OK);
        told += s_got.count != 0;
        *at = good;
    }
    printf("  %u of 2000 flipped bits mattered\n", told);
    assert_in_range(told, 600, 1999); /* redzones and headers; the rest is data and free memory */
    s_got.count = 0;
    assert_int_equal(heaptrail_verify_heap(0, NULL), ESP_OK);
    assert_int_equal(s_got.count, 0);
}

static void sleeper(void *arg)
{
    (void)arg;
    for (;;) {
        vTaskDelay(10);
    }
}

/* What a task writes below its stack is told as that, not as somebody's underflow. */
static void overflow_stacks(void *arg)
{
    (void)arg;
    set_up();
    TaskHandle_t task = NULL;
    assert_int_equal(xTaskCreatePinnedToCore(sleeper, "deep", 2048, NULL, 2, &task, 0), pdPASS);
    vTaskDelay(2);
    uint8_t *low = pxTaskGetStackStart(task);
    low[-1] ^= 0xff;
    assert_int_equal(heaptrail_verify(low, NULL), ESP_OK);
    assert_int_equal(s_got.count, 1);
    assert_int_equal(s_got.row[0].kind, HEAPTRAIL_ERROR_STACK_OVERFLOW);
    assert_string_equal(s_got.row[0].stack_task_name, "deep");
    assert_true(s_got.row[0].stack_margin_known);
    heaptrail_address_row_t row;
    assert_int_equal(heaptrail_explain_address(low + 100, &row), ESP_OK);
    assert_int_equal(row.place, HEAPTRAIL_PLACE_STACK);
    assert_string_equal(row.place_name, "deep");
    /* The same of a block that is no stack. */
    s_got.count = 0;
    uint8_t *block = heap_caps_malloc(2048, CAPS);
    block[-1] ^= 0xff;
    assert_int_equal(heaptrail_verify(block, NULL), ESP_OK);
    assert_int_equal(s_got.count, 1);
    assert_int_equal(s_got.row[0].kind, HEAPTRAIL_ERROR_UNDERFLOW);
    heap_caps_free(block);
    vTaskDelete(task);
    vTaskDelay(2);
    assert_int_equal(s_got.count, 1);
}

static void test_stack_overflow(void **state)
{
    (void)state;
    esp_run(overflow_stacks);
}

/* The quarantine and the redzones give way before anything fails. */
static void test_gives_way(void **state)
{
    (void)state;
    set_up();
    void *waiting = heap_caps_malloc(4000, MALLOC_CAP_RTCRAM);
    assert_non_null(waiting);
    heap_caps_free(waiting); /* in the quarantine: not free for the heap */
    heaptrail_check_status_t status;
    assert_int_equal(heaptrail_check_status(&status), ESP_OK);
    assert_int_equal(status.quarantined_blocks, 1);
    void *large = heap_caps_malloc(6000, MALLOC_CAP_RTCRAM);
    assert_non_null(large);
    assert_int_equal(heaptrail_check_status(&status), ESP_OK);
    assert_int_equal(status.quarantined_blocks, 0);
    assert_int_equal(status.released_early, 1);
    heap_caps_free(large);
    assert_int_equal(heaptrail_release_quarantine(), ESP_OK);
    size_t largest = heap_caps_get_largest_free_block(MALLOC_CAP_RTCRAM);
    uint8_t *exact = heap_caps_malloc(largest, MALLOC_CAP_RTCRAM); /* no room for redzones */
    assert_non_null(exact);
    assert_int_equal(heaptrail_check_status(&status), ESP_OK);
    assert_int_equal(status.unguarded_blocks, 1);
    memset(exact, 1, largest);
    heap_caps_free(exact);
    assert_int_equal(s_got.count, 0);
    esp_check();
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_every_block_is_looked_at), cmocka_unit_test(test_redzones_and_quarantine),
    cmocka_unit_test(test_headers_of_blocks),        cmocka_unit_test(test_bits_of_the_heap),
    cmocka_unit_test(test_stack_overflow),           cmocka_unit_test(test_gives_way),
};
ESP_TEST_MAIN(s_tests)
