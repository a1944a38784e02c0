// SPDX-License-Identifier: Apache-2.0
/* The TLSF heap against a naive model: a list of what is allocated, with a fill pattern in each
 * block. The validator runs after every step. */
#include "sim_test.h"

#include "multi_heap.h"
#include <stdlib.h>
#include <string.h>

#define BLOCKS 64
#define STEPS 20000

typedef struct {
    uint8_t *p;
    size_t size;
    uint8_t fill;
} model_block_t;

static uint64_t s_state;

static uint32_t random_below(uint32_t n)
{
    s_state = s_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(s_state >> 33) % n;
}

static void fill(model_block_t *b)
{
    b->fill = (uint8_t)random_below(256);
    memset(b->p, b->fill, b->size);
}

static void expect_filled(const model_block_t *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(b->p[i], b->fill);
    }
}

static void expect_disjoint(const model_block_t *blocks, int at)
{
    for (int i = 0; i < BLOCKS; i++) {
        if (i != at && blocks[i].p) {
            assert_true(blocks[i].p + blocks[i].size <= blocks[at].p ||
                        blocks[at].p + blocks[at].size <= blocks[i].p);
        }
    }
}

static size_t random_size(void)
{
    return 1 + random_below(random_below(10) == 0 ? 3000 : 200);
}

static void allocate(multi_heap_handle_t heap, model_block_t *blocks, int at)
{
    model_block_t *b = &blocks[at];
    size_t align = random_below(3) == 0 ? (size_t)4 << random_below(7) : 0;
    b->size = random_size();
    b->p =
        align ? multi_heap_aligned_alloc(heap, b->size, align) : multi_heap_malloc(heap, b->size);
    if (b->p) {
        assert_int_equal((uintptr_t)b->p % (align ? align : sizeof(size_t)), 0);
        assert_true(multi_heap_get_allocated_size(heap, b->p) >= b->size);
        expect_disjoint(blocks, at);
        fill(b);
    }
}

static void reallocate(multi_heap_handle_t heap, model_block_t *blocks, int at)
{
    model_block_t *b = &blocks[at];
    size_t size = random_size();
    uint8_t *moved = multi_heap_realloc(heap, b->p, size);
    if (moved == NULL) {
        expect_filled(b, b->size);
        return;
    }
    b->p = moved;
    expect_filled(b, size < b->size ? size : b->size);
    b->size = size;
    expect_disjoint(blocks, at);
    fill(b);
}

static void step(multi_heap_handle_t heap, model_block_t *blocks)
{
    int at = (int)random_below(BLOCKS);
    if (blocks[at].p == NULL) {
        allocate(heap, blocks, at);
    } else if (random_below(3) == 0) {
        reallocate(heap, blocks, at);
    } else {
        expect_filled(&blocks[at], blocks[at].size);
        multi_heap_free(heap, blocks[at].p);
        blocks[at].p = NULL;
    }
}

static void expect_same_info(multi_heap_handle_t heap, const model_block_t *blocks)
{
    multi_heap_info_t info;
    multi_heap_get_info(heap, &info);
    size_t bytes = 0;
    size_t count = 0;
    for (int i = 0; i < BLOCKS; i++) {
        if (blocks[i].p) {
            bytes += multi_heap_get_allocated_size(heap, blocks[i].p);
            count++;
        }
    }
    assert_int_equal(info.allocated_blocks, count);
    /* ESP-IDF's figure counts the pool's own two words too. */
    assert_in_range(info.total_allocated_bytes, bytes,
                    bytes + (info.free_blocks + 2) * sizeof(size_t));
    assert_int_equal(info.total_free_bytes, multi_heap_free_size(heap));
    assert_true(info.minimum_free_bytes <= info.total_free_bytes);
}

static void random_stream(size_t heap_bytes, uint64_t seed)
{
    model_block_t blocks[BLOCKS] = {{0}};
    void *memory = aligned_alloc(16, heap_bytes);
    multi_heap_handle_t heap = multi_heap_register(memory, heap_bytes);
    assert_non_null(heap);
    size_t free_before = multi_heap_free_size(heap);
    s_state = seed;
    for (int i = 0; i < STEPS; i++) {
        step(heap, blocks);
        assert_true(multi_heap_check(heap, true));
        if (i % 64 == 0) { expect_same_info(heap, blocks); }
    }
    for (int i = 0; i < BLOCKS; i++) {
        multi_heap_free(heap, blocks[i].p);
    }
    multi_heap_info_t info;
    multi_heap_get_info(heap, &info);
    assert_int_equal(info.free_blocks, 1);
    assert_int_equal(info.allocated_blocks, 0);
    assert_int_equal(multi_heap_free_size(heap), free_before);
    free(memory);
}

static void test_small_pool(void **state)
{
    (void)state;
    random_stream(8 * 1024, 1);
}

static void test_medium_pool(void **state)
{
    (void)state;
    random_stream(40 * 1024, 2);
}

static void test_large_pool(void **state)
{
    (void)state;
    random_stream(512 * 1024, 3);
}

static void test_aligned_with_offset(void **state)
{
    (void)state;
    static uint64_t memory[4096];
    multi_heap_handle_t heap = multi_heap_register(memory, sizeof(memory));
    for (size_t offset = 0; offset <= 64; offset += sizeof(size_t)) {
        char *p = multi_heap_aligned_alloc_offs(heap, 100, 64, offset);
        assert_non_null(p);
        assert_int_equal(((uintptr_t)p + offset) % 64, 0);
        assert_true(multi_heap_check(heap, true));
    }
}

static void test_too_small_and_too_large(void **state)
{
    (void)state;
    static uint64_t memory[512];
    assert_null(multi_heap_register(memory, 16));
    multi_heap_handle_t heap = multi_heap_register(memory, sizeof(memory));
    assert_non_null(heap);
    assert_null(multi_heap_malloc(heap, 0));
    assert_null(multi_heap_malloc(heap, sizeof(memory)));
    assert_null(multi_heap_malloc(heap, SIZE_MAX));
    assert_null(multi_heap_aligned_alloc(heap, 8, 3));
    void *all = multi_heap_malloc(heap, multi_heap_free_size(heap) / 2);
    assert_non_null(all);
    assert_null(multi_heap_realloc(heap, all, SIZE_MAX - 8));
    assert_true(multi_heap_check(heap, true));
}

static void test_check_finds_damage(void **state)
{
    (void)state;
    static uint64_t memory[1024];
    multi_heap_handle_t heap = multi_heap_register(memory, sizeof(memory));
    size_t *a = multi_heap_malloc(heap, 40);
    size_t *b = multi_heap_malloc(heap, 40);
    assert_true(multi_heap_check(heap, false));
    size_t saved = b[-1];
    b[-1] = saved | 2; /* "the block before is free" */
    assert_false(multi_heap_check(heap, false));
    b[-1] = saved;
    multi_heap_free(heap, a);
    a[0] = 0; /* a dangling write into the list */
    a[-1] &= ~(size_t)1;
    assert_false(multi_heap_check(heap, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_pool),
        cmocka_unit_test(test_medium_pool),
        cmocka_unit_test(test_large_pool),
        cmocka_unit_test(test_aligned_with_offset),
        cmocka_unit_test(test_too_small_and_too_large),
        cmocka_unit_test(test_check_finds_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
