// SPDX-License-Identifier: Apache-2.0
/* Tasks, virtual time, synchronisation, timers; deterministic mode. */
#include "sim_test.h"

#include "esp_heap_caps.h"
#include "esp_log.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/event_groups.h"
#include "freertos/queue.h"
#include "freertos/semphr.h"
#include "freertos/timers.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

static int reset(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    sim_init(&config);
    return 0;
}

static void run(void (*fn)(void *))
{
    assert_null(xTaskGetCurrentTaskHandle());
    assert_int_equal(xTaskGetSchedulerState(), taskSCHEDULER_NOT_STARTED);
    assert_int_equal(sim_run(fn, NULL), SIM_RUN_RETURNED);
    assert_true(heap_caps_check_integrity_all(true));
}

/* --- time
 * ------------------------------------------------------------------------------------------ */

static void an_hour(void *arg)
{
    (void)arg;
    assert_string_equal(pcTaskGetName(NULL), "main");
    assert_int_equal(xTaskGetSchedulerState(), taskSCHEDULER_RUNNING);
    TickType_t start = xTaskGetTickCount();
    for (int i = 0; i < 3600; i++) {
        vTaskDelay(pdMS_TO_TICKS(1000));
    }
    assert_int_equal(xTaskGetTickCount() - start, pdMS_TO_TICKS(3600 * 1000));
    TickType_t wake = xTaskGetTickCount();
    assert_int_equal(xTaskDelayUntil(&wake, 50), pdTRUE);
    assert_int_equal(xTaskGetTickCount(), wake);
    while (esp_timer_get_time() < 3601 * 1000000LL) { /* a busy wait ends too */
    }
}

static void test_an_hour_takes_no_time(void **state)
{
    (void)state;
    clock_t before = clock();
    run(an_hour);
    assert_true(clock() - before < 10 * CLOCKS_PER_SEC);
}

static void forever(void *arg)
{
    (void)arg;
    for (;;) {
        vTaskDelay(100);
    }
}

static void test_time_limit(void **state)
{
    (void)state;
    sim_config_t config = *sim_config();
    config.time_limit_us = 90 * 1000000ull;
    sim_init(&config);
    assert_int_equal(sim_run(forever, NULL), SIM_RUN_TIME_LIMIT);
    assert_int_equal(sim_clock_us(), 90 * 1000000ull);
}

static void wait_for_ever(void *arg)
{
    (void)arg;
    ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
}

static void test_deadlock(void **state)
{
    (void)state;
    assert_int_equal(sim_run(wait_for_ever, NULL), SIM_RUN_DEADLOCK);
    sim_reset();
    assert_int_equal(sim_run_all(an_hour, NULL), SIM_RUN_ALL_ENDED);
}

/* --- scheduling
 * ------------------------------------------------------------------------------------ */

static char s_log[64];

static void note(char c)
{
    size_t n = strlen(s_log);
    if (n + 1 < sizeof(s_log)) {
        s_log[n] = c;
        s_log[n + 1] = '\0';
    }
}

static void say(void *arg)
{
    note(*(char *)arg);
    vTaskDelay(1);
    note(*(char *)arg);
    vTaskDelete(NULL);
}

static void priorities(void *arg)
{
    (void)arg;
    static char names[] = "abc";
    s_log[0] = '\0';
    xTaskCreate(say, "low", 2048, &names[0], 0, NULL);
    xTaskCreate(say, "high", 2048, &names[1], 5, NULL);
    xTaskCreate(say, "higher", 2048, &names[2], 6, NULL);
    note('m');
    vTaskDelay(5);
    assert_string_equal(s_log, "bcmacba");
}

static void test_priorities(void **state)
{
    (void)state;
    run(priorities);
}

static volatile uint32_t s_spins[2];
static volatile bool s_stop;

static void spin(void *arg)
{
    while (!s_stop) {
        s_spins[*(int *)arg]++;
        xTaskGetTickCount();
    }
    vTaskDelete(NULL);
}

static void slices(void *arg)
{
    (void)arg;
    static int ids[2] = {0, 1};
    s_stop = false;
    s_spins[0] = s_spins[1] = 0;
    xTaskCreate(spin, "s0", 2048, &ids[0], 1, NULL);
    xTaskCreate(spin, "s1", 2048, &ids[1], 1, NULL);
    vTaskDelay(100);
    s_stop = true;
    vTaskDelay(10);
    assert_in_range(s_spins[0], 30000, 70000);
    assert_in_range(s_spins[1], 30000, 70000);
}

static void test_equal_priorities_share(void **state)
{
    (void)state;
    run(slices);
}

static void pinned(void *arg)
{
    assert_int_equal(xPortGetCoreID(), *(int *)arg);
    vTaskDelay(3);
    assert_int_equal(xPortGetCoreID(), *(int *)arg);
    vTaskDelete(NULL);
}

static void cores(void *arg)
{
    (void)arg;
    static int ids[2] = {0, 1};
    TaskHandle_t t = NULL;
    assert_int_equal(xPortGetCoreID(), 0);
    xTaskCreatePinnedToCore(pinned, "p0", 2048, &ids[0], 3, NULL, 0);
    xTaskCreatePinnedToCore(pinned, "p1", 2048, &ids[1], 3, &t, 1);
    assert_int_equal(xTaskGetCoreID(t), 1);
    vTaskDelay(10);
}

static void test_pinning(void **state)
{
    (void)state;
    run(cores);
}

/* --- task memory
 * ----------------------------------------------------------------------------------- */

static void brief(void *arg)
{
    (void)arg;
    vTaskDelete(NULL);
}

static void memory_of_tasks(void *arg)
{
    (void)arg;
    TaskHandle_t first;
    TaskHandle_t second;
    size_t before = heap_caps_get_free_size(MALLOC_CAP_INTERNAL);
    xTaskCreate(forever, "victim", 4096, NULL, 5, &first);
    assert_true(heap_caps_get_free_size(MALLOC_CAP_INTERNAL) + 4096 < before);
    assert_int_equal(eTaskGetState(first), eBlocked);
    vTaskDelete(first); /* another task: freed at once */
    assert_int_equal(heap_caps_get_free_size(MALLOC_CAP_INTERNAL), before);
    xTaskCreate(brief, "brief", 4096, NULL, 0, &second);
    assert_ptr_equal(first, second);
    vTaskDelay(2);
    assert_int_equal(heap_caps_get_free_size(MALLOC_CAP_INTERNAL), before);
    assert_int_equal(uxTaskGetNumberOfTasks(), 3);
    sim_fault_set(&(sim_fault_t){.nth = 2});
    assert_int_equal(xTaskCreate(brief, "none", 4096, NULL, 0, NULL),
                     errCOULD_NOT_ALLOCATE_REQUIRED_MEMORY);
    sim_fault_clear();
    assert_int_equal(heap_caps_get_free_size(MALLOC_CAP_INTERNAL), before);
}

static void test_task_memory(void **state)
{
    (void)state;
    run(memory_of_tasks);
}

static void statics(void *arg)
{
    (void)arg;
    static StaticTask_t tcb;
    static StackType_t stack[2048];
    size_t before = heap_caps_get_free_size(0);
    TaskHandle_t t = xTaskCreateStatic(brief, "static", sizeof(stack), NULL, 5, stack, &tcb);
    assert_ptr_equal(t, &tcb);
    vTaskDelay(2);
    TaskStatus_t status[8];
    assert_int_equal(uxTaskGetSystemState(status, 8, NULL), 3);
    assert_int_equal(heap_caps_get_free_size(0), before);
    vTaskSetThreadLocalStoragePointer(NULL, 1, &tcb);
    assert_ptr_equal(pvTaskGetThreadLocalStoragePointer(NULL, 1), &tcb);
}

static void test_static_task(void **state)
{
    (void)state;
    run(statics);
}

/* --- synchronisation
 * ------------------------------------------------------------------------------- */

static QueueHandle_t s_queue;

static void producer(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(xQueueSend(s_queue, &i, portMAX_DELAY), pdPASS);
    }
    vTaskDelete(NULL);
}

static void queues(void *arg)
{
    (void)arg;
    int value = 0;
    size_t before = heap_caps_get_free_size(0);
    s_queue = xQueueCreate(3, sizeof(int));
    assert_int_equal(xQueueReceive(s_queue, &value, 10), errQUEUE_EMPTY);
    assert_int_equal(xTaskGetTickCount(), 10);
    xTaskCreate(producer, "producer", 2048, NULL, 5, NULL);
    assert_int_equal(uxQueueMessagesWaiting(s_queue), 3);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(xQueueReceive(s_queue, &value, 100), pdPASS);
        assert_int_equal(value, i);
    }
    value = 7;
    assert_int_equal(xQueueSendToFront(s_queue, &value, 0), pdPASS);
    assert_int_equal(xQueuePeek(s_queue, &value, 0), pdPASS);
    assert_int_equal(uxQueueSpacesAvailable(s_queue), 2);
    vQueueDelete(s_queue);
    vTaskDelay(2);
    assert_int_equal(heap_caps_get_free_size(0), before);
}

static void test_queue(void **state)
{
    (void)state;
    run(queues);
}

static SemaphoreHandle_t s_mutex;
static int s_inside;

static void user(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(xSemaphoreTake(s_mutex, portMAX_DELAY), pdTRUE);
        assert_int_equal(s_inside++, 0);
        vTaskDelay(1);
        s_inside--;
        xSemaphoreGive(s_mutex);
    }
    vTaskDelete(NULL);
}

static void mutexes(void *arg)
{
    (void)arg;
    s_mutex = xSemaphoreCreateMutex();
    xSemaphoreTake(s_mutex, 0);
    TaskHandle_t t;
    xTaskCreate(user, "u1", 2048, NULL, 7, &t);
    xTaskCreate(user, "u2", 2048, NULL, 3, NULL);
    assert_int_equal(uxTaskPriorityGet(NULL), 7); /* inherited */
    assert_ptr_equal(xSemaphoreGetMutexHolder(s_mutex), xTaskGetCurrentTaskHandle());
    xSemaphoreGive(s_mutex);
    assert_int_equal(uxTaskPriorityGet(NULL), 1);
    vTaskDelay(200);
    SemaphoreHandle_t r = xSemaphoreCreateRecursiveMutex();
    assert_int_equal(xSemaphoreTakeRecursive(r, 0), pdTRUE);
    assert_int_equal(xSemaphoreTakeRecursive(r, 0), pdTRUE);
    assert_int_equal(xSemaphoreGiveRecursive(r), pdTRUE);
    assert_int_equal(xSemaphoreGiveRecursive(r), pdTRUE);
    assert_int_equal(xSemaphoreGiveRecursive(r), pdFALSE);
    SemaphoreHandle_t c = xSemaphoreCreateCounting(2, 1);
    assert_int_equal(xSemaphoreTake(c, 0), pdTRUE);
    assert_int_equal(xSemaphoreTake(c, 5), pdFALSE);
    assert_int_equal(xSemaphoreGive(c), pdTRUE);
    assert_int_equal(xSemaphoreGive(c), pdTRUE);
    assert_int_equal(xSemaphoreGive(c), pdFALSE);
}

static void test_mutex(void **state)
{
    (void)state;
    run(mutexes);
}

static void notifier(void *arg)
{
    vTaskDelay(10);
    xTaskNotifyGive(arg);
    xTaskNotifyGive(arg);
    vTaskDelay(10);
    xTaskNotify(arg, 0x5, eSetBits);
    vTaskDelete(NULL);
}

static void notifications(void *arg)
{
    (void)arg;
    uint32_t value = 0;
    assert_int_equal(ulTaskNotifyTake(pdTRUE, 5), 0);
    xTaskCreate(notifier, "notifier", 2048, xTaskGetCurrentTaskHandle(), 5, NULL);
    assert_int_equal(ulTaskNotifyTake(pdFALSE, 100), 2);
    assert_int_equal(ulTaskNotifyTake(pdTRUE, 100), 1);
    assert_int_equal(xTaskNotifyWait(0, UINT32_MAX, &value, 100), pdTRUE);
    assert_int_equal(value, 5);
    assert_int_equal(xTaskNotifyWait(0, 0, &value, 5), pdFALSE);
}

static void test_notifications(void **state)
{
    (void)state;
    run(notifications);
}

static EventGroupHandle_t s_group;

static void setter(void *arg)
{
    (void)arg;
    vTaskDelay(5);
    xEventGroupSetBits(s_group, 1);
    vTaskDelay(5);
    xEventGroupSetBits(s_group, 2);
    vTaskDelete(NULL);
}

static void events(void *arg)
{
    (void)arg;
    s_group = xEventGroupCreate();
    xTaskCreate(setter, "setter", 2048, NULL, 5, NULL);
    assert_int_equal(xEventGroupWaitBits(s_group, 3, pdTRUE, pdTRUE, 7), 1);
    assert_int_equal(xEventGroupWaitBits(s_group, 3, pdTRUE, pdTRUE, 100), 3);
    assert_int_equal(xEventGroupGetBits(s_group), 0);
    vEventGroupDelete(s_group);
}

static void test_event_groups(void **state)
{
    (void)state;
    run(events);
}

/* --- timers
 * ---------------------------------------------------------------------------------------- */

static int s_fired;

static void on_timer(TimerHandle_t timer)
{
    assert_string_equal(pcTaskGetName(NULL), "Tmr Svc");
    assert_ptr_equal(pvTimerGetTimerID(timer), &s_fired);
    s_fired++;
}

static void on_esp_timer(void *arg)
{
    assert_string_equal(pcTaskGetName(NULL), "esp_timer");
    (*(int *)arg)++;
}

static void timers(void *arg)
{
    (void)arg;
    s_fired = 0;
    int fired = 0;
    TimerHandle_t t = xTimerCreate("t", 10, pdTRUE, &s_fired, on_timer);
    xTimerStart(t, 0);
    vTaskDelay(105);
    assert_int_equal(s_fired, 10);
    xTimerStop(t, 0);
    vTaskDelay(50);
    assert_int_equal(s_fired, 10);
    xTimerDelete(t, 0);
    esp_timer_handle_t e;
    const esp_timer_create_args_t args = {.callback = on_esp_timer, .arg = &fired, .name = "e"};
    assert_int_equal(esp_timer_create(&args, &e), ESP_OK);
    assert_int_equal(esp_timer_start_periodic(e, 2500), ESP_OK);
    vTaskDelay(11);
    assert_in_range(fired, 3, 5);
    assert_int_equal(esp_timer_delete(e), ESP_ERR_INVALID_STATE);
    assert_int_equal(esp_timer_stop(e), ESP_OK);
    assert_int_equal(esp_timer_start_once(e, 100), ESP_OK);
    vTaskDelay(2);
    assert_false(esp_timer_is_active(e));
    assert_int_equal(esp_timer_delete(e), ESP_OK);
}

static void test_timers(void **state)
{
    (void)state;
    run(timers);
}

/* --- the rest
 * -------------------------------------------------------------------------------------- */

static void suspended(void *arg)
{
    (void)arg;
    static char name = 'x';
    s_log[0] = '\0';
    vTaskSuspendAll();
    assert_int_equal(xTaskGetSchedulerState(), taskSCHEDULER_SUSPENDED);
    xTaskCreate(say, "x", 2048, &name, 9, NULL);
    note('m');
    xTaskResumeAll();
    note('n');
    assert_string_equal(s_log, "mxn");
    TaskHandle_t t;
    xTaskCreate(forever, "f", 2048, NULL, 2, &t);
    vTaskSuspend(t);
    assert_int_equal(eTaskGetState(t), eSuspended);
    vTaskResume(t);
    assert_int_equal(eTaskGetState(t), eBlocked);
}

static void test_suspend(void **state)
{
    (void)state;
    run(suspended);
}

static jmp_buf s_panic;
static char s_reason[100];

static void on_panic(const char *reason, bool restart)
{
    (void)restart;
    snprintf(s_reason, sizeof(s_reason), "%s", reason);
    longjmp(s_panic, 1);
}

static void test_zeroed_lock_is_an_error(void **state)
{
    (void)state;
    portMUX_TYPE zero = {0, 0};
    sim_set_panic_handler(on_panic);
    if (setjmp(s_panic) == 0) {
        portENTER_CRITICAL(&zero);
        fail();
    }
    sim_set_panic_handler(NULL);
    assert_non_null(strstr(s_reason, "not initialised"));
    sim_reset();
}

static char s_line[100];

static int capture(const char *format, va_list args)
{
    return vsnprintf(s_line, sizeof(s_line), format, args);
}

static void test_log(void **state)
{
    (void)state;
    vprintf_like_t before = esp_log_set_vprintf(capture);
    sim_clock_advance_us(1234567);
    ESP_LOGI("tag", "value %d", 5);
    ESP_LOGD("tag", "not shown");
    esp_log_set_vprintf(before);
    assert_string_equal(s_line, "I (1234) tag: value 5\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_an_hour_takes_no_time, reset),
        cmocka_unit_test_setup(test_time_limit, reset),
        cmocka_unit_test_setup(test_deadlock, reset),
        cmocka_unit_test_setup(test_priorities, reset),
        cmocka_unit_test_setup(test_equal_priorities_share, reset),
        cmocka_unit_test_setup(test_pinning, reset),
        cmocka_unit_test_setup(test_task_memory, reset),
        cmocka_unit_test_setup(test_static_task, reset),
        cmocka_unit_test_setup(test_queue, reset),
        cmocka_unit_test_setup(test_mutex, reset),
        cmocka_unit_test_setup(test_notifications, reset),
        cmocka_unit_test_setup(test_event_groups, reset),
        cmocka_unit_test_setup(test_timers, reset),
        cmocka_unit_test_setup(test_suspend, reset),
        cmocka_unit_test_setup(test_zeroed_lock_is_an_error, reset),
        cmocka_unit_test_setup(test_log, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
