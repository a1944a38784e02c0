/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_bounds.h"

#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(6, 0, 0)
#include "freertos/freertos_debug.h"
#else
#include "esp_private/freertos_debug.h"
#endif
#include "soc/soc.h"

ht_bounds_t ht_bounds_last[2];

/* FreeRTOS knows where a stack ends, but tells debuggers only. On the stand-in that is the end of
 * another stack, the host's. */
HT_PORT_HOT uintptr_t ht_bounds_task_end(uintptr_t key)
{
#if defined(CONFIG_FREERTOS_ENABLE_TASK_SNAPSHOT) ||                                               \
    ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(6, 0, 0) /* always there, and no option any more */
    TaskSnapshot_t snapshot;
    if (vTaskGetSnapshot((TaskHandle_t)key, &snapshot) == pdTRUE) {
        return (uintptr_t)snapshot.pxEndOfStack;
    }
#endif
    (void)key;
    return 0;
}

#if defined(__XTENSA__) || defined(__riscv)

/* The stacks of interrupt handlers, one per core, in FreeRTOS's ports. */
#if defined(__XTENSA__)
#define ISR_STACKS port_IntStack
#else
#define ISR_STACKS xIsrStack
#endif
extern char ISR_STACKS[] __attribute__((weak));

/* Hot, and not inline: -Og leaves what it likes out of line, and so in flash. */
static HT_PORT_HOT ht_range_t isr_stack(unsigned core)
{
#if defined(configISR_STACK_SIZE)
    uintptr_t bytes = (uintptr_t)configISR_STACK_SIZE * sizeof(StackType_t);
    uintptr_t low = (uintptr_t)ISR_STACKS + core * bytes;
    if ((uintptr_t)ISR_STACKS != 0) { return (ht_range_t){low, low + bytes}; }
#endif
    (void)core;
    return (ht_range_t){0, 0};
}

/* Before the scheduler runs, core 0 is on the stack that the ROM gave it. */
static HT_PORT_HOT ht_range_t startup_stack(void)
{
#if defined(SOC_ROM_STACK_START) && defined(SOC_ROM_STACK_SIZE)
    return (ht_range_t){SOC_ROM_STACK_START - SOC_ROM_STACK_SIZE, SOC_ROM_STACK_START};
#else
    return (ht_range_t){0, 0};
#endif
}

static HT_PORT_HOT ht_range_t whole_stack(uintptr_t sp)
{
    (void)sp;
    uintptr_t key = ht_port_task_key();
    if (key == HT_KEY_STARTUP) { return startup_stack(); }
    if (key < HT_KEY_FIRST_TASK) { return isr_stack((unsigned)key - HT_KEY_ISR(0)); }
    return (ht_range_t){ht_port_stack_start(key), ht_bounds_task_end(key)};
}

#else

/* The stand-in: a thread of the host, whose handlers run on top of it; or its first one, before the
 * scheduler. */
extern void *__libc_stack_end __attribute__((weak));
#define HOST_STACK_MAX ((uintptr_t)8U << 20)

/* By comparison: a 32-bit program's stack may end less than that below 4 GiB. */
static inline bool ends_above(uintptr_t end, uintptr_t sp)
{
    return end > sp && end - sp <= HOST_STACK_MAX;
}

static inline ht_range_t whole_stack(uintptr_t sp)
{
    TaskHandle_t task = xTaskGetCurrentTaskHandle();
    uintptr_t end = task != NULL ? ht_bounds_task_end((uintptr_t)task) : 0;
    if (!ends_above(end, sp) && &__libc_stack_end != NULL) { end = (uintptr_t)__libc_stack_end; }
    return ends_above(end, sp) ? (ht_range_t){sp, end} : (ht_range_t){0, 0};
}

#endif

HT_PORT_HOT bool ht_bounds_find(uintptr_t sp, ht_range_t *stack)
{
    ht_range_t whole = whole_stack(sp);
    if (whole.low >= whole.high || !ht_range_has(&whole, sp, sizeof(uintptr_t))) { return false; }
    ht_bounds_t *last = &ht_bounds_last[ht_port_core() & 1U];
    __atomic_store_n(&last->low, whole.low, __ATOMIC_RELAXED);
    __atomic_store_n(&last->high, whole.high, __ATOMIC_RELAXED);
    __atomic_store_n(&last->seal, whole.low ^ whole.high, __ATOMIC_RELAXED);
    *stack = (ht_range_t){sp, whole.high};
    return true;
}

HT_PORT_HOT void ht_bounds_forget(void)
{
    for (unsigned core = 0; core < 2; core++) {
        __atomic_store_n(&ht_bounds_last[core].seal, 0U, __ATOMIC_RELAXED);
    }
}
