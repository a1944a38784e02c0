// SPDX-License-Identifier: Apache-2.0
/* Faults on order, clock, counters. */
#include "esp_cpu.h"
#include "heap_private.h"
#include "kernel.h"

static sim_fault_t s_fault;
static bool s_fault_on;
static uint64_t s_attempts;
static uint64_t s_failed;
static sim_watchpoint_t s_watchpoints[SOC_CPU_WATCHPOINTS_NUM];

void k_fault_reset(void)
{
    s_fault_on = false;
    s_attempts = s_failed = 0;
    for (int i = 0; i < SOC_CPU_WATCHPOINTS_NUM; i++) {
        s_watchpoints[i] = (sim_watchpoint_t){0};
    }
}

void sim_fault_set(const sim_fault_t *fault)
{
    s_fault = *fault;
    s_attempts = s_failed = 0;
    __atomic_store_n(&s_fault_on, true, __ATOMIC_RELEASE);
}

void sim_fault_clear(void)
{
    __atomic_store_n(&s_fault_on, false, __ATOMIC_RELEASE);
}

uint64_t sim_fault_attempts(void)
{
    return __atomic_load_n(&s_attempts, __ATOMIC_RELAXED);
}

uint64_t sim_fault_failed(void)
{
    return __atomic_load_n(&s_failed, __ATOMIC_RELAXED);
}

bool sim_fault_hits(size_t size, uint32_t caps)
{
    if (!__atomic_load_n(&s_fault_on, __ATOMIC_ACQUIRE) || (caps & s_fault.caps) != s_fault.caps ||
        size < s_fault.min_bytes || size == 0) {
        return false;
    }
    uint64_t n = __atomic_add_fetch(&s_attempts, 1, __ATOMIC_RELAXED);
    bool hit = n == s_fault.nth || (s_fault.every && n % s_fault.every == 0) ||
               k_chance(K_RANDOM_FAULT, s_fault.per_mille);
    if (hit) {
        __atomic_fetch_add(&s_failed, 1, __ATOMIC_RELAXED);
        k_note(n ^ 0x4641554c54000000u);
    }
    return hit;
}

/* --- clock
 * ----------------------------------------------------------------------------------------- */

uint64_t sim_clock_us(void)
{
    return k_clock();
}

void sim_clock_advance_us(uint64_t us)
{
    __atomic_fetch_add(&k.clock_us, us, __ATOMIC_RELAXED);
    k_point();
}

void sim_clock_set_manual(bool manual)
{
    k_lock();
    k.manual_clock = manual;
    k_unlock();
}

/* --- counters
 * -------------------------------------------------------------------------------------- */

uint64_t sim_switches(void)
{
    return k.switches;
}

uint64_t sim_trace_hash(void)
{
    return k.trace_hash;
}

uint32_t sim_random(void)
{
    return (uint32_t)k_random(K_RANDOM_USER);
}

/* --- watchpoints
 * ----------------------------------------------------------------------------------- */

esp_err_t esp_cpu_set_watchpoint(int wp_num, const void *wp_addr, size_t size,
                                 esp_cpu_watchpoint_trigger_t trigger)
{
    bool power_of_two = size != 0 && (size & (size - 1)) == 0;
    if (wp_num < 0 || wp_num >= SOC_CPU_WATCHPOINTS_NUM || !power_of_two ||
        size > SOC_CPU_WATCHPOINT_MAX_REGION_SIZE || (uintptr_t)wp_addr % size != 0) {
        return ESP_ERR_INVALID_ARG;
    }
    s_watchpoints[wp_num] = (sim_watchpoint_t){wp_addr, size, (int)trigger, true};
    return ESP_OK;
}

esp_err_t esp_cpu_clear_watchpoint(int wp_num)
{
    if (wp_num < 0 || wp_num >= SOC_CPU_WATCHPOINTS_NUM) { return ESP_ERR_INVALID_ARG; }
    s_watchpoints[wp_num].set = false;
    return ESP_OK;
}

bool sim_watchpoint_get(int number, sim_watchpoint_t *out)
{
    if (number < 0 || number >= SOC_CPU_WATCHPOINTS_NUM) { return false; }
    *out = s_watchpoints[number];
    return out->set;
}

bool esp_cpu_dbgr_is_attached(void)
{
    return false;
}

void *esp_cpu_get_sp(void)
{
    return __builtin_frame_address(0);
}
