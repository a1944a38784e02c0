// SPDX-License-Identifier: Apache-2.0
/* The port layer as a chip executes it, without threads: mask interrupts, take an uncontended lock
 * by compare-and-swap, nest; no system calls. For counting instructions. */
#include "bare_port.h"

#include "esp_app_desc.h"
#include "esp_idf_version.h"
#include "esp_private/cache_utils.h"
#include "esp_private/freertos_debug.h"
#include "esp_random.h"
#include "esp_rom_sys.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heap_private.h"
#include <stdarg.h>
#include <stdio.h>

volatile uint32_t sim_bare_int_mask[2];
volatile uint32_t sim_bare_isr_nesting[2];
volatile uint32_t sim_bare_core_id;
volatile uint32_t sim_bare_tick;
void *volatile sim_bare_current_task[2];

static uint32_t s_nesting[2];
static uint32_t s_saved_mask[2];

static inline uint32_t mask_interrupts(uint32_t core)
{
    uint32_t old = sim_bare_int_mask[core];
    sim_bare_int_mask[core] = 3;
    return old;
}

void vPortEnterCritical(portMUX_TYPE *mux)
{
    uint32_t core = sim_bare_core_id;
    uint32_t old = mask_interrupts(core);
    uint32_t owner = core == 0 ? SPINLOCK_OWNER_ID_0 : SPINLOCK_OWNER_ID_1;
#if SOC_CPU_CORES_NUM > 1
    if (mux->owner != owner) {
        uint32_t expected = SPINLOCK_FREE;
        while (!__atomic_compare_exchange_n(&mux->owner, &expected, owner, false, __ATOMIC_ACQUIRE,
                                            __ATOMIC_RELAXED)) {
            expected = SPINLOCK_FREE;
        }
    }
#else /* and no such instruction */
    mux->owner = owner;
#endif
    mux->count++;
    if (s_nesting[core]++ == 0) { s_saved_mask[core] = old; }
}

void vPortExitCritical(portMUX_TYPE *mux)
{
    uint32_t core = sim_bare_core_id;
    if (--mux->count == 0) { __atomic_store_n(&mux->owner, SPINLOCK_FREE, __ATOMIC_RELEASE); }
    if (--s_nesting[core] == 0) { sim_bare_int_mask[core] = s_saved_mask[core]; }
}

void vPortEnterCriticalIsr(portMUX_TYPE *mux)
{
    vPortEnterCritical(mux);
}

void vPortExitCriticalIsr(portMUX_TYPE *mux)
{
    vPortExitCritical(mux);
}

BaseType_t xPortEnterCriticalTimeout(portMUX_TYPE *mux, BaseType_t timeout)
{
    (void)timeout;
    vPortEnterCritical(mux);
    return pdPASS;
}

UBaseType_t uxPortSetInterruptMask(void)
{
    return mask_interrupts(sim_bare_core_id);
}

void vPortClearInterruptMask(UBaseType_t state)
{
    sim_bare_int_mask[sim_bare_core_id] = state;
}

BaseType_t xPortInIsrContext(void)
{
    return sim_bare_isr_nesting[sim_bare_core_id] != 0;
}

BaseType_t xPortCanYield(void)
{
    return sim_bare_int_mask[sim_bare_core_id] == 0 && !xPortInIsrContext();
}

TaskHandle_t xTaskGetCurrentTaskHandle(void)
{
    return sim_bare_current_task[sim_bare_core_id];
}

char *pcTaskGetName(TaskHandle_t task)
{
    static char name[] = "bare";
    (void)task;
    return name;
}

TickType_t xTaskGetTickCount(void)
{
    return sim_bare_tick;
}

/* The tick interrupt, as far as time is concerned. */
BaseType_t xTaskIncrementTick(void)
{
    sim_bare_tick++;
    return pdFALSE;
}

BaseType_t xTaskCatchUpTicks(TickType_t ticks)
{
    sim_bare_tick += ticks;
    return pdFALSE;
}

TickType_t xTaskGetTickCountFromISR(void)
{
    return sim_bare_tick;
}

BaseType_t xTaskGetSchedulerState(void)
{
    return taskSCHEDULER_RUNNING;
}

int64_t esp_timer_get_time(void)
{
    return (int64_t)sim_bare_tick * 1000;
}

UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task)
{
    (void)task;
    return 0;
}

/* The only task's stack is the program's: glibc's name of its end, and picolibc's. */
extern void *__libc_stack_end __attribute__((weak));
extern char __stack[] __attribute__((weak));

BaseType_t vTaskGetSnapshot(TaskHandle_t task, TaskSnapshot_t *snapshot)
{
    void *end = &__libc_stack_end != NULL ? __libc_stack_end : __stack;
    *snapshot = (TaskSnapshot_t){.pxTCB = task, .pxEndOfStack = end};
    return pdTRUE;
}

UBaseType_t uxTaskGetSnapshotAll(TaskSnapshot_t *const snapshots, const UBaseType_t capacity,
                                 UBaseType_t *const tcb_size)
{
    (void)tcb_size;
    if (capacity == 0 || sim_bare_current_task[0] == NULL) { return 0; }
    *snapshots = (TaskSnapshot_t){.pxTCB = sim_bare_current_task[0]}; /* it runs: no saved top */
    return 1;
}

void vTaskSuspendAll(void)
{
}

BaseType_t xTaskResumeAll(void)
{
    return pdFALSE;
}

const esp_app_desc_t *esp_app_get_description(void)
{
    static const esp_app_desc_t s_app = {.magic_word = ESP_APP_DESC_MAGIC_WORD};
    return &s_app;
}

bool spi_flash_cache_enabled(void)
{
    return true;
}

uint32_t esp_random(void)
{
    return 0x5eedba5e;
}

int esp_rom_printf(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int length = vfprintf(stderr, fmt, args);
    va_end(args);
    return length;
}

void esp_system_abort(const char *details)
{
    sim_panic("%s", details);
}

void sim_panic(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

void sim_reset(void)
{
    sim_heap_boot(NULL);
}

uint32_t esp_rom_get_cpu_ticks_per_us(void)
{
    return 1;
}

const char *esp_get_idf_version(void)
{
    return "v5.5-sim";
}

esp_reset_reason_t esp_reset_reason(void)
{
    return ESP_RST_POWERON;
}
