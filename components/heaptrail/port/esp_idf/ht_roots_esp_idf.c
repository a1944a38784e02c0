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
#include "ht_port.h"
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(6, 0, 0)
#include "freertos/freertos_debug.h"
#else
#include "esp_private/freertos_debug.h"
#endif
#if (defined(__XTENSA__) || defined(__riscv)) && !defined(CONFIG_FREERTOS_UNICORE)
#include "esp_ipc_isr.h"
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

bool ht_port_static_roots(ht_port_root_fn fn, void *context)
{
    for (size_t i = 0; i < sizeof(s_section) / sizeof(s_section[0]); i++) {
        uintptr_t start = (uintptr_t)s_section[i].start;
        uintptr_t end = (uintptr_t)s_section[i].end;
        if (end > start) { fn(context, start, end - start); }
    }
    return true;
}

/* --- stacks --------------------------------------------------------------------------------------
 */

#define TASKS_MAX 64U

static TaskSnapshot_t s_task[TASKS_MAX]; /* one scan at a time */

/* FreeRTOS's lists are walked as a debugger does, without their lock: so nobody may change them. */
static UBaseType_t list_tasks(void)
{
    vTaskSuspendAll();
#if OTHER_CORE
    esp_ipc_isr_stall_other_cpu();
#endif
    UBaseType_t count = uxTaskGetSnapshotAll(s_task, TASKS_MAX, NULL);
#if OTHER_CORE
    esp_ipc_isr_release_other_cpu();
#endif
    (void)xTaskResumeAll();
    return count;
}

static uintptr_t top_of(const TaskSnapshot_t *task)
{
#if defined(__XTENSA__) || defined(__riscv)
    TaskHandle_t handle = (TaskHandle_t)task->pxTCB;
    if (eTaskGetState(handle) == eRunning) { return ht_port_stack_start((uintptr_t)handle); }
#endif
    return (uintptr_t)task->pxTopOfStack;
}

/* The stack of a task that was deleted meanwhile may be another block by now: reading it does no
 * harm, and finds more pointers rather than less. */
bool ht_port_stack_roots(ht_port_root_fn fn, void *context)
{
    UBaseType_t count = list_tasks();
    TaskHandle_t self = xTaskGetCurrentTaskHandle();
    for (UBaseType_t i = 0; i < count; i++) {
        uintptr_t top = top_of(&s_task[i]);
        uintptr_t end = (uintptr_t)s_task[i].pxEndOfStack;
        bool other = (TaskHandle_t)s_task[i].pxTCB != self;
        if (other && top != 0 && end > top) { fn(context, top, end - top); }
    }
    memset(s_task, 0,
           sizeof(s_task)); /* or it would be what holds the TCB of a task that is gone */
    return count > 0 && count < TASKS_MAX;
}

uintptr_t ht_port_stack_end(void)
{
    return ht_bounds_task_end(ht_port_task_key());
}

/* --- the rest ------------------------------------------------------------------------------------
 */

bool ht_port_hold_others(void)
{
    vTaskSuspendAll();
#if OTHER_CORE
    esp_ipc_isr_stall_other_cpu();
#endif
    return true;
}

void ht_port_let_run(void)
{
#if OTHER_CORE
    esp_ipc_isr_release_other_cpu();
#endif
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
