// SPDX-License-Identifier: Apache-2.0
/* A heap whose blocks were written over: the checks end, read nothing outside, and say so. */
#include "sim_test.h"

#include "esp_heap_caps.h"
#include <stdio.h>
#include <string.h>

#define BLOCKS 200
#define ROUNDS 400

static jmp_buf s_panic;
static char s_reason[120];

static void on_panic(const char *reason, bool restart)
{
    (void)restart;
    snprintf(s_reason, sizeof(s_reason), "%s", reason);
    longjmp(s_panic, 1);
}

static int reset(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    config.region_bytes[SIM_REGION_DRAM] = 64 << 10;
    config.region_bytes[SIM_REGION_DRAM2] = SIM_REGION_NONE;
    sim_init(&config);
    return 0;
}

static uint64_t s_state = 7;

static size_t random_below(size_t n)
{
    s_state = s_state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(s_state >> 33) % n;
}

/* A heap with holes. */
static void **populate(void)
{
    static void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = heap_caps_malloc(1 + random_below(200), MALLOC_CAP_DMA);
        assert_non_null(blocks[i]);
    }
    for (int i = 0; i < BLOCKS; i++) {
        if (random_below(3) == 0) {
            heap_caps_free(blocks[i]);
            blocks[i] = NULL;
        }
    }
    return blocks;
}

static bool count_block(walker_heap_into_t heap, walker_block_info_t block, void *user)
{
    assert_true((intptr_t)block.ptr > heap.start);
    assert_true((intptr_t)block.ptr + (intptr_t)block.size <= heap.end);
    ++*(size_t *)user;
    return true;
}

static void test_header_damage_is_found(void **state)
{
    (void)state;
    size_t *p = heap_caps_malloc(40, MALLOC_CAP_DMA);
    heap_caps_malloc(40, MALLOC_CAP_DMA);
    assert_true(heap_caps_check_integrity_all(false));
    size_t header = p[-1];
    static const size_t wrong[] = {0, 4, SIZE_MAX, SIZE_MAX / 2, 0x41414141, 1 << 20};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        p[-1] = wrong[i];
        assert_false(heap_caps_check_integrity_all(false));
        assert_false(heap_caps_check_integrity_addr((intptr_t)p, false));
        size_t blocks = 0;
        heap_caps_walk_all(count_block, &blocks);
        multi_heap_info_t info;
        heap_caps_get_info(&info, MALLOC_CAP_DMA);
    }
    p[-1] = header;
    assert_true(heap_caps_check_integrity_all(false));
}

/* Any bytes anywhere behind the first block: no fault, no endless loop. */
static void test_random_damage(void **state)
{
    (void)state;
    unsigned found = 0;
    for (int round = 0; round < ROUNDS; round++) {
        reset(NULL);
        char *first = (char *)populate()[0];
        sim_region_t region;
        sim_region_get(SIM_REGION_DRAM, &region);
        if (first == NULL) { continue; }
        for (size_t i = 0; i <= random_below(4); i++) {
            size_t room = region.start + region.bytes - (uintptr_t)first;
            first[random_below(room)] ^= (char)(1 + random_below(255));
        }
        found += !heap_caps_check_integrity_all(false);
        size_t blocks = 0;
        heap_caps_walk_all(count_block, &blocks);
    }
    assert_in_range(found, 1, ROUNDS);
}

/* Returns false when it panicked, as a chip does. */
static bool try_free(void *p)
{
    sim_set_panic_handler(on_panic);
    bool returned = setjmp(s_panic) == 0;
    if (returned) { heap_caps_free(p); }
    sim_set_panic_handler(NULL);
    return returned;
}

static void test_bad_frees_panic(void **state)
{
    (void)state;
    char *p = heap_caps_malloc(40, MALLOC_CAP_DMA);
    char *q = heap_caps_malloc(40, MALLOC_CAP_DMA);
    size_t header = ((size_t *)(void *)p)[-1];
    ((size_t *)(void *)p)[-1] = 0x41414140;
    assert_false(try_free(p));
    assert_non_null(strstr(s_reason, "damaged"));
    ((size_t *)(void *)p)[-1] = header;
    assert_false(try_free(q + 1));
    assert_false(try_free(&header));
    assert_true(try_free(q));
    assert_false(try_free(q));
    assert_true(heap_caps_check_integrity_all(false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_header_damage_is_found, reset),
        cmocka_unit_test_setup(test_random_damage, reset),
        cmocka_unit_test_setup(test_bad_frees_panic, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
