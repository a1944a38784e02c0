/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "worlds_lowmem.h"

#define S UINT64_C(1000000)
#define KIB 1024U
#define U32 UINT32_MAX

/* MALLOC_CAP_* by value: the renderers have no header with them either. */
enum { B8 = 4, DMA = 8, SPIRAM = 1 << 10, INTERNAL = 1 << 11, DEFAULT = 1 << 12 };

static const heaptrail_site_t s_http = {"/home/dev/firmware/components/net/http_server.c",
                                        "http_accept", "conn->rx", 214, HEAPTRAIL_METHOD_MALLOC};
static const heaptrail_site_t s_mqtt = {"main/mqtt.c", "on_message", "copy", 88,
                                        HEAPTRAIL_METHOD_STRDUP};
static const heaptrail_site_t s_null = {NULL, NULL, NULL, 0, 0};
static const heaptrail_site_t s_broken = {"src/\xff\xc0\x80/\x1b[31m\"q\\u\"\n.c",
                                          "f\xed\xa0\x80\xf4\x90\x80\x80\x7f", "a\tb\xe2\x82", 7,
                                          0};
static const uintptr_t s_stack[] = {0x42008a1c, 0x42008f02, 0x4200c5d8,
                                    0x4037a1b2, 0x42001234, 0x40384000};

const heaptrail_lowmem_row_t g_firmware_watches[FIRMWARE_WATCHES] = {
    {.id = 1,
     .caps = INTERNAL | B8,
     .free_below_bytes = 20 * KIB,
     .free_rearm_bytes = 24 * KIB,
     .fired = 3,
     .cause = HEAPTRAIL_LOWMEM_ALLOCATION,
     .free_bytes = 19 * KIB + 800,
     .size_bytes = 2 * KIB,
     .origin = {1, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, DEFAULT},
     .task_id = 4,
     .task_name = "httpd",
     .age_us = 184 * S,
     .frozen = true,
     .site_count = 2,
     .drift_allocations = 2,
     .drift_frees = 1,
     .drift_us = 1000},
    {.id = 2,
     .caps = DMA,
     .free_below_bytes = 8 * KIB,
     .free_rearm_bytes = 9 * KIB,
     .largest_below_bytes = 4 * KIB,
     .largest_rearm_bytes = 5 * KIB,
     .armed = true},
    {.id = 4,
     .caps = SPIRAM,
     .largest_below_bytes = 640 * KIB,
     .largest_rearm_bytes = 720 * KIB,
     .fired = 1,
     .cause = HEAPTRAIL_LOWMEM_SAMPLE,
     .by_largest = true,
     .free_bytes = 3100 * KIB,
     .largest_known = true,
     .largest_free_bytes = 512 * KIB,
     .age_us = 40 * S,
     .frozen = true,
     .site_count = 3},
};
const heaptrail_lowmem_site_t g_firmware_watch_sites[] = {
    {{1, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, DEFAULT}, 44, 44 * 2 * KIB},
    {{5, NULL, s_stack, 6, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, INTERNAL | B8}, 8, 3200},
    {{2, &s_mqtt, s_stack, 6, HEAPTRAIL_METHOD_STRDUP, DEFAULT}, 112, 2129},
};

const heaptrail_lowmem_row_t g_hostile_watches[HOSTILE_WATCHES] = {
    {.id = 0, .fired = 1, .cause = HEAPTRAIL_LOWMEM_FAILURE, .site_count = 1},
    {.id = 1,
     .free_below_bytes = 1,
     .free_rearm_bytes = 2,
     .fired = 2,
     .cause = (heaptrail_lowmem_cause_t)77,
     .origin = {9, &s_broken, NULL, 3, (heaptrail_method_t)200, 1U << 30},
     .task_name = "\x1b[2J\xff\xfe",
     .in_isr = true,
     .site_count = 1},
};
const heaptrail_lowmem_site_t g_hostile_watch_site = {{0, &s_null, NULL, 0, 0, 0}, 0, 0};

const heaptrail_lowmem_row_t g_extreme_watch = {
    .id = U32,
    .caps = U32,
    .free_below_bytes = SIZE_MAX,
    .free_rearm_bytes = SIZE_MAX,
    .largest_below_bytes = SIZE_MAX,
    .largest_rearm_bytes = SIZE_MAX,
    .fired = U32,
    .cause = HEAPTRAIL_LOWMEM_FAILURE,
    .by_largest = true,
    .free_bytes = SIZE_MAX,
    .largest_known = true,
    .largest_free_bytes = SIZE_MAX,
    .size_bytes = SIZE_MAX,
    .origin = {U32, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, U32},
    .task_id = U32,
    .task_name = "maximum",
    .age_us = UINT64_MAX,
    .frozen = true,
    .site_count = 1,
    .drift_allocations = U32,
    .drift_frees = U32,
    .drift_us = UINT64_MAX};
const heaptrail_lowmem_site_t g_extreme_watch_site = {
    {U32, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, U32}, U32, SIZE_MAX};
