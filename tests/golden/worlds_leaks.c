/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "worlds_leaks.h"

#define U32 UINT32_MAX

static const heaptrail_site_t s_http = {"/home/dev/firmware/components/net/http_server.c",
                                        "http_accept", "conn->rx", 214, HEAPTRAIL_METHOD_MALLOC};
static const heaptrail_site_t s_mqtt = {"main/mqtt.c", "on_message", "copy", 88,
                                        HEAPTRAIL_METHOD_STRDUP};
static const heaptrail_site_t s_cache = {"main/cache.c", "cache_put", "entry", 31,
                                         HEAPTRAIL_METHOD_CALLOC};
static const heaptrail_site_t s_null = {NULL, NULL, NULL, 0, 0};
static const heaptrail_site_t s_broken = {"src/\xff\xc0\x80/\x1b[31m\"q\\u\"\n.c", "f\xed\xa0\x80",
                                          "a\tb", 7, 0};
static const uintptr_t s_stack[] = {0x42008a1c, 0x42008f02, 0x4200c5d8};

static const heaptrail_leak_site_t s_firmware[] = {
    {.origin = {1, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, 0},
     .lost_blocks = 1,
     .lost_bytes = 512},
    {.origin = {2, &s_mqtt, s_stack, 3, HEAPTRAIL_METHOD_STRDUP, 0},
     .lost_blocks = 38,
     .lost_bytes = 1216,
     .with_blocks = 76,
     .with_bytes = 4864},
    {.origin = {3, &s_cache, NULL, 0, HEAPTRAIL_METHOD_CALLOC, 0},
     .possible_blocks = 2,
     .possible_bytes = 4096},
    /* Only in JSON: what it lost is counted with its leaders. */
    {.origin = {4, &s_cache, NULL, 0, HEAPTRAIL_METHOD_CALLOC, 0},
     .indirect_blocks = 76,
     .indirect_bytes = 4864},
};
static const heaptrail_scan_summary_t s_firmware_scan = {
    .blocks = {[HEAPTRAIL_REACHABLE] = 412,
               [HEAPTRAIL_POSSIBLY_LOST] = 2,
               [HEAPTRAIL_INDIRECTLY_LOST] = 76,
               [HEAPTRAIL_LOST] = 39},
    .bytes = {[HEAPTRAIL_REACHABLE] = 98304,
              [HEAPTRAIL_POSSIBLY_LOST] = 4096,
              [HEAPTRAIL_INDIRECTLY_LOST] = 4864,
              [HEAPTRAIL_LOST] = 1728},
    .young_blocks = 3,
    .passes = 2,
    .words = 61440,
    .took_us = 118250,
};

static const heaptrail_leak_site_t s_hostile[] = {
    {.origin = {0, &s_null, NULL, 0, 0, 0}, .lost_blocks = 1},
    {.origin = {9, &s_broken, NULL, 0, 0, U32}, .lost_blocks = 1, .lost_bytes = 1},
};
static const heaptrail_scan_summary_t s_hostile_scan = {
    .blocks = {[HEAPTRAIL_LOST] = 2},
    .bytes = {[HEAPTRAIL_LOST] = 1},
    .young_blocks = 1,
    .unsure_blocks = 1,
    .left_out_blocks = 1,
    .disturbed = true,
};

#define MOST                                                                                       \
    {                                                                                              \
        U32, U32, U32, U32                                                                         \
    }
static const heaptrail_leak_site_t s_extreme = {
    .origin = {U32, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, U32},
    .lost_blocks = U32,
    .with_blocks = U32,
    .possible_blocks = U32,
    .indirect_blocks = U32,
    .lost_bytes = SIZE_MAX,
    .with_bytes = SIZE_MAX,
    .possible_bytes = SIZE_MAX,
    .indirect_bytes = SIZE_MAX,
};
static const heaptrail_scan_summary_t s_extreme_scan = {
    .blocks = MOST,
    .bytes = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX},
    .young_blocks = U32,
    .unsure_blocks = U32,
    .left_out_blocks = U32,
    .disturbed = true,
    .passes = U32,
    .words = UINT64_MAX,
    .took_us = UINT64_MAX,
};

const fake_leaks_t g_firmware_leaks = {s_firmware, sizeof(s_firmware) / sizeof(s_firmware[0]),
                                       &s_firmware_scan};
const fake_leaks_t g_hostile_leaks = {s_hostile, sizeof(s_hostile) / sizeof(s_hostile[0]),
                                      &s_hostile_scan};
const fake_leaks_t g_extreme_leaks = {&s_extreme, 1, &s_extreme_scan};
