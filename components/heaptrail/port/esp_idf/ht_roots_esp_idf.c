/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Where a firmware keeps its pointers: the sections of its variables, as ESP-IDF's linker scripts
 * name them, and the stacks as FreeRTOS tells debuggers.
 *
 * FreeRTOS saves a task's registers on its stack when it is switched out, so what lies above the
 * saved stack pointer is everything. A task that runs on the other core was not switched out: its
 * whole stack is taken, and what it has in registers only is found in another pass.
 */
#include <string.h>

#include "esp_heap_caps.h"
#include "esp_idf_version.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "ht_bounds.h"
#include "ht_default.h"
#include "ht_port.h"
#include "soc/soc.h"
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(6, 0, 0)
#include "freertos/freertos_debug.h"
#else
#include "esp_private/freertos_debug.h"
#endif
#if (defined(__XTENSA__) || defined(__riscv)) && !defined(CONFIG_FREERTOS_UNICORE)
#define OTHER_CORE 1
#else
#define OTHER_CORE 0
#endif

/* --- variables -----------------------------------------------------------------------------------
 */

#if defined(__XTENSA__) || defined(__riscv)

/* Not every chip and configuration has all of them. */
/* clang-format off */
#define SECTIONS(X) \
    X(_data) X(_bss) X(_noinit) X(_iram_data) X(_iram_bss) X(_rtc_data) X(_rtc_bss) X(_rtc_noinit) \
    X(_rtc_force_fast) X(_rtc_force_slow) X(_ext_ram_bss) X(_ext_ram_noinit)
/* clang-format on */
#define DECLARE(name)                                                                              \
    extern char name##_start[] __attribute__((weak));                                              \
    extern char name##_end[] __attribute__((weak));
#define ENTRY(name) {name##_start, name##_end},

SECTIONS(DECLARE)

static const struct {
    const char *start, *end;
} s_section[] = {SECTIONS(ENTRY)};

#else /* the stand-in: a program of the host */

extern char __data_start[], _end[];
static const struct {
    const char *start, *end;
} s_section[] = {{__data_start, _end}};

#endif

/* RTC fast memory of an ESP32 is its first core's: the other one must not read it. */
static bool is_for_all_cores(uintptr_t start)
{
#if defined(CONFIG_IDF_TARGET_ESP32) && OTHER_CORE
    return start - SOC_RTC_DRAM_LOW >= SOC_RTC_DRAM_HIGH - SOC_RTC_DRAM_LOW;
#else
    (void)start;
    return true;
#endif
}

bool ht_port_static_roots(ht_port_root_fn fn, void *context)
{
    for (size_t i = 0; i < sizeof(s_section) / sizeof(s_section[0]); i++) {
        uintptr_t start = (uintptr_t)s_section[i].start;
        uintptr_t end = (uintptr_t)s_section[i].end;
        if (end > start && is_for_all_cores(start)) { fn(context, start, end - start); }
    }
    return true;
}

/* --- stacks --------------------------------------------------------------------------------------
 */

#define TASKS_MAX 64U

static TaskSnapshot_t s_task[TASKS_MAX]; /* one scan at a time */

static bool s_frozen; /* ht_port_freeze() */

/*
 * FreeRTOS's lists are the other core's to change at any moment, and it may stand in the midst of
 * that wherever it is stalled; so may this one after a crash. So the tasks are those that the
 * tracker has seen. A handle is good if its row still has it after the TCB was read.
 */
static UBaseType_t tasks_of_tracker(void)
{
    UBaseType_t count = 0;
    const ht_tasks_t *tasks = &ht_default_tracker.tasks;
    for (uint32_t row = 0; row < HT_TASK_FIRST + tasks->max && count < TASKS_MAX; row++) {
        uintptr_t key = __atomic_load_n(&tasks->rows[row].key, __ATOMIC_ACQUIRE);
        if (key < HT_KEY_FIRST_TASK) { continue; }
        bool read = vTaskGetSnapshot((TaskHandle_t)key, &s_task[count]) == pdTRUE;
        bool good = __atomic_load_n(&tasks->rows[row].key, __ATOMIC_ACQUIRE) == key;
        if (read && good) { count++; }
    }
    return count;
}

/* With the scheduler suspended nobody changes FreeRTOS's lists: handlers leave what they make ready
 * in a list of its own. */
static UBaseType_t tasks_of_freertos(void)
{
    vTaskSuspendAll();
    UBaseType_t count = uxTaskGetSnapshotAll(s_task, TASKS_MAX, NULL);
    (void)xTaskResumeAll();
    return count;
}

static UBaseType_t list_tasks(void)
{
    return OTHER_CORE || s_frozen ? tasks_of_tracker() : tasks_of_freertos();
}

/*
 * Where the stack in use of a task begins: all of it, if it runs on a core; without asking
 * FreeRTOS, which would lock. Xtensa saves four registers of a function below the stack pointer of
 * the one that it called.
 */
static uintptr_t top_of(const TaskSnapshot_t *task)
{
    uintptr_t top = (uintptr_t)task->pxTopOfStack;
#if defined(__XTENSA__) || defined(__riscv)
    for (BaseType_t core = 0; core < portNUM_PROCESSORS; core++) {
        if (ht_port_task_of_core((unsigned)core) == (uintptr_t)task->pxTCB) {
            return ht_port_stack_start((uintptr_t)task->pxTCB);
        }
    }
#endif
#if defined(__XTENSA__)
    top -= HT_PORT_SAVED_BELOW;
#endif
    return top;
}

/* FreeRTOS's lists point into the middle of a TCB, so where nobody keeps the handle, it would be
 * possibly lost, and with it the stack and the thread-local pointers. */
static void give_tcb(const TaskSnapshot_t *task, ht_port_root_fn fn, void *context)
{
    fn(context, (uintptr_t)&task->pxTCB, sizeof(task->pxTCB));
}

/* The stack of a task that was deleted meanwhile may be another block by now: reading it does no
 * harm, and finds more pointers rather than less. */
bool ht_port_stack_roots(ht_port_root_fn fn, void *context)
{
    UBaseType_t count = list_tasks();
    /* The caller's own was told; but a handler's is not the one of the task that it interrupted. */
    uintptr_t self = ht_port_task_key();
    for (UBaseType_t i = 0; i < count; i++) {
        uintptr_t top = top_of(&s_task[i]);
        uintptr_t end = (uintptr_t)s_task[i].pxEndOfStack;
        bool other = (uintptr_t)s_task[i].pxTCB != self;
        give_tcb(&s_task[i], fn, context);
        if (other && top != 0 && end > top) { fn(context, top, end - top); }
    }
    memset(s_task, 0,
           sizeof(s_task)); /* or it would be what holds the TCB of a task that is gone */
    return count > 0 && count < TASKS_MAX;
}

/* Of a task's stack, or of a handler's. */
uintptr_t ht_port_stack_end(void)
{
    ht_range_t stack;
    return ht_bounds_in_use(ht_port_stack_pointer(), &stack) ? stack.high : 0;
}

bool ht_port_freeze(void)
{
    s_frozen = true;
    return true;
}

/* --- the rest ------------------------------------------------------------------------------------
 */

/* Another core cannot be held: stalled inside a critical section it would keep that lock, and the
 * scan would wait for it for ever. */
bool ht_port_hold_others(void)
{
    if (!OTHER_CORE) { vTaskSuspendAll(); }
    return !OTHER_CORE;
}

void ht_port_let_run(void)
{
    (void)xTaskResumeAll();
}

#pragma weak ht_port_raw_heap

/* Not recorded: a block that only the scan knows would be a leak to it. */
void *ht_port_scratch(size_t bytes)
{
    const ht_raw_heap_t *volatile heap = &ht_port_raw_heap;
    if (heap == NULL) { return heap_caps_malloc(bytes, MALLOC_CAP_DEFAULT); }
    void *memory = heap->alloc(bytes, MALLOC_CAP_SPIRAM | MALLOC_CAP_8BIT);
    return memory != NULL ? memory : heap->alloc(bytes, MALLOC_CAP_DEFAULT);
}

void ht_port_scratch_free(void *memory)
{
    const ht_raw_heap_t *volatile heap = &ht_port_raw_heap;
    if (heap == NULL) {
        heap_caps_free(memory);
    } else {
        heap->free(memory);
    }
}
