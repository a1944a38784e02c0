/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The reachability scan of a whole firmware: variables, stacks of other tasks, registers, PSRAM,
 * what is registered, and what is lost. */
#include <stdlib.h>
#include <sys/mman.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_errors.h"
#include "heaptrail_leaks.h"
#include "heaptrail_trace.h"

#define SIZE 64U
#define ROWS 128U

typedef struct node {
    struct node *next;
    char bytes[SIZE - sizeof(struct node *)];
} node_t;

static struct {
    heaptrail_leak_row_t row[ROWS];
    uint32_t rows;
    heaptrail_scan_summary_t summary;
} s_got; /* its addresses are cleared before each scan */

static bool keep_row(void *context, const heaptrail_leak_row_t *row)
{
    (void)context;
    assert_false(sim_interrupts_masked());
    if (s_got.rows == ROWS) { return false; }
    s_got.row[s_got.rows] = *row;
    s_got.row[s_got.rows].block.address = HIDE(row->block.address);
    s_got.row[s_got.rows].leader = HIDE(row->leader);
    s_got.rows++;
    return true;
}

static esp_err_t scan_with(heaptrail_scan_options_t options)
{
    memset(&s_got, 0, sizeof(s_got));
    if (options.age_min_us == 0) { options.age_min_us = 1; }
    options.all = true;
    vTaskDelay(2);
    esp_clear_stack();
    return heaptrail_scan(&options, keep_row, NULL, &s_got.summary);
}

static void scan(void)
{
    assert_int_equal(scan_with((heaptrail_scan_options_t){0}), ESP_OK);
    assert_int_equal(s_got.summary.left_out_blocks, 0);
}

static const heaptrail_leak_row_t *row_of(uintptr_t hidden)
{
    for (uint32_t i = 0; i < s_got.rows; i++) {
        if (s_got.row[i].block.address == hidden) { return &s_got.row[i]; }
    }
    return NULL;
}

static heaptrail_reach_t reach_of(uintptr_t hidden)
{
    const heaptrail_leak_row_t *row = row_of(hidden);
    return row != NULL ? row->reach : HEAPTRAIL_REACHABLE;
}

/* In a frame of its own: the pointer must stay in no register of the caller's. */
FW static uintptr_t hidden(node_t *volatile *pointer)
{
    return HIDE(*pointer);
}

FW static uintptr_t fw_lost(uint32_t caps)
{
    return HIDE(heap_caps_calloc(1, SIZE, caps));
}

/* A list of `count`; its head. */
FW static node_t *fw_list(uint32_t count)
{
    node_t *head = NULL;
    for (uint32_t i = 0; i < count; i++) {
        node_t *node = calloc(1, sizeof(*node));
        node->next = head;
        head = node;
    }
    return head;
}

FW static uintptr_t fw_lost_list(uint32_t count)
{
    return HIDE(fw_list(count));
}

/* --- what is lost --- */

static void in_lost(void *arg)
{
    (void)arg;
    uintptr_t internal = fw_lost(MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
    uintptr_t external = fw_lost(MALLOC_CAP_SPIRAM);
    uintptr_t list = fw_lost_list(5);
    scan();
    assert_int_equal(reach_of(internal), HEAPTRAIL_LOST);
    assert_int_equal(reach_of(external), HEAPTRAIL_LOST);
    const heaptrail_leak_row_t *head = row_of(list);
    assert_non_null(head);
    assert_int_equal(head->reach, HEAPTRAIL_LOST);
    assert_int_equal(head->indirect_blocks, 4);
    assert_int_equal(head->indirect_bytes, 4 * sizeof(node_t));
    assert_int_equal(s_got.summary.blocks[HEAPTRAIL_LOST], 3);
    assert_int_equal(s_got.summary.bytes[HEAPTRAIL_LOST], 3 * SIZE);
    assert_int_equal(s_got.summary.blocks[HEAPTRAIL_INDIRECTLY_LOST], 4);
    assert_int_equal(s_got.summary.passes, 2);
    for (uint32_t i = 0; i < s_got.rows; i++) {
        if (s_got.row[i].reach == HEAPTRAIL_INDIRECTLY_LOST) {
            assert_true(s_got.row[i].leader == list);
        }
    }
    /* And with nothing else running. */
    uint32_t lost = s_got.rows;
    assert_int_equal(scan_with((heaptrail_scan_options_t){.stop = true}), ESP_OK);
    assert_int_equal(s_got.summary.passes, 1);
    assert_int_equal(s_got.rows, lost);
}

/* --- what is not --- */

static volatile bool s_leaves;
static node_t *volatile s_data = (node_t *)&s_leaves; /* .data */
static node_t *volatile s_bss;
static char *volatile s_middle;
static uintptr_t s_other, s_register, s_nested;

static void other_task(void *arg)
{
    (void)arg;
    node_t *volatile mine = fw_list(2);
    s_other = HIDE(mine);
    while (!s_leaves) {
        vTaskDelay(1);
    }
    mine->next = NULL;
    vTaskDelete(NULL);
}

/* As good as in a register: no variable in memory has it but what the compiler spills. */
static void register_task(void *arg)
{
    (void)arg;
    register node_t *mine = fw_list(1);
    s_register = HIDE(mine);
    while (!s_leaves) {
        vTaskDelay(1);
    }
    free(mine);
    vTaskDelete(NULL);
}

static void in_reachable(void *arg)
{
    (void)arg;
    s_data = fw_list(3);
    s_bss = heap_caps_calloc(1, SIZE, MALLOC_CAP_SPIRAM);
    s_bss->next = fw_list(1);
    s_nested = HIDE(s_bss->next);
    s_middle = (char *)malloc(SIZE) + 5;
    node_t *volatile own = fw_list(2);
    xTaskCreate(other_task, "other", 4096, NULL, 1, NULL);
    xTaskCreate(register_task, "register", 4096, NULL, 1, NULL);
    vTaskDelay(3);
    scan();
    assert_int_equal(s_got.summary.blocks[HEAPTRAIL_LOST], 0);
    assert_int_equal(s_got.summary.blocks[HEAPTRAIL_INDIRECTLY_LOST], 0);
    assert_int_equal(s_got.summary.blocks[HEAPTRAIL_POSSIBLY_LOST], 1);
    assert_int_equal(reach_of(HIDE(s_middle - 5)), HEAPTRAIL_POSSIBLY_LOST);
    /* The same blocks are lost when what held them is gone: so it was these that held them. */
    uintptr_t other = s_other;
    uintptr_t data = hidden(&s_data);
    uintptr_t mine = hidden(&own);
    s_data = NULL;
    own = NULL;
    s_leaves = true;
    vTaskDelay(5);
    scan();
    assert_int_equal(reach_of(other), HEAPTRAIL_LOST);
    assert_int_equal(reach_of(data), HEAPTRAIL_LOST);
    assert_int_equal(reach_of(mine), HEAPTRAIL_LOST);
    assert_int_equal(reach_of(s_nested), HEAPTRAIL_REACHABLE);
}

/* FreeRTOS's lists point into the middle of a TCB: of a task whose handle nobody keeps, too, the
 * TCB, its stack, and what its thread-local pointers point to are reachable. */
static uintptr_t s_tls[2];

/* In a frame of its own: the pointer must stay in no register of the caller's. */
FW static void hold_in_tls(uint32_t which, uint32_t count)
{
    s_tls[which] = HIDE(fw_list(count));
    vTaskSetThreadLocalStoragePointer(NULL, 0, SHOW(s_tls[which]));
}

static void nobodys_task(void *arg)
{
    (void)arg;
    hold_in_tls(0, 2);
    esp_clear_stack();
    vTaskDelay(portMAX_DELAY);
}

static void in_task_local(void *arg)
{
    (void)arg;
    xTaskCreate(nobodys_task, "nobody's", 4096, NULL, 1, NULL);
    vTaskDelay(2);
    hold_in_tls(1, 1);
    scan();
    assert_int_equal(s_got.rows, 0);
    vTaskSetThreadLocalStoragePointer(NULL, 0, NULL);
    scan();
    assert_int_equal(s_got.rows, 1);
    assert_int_equal(reach_of(s_tls[1]), HEAPTRAIL_LOST);
}

/* --- what the firmware tells --- */

static uintptr_t s_secret;

static void tell_secret(void *context, void (*visit)(void *scan, const void *block), void *to)
{
    assert_ptr_equal(context, &s_secret);
    visit(to, SHOW(s_secret));
}

static void in_told(void *arg)
{
    (void)arg;
    uintptr_t dma = fw_lost_list(2);
    s_secret = fw_lost(MALLOC_CAP_DEFAULT);
    assert_int_equal(heaptrail_not_leak(SHOW(dma)), ESP_OK);
    assert_int_equal(heaptrail_scan_pointers(tell_secret, &s_secret), ESP_OK);
    scan();
    /* (The table of what is told holds the first one as a pointer: a root twice.) */
    assert_int_equal(s_got.rows, 0);
    assert_int_equal(heaptrail_scan_forget(&s_secret), ESP_OK);
    assert_int_equal(heaptrail_scan_forget(&s_secret), ESP_ERR_NOT_FOUND);
    scan();
    assert_int_equal(s_got.rows, 1);
    assert_int_equal(reach_of(s_secret), HEAPTRAIL_LOST);
}

static void in_area(void *arg)
{
    (void)arg;
    /* Memory that no linker section and no heap is. */
    void **area = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uintptr_t block = fw_lost(MALLOC_CAP_DEFAULT);
    area[100] = SHOW(block);
    scan();
    assert_int_equal(reach_of(block), HEAPTRAIL_LOST);
    assert_int_equal(heaptrail_scan_area(area, 4096), ESP_OK);
    scan();
    assert_int_equal(reach_of(block), HEAPTRAIL_REACHABLE);
    assert_int_equal(heaptrail_scan_forget(area), ESP_OK);
}

/* --- time --- */

static void in_young(void *arg)
{
    (void)arg;
    uintptr_t block = fw_lost(MALLOC_CAP_DEFAULT);
    assert_int_equal(scan_with((heaptrail_scan_options_t){.age_min_us = 60000000}), ESP_OK);
    assert_int_equal(s_got.rows, 0);
    assert_true(s_got.summary.young_blocks >= 1);
    vTaskDelay(pdMS_TO_TICKS(61000));
    assert_int_equal(scan_with((heaptrail_scan_options_t){.age_min_us = 60000000}), ESP_OK);
    assert_int_equal(reach_of(block), HEAPTRAIL_LOST);
}

/* A pointer that is always somewhere else, by a task of a higher priority. */
static void *volatile s_ball[2];
static volatile bool s_playing;

static void player(void *arg)
{
    (void)arg;
    for (unsigned i = 0; s_playing; i++) {
        s_ball[(i + 1) % 2] = s_ball[i % 2];
        s_ball[i % 2] = NULL;
        vTaskDelay(1);
    }
    vTaskDelete(NULL);
}

static void in_moving(void *arg)
{
    (void)arg;
    s_ball[0] = calloc(1, SIZE);
    s_playing = true;
    xTaskCreate(player, "player", 4096, NULL, 5, NULL);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(scan_with((heaptrail_scan_options_t){.slice_words = 64, .pause_ms = 10}),
                         ESP_OK);
        assert_int_equal(s_got.summary.blocks[HEAPTRAIL_LOST], 0);
    }
    s_playing = false;
    vTaskDelay(3);
}

/* --- wrong use --- */

static esp_err_t s_in_isr;

static void from_isr(void *arg)
{
    (void)arg;
    s_in_isr = heaptrail_scan(NULL, NULL, NULL, NULL);
}

static bool scan_in_scan(void *context, const heaptrail_leak_row_t *row)
{
    (void)row;
    *(esp_err_t *)context = heaptrail_scan(NULL, NULL, NULL, NULL);
    return false;
}

static void in_wrong(void *arg)
{
    (void)arg;
    static uintptr_t memory[64];
    esp_err_t nested = ESP_OK;
    assert_int_equal(heaptrail_scan(&(heaptrail_scan_options_t){.passes = 17}, NULL, NULL, NULL),
                     ESP_ERR_INVALID_ARG);
    assert_int_equal(
        heaptrail_scan(&(heaptrail_scan_options_t){.memory_bytes = 9}, NULL, NULL, NULL),
        ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_scan(&(heaptrail_scan_options_t){.memory = (char *)memory + 1,
                                                                .memory_bytes = sizeof(memory) - 1},
                                    NULL, NULL, NULL),
                     ESP_ERR_INVALID_ARG);
    assert_int_equal(
        heaptrail_scan(&(heaptrail_scan_options_t){.memory = memory, .memory_bytes = 8}, NULL, NULL,
                       NULL),
        ESP_ERR_INVALID_SIZE);
    sim_isr_fire_now(from_isr, NULL);
    assert_int_equal(s_in_isr, ESP_ERR_INVALID_STATE);
    uintptr_t block = fw_lost(MALLOC_CAP_DEFAULT);
    assert_true(block != 0);
    vTaskDelay(2);
    esp_clear_stack();
    assert_int_equal(
        heaptrail_scan(&(heaptrail_scan_options_t){.age_min_us = 1}, scan_in_scan, &nested, NULL),
        ESP_OK);
    assert_int_equal(nested, ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_not_leak(NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_scan_area(NULL, 1), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_scan_area(memory, 0), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_scan_area(memory, SIZE_MAX), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_scan_pointers(NULL, NULL), ESP_ERR_INVALID_ARG);
    esp_err_t err = ESP_OK;
    for (int i = 0; i < 1000 && err == ESP_OK; i++) {
        err = heaptrail_not_leak(memory);
    }
    assert_int_equal(err, ESP_ERR_NO_MEM);
}

/* Room for fewer blocks than there are: said, and the rest is judged as far as it is known. */
static void in_little_memory(void *arg)
{
    (void)arg;
    static uintptr_t memory[512];
    for (int i = 0; i < 400; i++) {
        fw_lost(MALLOC_CAP_DEFAULT);
    }
    assert_int_equal(
        scan_with((heaptrail_scan_options_t){.memory = memory, .memory_bytes = sizeof(memory)}),
        ESP_OK);
    assert_true(s_got.summary.left_out_blocks > 0);
    assert_true(s_got.summary.blocks[HEAPTRAIL_LOST] > 0);
}

/* --- with a trace --- */

static size_t take_nothing(void *context, const void *bytes, size_t length)
{
    (void)context;
    (void)bytes;
    return length;
}

/* A trace's rings are full of addresses, in memory of the library's or of the user's. */
static void in_traced(void *arg)
{
    (void)arg;
    static heaptrail_trace_config_t config = {.write = take_nothing};
    for (int own = 0; own < 2; own++) {
        assert_int_equal(heaptrail_trace_start(&config), ESP_OK);
        uintptr_t lost = fw_lost(MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
        scan();
        assert_int_equal(reach_of(lost), HEAPTRAIL_LOST);
        assert_int_equal(heaptrail_trace_poll(), ESP_OK);
        scan();
        assert_int_equal(reach_of(lost), HEAPTRAIL_LOST);
        assert_int_equal(heaptrail_trace_stop(), ESP_OK);
        config.memory_bytes = heaptrail_trace_memory_bytes(&config);
        config.memory = calloc(1, config.memory_bytes);
    }
    free(config.memory);
}

/* What the tracker says of a failure and of errors names blocks, and holds none of them. */
static void in_told_of(void *arg)
{
    (void)arg;
    static uintptr_t lost[200];
    const uint32_t count = sizeof(lost) / sizeof(lost[0]);
    for (uint32_t i = 0; i < count; i++) {
        lost[i] = fw_lost(MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
    }
    for (uint32_t i = 1; i < count; i += 2) { /* holes that are pinned */
        free(SHOW(lost[i]));
        lost[i] = 0;
    }
    assert_null(heap_caps_malloc(1U << 24, MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT));
#if ESP_CHECKED
    ((volatile char *)SHOW(lost[0]))[SIZE] = 1;
    (void)heaptrail_verify(NULL, NULL);
#endif
    scan();
    for (uint32_t i = 0; i < count; i += 2) {
        assert_int_equal(reach_of(lost[i]), HEAPTRAIL_LOST);
    }
}

#define RUN(name)                                                                                  \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        esp_run(in_##name);                                                                        \
    }

RUN(lost)
RUN(reachable)
RUN(task_local)
RUN(told)
RUN(area)
RUN(young)
RUN(moving)
RUN(wrong)
RUN(little_memory)
RUN(traced)
RUN(told_of)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traced),        cmocka_unit_test(test_told_of),
        cmocka_unit_test(test_lost),          cmocka_unit_test(test_reachable),
        cmocka_unit_test(test_task_local),    cmocka_unit_test(test_told),
        cmocka_unit_test(test_area),          cmocka_unit_test(test_young),
        cmocka_unit_test(test_moving),        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_little_memory),
    };
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
