// SPDX-License-Identifier: Apache-2.0
/** CPU primitives. */
#pragma once

#include "esp_attr.h"
#include "esp_err.h"
#include "soc/soc_caps.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint32_t esp_cpu_cycle_count_t;
typedef enum {
    ESP_CPU_WATCHPOINT_LOAD,
    ESP_CPU_WATCHPOINT_STORE,
    ESP_CPU_WATCHPOINT_ACCESS,
} esp_cpu_watchpoint_trigger_t;

#if defined(SIM_BARE) && SIM_BARE
/* As on a chip, where both are a few instructions inline. */
extern volatile uint32_t sim_bare_core_id;

static inline int esp_cpu_get_core_id(void)
{
#if SOC_CPU_CORES_NUM == 1
    return 0;
#else
    return (int)sim_bare_core_id;
#endif
}

static inline bool esp_cpu_compare_and_set(volatile uint32_t *addr, uint32_t compare_value,
                                           uint32_t new_value)
{
    return __atomic_compare_exchange_n(addr, &compare_value, new_value, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}
#else
/** 0 or 1. Stable while interrupts are masked. */
int esp_cpu_get_core_id(void);
/** Atomic, sequentially consistent. True when `*addr` was `compare_value` and is now `new_value`.
 */
bool esp_cpu_compare_and_set(volatile uint32_t *addr, uint32_t compare_value, uint32_t new_value);
#endif
#if defined(SIM_BARE) && SIM_BARE
/* As on a chip: the hart's own count, one instruction. */
static inline esp_cpu_cycle_count_t esp_cpu_get_cycle_count(void)
{
    esp_cpu_cycle_count_t count;
#if defined(__riscv)
    __asm__ volatile("rdcycle %0" : "=r"(count));
#elif defined(__XTENSA__)
    __asm__ volatile("rsr %0, ccount" : "=r"(count));
#else
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(count), "=d"(high));
#endif
    return count;
}
#else
/** Virtual clock times CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ; wraps at 32 bits. */
esp_cpu_cycle_count_t esp_cpu_get_cycle_count(void);
#endif
/** Watchpoints are recorded (sim.h: sim_watchpoint_get), they never trigger. */
esp_err_t esp_cpu_set_watchpoint(int wp_num, const void *wp_addr, size_t size,
                                 esp_cpu_watchpoint_trigger_t trigger);
esp_err_t esp_cpu_clear_watchpoint(int wp_num);
bool esp_cpu_dbgr_is_attached(void);
void *esp_cpu_get_sp(void);

#ifdef __cplusplus
}
#endif
