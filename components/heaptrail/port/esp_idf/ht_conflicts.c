/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What cannot work together, told when it is compiled: for builds that know neither our Kconfig nor
 * our CMakeLists.txt (Arduino, PlatformIO), whose options come from a header. No code.
 */
#include <stddef.h>

#include "esp_idf_version.h"
#include "ht_config.h"

#if ESP_IDF_VERSION < ESP_IDF_VERSION_VAL(5, 3, 0)
#error                                                                                             \
    "heaptrail needs ESP-IDF 5.3 or later (Arduino-ESP32 3.1 or later): older ones have no single place that every allocation passes."
#endif

#if HT_CONFIG_WRAP && HT_CONFIG_HOOKS
#error                                                                                             \
    "heaptrail: CONFIG_HEAPTRAIL_WRAP and CONFIG_HEAPTRAIL_HOOKS would record each allocation twice. Define one of them as 0."
#endif

#if HT_CONFIG_WRAP &&                                                                              \
    (defined(CONFIG_HEAP_TRACING_STANDALONE) || defined(CONFIG_HEAP_TRACING_TOHOST))
#error                                                                                             \
    "heaptrail and ESP-IDF's heap tracing both replace heap_caps_malloc_base() and its family. Set CONFIG_HEAP_TRACING_OFF, or CONFIG_HEAPTRAIL_WRAP to 0 and CONFIG_HEAPTRAIL_HOOKS to 1."
#endif

#if HT_CONFIG_HOOKS && !defined(CONFIG_HEAP_USE_HOOKS)
#error "heaptrail: CONFIG_HEAPTRAIL_HOOKS needs ESP-IDF's hooks. Set CONFIG_HEAP_USE_HOOKS."
#endif

#if HT_CONFIG_HOOKS && defined(CONFIG_COMPILER_KASAN)
#error                                                                                             \
    "heaptrail: KASAN takes ESP-IDF's hooks for itself. Switch off CONFIG_HEAPTRAIL_HOOKS or CONFIG_COMPILER_KASAN."
#endif

#if HT_CONFIG_CHECKS && !HT_CONFIG_WRAP
#error                                                                                             \
    "heaptrail: CONFIG_HEAPTRAIL_CHECKS puts redzones around blocks, which it can only where allocations are redirected. Set CONFIG_HEAPTRAIL_WRAP, or CONFIG_HEAPTRAIL_CHECKS to 0."
#endif

#if HT_CONFIG_CHECKS && defined(CONFIG_COMPILER_KASAN)
#error                                                                                             \
    "heaptrail's checks and KASAN both put redzones around each block. Set CONFIG_HEAPTRAIL_CHECKS to 0, or switch off CONFIG_COMPILER_KASAN."
#endif

/* Menuconfig's ranges. tests/component checks that these are the same. */
#define RANGE(option, low, high)                                                                   \
    _Static_assert(CONFIG_HEAPTRAIL_##option + 0LL >= (low) &&                                     \
                       CONFIG_HEAPTRAIL_##option + 0LL <= (high),                                  \
                   "CONFIG_HEAPTRAIL_" #option " must be " #low " to " #high)

RANGE(MAX_BLOCKS, 1, 1000000);
RANGE(MAX_SITES, 1, 60000);
RANGE(MAX_TASKS, 1, 252);
RANGE(STACK_DEPTH, 1, 32);
RANGE(STACK_SCAN_ENTRIES, 16, 4096);
RANGE(MAX_ERRORS, 1, 64);
RANGE(MAX_FAILURES, 0, 4096);
RANGE(LOWMEM_WATCHES, 0, 8);
RANGE(SCAN_ROOTS, 1, 1024);
RANGE(TRACE_RING_EVENTS, 16, 65536);
RANGE(TRACE_RECORDER_BYTES, 0, 1048576);
RANGE(FRAME_WORDS, 0, 1000000);
RANGE(SAMPLE_INTERVAL_MS, 0, 86400000);
RANGE(GROWTH_SITES, 0, 60000);
RANGE(GROWTH_PERIOD_MS, 0, 86400000);
RANGE(REDZONE_FRONT, 0, 64);
RANGE(REDZONE_TAIL, 0, 64);
RANGE(FILL_NEW_BYTE, 0, 0xff);
RANGE(FILL_FREED_BYTE, 0, 0xff);
RANGE(QUARANTINE_BLOCKS, 0, 4096);
RANGE(QUARANTINE_BYTES, 0, 16777216);
RANGE(RECENT_FREES, 0, 4096);
RANGE(SCRUB_ROUND_MS, 0, 86400000);
RANGE(REPORT_INTERVAL_MS, 0, 86400000);
