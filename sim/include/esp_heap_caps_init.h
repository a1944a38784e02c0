// SPDX-License-Identifier: Apache-2.0
/** Registration of heaps. */
#pragma once

#include "esp_err.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Registers the heaps of the chip; the stand-in does so before any constructor runs. */
void heap_caps_init(void);
/** `start`, `end` must lie in a region of the chip's memory map. The heap is not pre-zeroed. */
esp_err_t heap_caps_add_region(intptr_t start, intptr_t end);
/** `caps` has three entries, highest priority first. */
esp_err_t heap_caps_add_region_with_caps(const uint32_t caps[], intptr_t start, intptr_t end);

#ifdef __cplusplus
}
#endif
