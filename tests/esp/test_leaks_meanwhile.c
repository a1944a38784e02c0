/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What happens to a scan: blocks are freed and made anew, and tasks deleted, between any two slices
 * of it; lists lead nowhere; the heap is damaged; the firmware has crashed.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_leaks.h"
#include "ht_default.h"

#define SIZE 64U

typedef struct node {
    struct node *next;
    char bytes[SIZE - sizeof(struct node *)];
} node_t;

static uintptr_t s_memory[16384]; /* of the scan */
static heaptrail_scan_summary_t s_summary;
static uintptr_t s_got[256]; /* hidden: every row */
static heaptrail_reach_t s_reach[256];
static uint32_t s_rows;

static bool keep_row(void *context, const heaptrail_leak_row_t *row)
{
    (void)context;
    s_got[s_rows] = HIDE(row->block.address);
    s_reach[s_rows++] = row->reach;
    return s_rows < 256U;
}

static heaptrail_reach_t reach_of(uintptr_t hidden)
{
    for (uint32_t i = 0; i < s_rows; i++) {
        if (s_got[i] == hidden) { return s_reach[i]; }
    }
    return HEAPTRAIL_REACHABLE;
}

static const heaptrail_scan_options_t s_options = {.pause_ms = 1,
                                                   .age_min_us = 1,
                                                   .slice_words = 40,
                                                   .all = true,
                                                   .memory = s_memory,
                                                   .memory_bytes = sizeof(s_memory)};

__attribute__((noinline)) static void scan(void)
{
    s_rows = 0;
    esp_clear_stack();
    assert_int_equal(heaptrail_scan(&s_options, keep_row, NULL, &s_summary), ESP_OK);
    assert_int_equal(s_summary.left_out_blocks, 0);
}

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

/* --- a second task that does something at a chosen slice of the scan
 * ------------------------------
 */

static volatile uint32_t s_slice, s_slices, s_at;
static void (*volatile s_do)(void);

/* The scan gives way for a tick after each slice; this task runs once in each tick. */
static void meddler(void *arg)
{
    (void)arg;
    for (;;) {
        vTaskDelay(1);
        if (s_do == NULL || s_slice++ != s_at) { continue; }
        s_do();
        esp_clear_stack();
    }
}

/* The scan again and again, `do_it` one slice later each time; `begin` and `look` around it. */
static void at_each_slice(void (*begin)(void), void (*do_it)(void), void (*look)(void))
{
    xTaskCreate(meddler, "meddler", 4096, NULL, 5, NULL);
    s_slices = 1;
    for (uint32_t at = 0; at < s_slices; at++) {
        begin();
        vTaskDelay(3);
        s_slice = 0;
        s_at = at;
        s_do = do_it;
        scan();
        s_do = NULL;
        if (s_slice <= at) { break; } /* there were fewer this time */
        s_slices = s_slice;
        look();
    }
    assert_true(s_slices > 20);
    esp_check();
}

static node_t *volatile s_list;  /* reachable */
static node_t *volatile s_held;  /* reachable all the time */
static uintptr_t s_lost, s_ends; /* hidden */
static uint32_t s_gone;

static void begin_lists(void)
{
    s_list = fw_list(6);
    if (s_held == NULL) {
        s_held = fw_list(6);
        s_lost = fw_lost_list(3);
    }
    s_ends = fw_lost_list(1);
}

static void free_list(void)
{
    while (s_list != NULL) {
        node_t *next = s_list->next;
        free(s_list);
        s_list = next;
    }
    free(SHOW(s_ends));
}

/* Others lie where they lay, of another size, with words that lead back and forth. */
static void free_and_make(void)
{
    free_list();
    for (uint32_t i = 0; i < 3U; i++) {
        node_t *node = malloc(2U * sizeof(*node));
        node->next = s_list;
        memcpy(node + 1, &node, sizeof(node));
        s_list = node;
    }
}

static void look_at_lists(void)
{
    assert_int_equal(reach_of(s_lost), HEAPTRAIL_LOST);
    assert_int_equal(reach_of(HIDE(s_held)), HEAPTRAIL_REACHABLE);
    assert_int_equal(reach_of(HIDE(s_held->next)), HEAPTRAIL_REACHABLE);
    assert_int_equal(reach_of(HIDE(s_list)), HEAPTRAIL_REACHABLE);
    assert_int_equal(reach_of(s_ends), HEAPTRAIL_REACHABLE); /* no row: it is no block any more */
    /* Freed in the last slices, a block that led others leaves them as they are: lost. */
    uint32_t follow = s_summary.blocks[HEAPTRAIL_INDIRECTLY_LOST];
    assert_int_equal(s_summary.blocks[HEAPTRAIL_LOST] + follow, 3);
    assert_true(follow == 2 || s_summary.gone_blocks != 0);
    s_gone += s_summary.gone_blocks;
    while (s_list != NULL) {
        node_t *next = s_list->next;
        free(s_list);
        s_list = next;
    }
}

static void in_freed(void *arg)
{
    (void)arg;
    at_each_slice(begin_lists, free_list, look_at_lists);
    assert_true(s_gone > 0); /* and said */
}

static void in_made_anew(void *arg)
{
    (void)arg;
    at_each_slice(begin_lists, free_and_make, look_at_lists);
}

static TaskHandle_t volatile s_victim;
static uintptr_t s_of_victim;

static void victim(void *arg)
{
    (void)arg;
    node_t *volatile mine = fw_list(2);
    s_of_victim = HIDE(mine);
    vTaskSetThreadLocalStoragePointer(NULL, 0, mine->next);
    vTaskDelay(portMAX_DELAY);
    (void)mine;
}

static void begin_victim(void)
{
    begin_lists();
    TaskHandle_t made = NULL;
    xTaskCreate(victim, "victim", 4096, NULL, 1, &made);
    s_victim = made;
}

static void delete_victim(void)
{
    vTaskDelete(s_victim);
    s_victim = NULL;
}

/* What only the task had was lost from then on: it may be called so or not, nothing else. */
static void look_for_victim(void)
{
    assert_int_equal(reach_of(s_lost), HEAPTRAIL_LOST);
    assert_int_equal(reach_of(HIDE(s_held)), HEAPTRAIL_REACHABLE);
    assert_int_equal(reach_of(HIDE(s_list)), HEAPTRAIL_REACHABLE);
    node_t *of_victim = SHOW(s_of_victim);
    free(of_victim->next);
    free(of_victim);
    free(SHOW(s_ends));
    while (s_list != NULL) {
        node_t *next = s_list->next;
        free(s_list);
        s_list = next;
    }
}

static void in_task_deleted(void *arg)
{
    (void)arg;
    at_each_slice(begin_victim, delete_victim, look_for_victim);
}

/* --- lists that lead nowhere, a damaged heap
 * ------------------------------------------------------
 */

static void in_wild(void *arg)
{
    (void)arg;
    char *hole = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sim_region_t iram;
    sim_region_get(SIM_REGION_IRAM, &iram);
    begin_lists();
    const uintptr_t wild[] = {
        0,
        1,
        3,
        UINTPTR_MAX,
        UINTPTR_MAX - 7U,
        (uintptr_t)hole,
        (uintptr_t)hole + 8191U,
        (uintptr_t)in_wild,
        iram.start,
        iram.start + iram.bytes,
        (uintptr_t)&heaptrail_state,
        (uintptr_t)s_memory,
        (uintptr_t)s_held - 1U,
        (uintptr_t)s_held - 8U,
        (uintptr_t)s_held + SIZE,
        (uintptr_t)&s_held,
        (uintptr_t)__builtin_frame_address(0),
    };
    for (uint32_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
        s_list->next->next = (node_t *)wild[i]; /* the rest of the list is lost */
        scan();
        assert_int_equal(s_summary.blocks[HEAPTRAIL_LOST], 3);
        assert_int_equal(s_summary.blocks[HEAPTRAIL_INDIRECTLY_LOST], 5);
        assert_int_equal(reach_of(HIDE(s_list->next)), HEAPTRAIL_REACHABLE);
        assert_int_equal(reach_of(HIDE(s_held->next)), HEAPTRAIL_REACHABLE);
    }
    s_list->next->next = s_list; /* a ring, and one of itself */
    s_held->next->next = s_held->next;
    scan();
    assert_int_equal(s_summary.blocks[HEAPTRAIL_LOST], 4);
    assert_int_equal(s_summary.blocks[HEAPTRAIL_INDIRECTLY_LOST], 8);
}

/* The scan reads the heap's blocks, and asks it nothing. */
static void in_damaged_heap(void *arg)
{
    (void)arg;
    begin_lists();
    node_t *freed = calloc(4, sizeof(*freed));
    node_t *behind = calloc(1, sizeof(*behind));
    s_held->next->next = behind;
    free(freed);
    memset(freed, 0x5c, 2U * sizeof(*freed));
    scan();
    assert_int_equal(reach_of(s_lost), HEAPTRAIL_LOST);
    assert_int_equal(reach_of(HIDE(s_held)), HEAPTRAIL_REACHABLE);
    assert_int_equal(s_summary.blocks[HEAPTRAIL_LOST], 3);
}

/* --- after a crash
 * --------------------------------------------------------------------------------
 */

static uintptr_t s_on_stack; /* hidden */

static void other_task(void *arg)
{
    (void)arg;
    node_t *volatile mine = fw_list(2);
    s_on_stack = HIDE(mine);
    esp_clear_stack();
    vTaskDelay(portMAX_DELAY);
    (void)mine;
}

static void scan_frozen(void *arg)
{
    s_rows = 0;
    esp_clear_stack();
    *(esp_err_t *)arg = heaptrail_scan_frozen(&s_options, keep_row, NULL, &s_summary);
}

static void look_at_frozen(esp_err_t err)
{
    assert_int_equal(err, ESP_OK);
    assert_int_equal(s_summary.passes, 1);
    assert_int_equal(reach_of(s_lost), HEAPTRAIL_LOST);
    assert_int_equal(s_summary.blocks[HEAPTRAIL_LOST], 2);
    assert_int_equal(s_summary.blocks[HEAPTRAIL_INDIRECTLY_LOST], 2);
    assert_int_equal(reach_of(s_on_stack), HEAPTRAIL_REACHABLE);
    assert_int_equal(reach_of(HIDE(s_held)), HEAPTRAIL_REACHABLE);
}

static bool crash_in_scan(void *context, const heaptrail_leak_row_t *row)
{
    (void)row;
    scan_frozen(context);
    return false;
}

/* In a handler, with the scheduler suspended, with interrupts masked in the midst of a section of
 * heaptrail's, in a scan; with no memory. */
static void in_frozen(void *arg)
{
    (void)arg;
    esp_err_t err = ESP_FAIL;
    begin_lists();
    node_t *volatile own = fw_list(1);
    xTaskCreate(other_task, "other", 4096, NULL, 1, NULL);
    vTaskDelay(2);
    sim_fault_set(&(sim_fault_t){.every = 1});
    sim_isr_fire_now(scan_frozen, &err);
    look_at_frozen(err);
    vTaskSuspendAll();
    scan_frozen(&err);
    look_at_frozen(err);
    ht_port_irq_t irq = ht_port_lock(&ht_default()->lock);
    uint64_t switches = sim_switches();
    scan_frozen(&err);
    assert_true(sim_switches() == switches);
    ht_port_unlock(&ht_default()->lock, irq);
    (void)xTaskResumeAll();
    look_at_frozen(err);
    esp_clear_stack();
    assert_int_equal(heaptrail_scan(&s_options, crash_in_scan, &err, NULL), ESP_OK);
    look_at_frozen(err);
    assert_int_equal(reach_of(HIDE(own)), HEAPTRAIL_REACHABLE);
    assert_int_equal(heaptrail_scan_frozen(NULL, NULL, NULL, NULL), ESP_ERR_INVALID_ARG);
    const heaptrail_scan_options_t none = {.all = true};
    assert_int_equal(heaptrail_scan_frozen(&none, NULL, NULL, NULL), ESP_ERR_INVALID_ARG);
    const heaptrail_scan_options_t small = {.memory = s_memory, .memory_bytes = 8};
    assert_int_equal(heaptrail_scan_frozen(&small, NULL, NULL, NULL), ESP_ERR_INVALID_SIZE);
    assert_int_equal(sim_fault_attempts(), 0); /* nobody asked for memory */
}

/* Before a restart, in a shutdown handler: the scheduler runs, or is suspended already. */
static void in_before_restart(void *arg)
{
    (void)arg;
    heaptrail_scan_options_t options = s_options;
    options.stop = true;
    begin_lists();
    vTaskDelay(2);
    sim_fault_set(&(sim_fault_t){.every = 1});
    for (uint32_t suspended = 0; suspended < 2; suspended++) {
        if (suspended != 0) { vTaskSuspendAll(); }
        s_rows = 0;
        esp_clear_stack();
        uint64_t switches = sim_switches();
        assert_int_equal(heaptrail_scan(&options, keep_row, NULL, &s_summary), ESP_OK);
        assert_true(sim_switches() == switches);
        if (suspended != 0) { (void)xTaskResumeAll(); }
        assert_int_equal(reach_of(s_lost), HEAPTRAIL_LOST);
        assert_int_equal(reach_of(HIDE(s_held)), HEAPTRAIL_REACHABLE);
    }
    assert_int_equal(sim_fault_attempts(), 0);
}

#define RUN(name)                                                                                  \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        esp_run(in_##name);                                                                        \
    }

RUN(freed)
RUN(made_anew)
RUN(task_deleted)
RUN(wild)
RUN(damaged_heap)
RUN(frozen)
RUN(before_restart)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_freed),          cmocka_unit_test(test_made_anew),
        cmocka_unit_test(test_task_deleted),   cmocka_unit_test(test_wild),
        cmocka_unit_test(test_damaged_heap),   cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_before_restart),
    };
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
