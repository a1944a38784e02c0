/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The worlds that reports are drawn from. */
#include "fake.h"
#include "worlds_leaks.h"
#include "worlds_lowmem.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MS UINT64_C(1000)
#define S (1000U * MS)
#define MIN (60U * S)
#define H (60U * MIN)
#define D (24U * H)
#define KIB 1024U

/* MALLOC_CAP_* by value: the renderers have no header with them either. */
enum {
    EXEC = 1,
    B32 = 2,
    B8 = 4,
    DMA = 8,
    SPIRAM = 1 << 10,
    INTERNAL = 1 << 11,
    DEFAULT = 1 << 12
};

static const heaptrail_site_t s_http = {"/home/dev/firmware/components/net/http_server.c",
                                        "http_accept", "conn->rx", 214, HEAPTRAIL_METHOD_MALLOC};
static const heaptrail_site_t s_mqtt = {"main/mqtt.c", "on_message", "copy", 88,
                                        HEAPTRAIL_METHOD_STRDUP};
static const heaptrail_site_t s_frame = {
    "/opt/esp/idf/components/esp_driver_cam/dvp/src/esp_cam_ctlr_dvp_cam.c",
    "esp_cam_ctlr_dvp_alloc_frame_buffer", "ctlr->backup_buffer", 1204,
    HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_CALLOC};
static const heaptrail_site_t s_json = {"components/json/cJSON/cJSON.c", "cJSON_New_Item", NULL,
                                        245, HEAPTRAIL_METHOD_MALLOC};
static const heaptrail_site_t s_ui = {"main/ui/screen.cpp", "build", NULL, 31,
                                      HEAPTRAIL_METHOD_NEW_ARRAY};
static const uintptr_t s_stack[] = {0x42008a1c, 0x42008f02, 0x4200c5d8,
                                    0x4037a1b2, 0x42001234, 0x40384000};

static const heaptrail_site_row_t s_firmware_sites[] = {
    {.origin = {1, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, DEFAULT},
     .live_blocks = 41,
     .live_bytes = 41 * 2 * KIB,
     .peak_bytes = 44 * 2 * KIB,
     .total_blocks = 18233,
     .total_bytes = 18233 * 2 * KIB,
     .since_blocks = 3,
     .since_bytes = 6 * KIB,
     .oldest_age_us = 3 * H + 12 * MIN,
     .lifetimes = {0, 0, 1, 7, 900, 12000, 800, 3}},
    {.origin = {2, &s_mqtt, s_stack, 6, HEAPTRAIL_METHOD_STRDUP, DEFAULT},
     .live_blocks = 512,
     .live_bytes = 9731,
     .peak_bytes = 9731,
     .total_blocks = 512,
     .total_bytes = 9731,
     .since_blocks = 16,
     .since_bytes = 304,
     .oldest_age_us = 2 * D + 5 * H},
    {.origin = {3, &s_frame, NULL, 0, HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_CALLOC, SPIRAM | B8 | DMA},
     .live_blocks = 2,
     .live_bytes = 1228800,
     .peak_bytes = 1228800,
     .total_blocks = 2,
     .total_bytes = 1228800,
     .failures = 1,
     .oldest_age_us = 2 * D + 6 * H},
    {.origin = {4, &s_json, NULL, 0, HEAPTRAIL_METHOD_MALLOC, DEFAULT},
     .peak_bytes = 12600,
     .total_blocks = 1204411,
     .total_bytes = UINT64_C(48176440),
     .dropped_blocks = 17,
     .lifetimes = {40000, 65535, 65535}},
    {.origin = {5, NULL, s_stack, 6, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, INTERNAL | B8},
     .live_blocks = 4,
     .live_bytes = 1600,
     .peak_bytes = 3200,
     .total_blocks = 8,
     .total_bytes = 3200,
     .oldest_age_us = 40 * S,
     .lifetimes = {[19] = 4}},
    {.origin = {6, &s_ui, NULL, 0, HEAPTRAIL_METHOD_NEW_ARRAY, DEFAULT},
     .live_blocks = 1,
     .live_bytes = 77,
     .peak_bytes = 77,
     .total_blocks = 1,
     .total_bytes = 77,
     .oldest_age_us = 850 * MS},
    {.origin = {7, &s_ui, NULL, 0, HEAPTRAIL_METHOD_NEW, DEFAULT},
     .total_blocks = 3,
     .total_bytes = 240,
     .peak_bytes = 80,
     .lifetimes = {3}},
};

static const heaptrail_task_row_t s_firmware_tasks[] = {
    {.id = 1,
     .name = "(start-up)",
     .live_blocks = 2,
     .live_bytes = 1228800,
     .peak_bytes = 1228800,
     .total_blocks = 2,
     .total_bytes = 1228800},
    {.id = 4,
     .name = "httpd",
     .handle = 0x3fcb1000,
     .live_blocks = 41,
     .live_bytes = 83968,
     .peak_bytes = 90112,
     .total_blocks = 18233,
     .total_bytes = 37341184,
     .since_blocks = 3,
     .since_bytes = 6144},
    {.id = 5,
     .name = "mqtt_task",
     .handle = 0x3fcb2000,
     .live_blocks = 512,
     .live_bytes = 9731,
     .peak_bytes = 9731,
     .total_blocks = 512,
     .total_bytes = 9731,
     .since_blocks = 16,
     .since_bytes = 304},
    {.id = 6,
     .name = "ota_worker",
     .deleted = true,
     .live_blocks = 4,
     .live_bytes = 1600,
     .peak_bytes = 3200,
     .total_blocks = 8,
     .total_bytes = 3200},
    {.id = 7,
     .name = "scan",
     .deleted = true,
     .peak_bytes = 80,
     .total_blocks = 3,
     .total_bytes = 240},
    {.id = 8, .name = "idle0", .handle = 0x3fcb4000},
};

static const heaptrail_heap_row_t s_firmware_heaps[] = {
    {.id = 1,
     .name = "DRAM",
     .start = 0x3fc88000,
     .size_bytes = 320 * KIB,
     .caps = B32 | B8 | DMA | INTERNAL | DEFAULT,
     .live_blocks = 554,
     .live_bytes = 95376,
     .peak_bytes = 120000,
     .total_blocks = 1223168,
     .since_blocks = 19,
     .since_bytes = 6448,
     .sampled = true,
     .free_bytes = 92262,
     .largest_free_bytes = 31 * KIB + 744,
     .min_free_bytes = 80 * KIB,
     .min_largest_free_bytes = 4 * KIB,
     .fragmentation_permille = 647,
     .sample_age_us = 2 * S},
    {.id = 2,
     .name = "IRAM",
     .start = 0x40380000,
     .size_bytes = 24 * KIB,
     .caps = EXEC | B32 | INTERNAL,
     .sampled = true,
     .free_bytes = 1004,
     .largest_free_bytes = 800,
     .min_free_bytes = 1004,
     .min_largest_free_bytes = 800,
     .fragmentation_permille = 203,
     .sample_age_us = 2 * S},
    {.id = 3,
     .name = "SPIRAM",
     .start = 0x3c000000,
     .size_bytes = 8192 * KIB,
     .caps = B32 | B8 | SPIRAM | DEFAULT,
     .live_blocks = 2,
     .live_bytes = 1228800,
     .peak_bytes = 1228800,
     .total_blocks = 2,
     .sampled = true,
     .free_bytes = 7100 * KIB,
     .largest_free_bytes = 6900 * KIB,
     .min_free_bytes = 7000 * KIB,
     .min_largest_free_bytes = 6900 * KIB,
     .fragmentation_permille = 28,
     .sample_age_us = 2 * S},
    {.id = 4,
     .name = "RTCRAM",
     .start = 0x600fe000,
     .size_bytes = 8 * KIB,
     .caps = B32 | B8 | INTERNAL | 1 << 15},
};

static const heaptrail_block_row_t s_firmware_blocks[] = {
    {.address = 0x3fc9a0b4,
     .size_bytes = 64,
     .origin = {2, &s_mqtt, s_stack, 6, HEAPTRAIL_METHOD_STRDUP, DEFAULT},
     .heap_id = 1,
     .task_id = 5,
     .task_name = "mqtt_task",
     .core = 1,
     .age_us = 2 * D + 5 * H,
     .sequence = 2},
    {.address = 0x3c000010,
     .size_bytes = 614400,
     .origin = {3, &s_frame, NULL, 0, HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_CALLOC, SPIRAM | B8 | DMA},
     .heap_id = 3,
     .task_id = 1,
     .task_name = "(start-up)",
     .age_us = 2 * D + 6 * H,
     .sequence = 1},
    {.address = 0x3fc9a100,
     .size_bytes = 2048,
     .origin = {1, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, DEFAULT},
     .heap_id = 1,
     .task_id = 4,
     .task_name = "httpd",
     .age_us = 3 * H + 12 * MIN,
     .sequence = 3},
    {.address = 0x3fc9b000,
     .size_bytes = 400,
     .origin = {5, NULL, s_stack, 6, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, INTERNAL | B8},
     .heap_id = 1,
     .task_id = 6,
     .task_name = "ota_worker",
     .age_us = 40 * S,
     .sequence = 4},
};

static const heaptrail_failure_row_t s_firmware_failures[] = {
    {.number = 5,
     .size_bytes = 64,
     .caps = EXEC | SPIRAM,
     .origin = {5, NULL, s_stack, 6, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, EXEC | SPIRAM},
     .task_id = 6,
     .task_name = "ota_worker",
     .measured = true,
     .age_us = 5 * H},
    {.number = 6,
     .size_bytes = 16384 * KIB,
     .caps = SPIRAM | B8 | DMA,
     .alignment = 64,
     .origin = {3, &s_frame, NULL, 0, HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_CALLOC, SPIRAM | B8 | DMA},
     .task_id = 1,
     .task_name = "(start-up)",
     .measured = true,
     .free_bytes = 7100 * KIB,
     .largest_free_bytes = 6900 * KIB,
     .age_us = 4 * H},
    {.number = 7,
     .size_bytes = 2048,
     .caps = DEFAULT,
     .origin = {1, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, DEFAULT},
     .task_id = 2,
     .task_name = "(ISR core 0)",
     .in_isr = true,
     .age_us = 20 * MIN},
    {.number = 8,
     .size_bytes = 200 * KIB,
     .caps = B8 | INTERNAL | 1 << 19,
     .origin = {2, &s_mqtt, s_stack, 6, HEAPTRAIL_METHOD_STRDUP, DEFAULT},
     .task_id = 5,
     .task_name = "mqtt_task",
     .measured = true,
     .free_bytes = 92262,
     .largest_free_bytes = 31 * KIB + 744,
     .age_us = 12 * MIN + 5 * S},
    {.number = 11,
     .size_bytes = 64 * KIB,
     .caps = B8 | INTERNAL,
     .origin = {1, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, DEFAULT},
     .task_id = 4,
     .task_name = "httpd",
     .measured = true,
     .free_bytes = 92262,
     .largest_free_bytes = 31 * KIB + 744,
     .age_us = 3 * MIN},
    {.number = 12,
     .size_bytes = 24 * KIB,
     .caps = B8 | INTERNAL,
     .alignment = 4096,
     .origin = {1, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, DEFAULT},
     .task_id = 4,
     .task_name = "httpd",
     .measured = true,
     .free_bytes = 92262,
     .largest_free_bytes = 31 * KIB + 744,
     .age_us = 850},
};

const fake_world_t *fake_firmware(void)
{
    static const fake_world_t world = {
        .sites = s_firmware_sites,
        .site_count = COUNT(s_firmware_sites),
        .tasks = s_firmware_tasks,
        .task_count = COUNT(s_firmware_tasks),
        .heaps = s_firmware_heaps,
        .heap_count = COUNT(s_firmware_heaps),
        .blocks = s_firmware_blocks,
        .block_count = COUNT(s_firmware_blocks),
        .leaks = &g_firmware_leaks,
        .watches = g_firmware_watches,
        .watch_count = FIRMWARE_WATCHES,
        .watch_sites = g_firmware_watch_sites,
        .failures = s_firmware_failures,
        .failure_count = COUNT(s_firmware_failures),
        .status = {.running = true,
                   .live_blocks = 560,
                   .live_bytes = 1324176,
                   .total_blocks = 1223170,
                   .total_bytes = UINT64_C(86764696),
                   .total_frees = 1222593,
                   .failures = 12,
                   .max_blocks = 1000,
                   .origins = 7,
                   .max_origins = 256,
                   .tasks = 6,
                   .max_tasks = 32,
                   .heaps = 4,
                   .stack_depth = 6,
                   .memory_bytes = 49408,
                   .uptime_us = 2 * D + 6 * H + 1 * MIN,
                   .loss = {.table_full = 17, .failures_overwritten = 6}},
        .tick_hz = 1000,
    };
    return &world;
}

const fake_world_t *fake_empty(void)
{
    static const fake_world_t world = {.status = {.running = true,
                                                  .max_blocks = 1000,
                                                  .max_origins = 256,
                                                  .max_tasks = 32,
                                                  .stack_depth = 1,
                                                  .memory_bytes = 20 * KIB},
                                       .tick_hz = 1000};
    return &world;
}

/* --- everything broken that a row can have -------------------------------------------------------
 */

static const heaptrail_site_t s_null = {NULL, NULL, NULL, 0, 0};
static const heaptrail_site_t s_blank = {"", "", "", 0, 0};
static const heaptrail_site_t s_broken = {"src/\xff\xc0\x80/\x1b[31m\"q\\u\"\n.c",
                                          "f\xed\xa0\x80\xf4\x90\x80\x80\x7f", "a\tb\xe2\x82", 7,
                                          0};
static const heaptrail_site_t s_utf8 = {"src/Gr\xc3\xb6\xc3\x9f"
                                        "e/\xe6\xb8\xac\xe5\xae\x9a.c",
                                        "na\xc3\xafve", "\xf0\x9f\x90\x9b", 7, 0};
static const heaptrail_site_t s_long = {
    "/a/very/long/path/of/folders/that/nobody/reads/but/everybody/has/because/of/build/systems/"
    "and_a_file_name_that_is_itself_wider_than_most_terminals_are_today.c",
    "std_basic_string_operator_plus_with_a_name_that_has_been_generated_by_a_template_machine",
    "self->children[index].session->transport->buffers[BUFFER_INDEX(self, index)].data",
    4294967295U, 0};
static const heaptrail_site_t s_slashes = {"dir/", "g", NULL, 1, 0};
static const uintptr_t s_one_frame[] = {0x1};

#define ROW(id_, site_, frames_, n_, method_, caps_)                                               \
    {                                                                                              \
        .origin = {id_, site_, frames_, n_, (heaptrail_method_t)(method_), caps_},                 \
        .live_blocks = 1, .live_bytes = 100 - id_, .total_blocks = 1                               \
    }

static const heaptrail_site_row_t s_hostile_sites[] = {
    ROW(0, NULL, NULL, 0, 0, 0),
    ROW(1, &s_null, NULL, 3, HEAPTRAIL_METHOD_MALLOC, 0),
    ROW(2, &s_blank, NULL, 0, 0, DEFAULT),
    ROW(3, &s_broken, s_one_frame, 1, 999, 0xFFFFFFFFU),
    ROW(4, &s_utf8, NULL, 0, HEAPTRAIL_METHOD_NEW, DEFAULT),
    ROW(5, &s_long, s_stack, 6, HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_CALLOC, 0x1FFFFF),
    ROW(6, NULL, s_one_frame, 1, HEAPTRAIL_METHOD_REGISTERED, 0),
    ROW(7, NULL, NULL, 5, HEAPTRAIL_METHOD_MALLOC, 0),
    ROW(8, &s_slashes, NULL, 0, HEAPTRAIL_METHOD_CALLOC, B8),
};

static const heaptrail_task_row_t s_hostile_tasks[] = {
    {.id = 0, .name = {0}, .live_blocks = 1, .live_bytes = 1},
    {.id = 1,
     .name = {'s', 'i', 'x', 't', 'e', 'e', 'n', '_', 'b', 'y', 't', 'e', 's', '_', '_', '!'},
     .live_blocks = 1,
     .live_bytes = 2},
    {.id = 2, .name = "\x1b]0;own\x07", .deleted = true, .live_blocks = 1, .live_bytes = 3},
    {.id = 3, .name = "\xc3\xa4\xc3\xb6\xfe\"\\", .live_blocks = 1, .live_bytes = 4},
};

static const heaptrail_heap_row_t s_hostile_heaps[] = {
    {.id = 0, .name = {0}, .live_blocks = 3, .live_bytes = 300, .total_blocks = 3},
    {.id = 1,
     .name = "\xff\n",
     .size_bytes = 100,
     .live_bytes = 900,
     .caps = 0x80000000U,
     .sampled = true,
     .free_bytes = 1000,
     .largest_free_bytes = 2000,
     .fragmentation_permille = 4000},
    {.id = 2, .name = "full", .size_bytes = 100, .live_bytes = 1, .sampled = true, .caps = B8},
};

static const heaptrail_block_row_t s_hostile_blocks[] = {
    {.address = 0x10,
     .size_bytes = 0,
     .origin = {0, NULL, NULL, 0, HEAPTRAIL_METHOD_UNKNOWN, 0},
     .sequence = 1},
    {.address = 0x20,
     .size_bytes = 16,
     .origin = {3, &s_broken, NULL, 0, (heaptrail_method_t)-1, 0},
     .in_isr = true,
     .task_name = "\x1b\x01",
     .core = 255,
     .sequence = 2},
    {.address = 0x40,
     .size_bytes = 16,
     .origin = {5, &s_long, s_stack, 6, HEAPTRAIL_METHOD_CALLOC, DEFAULT},
     .sequence = 3},
};

static const heaptrail_failure_row_t s_hostile_failures[] = {
    {.number = 1, .size_bytes = 0, .task_name = "\xff"},
    {.number = 2,
     .size_bytes = 10,
     .caps = 0x40000000U,
     .origin = {1, &s_null, NULL, 0, HEAPTRAIL_METHOD_MALLOC, 0}},
};

const fake_world_t *fake_hostile(void)
{
    static const fake_world_t world = {
        .sites = s_hostile_sites,
        .site_count = COUNT(s_hostile_sites),
        .tasks = s_hostile_tasks,
        .task_count = COUNT(s_hostile_tasks),
        .heaps = s_hostile_heaps,
        .heap_count = COUNT(s_hostile_heaps),
        .blocks = s_hostile_blocks,
        .block_count = COUNT(s_hostile_blocks),
        .leaks = &g_hostile_leaks,
        .watches = g_hostile_watches,
        .watch_count = HOSTILE_WATCHES,
        .watch_sites = &g_hostile_watch_site,
        .failures = s_hostile_failures,
        .failure_count = COUNT(s_hostile_failures),
        .status = {.running = false,
                   .loss = {.origins_full = 1,
                            .frames_full = 2,
                            .tasks_full = 3,
                            .unknown_frees = 1,
                            .filtered = 9}},
        .tick_hz = 0,
        .disturbed = true,
    };
    return &world;
}

/* --- the largest numbers
 * -------------------------------------------------------------------------- */

#define U32 UINT32_MAX

const fake_world_t *fake_extremes(void)
{
    static heaptrail_site_row_t site = {
        .origin = {U32, &s_http, s_stack, 6, HEAPTRAIL_METHOD_MALLOC, U32},
        .live_blocks = U32,
        .live_bytes = SIZE_MAX,
        .peak_bytes = SIZE_MAX,
        .total_blocks = U32,
        .total_bytes = UINT64_MAX,
        .dropped_blocks = U32,
        .failures = U32,
        .since_blocks = U32,
        .since_bytes = SIZE_MAX,
        .oldest_age_us = UINT64_MAX};
    static const heaptrail_task_row_t task = {.id = U32,
                                              .name = "maximum",
                                              .handle = UINTPTR_MAX,
                                              .deleted = true,
                                              .live_blocks = U32,
                                              .live_bytes = SIZE_MAX,
                                              .peak_bytes = SIZE_MAX,
                                              .total_blocks = U32,
                                              .total_bytes = UINT64_MAX,
                                              .since_blocks = U32,
                                              .since_bytes = SIZE_MAX};
    static const heaptrail_heap_row_t heap = {.id = U32,
                                              .name = "maximum",
                                              .start = UINTPTR_MAX,
                                              .size_bytes = SIZE_MAX,
                                              .caps = U32,
                                              .live_blocks = U32,
                                              .live_bytes = SIZE_MAX,
                                              .peak_bytes = SIZE_MAX,
                                              .total_blocks = U32,
                                              .sampled = true,
                                              .free_bytes = SIZE_MAX,
                                              .largest_free_bytes = SIZE_MAX,
                                              .min_free_bytes = SIZE_MAX,
                                              .min_largest_free_bytes = SIZE_MAX,
                                              .fragmentation_permille = U32,
                                              .sample_age_us = UINT64_MAX};
    static const heaptrail_block_row_t block = {
        .address = UINTPTR_MAX - 15U,
        .size_bytes = SIZE_MAX,
        .origin = {U32, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, U32},
        .task_name = "maximum",
        .core = 255,
        .age_us = UINT64_MAX,
        .sequence = UINT64_MAX};
    static const heaptrail_failure_row_t failure = {
        .number = U32,
        .size_bytes = SIZE_MAX,
        .caps = U32,
        .alignment = SIZE_MAX,
        .origin = {U32, &s_http, NULL, 0, HEAPTRAIL_METHOD_MALLOC, U32},
        .task_name = "maximum",
        .measured = true,
        .free_bytes = SIZE_MAX,
        .largest_free_bytes = SIZE_MAX,
        .age_us = UINT64_MAX};
    static const fake_world_t world = {.sites = &site,
                                       .site_count = 1,
                                       .tasks = &task,
                                       .task_count = 1,
                                       .heaps = &heap,
                                       .heap_count = 1,
                                       .blocks = &block,
                                       .block_count = 1,
                                       .leaks = &g_extreme_leaks,
                                       .watches = &g_extreme_watch,
                                       .watch_count = 1,
                                       .watch_sites = &g_extreme_watch_site,
                                       .failures = &failure,
                                       .failure_count = 1,
                                       .status = {true,
                                                  U32,
                                                  SIZE_MAX,
                                                  UINT64_MAX,
                                                  UINT64_MAX,
                                                  UINT64_MAX,
                                                  U32,
                                                  U32,
                                                  U32,
                                                  U32,
                                                  U32,
                                                  U32,
                                                  U32,
                                                  U32,
                                                  SIZE_MAX,
                                                  UINT64_MAX,
                                                  {U32, U32, U32, U32, U32, U32, U32, U32, U32}},
                                       .tick_hz = 1};
    for (uint32_t b = 0; b < HEAPTRAIL_LIFETIME_BUCKETS; b++) {
        site.lifetimes[b] = U32;
    }
    return &world;
}

/* --- more rows than a batch
 * ------------------------------------------------------------------------ */

#define MANY 107U

const fake_world_t *fake_many(void)
{
    static heaptrail_site_t descriptors[MANY];
    static heaptrail_site_row_t sites[MANY];
    static heaptrail_block_row_t blocks[MANY];
    static const fake_world_t world = {.sites = sites,
                                       .site_count = MANY,
                                       .blocks = blocks,
                                       .block_count = MANY,
                                       .status = {.running = true},
                                       .tick_hz = 1000};
    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t key = i * 37U % MANY / 3U; /* each key three times */
        descriptors[i] = (heaptrail_site_t){"many.c", "f", NULL, i, HEAPTRAIL_METHOD_MALLOC};
        sites[i].origin =
            (heaptrail_origin_t){i, &descriptors[i], NULL, 0, HEAPTRAIL_METHOD_MALLOC, 0};
        sites[i].live_blocks = 1;
        sites[i].live_bytes = key;
        sites[i].total_blocks = 1;
        blocks[i].address = 0x1000U + i * 0x100U;
        blocks[i].size_bytes = i;
        blocks[i].origin = sites[i].origin;
        blocks[i].sequence = i * 37U % MANY + 1U;
        blocks[i].age_us = (1000U - blocks[i].sequence) * S;
    }
    return &world;
}
