/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The ticks that ht_wrap_tick.c counts, with a FreeRTOS of four functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ht_port.h"

volatile uint32_t sim_bare_int_mask[2]; /* the stand-in's, without threads */
volatile uint32_t sim_bare_core_id;
static TickType_t s_ticks, s_waiting;
static bool s_suspended;

BaseType_t __real_xTaskIncrementTick(void);
BaseType_t __real_xTaskCatchUpTicks(TickType_t ticks);
void __real_vTaskStepTick(TickType_t ticks);
BaseType_t __wrap_xTaskIncrementTick(void);
BaseType_t __wrap_xTaskCatchUpTicks(TickType_t ticks);
void __wrap_vTaskStepTick(TickType_t ticks);

TickType_t xTaskGetTickCount(void)
{
    return s_ticks;
}

BaseType_t __real_xTaskIncrementTick(void)
{
    if (s_suspended) {
        s_waiting++;
    } else {
        s_ticks++;
    }
    return pdTRUE;
}

BaseType_t __real_xTaskCatchUpTicks(TickType_t ticks)
{
    s_ticks += ticks;
    return pdTRUE;
}

void __real_vTaskStepTick(TickType_t ticks)
{
    s_ticks += ticks;
}

/* xTaskResumeAll(): nobody but FreeRTOS sees how it catches up. */
static void resume(void)
{
    s_suspended = false;
    s_ticks += s_waiting;
    s_waiting = 0;
}

static void test_each_way_that_time_goes_on(void **state)
{
    (void)state;
    ht_tick_t before = ht_port_tick();
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(__wrap_xTaskIncrementTick(), pdTRUE);
    }
    assert_int_equal(ht_port_tick() - before, 5);
    __wrap_vTaskStepTick(70000);
    assert_int_equal(ht_port_tick() - before, 70005);
    assert_int_equal(__wrap_xTaskCatchUpTicks(3), pdTRUE);
    assert_int_equal(ht_port_tick() - before, 70008);
    assert_int_equal(ht_port_tick(), xTaskGetTickCount());
}

static void test_goes_on_while_the_scheduler_is_suspended(void **state)
{
    (void)state;
    ht_tick_t before = ht_port_tick();
    s_suspended = true;
    for (unsigned i = 0; i < 7; i++) {
        (void)__wrap_xTaskIncrementTick();
    }
    ht_port_mind_ticks(); /* ahead is right */
    assert_int_equal(ht_port_tick() - before, 7);
    resume();
    assert_int_equal(ht_port_tick(), xTaskGetTickCount());
    ht_port_mind_ticks();
    assert_int_equal(ht_port_tick() - before, 7);
}

/* A firmware in which the linker did not redirect them: the idle task looks. */
static void test_freertos_is_believed_if_it_is_ahead(void **state)
{
    (void)state;
    s_ticks += 123;
    assert_int_not_equal(ht_port_tick(), xTaskGetTickCount());
    ht_port_mind_ticks();
    assert_int_equal(ht_port_tick(), xTaskGetTickCount());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_way_that_time_goes_on),
        cmocka_unit_test(test_goes_on_while_the_scheduler_is_suspended),
        cmocka_unit_test(test_freertos_is_believed_if_it_is_ahead),
    };
    return cmocka_run_group_tests_name("tick", tests, NULL, NULL);
}
