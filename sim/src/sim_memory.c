// SPDX-License-Identifier: Apache-2.0
/* Which kind of memory an address lies in; what a device writes behind the cache; what outlives a
 * reset. */
#include "esp_memory_utils.h"
#include "heap_private.h"
#include <string.h>

/* The program's own segments, from the linker: code and constants are flash, variables are DRAM. */
extern const char __executable_start[] __attribute__((weak));
extern const char __data_start[] __attribute__((weak));
extern const char _end[] __attribute__((weak));

static bool is_static(const void *p)
{
    uintptr_t a = (uintptr_t)p;
    return a >= (uintptr_t)__data_start && a < (uintptr_t)_end;
}

bool esp_ptr_internal(const void *p)
{
    return sim_region_of(p) < SIM_REGION_PSRAM || is_static(p);
}

bool esp_ptr_external_ram(const void *p)
{
    return sim_region_of(p) == SIM_REGION_PSRAM;
}

bool esp_ptr_in_iram(const void *p)
{
    return sim_region_of(p) == SIM_REGION_IRAM;
}

bool esp_ptr_in_dram(const void *p)
{
    return sim_region_of(p) <= SIM_REGION_DRAM3 || is_static(p);
}

bool esp_ptr_in_diram_dram(const void *p)
{
    return sim_region_of(p) <= SIM_REGION_DRAM2;
}

bool esp_ptr_in_diram_iram(const void *p)
{
    (void)p;
    return false;
}

bool esp_ptr_in_rtc_dram_fast(const void *p)
{
    return sim_region_of(p) == SIM_REGION_RTC;
}

bool esp_ptr_in_rtc_iram_fast(const void *p)
{
    (void)p;
    return false;
}

bool esp_ptr_in_rtc_slow(const void *p)
{
    (void)p;
    return false;
}

bool esp_ptr_executable(const void *p)
{
    return esp_ptr_in_iram(p);
}

bool esp_ptr_byte_accessible(const void *p)
{
    sim_region_id_t id = sim_region_of(p);
    return (id != SIM_REGION_COUNT && id != SIM_REGION_IRAM) || is_static(p);
}

bool esp_ptr_dma_capable(const void *p)
{
    return esp_ptr_in_dram(p);
}

bool esp_ptr_dma_ext_capable(const void *p)
{
    return esp_ptr_external_ram(p);
}

bool esp_ptr_in_drom(const void *p)
{
    uintptr_t a = (uintptr_t)p;
    return a >= (uintptr_t)__executable_start && a < (uintptr_t)__data_start;
}

/* --- what a reset keeps ------------------------------------------------------------------------
 */

extern char __start_sim_noinit_data[] __attribute__((weak));
extern char __stop_sim_noinit_data[] __attribute__((weak));

void *sim_noinit(size_t *bytes)
{
    *bytes = (size_t)((uintptr_t)__stop_sim_noinit_data - (uintptr_t)__start_sim_noinit_data);
    return *bytes != 0 ? __start_sim_noinit_data : NULL;
}

/* --- devices -----------------------------------------------------------------------------------
 */

size_t sim_cache_line_at(const void *p)
{
    return sim_region_of(p) == SIM_REGION_PSRAM ? CONFIG_ESP32S3_DATA_CACHE_LINE_SIZE : 0;
}

void sim_dma_receive(void *buf, size_t bytes, const void *data)
{
    memmove(buf, data, bytes);
    uintptr_t line = sim_cache_line_at(buf);
    if (line == 0 || bytes == 0) { return; }
    uintptr_t start = (uintptr_t)buf;
    uintptr_t end = start + bytes;
    uintptr_t first = start & ~(line - 1);
    uintptr_t last = (end + line - 1) & ~(line - 1);
    memset((void *)first, SIM_STALE_BYTE, start - first);
    memset((void *)end, SIM_STALE_BYTE, last - end);
}
