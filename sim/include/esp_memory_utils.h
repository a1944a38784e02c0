// SPDX-License-Identifier: Apache-2.0
/** Which kind of memory an address lies in. Answers from the regions as they are mapped, so the
 *  results are the chip's even when the host could not give the chip's addresses. O(1), no locks.
 */
#pragma once

#include "soc/soc_caps.h"
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

bool esp_ptr_internal(const void *p);
bool esp_ptr_external_ram(const void *p);
bool esp_ptr_in_iram(const void *p);
bool esp_ptr_in_dram(const void *p);
bool esp_ptr_in_rtc_dram_fast(const void *p);
bool esp_ptr_in_rtc_iram_fast(const void *p);
bool esp_ptr_in_rtc_slow(const void *p);
bool esp_ptr_in_diram_dram(const void *p);
bool esp_ptr_in_diram_iram(const void *p);
bool esp_ptr_executable(const void *p);
bool esp_ptr_byte_accessible(const void *p);
bool esp_ptr_dma_capable(const void *p);
bool esp_ptr_dma_ext_capable(const void *p);
/** The program's own read-only and code segments are flash; its variables are DRAM
 * (esp_ptr_in_dram, _internal, _byte_accessible). */
bool esp_ptr_in_drom(const void *p);

static inline bool esp_ptr_word_aligned(const void *p)
{
    return ((uintptr_t)p % 4u) == 0u;
}

#ifdef __cplusplus
}
#endif
