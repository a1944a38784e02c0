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
static const heaptrail_site_t s_log = {"main/log.c", "log_line", "line", 19,
                                       HEAPTRAIL_METHOD_STRDUP};
static const heaptrail_site_t s_ota = {"main/ota.c", "ota_begin", "chunk", 51,
                                       HEAPTRAIL_METHOD_MALLOC};
static const heaptrail_site_t s_null = {NULL, NULL, NULL, 0, 0};
static const heaptrail_site_t s_broken = {"src/\xff\xc0\x80/\x1b[31m\"q\\u\"\n.c", "f\xed\xa0\x80",
                                          "a\tb", 7, 0};
static const uintptr_t s_stack[] = {0x42008a1c, 0x42008f02, 0x4200c5d8};

#define HOURS(n) ((n)*UINT64_C(3600000000))

static const heaptrail_suspect_t s_firmware[] = {
    {.origin = {2, &s_mqtt, s_stack, 3, HEAPTRAIL_METHOD_STRDUP, 0},
     .sure = HEAPTRAIL_SURE_CERTAIN,
     .evidence =
         HEAPTRAIL_EVIDENCE_UNREACHABLE | HEAPTRAIL_EVIDENCE_GROWTH | HEAPTRAIL_EVIDENCE_OVERDUE,
     .live_blocks = 41,
     .live_bytes = 1312,
     .lost_blocks = 38,
     .lost_bytes = 1216,
     .with_blocks = 76,
     .with_bytes = 4864,
     .growth = {.rises = true,
                .steady = true,
                .bytes_per_hour = 212,
                .steps = 14,
                .rising_permille = 934,
                .span_us = HOURS(9),
                .from_bytes = 96,
                .to_bytes = 1248},
     .overdue_blocks = 37,
     .overdue_bytes = 1184,
     .overdue_age_us = HOURS(8),
     .usual_life_us = 16384000,
     .overdue_times = 1757},
    {.origin = {1, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, 0},
     .sure = HEAPTRAIL_SURE_CERTAIN,
     .evidence = HEAPTRAIL_EVIDENCE_UNREACHABLE | HEAPTRAIL_EVIDENCE_TASK_GONE,
     .live_blocks = 1,
     .live_bytes = 512,
     .lost_blocks = 1,
     .lost_bytes = 512,
     .left_blocks = 1,
     .left_bytes = 512,
     .left_tasks = 1,
     .left_task_id = 9,
     .left_task = "httpd"},
    {.origin = {3, &s_cache, NULL, 0, HEAPTRAIL_METHOD_CALLOC, 0},
     .sure = HEAPTRAIL_SURE_LIKELY,
     .evidence = HEAPTRAIL_EVIDENCE_UNREACHABLE | HEAPTRAIL_EVIDENCE_GROWTH,
     .live_blocks = 725,
     .live_bytes = 40600,
     .possible_blocks = 2,
     .possible_bytes = 4096,
     .growth = {.rises = true,
                .bytes_per_hour = 41520,
                .steps = 8,
                .rising_permille = 785,
                .span_us = HOURS(1) / 2,
                .from_bytes = 672,
                .to_bytes = 19320}},
    {.origin = {6, &s_ota, NULL, 0, HEAPTRAIL_METHOD_MALLOC, 0},
     .sure = HEAPTRAIL_SURE_POSSIBLE,
     .evidence = HEAPTRAIL_EVIDENCE_TASK_GONE,
     .live_blocks = 3,
     .live_bytes = 12288,
     .left_blocks = 2,
     .left_bytes = 8192,
     .left_tasks = 2,
     .left_task_id = 11,
     .left_task = "ota"},
    {.origin = {5, &s_log, NULL, 0, HEAPTRAIL_METHOD_STRDUP, 0},
     .sure = HEAPTRAIL_SURE_POSSIBLE,
     .evidence = HEAPTRAIL_EVIDENCE_OVERDUE,
     .live_blocks = 4,
     .live_bytes = 220,
     .overdue_blocks = 1,
     .overdue_bytes = 60,
     .overdue_age_us = 40 * UINT64_C(4096000),
     .usual_life_us = 4096000,
     .overdue_times = 40},
    /* Only in JSON: what it lost is counted with its leaders. */
    {.origin = {4, &s_cache, NULL, 0, HEAPTRAIL_METHOD_CALLOC, 0},
     .sure = HEAPTRAIL_SURE_FOLLOWS,
     .evidence = HEAPTRAIL_EVIDENCE_UNREACHABLE,
     .live_blocks = 76,
     .live_bytes = 4864,
     .indirect_blocks = 76,
     .indirect_bytes = 4864},
};
static const heaptrail_suspect_summary_t s_firmware_summary = {
    .sites = {[HEAPTRAIL_SURE_FOLLOWS] = 1,
              [HEAPTRAIL_SURE_POSSIBLE] = 2,
              [HEAPTRAIL_SURE_LIKELY] = 1,
              [HEAPTRAIL_SURE_CERTAIN] = 2},
    .scan = {.blocks = {[HEAPTRAIL_REACHABLE] = 412,
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
             .took_us = 118250},
    .growth_steps = 14,
    .growth_span_us = HOURS(9),
    .growth_left_out = 1,
    .suppressed_sites = 2,
    .bytes_per_hour = 41732,
    .exhaustion = {.caps = 0x804,
                   .free_bytes = 278112,
                   .bytes_per_hour = 62863,
                   .left_us = 15926640000},
};

static const heaptrail_suspect_t s_hostile[] = {
    {.origin = {0, &s_null, NULL, 0, 0, 0},
     .sure = HEAPTRAIL_SURE_COUNT,
     .lost_blocks = 1,
     .left_blocks = 1},
    {.origin = {9, &s_broken, NULL, 0, 0, U32},
     .sure = HEAPTRAIL_SURE_CERTAIN,
     .evidence = U32,
     .lost_blocks = 1,
     .lost_bytes = 1,
     .growth = {.rises = true, .bytes_per_hour = INT64_MIN},
     .left_blocks = 1,
     .left_task = "\x1b[31m\xff\xc0 123456"},
};
static const heaptrail_suspect_summary_t s_hostile_summary = {
    .sites = {[HEAPTRAIL_SURE_CERTAIN] = 1},
    .scanned = ESP_ERR_NO_MEM,
    .scan = {.young_blocks = 1,
             .unsure_blocks = 1,
             .left_out_blocks = 1,
             .gone_blocks = 1,
             .running_threads = 1,
             .unread_bytes = 4096},
    .growth_left_out = 2,
    .disturbed = true,
    .exhaustion = {.caps = U32},
};

#define MOST                                                                                       \
    {                                                                                              \
        U32, U32, U32, U32                                                                         \
    }
static const heaptrail_suspect_t s_extreme = {
    .origin = {U32, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, U32},
    .sure = HEAPTRAIL_SURE_CERTAIN,
    .evidence = HEAPTRAIL_EVIDENCE_ALL,
    .live_blocks = U32,
    .live_bytes = SIZE_MAX,
    .lost_blocks = U32,
    .with_blocks = U32,
    .possible_blocks = U32,
    .indirect_blocks = U32,
    .lost_bytes = SIZE_MAX,
    .with_bytes = SIZE_MAX,
    .possible_bytes = SIZE_MAX,
    .indirect_bytes = SIZE_MAX,
    .growth = {true, true, INT64_MAX, U32, U32, UINT64_MAX, SIZE_MAX, SIZE_MAX},
    .left_blocks = U32,
    .left_bytes = SIZE_MAX,
    .left_tasks = 2,
    .left_task_id = U32,
    .left_task = "fifteen_letters",
    .overdue_blocks = U32,
    .overdue_bytes = SIZE_MAX,
    .overdue_age_us = UINT64_MAX,
    .usual_life_us = UINT64_MAX,
    .overdue_times = U32,
};
static const heaptrail_suspect_summary_t s_extreme_summary = {
    .sites = MOST,
    .scan = {.blocks = MOST,
             .bytes = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX},
             .young_blocks = U32,
             .unsure_blocks = U32,
             .left_out_blocks = U32,
             .gone_blocks = U32,
             .running_threads = U32,
             .unread_bytes = SIZE_MAX,
             .disturbed = true,
             .passes = U32,
             .words = UINT64_MAX,
             .took_us = UINT64_MAX},
    .growth_steps = U32,
    .growth_span_us = UINT64_MAX,
    .growth_left_out = U32,
    .suppressed_sites = U32,
    .bytes_per_hour = UINT64_MAX,
    .disturbed = true,
    .exhaustion = {U32, SIZE_MAX, UINT64_MAX, UINT64_MAX},
};

const fake_leaks_t g_firmware_leaks = {s_firmware, sizeof(s_firmware) / sizeof(s_firmware[0]),
                                       &s_firmware_summary};
const fake_leaks_t g_hostile_leaks = {s_hostile, sizeof(s_hostile) / sizeof(s_hostile[0]),
                                      &s_hostile_summary};
const fake_leaks_t g_extreme_leaks = {&s_extreme, 1, &s_extreme_summary};
