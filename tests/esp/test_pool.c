/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail_pool.h on a chip's heap: an allocator inside a block of it. */
#include <stdlib.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_errors.h"
#include "heaptrail_pool.h"

#define BLOCK 64U
#define BLOCKS 32U
#define BYTES (BLOCK * BLOCKS)

/* The simplest allocator: blocks of one size, a bit each. */
static char *s_memory;
static uint32_t s_used;
static heaptrail_pool_t s_pool;
static unsigned s_measured;

static void *raw_take(void)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        if ((s_used & (1U << i)) == 0) {
            s_used |= 1U << i;
            return s_memory + i * BLOCK;
        }
    }
    return NULL;
}

static void raw_give(const void *block)
{
    s_used &= ~(1U << (unsigned)((size_t)((const char *)block - s_memory) / BLOCK));
}

FW static void *fw_take(size_t size)
{
    return heaptrail_pool_alloc(s_pool, NULL, NULL, raw_take(), size);
}

static void fw_give(void *block)
{
    assert_int_equal(heaptrail_pool_free(s_pool, block), ESP_OK);
    raw_give(block);
}

static bool measure(void *context, heaptrail_pool_room_t *room)
{
    assert_ptr_equal(context, &s_used);
    assert_false(sim_interrupts_masked());
    s_measured++;
    room->free_bytes = BLOCK * (BLOCKS - (unsigned)__builtin_popcount(s_used));
    room->largest_free_bytes = s_used == UINT32_MAX ? 0 : BLOCK;
    return true;
}

static void open_pool(void)
{
    s_memory = malloc(BYTES);
    assert_non_null(s_memory);
    const heaptrail_pool_config_t config = {.name = "lvgl",
                                            .start = s_memory,
                                            .size_bytes = BYTES,
                                            .measure = measure,
                                            .context = &s_used};
    assert_int_equal(heaptrail_pool_add(&config, &s_pool), ESP_OK);
}

static bool keep_pool(void *context, const heaptrail_heap_row_t *row)
{
    if (row->pool) { *(heaptrail_heap_row_t *)context = *row; }
    return !row->pool;
}

static heaptrail_heap_row_t pool_row(void)
{
    heaptrail_heap_row_t row = {0};
    assert_int_equal(heaptrail_for_each_heap(NULL, keep_pool, &row, NULL), ESP_OK);
    return row;
}

static void test_blocks(void **state)
{
    (void)state;
    open_pool();
    heaptrail_status_t before = esp_status();
    assert_int_equal(before.pools, 1);
    void *first = fw_take(10);
    void *second = HEAPTRAIL_POOL_ALLOC(s_pool, raw_take(), 20);
    const uint32_t line = __LINE__ - 1;
    assert_ptr_equal(first, s_memory); /* where the block of the heap begins, too */
    heaptrail_block_row_t row;
    size_t offset;
    assert_int_equal(heaptrail_whois(first, &row, &offset), ESP_OK);
    assert_int_equal(row.size_bytes, 10);
    assert_int_equal(row.origin.method, HEAPTRAIL_METHOD_POOL);
    assert_true(esp_is_in(row.origin.frames[0], (const void *)fw_take));
    assert_int_equal(row.heap_id, pool_row().id);
    assert_int_equal(row.heap_id, heaptrail_pool_heap_id(s_pool));
    assert_int_equal(heaptrail_whois((char *)second + 19, &row, &offset), ESP_OK);
    assert_int_equal(offset, 19);
    assert_int_equal(row.origin.site->line, line);
    assert_int_equal(heaptrail_whois((char *)second + 20, &row, &offset),
                     ESP_WRAPPED ? ESP_OK : ESP_ERR_NOT_FOUND);
    heaptrail_status_t status = esp_status();
    assert_int_equal(status.live_bytes, before.live_bytes);
    assert_int_equal(status.live_blocks, before.live_blocks);
    assert_int_equal(status.pool_blocks, 2);
    assert_int_equal(status.pool_bytes, 30);
    esp_check();
    assert_int_equal(heaptrail_sample(), ESP_OK);
    heaptrail_heap_row_t pool = pool_row();
    assert_string_equal(pool.name, "lvgl");
    assert_int_equal(pool.size_bytes, BYTES);
    assert_int_equal(pool.live_blocks, 2);
    assert_int_equal(pool.free_bytes, BYTES - 2 * BLOCK);
    assert_int_equal(pool.largest_free_bytes, BLOCK);
    fw_give(first);
    fw_give(second);
    assert_int_equal(heaptrail_pool_free(s_pool, second), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_pool_free(s_pool, (char *)second + 1), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_pool_free(s_pool, NULL), ESP_OK);
    assert_int_equal(esp_status().pool_blocks, 0);
    esp_check();
}

static void test_moves(void **state)
{
    (void)state;
    open_pool();
    heaptrail_block_row_t row;
    void *block = fw_take(10);
    void *same = HEAPTRAIL_POOL_REALLOC(s_pool, block, block, 30);
    assert_int_equal(heaptrail_whois(same, &row, NULL), ESP_OK);
    assert_int_equal(row.size_bytes, 30);
    void *moved = raw_take();
    assert_ptr_equal(heaptrail_pool_realloc(s_pool, NULL, NULL, same, moved, 40), moved);
    assert_int_equal(esp_status().pool_bytes, 40);
    assert_null(heaptrail_pool_realloc(s_pool, NULL, NULL, moved, NULL, 5000)); /* failed */
    assert_int_equal(esp_status().pool_bytes, 40);
    heaptrail_failure_row_t failure = esp_last_failure();
    assert_int_equal(failure.size_bytes, 5000);
    assert_int_equal(failure.origin.method, HEAPTRAIL_METHOD_POOL);
    assert_null(heaptrail_pool_realloc(s_pool, NULL, NULL, moved, NULL, 0)); /* freed */
    assert_int_equal(esp_status().pool_bytes, 0);
    assert_int_equal(esp_status().failures, 1);
    esp_check();
}

/* What a collector knows: the blocks that are still marked. */
static bool is_unmarked(void *context, void *block, size_t size)
{
    assert_false(sim_interrupts_masked());
    const uint32_t *marked = context;
    unsigned i = (unsigned)((size_t)((char *)block - s_memory) / BLOCK);
    assert_int_equal(size, i + 1);
    return (*marked & (1U << i)) == 0;
}

static void test_collector_and_reset(void **state)
{
    (void)state;
    open_pool();
    uint32_t marked = 0x0F0F00F0;
    uint32_t ended = 0;
    for (unsigned i = 0; i < BLOCKS; i++) {
        assert_non_null(fw_take(i + 1));
    }
    assert_null(fw_take(1));
    assert_int_equal(heaptrail_pool_sweep(s_pool, is_unmarked, &marked, &ended), ESP_OK);
    assert_int_equal(ended, 20);
    s_used = marked;
    assert_int_equal(esp_status().pool_blocks, 12);
    heaptrail_mark_t mark = heaptrail_mark();
    void *late = fw_take(1); /* the first free one: size as is_unmarked() expects */
    assert_ptr_equal(late, s_memory);
    assert_non_null(strstr(esp_report(HEAPTRAIL_REPORT_HEAPS), "lvgl"));
    assert_non_null(strstr(esp_report(HEAPTRAIL_REPORT_SITES), "in 13 blocks in pools"));
    assert_non_null(strstr(esp_report(HEAPTRAIL_REPORT_TASKS), "Blocks of pools"));
    assert_non_null(strstr(esp_report(HEAPTRAIL_REPORT_STATUS), "in 1 pool "));
    heaptrail_select_t since = {.since = &mark};
    heaptrail_walk_t walk;
    heaptrail_block_row_t row;
    assert_int_equal(heaptrail_whois(late, &row, NULL), ESP_OK);
    since.heap_id = row.heap_id;
    esp_check();
    assert_int_equal(heaptrail_for_each_site(&since, NULL, NULL, &walk), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_pool_clear(s_pool, &ended), ESP_OK);
    assert_int_equal(ended, 13);
    assert_int_equal(pool_row().live_blocks, 0);
    assert_int_equal(heaptrail_pool_clear(s_pool, NULL), ESP_OK);
    esp_check();
}

/* A pool's block is not the heap's: free() of it is refused where that is looked at. */
static void test_wrong_free(void **state)
{
    (void)state;
    if (!ESP_CHECKED) { return; }
    open_pool();
    void *block = fw_take(10);
    void *other = fw_take(10);
    void *volatile wrong = other; /* the compiler would see it */
    free(wrong);
    assert_int_equal(esp_status().pool_blocks, 2);
    assert_non_null(strstr(esp_report(HEAPTRAIL_REPORT_ERRORS), "bad free"));
    fw_give(block);
    fw_give(other);
    esp_check();
}

static void test_removal(void **state)
{
    (void)state;
    open_pool();
    heaptrail_pool_t old = s_pool;
    void *block = fw_take(10);
    assert_int_equal(heaptrail_pool_remove(old), ESP_OK);
    assert_int_equal(heaptrail_pool_remove(old), ESP_ERR_NOT_FOUND);
    assert_int_equal(esp_status().pool_blocks, 0);
    assert_int_equal(esp_status().pools, 0);
    assert_int_equal(pool_row().id, 0);
    assert_int_equal(heaptrail_pool_heap_id(old), 0);
    assert_int_equal(heaptrail_pool_free(old, block), ESP_ERR_NOT_FOUND);
    assert_ptr_equal(heaptrail_pool_alloc(old, NULL, NULL, block, 10), block); /* not recorded */
    free(s_memory);
    s_used = 0;
    open_pool(); /* in the same row, with another number */
    assert_int_not_equal(s_pool, old);
    assert_ptr_equal(heaptrail_pool_alloc(old, NULL, NULL, s_memory, 10), s_memory);
    assert_int_equal(esp_status().pool_blocks, 0);
    s_measured = 0;
    assert_int_equal(heaptrail_sample(), ESP_OK);
    assert_int_equal(s_measured, 1);
    esp_check();
}

static void test_wrong_arguments(void **state)
{
    (void)state;
    static char memory[256];
    heaptrail_pool_t pool = 7;
    esp_log_catch();
    static const struct {
        heaptrail_pool_config_t config;
        const char *log;
    } wrong[] = {
        {{.start = memory, .size_bytes = 8}, "name"},
        {{.name = "", .start = memory, .size_bytes = 8}, "name"},
        {{.name = "a", .size_bytes = 8}, "start"},
        {{.name = "a", .start = memory}, "size_bytes"},
        {{.name = "a", .start = memory, .size_bytes = SIZE_MAX}, "size_bytes"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        esp_log_forget();
        assert_int_equal(heaptrail_pool_add(&wrong[i].config, &pool), ESP_ERR_INVALID_ARG);
        assert_non_null(strstr(esp_log(), wrong[i].log));
        assert_int_equal(pool, 0);
    }
    heaptrail_pool_config_t config = {.name = "p", .start = memory, .size_bytes = 8};
    assert_int_equal(heaptrail_pool_add(NULL, &pool), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_pool_add(&config, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_pool_sweep(1, NULL, NULL, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_pool_clear(0, NULL), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_pool_clear(UINT32_MAX, NULL), ESP_ERR_NOT_FOUND);
    esp_log_forget();
    unsigned added = 0;
    for (; added < 16 && heaptrail_pool_add(&config, &pool) == ESP_OK; added++) {
        config.start = memory + 8 * (added + 1);
    }
    assert_int_equal(added + esp_status().heaps, 15);
    assert_non_null(strstr(esp_log(), "15 heaps and pools"));
    config.start = memory + 4;
    esp_log_forget();
    assert_int_equal(heaptrail_pool_add(&config, &pool), ESP_ERR_INVALID_ARG);
    assert_non_null(strstr(esp_log(), "overlaps"));
}

static void test_strays_are_told_once(void **state)
{
    (void)state;
    open_pool();
    esp_log_catch();
    for (int i = 0; i < 3; i++) {
        (void)heaptrail_pool_alloc(s_pool, NULL, NULL, s_memory + 2, 4);
        (void)heaptrail_pool_alloc(s_pool, NULL, NULL, s_memory + BYTES - 4, 8);
    }
    assert_int_equal(esp_status().pool_blocks, 0);
    const char *first = strstr(esp_log(), "outside its pool");
    assert_non_null(first);
    assert_null(strstr(first + 1, "outside its pool"));
}

/* Two tasks on two cores and an interrupt, each with blocks of its own. */
static volatile unsigned s_done;
static portMUX_TYPE s_lock = portMUX_INITIALIZER_UNLOCKED;

static void take_and_give(void *arg)
{
    (void)arg;
    for (int i = 0; i < 300; i++) {
        portENTER_CRITICAL_SAFE(&s_lock);
        void *block = fw_take(8);
        portEXIT_CRITICAL_SAFE(&s_lock);
        void *plain = malloc(20);
        if (block != NULL) {
            portENTER_CRITICAL_SAFE(&s_lock);
            fw_give(block);
            portEXIT_CRITICAL_SAFE(&s_lock);
        }
        free(plain);
    }
    s_done++;
    vTaskDelete(NULL);
}

static void in_interrupt(void *arg)
{
    (void)arg;
    static void *s_block;
    portENTER_CRITICAL_SAFE(&s_lock);
    if (s_block == NULL) {
        s_block = fw_take(4);
    } else {
        fw_give(s_block);
        s_block = NULL;
    }
    portEXIT_CRITICAL_SAFE(&s_lock);
}

static void crowd(void *arg)
{
    (void)arg;
    open_pool();
    assert_true(sim_isr_attach(in_interrupt, NULL));
    for (int core = 0; core < 2; core++) {
        assert_int_equal(
            xTaskCreatePinnedToCore(take_and_give, "worker", 4096, NULL, 2, NULL, core), pdPASS);
    }
    for (int i = 0; i < 5000 && s_done < 2; i++) {
        vTaskDelay(1);
    }
    sim_isr_detach_all();
    assert_int_equal(s_done, 2);
    assert_in_range(esp_status().pool_blocks, 0, 1);
}

static void test_on_both_cores_and_in_interrupts(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    config.preempt_per_mille = 200;
    config.isr_per_mille = 100;
    sim_init(&config);
    esp_run(crowd);
    esp_check();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_collector_and_reset),
        cmocka_unit_test(test_wrong_free),
        cmocka_unit_test(test_removal),
        cmocka_unit_test(test_wrong_arguments),
        cmocka_unit_test(test_strays_are_told_once),
        cmocka_unit_test(test_on_both_cores_and_in_interrupts),
    };
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
