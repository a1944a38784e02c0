// SPDX-License-Identifier: Apache-2.0
/* The part of heaptrail's port to ESP-IDF that reads the heap's own bookkeeping, on the stand-in's
 * heap: never a false word about a sound heap, never a fault in a damaged one. */
#include "sim_test.h"

#include "esp_heap_caps.h"
#include "ht_port.h"
#include <string.h>

#define BLOCKS 64
#define STEPS 20000

static uint64_t s_state = 11;

static size_t random_below(size_t n)
{
    s_state = s_state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(s_state >> 33) % n;
}

static int reset(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    sim_init(&config);
    return 0;
}

static const uint32_t s_caps[] = {
    MALLOC_CAP_DEFAULT,
    MALLOC_CAP_DMA,
    MALLOC_CAP_EXEC,
    MALLOC_CAP_SPIRAM,
    MALLOC_CAP_SPIRAM | MALLOC_CAP_DMA,
    MALLOC_CAP_SPIRAM | MALLOC_CAP_CACHE_ALIGNED,
    MALLOC_CAP_SIMD,
    MALLOC_CAP_RTCRAM,
};

typedef struct {
    void *p;
    size_t bytes;
} block_t;

static void step(block_t *b)
{
    size_t bytes = 1 + random_below((size_t)1 << random_below(14));
    uint32_t caps = s_caps[random_below(sizeof(s_caps) / sizeof(s_caps[0]))];
    switch (b->p == NULL ? random_below(2) : 2 + random_below(2)) {
    case 0:
        b->p = heap_caps_malloc(bytes, caps);
        b->bytes = bytes;
        break;
    case 1:
        b->p = heap_caps_aligned_alloc((size_t)4 << random_below(6), bytes, caps);
        b->bytes = bytes;
        break;
    case 2: {
        void *moved = heap_caps_realloc(b->p, bytes, caps);
        if (moved != NULL) { *b = (block_t){moved, bytes}; }
        break;
    }
    default:
        heap_caps_free(b->p);
        b->p = NULL;
    }
}

static void test_sound_headers_are_ok(void **state)
{
    (void)state;
    block_t blocks[BLOCKS] = {{0}};
    for (int i = 0; i < STEPS; i++) {
        block_t *b = &blocks[random_below(BLOCKS)];
        step(b);
        if (b->p == NULL) { continue; }
        assert_true(ht_port_header_ok(b->p, b->bytes));
        uint32_t caps = MALLOC_CAP_SPIRAM | MALLOC_CAP_DMA;
        if (ht_port_line_at((uintptr_t)b->p) != 0) {
            assert_true(ht_port_dma_line(caps) >= ht_port_line_at((uintptr_t)b->p));
        }
        if (i % 100 == 0) {
            assert_true(ht_port_heap_sound(0));
            assert_true(heap_caps_check_integrity_all(false));
        }
    }
}

static void test_damaged_headers_are_not(void **state)
{
    (void)state;
    size_t *p = heap_caps_malloc(100, MALLOC_CAP_DEFAULT);
    size_t header = p[-1];
    for (unsigned bit = 0; bit < 8 * sizeof(header); bit++) {
        p[-1] = header ^ (size_t)1 << bit;
        /* Bit 1 is the other block's; small differences cannot be told from what TLSF leaves. */
        bool small =
            bit >= 2 && bit < 6 && (p[-1] & ~(size_t)3) >= 100 && p[-1] % sizeof(size_t) < 4;
        if (bit != 1 && !small) { assert_false(ht_port_header_ok(p, 100)); }
    }
    p[-1] = 0x4141414141414141u & SIZE_MAX;
    assert_false(ht_port_header_ok(p, 100));
    p[-1] = header;
    assert_true(ht_port_header_ok(p, 100));
}

typedef struct {
    size_t blocks;
    size_t used;
    uintptr_t last;
} seen_t;

static bool see(void *context, uintptr_t address, size_t bytes, bool used)
{
    seen_t *seen = context;
    assert_true(address > seen->last && bytes > 0);
    seen->last = address;
    seen->blocks++;
    seen->used += used;
    return true;
}

static void test_walk(void **state)
{
    (void)state;
    sim_region_t region;
    sim_region_get(SIM_REGION_PSRAM, &region);
    void *a = heap_caps_malloc(100, MALLOC_CAP_SPIRAM);
    heap_caps_malloc(100, MALLOC_CAP_SPIRAM);
    heap_caps_free(a);
    seen_t seen = {0};
    assert_true(ht_port_walk_heap(region.start, see, &seen));
    assert_int_equal(seen.blocks, 3);
    assert_int_equal(seen.used, 1);
    assert_false(ht_port_walk_heap(region.start + 1, see, &seen));
}

static bool every_block(void *context, uintptr_t address, size_t bytes, bool used)
{
    (void)used;
    const sim_region_t *region = context;
    assert_true(address > region->start && address + bytes <= region->start + region->bytes);
    return true;
}

static void test_walk_of_a_damaged_heap(void **state)
{
    (void)state;
    unsigned found = 0;
    unsigned theirs = 0;
    for (int round = 0; round < 300; round++) {
        reset(NULL);
        sim_region_t region;
        sim_region_get(SIM_REGION_DRAM2, &region);
        char *blocks[40];
        for (int i = 0; i < 40; i++) {
            blocks[i] = heap_caps_malloc(1 + random_below(300), MALLOC_CAP_DMA);
        }
        for (int i = 1; i < 40; i += 1 + (int)random_below(3)) {
            heap_caps_free(blocks[i]);
        }
        size_t room = region.start + region.bytes - (uintptr_t)blocks[0];
        for (size_t i = 0; i <= random_below(8); i++) {
            blocks[0][random_below(room)] ^= (char)(1 + random_below(255));
        }
        assert_true(ht_port_walk_heap(region.start, every_block, &region));
        bool sound = ht_port_heap_sound(region.start);
        bool sound_to_heap = heap_caps_check_integrity_addr((intptr_t)region.start, false);
        found += !sound;
        theirs += !sound_to_heap;
        assert_int_equal(ht_port_heap_sound(0), sound);
    }
    assert_in_range(found, 1, 300);
    assert_in_range(found + 30, theirs, 330); /* the free lists' bitmaps are not looked at */
}

static void in_a_task(void *arg)
{
    int local = 0;
    static int s_variable;
    *(bool *)arg = ht_port_place((uintptr_t)&local) == HT_PORT_PLACE_STACK &&
                   ht_port_place((uintptr_t)&s_variable) == HT_PORT_PLACE_STATIC;
    ht_port_task_stack_t stack;
    assert_true(ht_port_task_stack((uintptr_t)xTaskGetCurrentTaskHandle(), &stack));
    assert_int_equal(stack.low, (uintptr_t)pxTaskGetStackStart(NULL));
    assert_true(stack.margin_known && stack.margin_bytes == CONFIG_ESP_MAIN_TASK_STACK_SIZE);
}

static void test_places(void **state)
{
    (void)state;
    int local = 0;
    bool right = false;
    assert_int_equal(ht_port_place((uintptr_t)&local), HT_PORT_PLACE_STACK);
    assert_int_equal(ht_port_place((uintptr_t)test_places), HT_PORT_PLACE_READ_ONLY);
    assert_int_equal(ht_port_place((uintptr_t) "text"), HT_PORT_PLACE_READ_ONLY);
    assert_int_equal(ht_port_place(16), HT_PORT_PLACE_UNKNOWN);
    assert_int_equal(ht_port_place(UINTPTR_MAX), HT_PORT_PLACE_UNKNOWN);
    sim_run(in_a_task, &right);
    assert_true(right);
    ht_port_task_stack_t stack;
    assert_false(ht_port_task_stack(HT_KEY_STARTUP, &stack));
}

static void test_lines(void **state)
{
    (void)state;
    assert_int_equal(ht_port_dma_line(MALLOC_CAP_DEFAULT), 0);
    assert_int_equal(ht_port_dma_line(MALLOC_CAP_SPIRAM), 0);
    assert_int_equal(ht_port_dma_line(MALLOC_CAP_DMA), 0);
    assert_int_equal(ht_port_dma_line(MALLOC_CAP_INTERNAL | MALLOC_CAP_CACHE_ALIGNED), 0);
    size_t line = CONFIG_ESP32S3_DATA_CACHE_LINE_SIZE;
    assert_int_equal(ht_port_dma_line(MALLOC_CAP_CACHE_ALIGNED), line);
    assert_int_equal(ht_port_dma_line(MALLOC_CAP_SPIRAM | MALLOC_CAP_DMA), line);
    assert_int_equal(ht_port_line_at((uintptr_t)heap_caps_malloc(9, MALLOC_CAP_DMA)), 0);
    assert_int_equal(ht_port_line_at((uintptr_t)heap_caps_malloc(9, MALLOC_CAP_SPIRAM)), line);
    assert_false(ht_port_takes_front(MALLOC_CAP_EXEC | MALLOC_CAP_32BIT));
    assert_true(ht_port_takes_front(MALLOC_CAP_DEFAULT));
}

static char s_out[300];
static size_t s_out_length;

static void note_output(const char *text, size_t length)
{
    memcpy(s_out + s_out_length, text, length);
    s_out_length += length;
}

static void test_emergency_write(void **state)
{
    (void)state;
    char text[200];
    memset(text, '%', sizeof(text));
    sim_set_rom_output(note_output);
    ht_port_emergency_write(text, sizeof(text));
    ht_port_emergency_write("x", 0);
    sim_set_rom_output(NULL);
    assert_int_equal(s_out_length, sizeof(text));
    assert_memory_equal(s_out, text, sizeof(text));
    sim_set_app_image(77);
    assert_int_equal(ht_port_image(), 77);
    assert_int_not_equal(ht_port_seed(), ht_port_seed());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sound_headers_are_ok, reset),
        cmocka_unit_test_setup(test_damaged_headers_are_not, reset),
        cmocka_unit_test_setup(test_walk, reset),
        cmocka_unit_test_setup(test_walk_of_a_damaged_heap, reset),
        cmocka_unit_test_setup(test_places, reset),
        cmocka_unit_test_setup(test_lines, reset),
        cmocka_unit_test_setup(test_emergency_write, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
