/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Allowed regions: what lies between them, whose they are, and several tasks at once. */
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "scopes_test.h"

/* What lies between two regions is in neither. */
static void test_between_regions(void **state)
{
    (void)state;
    void *kept[3];
    heaptrail_scope_t scope;
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    for (int i = 0; i < 3; i += 2) {
        HEAPTRAIL_ALLOW_LEAKS()
        {
            kept[i] = fw_leak(10);
        }
        if (i == 0) { kept[1] = fw_leak(20); }
    }
    heaptrail_scope_result_t result = scopes_end(&scope);
    assert_int_equal(result.leaked_blocks, 1);
    assert_int_equal(result.leaked_bytes, 20);
    assert_int_equal(result.allowed_blocks, 2);
    for (int i = 0; i < 3; i++) {
        fw_free(kept[i]);
    }
}

/* A region that leaves nothing takes no room. */
static void test_empty_regions(void **state)
{
    (void)state;
    enum { ROUNDS = HEAPTRAIL_ALLOWED_REGIONS_MAX + 3 };
    void *kept[ROUNDS];
    heaptrail_allowed_region_t region;
    heaptrail_scope_t scope;
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    for (int i = 0; i < ROUNDS; i++) {
        kept[i] = fw_leak(1); /* lies between */
        assert_int_equal(heaptrail_allow_region_begin(&region), ESP_OK);
        fw_free(fw_leak(10));
        assert_int_equal(heaptrail_allow_region_end(&region), ESP_OK);
    }
    assert_int_equal(scopes_end(&scope).leaked_blocks, ROUNDS);
    for (int i = 0; i < ROUNDS; i++) {
        fw_free(kept[i]);
    }
}

/* --- several tasks -----------------------------------------------------------------------------
 */

/* A task that does as it is told, with a scope of its own. */
typedef struct actor {
    TaskHandle_t task;
    void (*volatile order)(struct actor *actor);
    volatile unsigned done;
    heaptrail_scope_t scope;
    heaptrail_allowed_region_t *foreign;
    heaptrail_scope_result_t result;
    esp_err_t err;
    void *kept[2];
} actor_t;

static void act(void *arg)
{
    actor_t *actor = arg;
    for (;;) {
        (void)ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
        actor->order(actor);
        actor->done++;
    }
}

static void engage(actor_t *actor, const char *name)
{
    assert_int_equal(xTaskCreatePinnedToCore(act, name, 8192, actor, 5, &actor->task, 0), pdPASS);
}

static void tell(actor_t *actor, void (*order)(actor_t *actor))
{
    unsigned before = actor->done;
    actor->order = order;
    xTaskNotifyGive(actor->task);
    while (actor->done == before) {
        vTaskDelay(1);
    }
}

static void begin_scope(actor_t *actor)
{
    actor->err = heaptrail_scope_begin(&actor->scope);
}

static void end_scope(actor_t *actor)
{
    actor->result = scopes_end(&actor->scope);
}

static void leave_in_region(actor_t *actor)
{
    heaptrail_allowed_region_t region;
    actor->err = heaptrail_allow_region_begin(&region);
    actor->kept[0] = fw_leak(10);
    if (actor->err == ESP_OK) { actor->err = heaptrail_allow_region_end(&region); }
}

static void leave(actor_t *actor)
{
    actor->kept[1] = fw_leak(30);
}

static void clean_up(actor_t *actor)
{
    fw_free(actor->kept[0]);
    fw_free(actor->kept[1]);
    actor->kept[0] = actor->kept[1] = NULL;
}

static void end_foreign_region(actor_t *actor)
{
    actor->err = heaptrail_allow_region_end(actor->foreign);
}

/* A region is its task's: what another one leaves meanwhile is not allowed. */
static void one_of_two_tasks(void *arg)
{
    (void)arg;
    static const heaptrail_scope_options_t all = {.settle_ms = HEAPTRAIL_SETTLE_NONE,
                                                  .all_tasks = true};
    static actor_t other;
    heaptrail_scope_t scope;
    heaptrail_scope_result_t result;
    heaptrail_allowed_region_t region;
    engage(&other, "other");
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    assert_int_equal(heaptrail_allow_region_begin(&region), ESP_OK);
    void *mine = fw_leak(10);
    tell(&other, leave);
    other.foreign = &region;
    tell(&other, end_foreign_region);
    assert_int_equal(other.err, ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_allow_region_end(&region), ESP_OK);
    (void)heaptrail_scope_end(&scope, &all, &result);
    assert_int_equal(result.leaked_blocks, 1);
    assert_int_equal(result.leaked_bytes, 30);
    assert_int_equal(result.allowed_blocks, 1);
    fw_free(mine);
    tell(&other, clean_up);
}

static void test_a_region_is_its_tasks(void **state)
{
    (void)state;
    esp_run(one_of_two_tasks);
}

/* In loops of two tasks in turn each has one entry. */
static void in_turn(void *arg)
{
    (void)arg;
    static actor_t one, two;
    engage(&one, "one");
    engage(&two, "two");
    tell(&one, begin_scope);
    tell(&two, begin_scope);
    for (int i = 0; i < HEAPTRAIL_ALLOWED_REGIONS_MAX + 3; i++) {
        tell(&one, leave_in_region);
        assert_int_equal(one.err, ESP_OK);
        tell(&two, leave_in_region);
        assert_int_equal(two.err, ESP_OK);
        tell(&one, clean_up);
        tell(&two, clean_up);
    }
    tell(&one, leave_in_region);
    tell(&two, leave_in_region);
    tell(&one, end_scope);
    assert_int_equal(one.result.allowed_blocks, 1);
    tell(&one, begin_scope); /* forgets only the task's own */
    tell(&two, end_scope);
    assert_int_equal(two.result.allowed_blocks, 1);
    assert_int_equal(two.result.leaked_blocks, 0);
    tell(&one, end_scope);
    tell(&one, clean_up);
    tell(&two, clean_up);
}

static void test_two_tasks_in_turn(void **state)
{
    (void)state;
    esp_run(in_turn);
}

/* --- while another task's regions go -----------------------------------------------------------
 */

static actor_t s_first, s_mine, s_last;
static bool s_struck;

/* A task's first scope forgets its regions. */
static void begin_anew(actor_t *actor)
{
    end_scope(actor);
    begin_scope(actor);
}

static void renew_first(void *arg)
{
    BaseType_t yield = pdFALSE;
    (void)arg;
    if (s_struck) { return; }
    s_struck = true;
    s_first.order = begin_anew;
    vTaskNotifyGiveFromISR(s_first.task, &yield);
    portYIELD_FROM_ISR(yield);
}

/* One entry each, in this order; then the first goes away while the second one grows. */
static void renew_first_at(unsigned strike)
{
    actor_t *all[] = {&s_first, &s_mine, &s_last};
    for (int i = 0; i < 3; i++) {
        tell(all[i], begin_scope);
        tell(all[i], leave_in_region);
        assert_int_equal(all[i]->err, ESP_OK);
    }
    tell(&s_mine, clean_up);
    tell(&s_last, leave); /* behind its region */
    s_struck = false;
    unsigned before = s_first.done;
    sim_isr_fire_at(strike);
    tell(&s_mine, leave_in_region);
    sim_isr_fire_at(UINT32_MAX);
    while (s_struck && s_first.done == before) {
        vTaskDelay(1);
    }
    tell(&s_first, end_scope);
    tell(&s_mine, end_scope);
    assert_int_equal(s_mine.result.allowed_blocks, 1);
    assert_int_equal(s_mine.result.leaked_blocks, 0);
    tell(&s_last, end_scope);
    assert_int_equal(s_last.result.allowed_blocks, 1);
    assert_int_equal(s_last.result.leaked_blocks, 1);
    for (int i = 0; i < 3; i++) {
        tell(all[i], clean_up);
    }
}

static void ends_everywhere(void *arg)
{
    (void)arg;
    unsigned strike = 0;
    engage(&s_first, "first");
    engage(&s_mine, "mine");
    engage(&s_last, "last");
    vTaskPrioritySet(s_mine.task, 4); /* it gives way */
    assert_true(sim_isr_attach(renew_first, NULL));
    do {
        renew_first_at(++strike);
    } while (s_struck && strike < 3000);
    assert_in_range(strike, 20, 2999);
    sim_isr_detach_all();
    esp_check();
}

static void test_entries_move_while_one_grows(void **state)
{
    (void)state;
    esp_run(ends_everywhere);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_between_regions),
        cmocka_unit_test(test_empty_regions),
        cmocka_unit_test(test_a_region_is_its_tasks),
        cmocka_unit_test(test_two_tasks_in_turn),
        cmocka_unit_test(test_entries_move_while_one_grows),
    };
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
