/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Who may leak, in a whole firmware over simulated hours: each kind of evidence, what is no leak,
 * what tasks leave behind, too little memory, wrong use. */
#include <stdlib.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_leaks.h"

#define MINUTE_MS 60000U
#define ROWS 32U

static struct {
    heaptrail_suspect_t row[ROWS];
    uint32_t rows;
    heaptrail_suspect_summary_t summary;
} s_got;

static bool keep_row(void *context, const heaptrail_suspect_t *row)
{
    (void)context;
    assert_false(sim_interrupts_masked());
    if (s_got.rows == ROWS) { return false; }
    assert_int_equal(row->rank, s_got.rows);
    s_got.row[s_got.rows++] = *row;
    return true;
}

static void find_with(heaptrail_suspect_options_t options)
{
    s_got.rows = 0;
    esp_clear_stack();
    assert_int_equal(heaptrail_suspects_find(&options, &s_got.summary), ESP_OK);
    assert_int_equal(heaptrail_for_each_suspect(keep_row, NULL), ESP_OK);
    heaptrail_suspects_forget();
    uint32_t sites = 0;
    for (uint32_t i = 0; i < HEAPTRAIL_SURE_COUNT; i++) {
        sites += s_got.summary.sites[i];
    }
    assert_int_equal(sites, s_got.rows);
}

static void find(void)
{
    find_with((heaptrail_suspect_options_t){0});
}

/* --- sites, each of which is a function --- */

typedef struct node {
    struct node *next;
    char bytes[56];
} node_t;

static node_t *s_cache, *s_filled, *s_kept;
static uint32_t s_fill;

FW static void fw_leak(void)
{
    volatile uintptr_t lost = (uintptr_t)malloc(40);
    lost = 0;
    (void)lost;
}

FW static void fw_cache(void)
{
    node_t *node = calloc(1, sizeof(*node));
    node->next = s_cache;
    s_cache = node;
}

FW static void fw_fill(void)
{
    if (s_fill++ >= 40) { return; }
    node_t *node = calloc(1, 2 * sizeof(*node));
    node->next = s_filled;
    s_filled = node;
}

FW static void fw_use(void)
{
    free(calloc(1, 300));
}

FW static node_t *fw_short(void)
{
    return calloc(1, 100);
}

static const heaptrail_suspect_t *row_with(size_t live_bytes, uint32_t live_blocks)
{
    for (uint32_t i = 0; i < s_got.rows; i++) {
        const heaptrail_suspect_t *row = &s_got.row[i];
        if (row->live_bytes == live_bytes && row->live_blocks == live_blocks) { return row; }
    }
    return NULL;
}

static void live_minutes(uint32_t minutes)
{
    for (uint32_t i = 0; i < minutes; i++) {
        if (i % 2U == 0) { fw_leak(); }
        fw_cache();
        fw_fill();
        fw_use();
        vTaskDelay(pdMS_TO_TICKS(MINUTE_MS));
    }
}

/* --- the ranking --- */

static void in_ranking(void *arg)
{
    (void)arg;
    vTaskDelay(pdMS_TO_TICKS(MINUTE_MS));
    live_minutes(180);
    find();
    assert_int_equal(s_got.summary.scanned, ESP_OK);
    assert_true(s_got.rows >= 2);
    const heaptrail_suspect_t *leak = &s_got.row[0];
    assert_int_equal(leak->sure, HEAPTRAIL_SURE_CERTAIN);
    assert_int_equal(leak->lost_blocks, 90);
    assert_int_equal(leak->live_bytes, 3600);
    assert_true((leak->evidence & HEAPTRAIL_EVIDENCE_GROWTH) != 0);
    assert_true(leak->growth.steady);
    assert_in_range(leak->growth.bytes_per_hour, 1140, 1260);
    const heaptrail_suspect_t *cache = &s_got.row[1];
    assert_int_equal(cache->sure, HEAPTRAIL_SURE_LIKELY);
    assert_int_equal(cache->evidence, HEAPTRAIL_EVIDENCE_GROWTH);
    assert_int_equal(cache->live_bytes, 180 * sizeof(node_t));
    int64_t hourly = 60 * (int64_t)sizeof(node_t);
    assert_in_range(cache->growth.bytes_per_hour, hourly * 95 / 100, hourly * 105 / 100);
    assert_in_range(cache->growth.span_us, 100 * UINT64_C(60000000), 181 * UINT64_C(60000000));
    for (uint32_t i = 2; i < s_got.rows; i++) {
        assert_int_equal(s_got.row[i].sure, HEAPTRAIL_SURE_POSSIBLE);
    }
    /* The cache that is full, and what comes and goes. */
    assert_null(row_with(40 * 2 * sizeof(node_t), 40));
    /* When memory runs out: so much less each hour, headers and redzones included. */
    const heaptrail_exhaustion_t *end = &s_got.summary.exhaustion;
    assert_int_equal(end->caps, MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
    assert_true(end->bytes_per_hour >= s_got.summary.bytes_per_hour * 95U / 100U);
    assert_true(end->left_us / 3600U <= (uint64_t)end->free_bytes * 1000000U / end->bytes_per_hour);
    assert_true(end->left_us / 3600U + 2000U >=
                (uint64_t)end->free_bytes * 1000000U / end->bytes_per_hour);
    heaptrail_growth_t growth;
    assert_int_equal(heaptrail_growth_of_site(cache->origin.id, &growth), ESP_OK);
    assert_true(growth.bytes_per_hour == cache->growth.bytes_per_hour);
}

/* Only what is asked for. */
static void in_choice(void *arg)
{
    (void)arg;
    live_minutes(60);
    find_with((heaptrail_suspect_options_t){.evidence = HEAPTRAIL_EVIDENCE_GROWTH});
    assert_int_equal(s_got.summary.scanned, ESP_ERR_NOT_FOUND);
    assert_int_equal(s_got.summary.sites[HEAPTRAIL_SURE_CERTAIN], 0);
    assert_true(s_got.rows >= 2);
    uint32_t id = s_got.row[0].origin.id;
    find_with((heaptrail_suspect_options_t){.evidence = HEAPTRAIL_EVIDENCE_GROWTH, .site_id = id});
    assert_int_equal(s_got.rows, 1);
    assert_int_equal(s_got.row[0].origin.id, id);
    find_with((heaptrail_suspect_options_t){.evidence = HEAPTRAIL_EVIDENCE_UNREACHABLE});
    assert_int_equal(s_got.summary.growth_steps, 0);
    assert_int_equal(s_got.row[0].evidence, HEAPTRAIL_EVIDENCE_UNREACHABLE);
    assert_int_equal(s_got.summary.exhaustion.caps, 0);
}

/* --- lives --- */

static void in_overdue(void *arg)
{
    (void)arg;
    const heaptrail_suspect_options_t lives = {.evidence = HEAPTRAIL_EVIDENCE_OVERDUE};
    for (int i = 0; i < 17; i++) { /* one place in the code: with stacks two are two sites */
        node_t *node = fw_short();
        if (i == 15) {
            s_kept = node;
            vTaskDelay(pdMS_TO_TICKS(100000));
            find_with(lives);
            assert_null(row_with(100, 1)); /* too few ended to know */
        } else {
            vTaskDelay(pdMS_TO_TICKS(3000));
            free(node);
        }
    }
    find_with(lives);
    const heaptrail_suspect_t *row = row_with(100, 1);
    assert_non_null(row);
    assert_int_equal(row->sure, HEAPTRAIL_SURE_POSSIBLE);
    assert_int_equal(row->overdue_blocks, 1);
    assert_int_equal(row->overdue_bytes, 100);
    assert_in_range(row->usual_life_us, 3000000, 6000000);
    assert_in_range(row->overdue_age_us, 103000000, 104000000);
    assert_int_equal(row->overdue_times, row->overdue_age_us / row->usual_life_us);
    find_with(
        (heaptrail_suspect_options_t){.evidence = HEAPTRAIL_EVIDENCE_OVERDUE, .overdue_times = 40});
    assert_null(row_with(100, 1));
}

/* Lives of 10 ms: 60 s are many times that, and nothing is overdue before. */
static void in_short_lives(void *arg)
{
    (void)arg;
    const heaptrail_suspect_options_t lives = {.evidence = HEAPTRAIL_EVIDENCE_OVERDUE};
    for (int i = 0; i < 18; i++) {
        node_t *node = fw_short();
        if (i == 17) {
            s_kept = node;
        } else {
            vTaskDelay(pdMS_TO_TICKS(10));
            free(node);
        }
    }
    vTaskDelay(pdMS_TO_TICKS(59000));
    find_with(lives);
    assert_null(row_with(100, 1));
    vTaskDelay(pdMS_TO_TICKS(1100));
    find_with(lives);
    assert_non_null(row_with(100, 1));
}

/* --- tasks --- */

static node_t *s_left[5];

FW static node_t *fw_left(void)
{
    return calloc(1, 24);
}

static void short_lived(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5; i++) {
        s_left[i] = fw_left();
    }
    free(s_left[4]);
    s_left[4] = NULL;
    vTaskDelete(NULL);
}

static heaptrail_task_row_t s_told;
static uint32_t s_tellings;

static void told(void *context, const heaptrail_task_row_t *task)
{
    assert_ptr_equal(context, &s_told);
    assert_false(sim_interrupts_masked());
    s_told = *task;
    s_tellings++;
}

static void nothing(void *arg)
{
    (void)arg;
    free(malloc(10));
    vTaskDelete(NULL);
}

static void in_task(void *arg)
{
    (void)arg;
    const heaptrail_suspect_options_t gone = {.evidence = HEAPTRAIL_EVIDENCE_TASK_GONE};
    heaptrail_set_task_left(told, &s_told);
    xTaskCreate(nothing, "nothing", 4096, NULL, 5, NULL);
    xTaskCreate(short_lived, "short", 4096, NULL, 5, NULL);
    vTaskDelay(pdMS_TO_TICKS(1000));
    find_with(gone);
    const heaptrail_suspect_t *row = row_with(4 * 24, 4);
    assert_non_null(row);
    assert_int_equal(row->sure, HEAPTRAIL_SURE_POSSIBLE);
    assert_int_equal(row->left_blocks, 4);
    assert_int_equal(row->left_bytes, 4 * 24);
    assert_int_equal(row->left_tasks, 1);
    assert_string_equal(row->left_task, "short");
    if (ESP_WRAPPED) {
        assert_int_equal(s_tellings, 1);
        assert_string_equal(s_told.name, "short");
        assert_int_equal(s_told.live_blocks, 4);
        assert_int_equal(s_told.live_bytes, 4 * 24);
        assert_int_equal(s_told.id, row->left_task_id);
    }
    uint32_t first = row->left_task_id;
    heaptrail_set_task_left(NULL, NULL);
    s_left[4] = s_left[0];
    xTaskCreate(short_lived, "shorter", 4096, NULL, 5, NULL);
    vTaskDelay(pdMS_TO_TICKS(1000));
    assert_true(s_tellings <= 1);
    find_with(gone);
    row = row_with(8 * 24, 8);
    assert_non_null(row);
    assert_int_equal(row->left_tasks, 2);
    find_with(
        (heaptrail_suspect_options_t){.evidence = HEAPTRAIL_EVIDENCE_TASK_GONE, .task_id = first});
    assert_int_equal(s_got.rows, 1);
    assert_int_equal(s_got.row[0].left_blocks, 4);
    assert_string_equal(s_got.row[0].left_task, "short");
}

/* --- too little memory --- */

static void in_no_memory(void *arg)
{
    (void)arg;
    heaptrail_suspect_summary_t summary;
    live_minutes(30);
    sim_fault_t all = {.per_mille = 1000, .min_bytes = 0};
    sim_fault_set(&all);
    esp_err_t err = heaptrail_suspects_find(NULL, &summary);
    esp_err_t kept = heaptrail_for_each_suspect(keep_row, NULL);
    sim_fault_clear();
    assert_int_equal(err, ESP_ERR_NO_MEM);
    assert_int_equal(kept, ESP_ERR_INVALID_STATE);
    /* No memory for the scan alone: its list of blocks is larger. */
    heaptrail_scan_options_t small = {.memory = s_left, .memory_bytes = 8};
    s_got.rows = 0;
    assert_int_equal(
        heaptrail_suspects_find(&(heaptrail_suspect_options_t){.scan = &small}, &summary),
        ESP_ERR_INVALID_SIZE);
    assert_int_equal(heaptrail_for_each_suspect(keep_row, NULL), ESP_ERR_INVALID_STATE);
    find();
    assert_int_equal(s_got.row[0].sure, HEAPTRAIL_SURE_CERTAIN);
}

/* With an exhausted heap, in memory that was set aside: the same as with the heap's. */
static void in_own_memory(void *arg)
{
    (void)arg;
    static uint64_t s_memory[8192];
    live_minutes(30);
    find();
    const uint32_t rows = s_got.rows;
    const heaptrail_suspect_t first = s_got.row[0];
    const heaptrail_suspect_summary_t summary = s_got.summary;
    const size_t bytes = heaptrail_suspects_memory_bytes();
    assert_true(bytes <= sizeof(s_memory));
    heaptrail_suspect_options_t own = {.memory = s_memory, .memory_bytes = bytes};
    sim_fault_t all = {.per_mille = 1000, .min_bytes = 0};
    sim_fault_set(&all);
    find_with(own);
    sim_fault_clear();
    assert_int_equal(s_got.summary.scanned, ESP_OK);
    assert_int_equal(s_got.summary.scan.left_out_blocks, 0);
    assert_int_equal(s_got.summary.scan.blocks[HEAPTRAIL_LOST],
                     summary.scan.blocks[HEAPTRAIL_LOST]);
    assert_int_equal(s_got.rows, rows);
    assert_int_equal(s_got.row[0].origin.id, first.origin.id);
    assert_int_equal(s_got.row[0].evidence, first.evidence);
    assert_int_equal(s_got.row[0].lost_blocks, first.lost_blocks);
    /* Less and less of it: at first the scan has no room for all blocks, then none at all, at last
     * the sites have none. Nothing behind it is written. */
    unsigned without_scan = 0, refused = 0;
    for (size_t less = 8; less <= bytes; less += 8) {
        own.memory_bytes = bytes - less;
        const uint64_t behind = s_memory[own.memory_bytes / 8U] = UINT64_C(0x5AFE5AFE5AFE5AFE);
        esp_err_t err = heaptrail_suspects_find(&own, &s_got.summary);
        assert_true(err == ESP_OK || err == ESP_ERR_INVALID_SIZE);
        without_scan += err == ESP_OK && s_got.summary.scanned == ESP_ERR_NO_MEM;
        refused += err == ESP_ERR_INVALID_SIZE;
        assert_true(refused == 0 || err != ESP_OK);
        assert_true(s_memory[own.memory_bytes / 8U] == behind);
        heaptrail_suspects_forget();
    }
    assert_true(without_scan > 0 && refused > 0);
    own.memory = (char *)s_memory + 4;
    assert_int_equal(heaptrail_suspects_find(&own, NULL), ESP_ERR_INVALID_ARG);
    own = (heaptrail_suspect_options_t){.memory_bytes = 8};
    assert_int_equal(heaptrail_suspects_find(&own, NULL), ESP_ERR_INVALID_ARG);
}

/* Which allocation fails, the rest is as it was. */
static void in_each_failure(void *arg)
{
    (void)arg;
    heaptrail_suspect_summary_t summary;
    live_minutes(20);
    uint32_t whole = 0;
    for (uint64_t nth = 1; nth < 12; nth++) {
        sim_fault_t fault = {.nth = nth};
        sim_fault_set(&fault);
        esp_err_t err = heaptrail_suspects_find(NULL, &summary);
        sim_fault_clear();
        assert_true(err == ESP_OK || err == ESP_ERR_NO_MEM);
        whole += err == ESP_OK;
        if (err == ESP_OK) { assert_true(summary.growth_steps > 0); }
        heaptrail_suspects_forget();
    }
    assert_true(whole > 6);
}

static void in_other_memory(void *arg)
{
    (void)arg;
    static uint16_t rows[16 * 3];
    assert_int_equal(heaptrail_growth_memory(NULL, 32), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_growth_memory(rows, 31), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_growth_memory((char *)rows + 1, 64), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_growth_memory(rows, sizeof(rows)), ESP_OK);
    live_minutes(40);
    find_with((heaptrail_suspect_options_t){.evidence = HEAPTRAIL_EVIDENCE_GROWTH});
    assert_true(s_got.summary.growth_steps >= 8);
    assert_true(s_got.summary.growth_left_out >= 1);
    heaptrail_growth_t growth;
    assert_int_equal(heaptrail_growth_of_site(3, &growth), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_growth_memory(NULL, 0), ESP_OK);
    assert_int_equal(heaptrail_growth_of_site(1, &growth), ESP_ERR_INVALID_STATE);
    live_minutes(40);
    find();
    assert_int_equal(s_got.summary.growth_left_out, 0);
    assert_true(s_got.summary.sites[HEAPTRAIL_SURE_CERTAIN] >= 1);
    assert_true(s_got.summary.sites[HEAPTRAIL_SURE_LIKELY] >= 1);
}

/* In a frame of its own: the pointer must stay in no register of the caller's. */
FW static void leave_pointer(void **to)
{
    *to = calloc(1, 77);
}

/* Floors that look like a pointer are no roots. */
static void in_hidden(void *arg)
{
    (void)arg;
    static union {
        uint16_t floors[16 * 200];
        void *pointers[16 * 200 * sizeof(uint16_t) / sizeof(void *)];
    } rows;
    assert_int_equal(heaptrail_growth_memory(&rows, sizeof(rows.floors)), ESP_OK);
    assert_int_equal(heaptrail_growth_sample(), ESP_OK);
    leave_pointer(&rows.pointers[sizeof(rows.floors) / sizeof(void *) - 1]);
    esp_clear_stack();
    vTaskDelay(pdMS_TO_TICKS(2000));
    find_with((heaptrail_suspect_options_t){.evidence = HEAPTRAIL_EVIDENCE_UNREACHABLE});
    const heaptrail_suspect_t *row = row_with(77, 1);
    assert_non_null(row);
    assert_int_equal(row->sure, HEAPTRAIL_SURE_CERTAIN);
}

/* Samples, allocations and tasks that end, beside who asks. */
static volatile bool s_busy;
static volatile uint32_t s_samples;

static void sampler(void *arg)
{
    (void)arg;
    while (s_busy) {
        s_samples += heaptrail_growth_sample() == ESP_OK;
        fw_use();
        vTaskDelay(1);
    }
    vTaskDelete(NULL);
}

static void in_beside(void *arg)
{
    (void)arg;
    live_minutes(20);
    s_busy = true;
    xTaskCreate(sampler, "above", 4096, NULL, 5, NULL);
    xTaskCreate(sampler, "below", 4096, NULL, 0, NULL);
    for (int i = 0; i < 10; i++) {
        xTaskCreate(nothing, "nothing", 4096, NULL, 5, NULL);
        find();
        assert_int_equal(s_got.row[0].sure, HEAPTRAIL_SURE_CERTAIN);
        assert_int_equal(s_got.row[0].lost_blocks, 10);
        assert_true(s_got.summary.growth_steps >= 8);
    }
    assert_true(s_samples > 10);
    s_busy = false;
    vTaskDelay(3);
}

/* A reset begins anew. */
static void in_reset(void *arg)
{
    (void)arg;
    live_minutes(40);
    assert_int_equal(heaptrail_reset(), ESP_OK);
    heaptrail_growth_t growth; /* nobody has sampled since */
    assert_int_equal(heaptrail_growth_of_site(1, &growth), ESP_ERR_INVALID_STATE);
    find_with((heaptrail_suspect_options_t){.evidence = HEAPTRAIL_EVIDENCE_GROWTH});
    assert_int_equal(s_got.rows, 0);
    assert_int_equal(s_got.summary.growth_steps, 0);
    for (int i = 0; i < 12; i++) { /* the stand-in's idle task runs once while nobody else does */
        vTaskDelay(pdMS_TO_TICKS(10001));
    }
    find_with((heaptrail_suspect_options_t){.evidence = HEAPTRAIL_EVIDENCE_GROWTH});
    assert_int_equal(s_got.rows, 0);
    assert_in_range(s_got.summary.growth_span_us, 60000000, 121000000);
}

/* --- wrong use --- */

static esp_err_t s_meanwhile[2];

/* Another task, while the first one gathers: in the pause of its scan. */
static void meddle(void *arg)
{
    (void)arg;
    s_meanwhile[0] = heaptrail_suspects_find(NULL, NULL);
    s_meanwhile[1] = heaptrail_for_each_suspect(keep_row, NULL);
    heaptrail_suspects_forget();
    vTaskDelete(NULL);
}

static void in_meddling(void *arg)
{
    (void)arg;
    live_minutes(10);
    assert_int_equal(xTaskCreate(meddle, "meddle", 8192, NULL, 1, NULL), pdPASS);
    find();
    assert_int_equal(s_meanwhile[0], ESP_ERR_INVALID_STATE);
    assert_int_equal(s_meanwhile[1], ESP_ERR_INVALID_STATE);
    assert_int_equal(s_got.row[0].sure, HEAPTRAIL_SURE_CERTAIN);
}

static esp_err_t s_in_isr[3];

static void from_isr(void *arg)
{
    (void)arg;
    heaptrail_growth_t growth;
    s_in_isr[0] = heaptrail_suspects_find(NULL, NULL);
    s_in_isr[1] = heaptrail_growth_sample();
    s_in_isr[2] = heaptrail_growth_of_site(1, &growth);
}

static void in_wrong(void *arg)
{
    (void)arg;
    fw_leak();
    sim_isr_fire_now(from_isr, NULL);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(s_in_isr[i], ESP_ERR_INVALID_STATE);
    }
    assert_int_equal(heaptrail_for_each_suspect(NULL, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_for_each_suspect(keep_row, NULL), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_growth_of_site(1, NULL), ESP_ERR_INVALID_ARG);
    heaptrail_suspects_forget();
    assert_int_equal(heaptrail_suspects_find(NULL, NULL), ESP_OK);
    assert_int_equal(heaptrail_suspects_find(NULL, NULL), ESP_ERR_INVALID_STATE);
    heaptrail_suspects_forget();
    assert_int_equal(heaptrail_leaks_find(NULL, NULL), ESP_OK); /* somebody has sums of a scan */
    assert_int_equal(heaptrail_suspects_find(NULL, NULL), ESP_ERR_INVALID_STATE);
    heaptrail_leaks_forget();
    assert_int_equal(heaptrail_suspects_find(NULL, NULL), ESP_OK);
    heaptrail_suspects_forget();
}

#define RUN(name)                                                                                  \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        esp_run(in_##name);                                                                        \
    }

RUN(ranking)
RUN(choice)
RUN(overdue)
RUN(short_lives)
RUN(task)
RUN(no_memory)
RUN(own_memory)
RUN(each_failure)
RUN(other_memory)
RUN(hidden)
RUN(beside)
RUN(reset)
RUN(meddling)
RUN(wrong)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranking),      cmocka_unit_test(test_choice),
        cmocka_unit_test(test_overdue),      cmocka_unit_test(test_task),
        cmocka_unit_test(test_no_memory),    cmocka_unit_test(test_own_memory),
        cmocka_unit_test(test_each_failure), cmocka_unit_test(test_other_memory),
        cmocka_unit_test(test_reset),        cmocka_unit_test(test_short_lives),
        cmocka_unit_test(test_meddling),     cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_hidden),       cmocka_unit_test(test_beside),
    };
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
