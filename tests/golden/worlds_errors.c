/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Memory errors: each kind, as each way to find it tells it. */
#include "worlds_errors.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MS UINT64_C(1000)
#define S (1000U * MS)
#define MIN (60U * S)
#define H (60U * MIN)
#define KIB 1024U

static const heaptrail_site_t s_copy = {"main/mqtt.c", "on_message", "copy", 88,
                                        HEAPTRAIL_METHOD_STRDUP};
static const heaptrail_site_t s_done = {"main/mqtt.c", "message_done", "copy", 131, 0};
static const heaptrail_site_t s_grow = {"main/mqtt.c", "append", "msg->text", 142,
                                        HEAPTRAIL_METHOD_REALLOC};
static const heaptrail_site_t s_rx = {"/home/dev/firmware/components/net/http_server.c",
                                      "http_accept", "conn->rx", 214, HEAPTRAIL_METHOD_MALLOC};
static const heaptrail_site_t s_close = {"/home/dev/firmware/components/net/http_server.c",
                                         "http_close", "conn->rx", 377, 0};
static const heaptrail_site_t s_frame = {"components/camera/frame.cpp", "Frame", NULL, 39,
                                         HEAPTRAIL_METHOD_NEW_ARRAY};
static const heaptrail_site_t s_broken = {"src/\xff\x1b[31m.c", "f\"\\", "a\tb", 7, 0};
static const uintptr_t s_stack[] = {0x42008a1c, 0x42008f02, 0x4200c5d8};
static const uintptr_t s_free_stack[] = {0x42009b3e, 0x4200c5d8};
static const uintptr_t s_idle_stack[] = {0x4037f1a0};

#define COPY                                                                                       \
    {                                                                                              \
        2, &s_copy, s_stack, 3, HEAPTRAIL_METHOD_STRDUP, 1 << 12                                   \
    }
#define RX                                                                                         \
    {                                                                                              \
        1, &s_rx, NULL, 0, HEAPTRAIL_METHOD_MALLOC, 1 << 12                                        \
    }
#define FRAME                                                                                      \
    {                                                                                              \
        6, &s_frame, NULL, 0, HEAPTRAIL_METHOD_NEW_ARRAY, 1 << 12                                  \
    }
#define CALL(id_, site_)                                                                           \
    {                                                                                              \
        .id = (id_), .site = (site_), .frames = s_free_stack, .frame_count = 2,                    \
        .method = HEAPTRAIL_METHOD_FREE                                                            \
    }
#define REALLOC_CALL                                                                               \
    {                                                                                              \
        14, &s_grow, s_free_stack, 2, HEAPTRAIL_METHOD_REALLOC, 1 << 12                            \
    }
#define FRAMES(id_, frames_)                                                                       \
    {                                                                                              \
        .id = (id_), .frames = (frames_), .frame_count = COUNT(frames_)                            \
    }

/* A block of 64 bytes of task mqtt_task, live, and freed. */
#define COPY_BLOCK                                                                                 \
    .address = 0x3fc9a0b4, .size_bytes = 64, .allocated = COPY, .task_id = 5,                      \
    .task_name = "mqtt_task", .core = 1, .age_us = 12 * MIN + 5 * S
#define FREED_BLOCK                                                                                \
    COPY_BLOCK, .freed = true, .freed_by = CALL(9, &s_done), .freed_task_id = 5,                   \
                .freed_task_name = "mqtt_task", .freed_age_us = 3 * MS
#define LEFT                                                                                       \
    {                                                                                              \
        0x3fc9a010, 128, 36, RX, "httpd"                                                           \
    }
#define RIGHT                                                                                      \
    {                                                                                              \
        0x3fc9a10c, 2048, 24, RX, "httpd"                                                          \
    }
#define CANARY 0x5a, 0xc3, 0x17, 0xe0, 0x9b, 0x22, 0x41, 0x7d

#define ERROR(number_, kind_, found_)                                                              \
    .number = (number_), .kind = HEAPTRAIL_ERROR_##kind_, .found = HEAPTRAIL_FOUND_##found_,       \
    .uptime_us = 3 * H + 2 * MIN

const named_error_t g_errors[] = {
    {"overflow_free",
     {ERROR(1, OVERFLOW, FREE), .address = 0x3fc9a0f4, .place = HEAPTRAIL_PLACE_TAIL_REDZONE,
      .offset_bytes = 64, .damaged_bytes = 3, .window_offset_bytes = 64, .window_bytes = 8,
      .expected = {CANARY}, .actual = {'h', 'i', 0, 0xe0, 0x9b, 0x22, 0x41, 0x7d},
      .block = {COPY_BLOCK}, .caller = CALL(9, &s_done), .caller_task_name = "mqtt_task",
      .left = LEFT, .right = RIGHT, .block_checked = true, .block_checked_us = 1200 * MS,
      .heap_checked = true, .heap_checked_us = 14 * S}},
    {"overflow_scrub_gap",
     {ERROR(2, OVERFLOW, SCRUB), .address = 0x3fc9a0f6, .offset_bytes = 66, .damaged_bytes = 1,
      .window_offset_bytes = 64, .window_bytes = 8, .expected = {CANARY},
      .actual = {0x5a, 0xc3, 0, 0xe0, 0x9b, 0x22, 0x41, 0x7d}, .block = {COPY_BLOCK},
      .caller = FRAMES(12, s_idle_stack), .caller_task_name = "IDLE0"}},
    {"overflow_verify_holes",
     {ERROR(3, OVERFLOW, VERIFY), .address = 0x3fc9a0f4, .offset_bytes = 64, .damaged_bytes = 9,
      .window_offset_bytes = 64, .window_bytes = 12, .expected = {CANARY, 0x11, 0x22, 0x33, 0x44},
      .actual = {0, 0xc3, 0x17, 0xe0, 0, 0x22, 0x41, 0x7d, 0, 0x22, 0x33, 0x44},
      .block = {COPY_BLOCK, .in_isr = true}, .caller = CALL(13, NULL), .caller_task_name = "main",
      .right = RIGHT}},
    {"overflow_realloc_long",
     {ERROR(4, OVERFLOW, REALLOC), .address = 0x3fc9a0f4, .offset_bytes = 64, .damaged_bytes = 40,
      .window_offset_bytes = 64, .window_bytes = 16, .expected = {CANARY, CANARY},
      .actual = "HTTP/1.1 200 OK\r", .block = {COPY_BLOCK}, .caller = REALLOC_CALL,
      .caller_task_name = "mqtt_task", .repeats = 1, .block_checked = true,
      .block_checked_us = 850}},
    {"overflow_exit",
     {ERROR(5, OVERFLOW, EXIT), .address = 0x3fc9a0f4, .offset_bytes = 64, .damaged_bytes = 1,
      .window_offset_bytes = 64, .window_bytes = 8, .expected = {CANARY},
      .actual = {0, 0xc3, 0x17, 0xe0, 0x9b, 0x22, 0x41, 0x7d}, .block = {COPY_BLOCK},
      .caller_task_name = "main"}},
    {"overflow_empty_block",
     {ERROR(6, OVERFLOW, FREE), .address = 0x3fc9a0b4, .damaged_bytes = 1, .window_bytes = 8,
      .expected = {CANARY}, .actual = {0, 0xc3, 0x17, 0xe0, 0x9b, 0x22, 0x41, 0x7d},
      .block = {.address = 0x3fc9a0b4, .allocated = RX, .task_name = "(start-up)", .age_us = H},
      .caller_task_name = "(start-up)"}},
    {"underflow_free",
     {ERROR(7, UNDERFLOW, FREE), .address = 0x3fc9a0b0, .place = HEAPTRAIL_PLACE_FRONT_REDZONE,
      .offset_bytes = -4, .damaged_bytes = 4, .window_offset_bytes = -8, .window_bytes = 8,
      .expected = {CANARY}, .actual = {0x5a, 0xc3, 0x17, 0xe0, 0xef, 0xbe, 0xad, 0xde},
      .block = {COPY_BLOCK}, .caller = CALL(9, &s_done), .caller_task_name = "mqtt_task",
      .left = LEFT, .right = RIGHT, .aborted = true}},
    {"underflow_scrub_isr",
     {ERROR(8, UNDERFLOW, SCRUB), .address = 0x3fc9a0ac, .offset_bytes = -8, .damaged_bytes = 2,
      .window_offset_bytes = -8, .window_bytes = 8, .expected = {CANARY},
      .actual = {1, 2, 0x17, 0xe0, 0x9b, 0x22, 0x41, 0x7d}, .block = {COPY_BLOCK},
      .caller_task_name = "(ISR core 0)", .caller_in_isr = true}},
    {"write_after_free_quarantine",
     {ERROR(9, WRITE_AFTER_FREE, QUARANTINE), .address = 0x3fc9a0c4,
      .place = HEAPTRAIL_PLACE_QUARANTINE, .offset_bytes = 16, .damaged_bytes = 4,
      .window_offset_bytes = 12, .window_bytes = 16, .expected = {0},
      .actual = {0, 0, 0, 0, 0x10, 0xb0, 0xc9, 0x3f}, .block = {FREED_BLOCK},
      .caller = CALL(15, &s_close), .caller_task_name = "httpd", .left = LEFT, .right = RIGHT}},
    {"write_after_free_scrub",
     {ERROR(10, WRITE_AFTER_FREE, SCRUB), .address = 0x3fc9a0b4, .offset_bytes = 0,
      .damaged_bytes = 64, .window_offset_bytes = 0, .window_bytes = 16,
      .expected = {0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe,
                   0xfe, 0xfe, 0xfe},
      .actual = "temperature=21.5", .block = {FREED_BLOCK}, .caller = FRAMES(12, s_idle_stack),
      .caller_task_name = "IDLE1", .block_checked = true, .block_checked_us = 2 * MS,
      .heap_checked = true, .heap_checked_us = 9 * S}},
    {"overflow_of_freed",
     {ERROR(32, OVERFLOW, QUARANTINE), .address = 0x3fc9a0f4, .offset_bytes = 64,
      .damaged_bytes = 1, .window_offset_bytes = 64, .window_bytes = 8, .expected = {CANARY},
      .actual = {0, 0xc3, 0x17, 0xe0, 0x9b, 0x22, 0x41, 0x7d}, .block = {FREED_BLOCK},
      .caller_task_name = "httpd", .block_checked = true, .block_checked_us = 5 * S}},
    {"heap_damaged_quarantine",
     {ERROR(33, HEAP_DAMAGED, QUARANTINE), .address = 0x3fc9a0a8, .offset_bytes = -12,
      .block = {FREED_BLOCK}, .caller_task_name = "httpd", .block_checked = true,
      .block_checked_us = 5 * S, .heap_checked = true, .heap_checked_us = 9 * S}},
    {"double_free_quarantine",
     {ERROR(11, DOUBLE_FREE, FREE), .address = 0x3fc9a0b4, .place = HEAPTRAIL_PLACE_QUARANTINE,
      .block = {FREED_BLOCK}, .caller = CALL(15, &s_close), .caller_task_name = "httpd"}},
    {"double_free_recent",
     {ERROR(12, DOUBLE_FREE, FREE), .address = 0x3fc9a0b4, .place = HEAPTRAIL_PLACE_RECENTLY_FREED,
      .block = {COPY_BLOCK, .freed = true, .freed_task_name = "(ISR core 0)", .freed_in_isr = true,
                .freed_age_us = 40 * S},
      .caller_task_name = "(ISR core 1)", .caller_in_isr = true, .left = LEFT, .right = RIGHT,
      .repeats = 17}},
    {"realloc_freed",
     {ERROR(13, REALLOC_FREED, REALLOC), .address = 0x3fc9a0b4, .place = HEAPTRAIL_PLACE_QUARANTINE,
      .block = {FREED_BLOCK}, .caller = REALLOC_CALL, .caller_task_name = "mqtt_task"}},
    {"bad_free_interior",
     {ERROR(14, BAD_FREE, FREE), .address = 0x3fc9a0c0, .place = HEAPTRAIL_PLACE_BLOCK,
      .offset_bytes = 12, .block = {COPY_BLOCK}, .caller = CALL(9, &s_done),
      .caller_task_name = "mqtt_task"}},
    {"bad_free_front",
     {ERROR(15, BAD_FREE, FREE), .address = 0x3fc9a0b0, .place = HEAPTRAIL_PLACE_FRONT_REDZONE,
      .offset_bytes = -4, .block = {COPY_BLOCK}, .caller = CALL(9, &s_done),
      .caller_task_name = "mqtt_task"}},
    {"bad_free_tail",
     {ERROR(16, BAD_FREE, FREE), .address = 0x3fc9a0f6, .place = HEAPTRAIL_PLACE_TAIL_REDZONE,
      .offset_bytes = 66, .block = {COPY_BLOCK}, .caller = CALL(9, &s_done),
      .caller_task_name = "mqtt_task"}},
    {"bad_free_freed_interior",
     {ERROR(17, BAD_FREE, FREE), .address = 0x3fc9a0b8, .place = HEAPTRAIL_PLACE_RECENTLY_FREED,
      .offset_bytes = 4, .block = {FREED_BLOCK}, .caller = CALL(9, &s_done),
      .caller_task_name = "mqtt_task"}},
    {"bad_free_heap",
     {ERROR(18, BAD_FREE, FREE), .address = 0x3fc9a108, .place = HEAPTRAIL_PLACE_HEAP,
      .place_name = "DRAM", .caller = CALL(9, &s_done), .caller_task_name = "mqtt_task",
      .left = LEFT, .right = RIGHT}},
    {"bad_free_stack",
     {ERROR(19, BAD_FREE, FREE), .address = 0x3ffb1a20, .place = HEAPTRAIL_PLACE_STACK,
      .place_name = "mqtt_task", .caller = CALL(9, &s_done), .caller_task_name = "mqtt_task"}},
    {"bad_free_some_stack",
     {ERROR(20, BAD_FREE, FREE), .address = 0x3ffb1a20, .place = HEAPTRAIL_PLACE_STACK,
      .caller_task_name = "(start-up)"}},
    {"bad_free_static",
     {ERROR(21, BAD_FREE, FREE), .address = 0x3fc8a020, .place = HEAPTRAIL_PLACE_STATIC,
      .caller = CALL(9, &s_done), .caller_task_name = "main", .aborted = true}},
    {"bad_free_read_only",
     {ERROR(22, BAD_FREE, FREE), .address = 0x3c0a1230, .place = HEAPTRAIL_PLACE_READ_ONLY,
      .caller = CALL(9, &s_done), .caller_task_name = "main"}},
    {"bad_free_other",
     {ERROR(23, BAD_FREE, FREE), .address = 0x50000100, .place = HEAPTRAIL_PLACE_OTHER,
      .caller = CALL(9, &s_done), .caller_task_name = "main"}},
    {"bad_free_wild",
     {ERROR(24, BAD_FREE, FREE), .address = 0xdeadbeef, .caller = CALL(9, &s_done),
      .caller_task_name = "main"}},
    {"bad_realloc_interior",
     {ERROR(25, BAD_REALLOC, REALLOC), .address = 0x3fc9a0b5, .place = HEAPTRAIL_PLACE_BLOCK,
      .offset_bytes = 1, .block = {COPY_BLOCK}, .caller = REALLOC_CALL,
      .caller_task_name = "mqtt_task"}},
    {"heap_damaged_free",
     {ERROR(26, HEAP_DAMAGED, FREE), .address = 0x3fc9a0a8, .place = HEAPTRAIL_PLACE_HEAP,
      .place_name = "DRAM", .offset_bytes = -12, .block = {COPY_BLOCK}, .caller = CALL(9, &s_done),
      .caller_task_name = "mqtt_task", .left = LEFT, .right = RIGHT}},
    {"heap_damaged_verify",
     {ERROR(27, HEAP_DAMAGED, VERIFY), .address = 0x3fc88000, .place = HEAPTRAIL_PLACE_HEAP,
      .place_name = "DRAM", .caller = FRAMES(12, s_idle_stack), .caller_task_name = "main",
      .heap_checked = true, .heap_checked_us = 4 * S}},
    {"stack_overflow_full",
     {ERROR(28, STACK_OVERFLOW, SCRUB), .address = 0x3fc9a0f4, .offset_bytes = 64,
      .damaged_bytes = 8, .window_offset_bytes = 64, .window_bytes = 8, .expected = {CANARY},
      .actual = {0xa5, 0xa5, 0xa5, 0xa5, 0x1c, 0x8a, 0, 0x42}, .block = {COPY_BLOCK},
      .caller = FRAMES(12, s_idle_stack), .caller_task_name = "IDLE0",
      .right = {0x3fc9a10c, 4096, 24, FRAME, "main"}, .stack_task_name = "telemetry",
      .stack_margin_known = true}},
    {"stack_overflow_margin",
     {ERROR(29, STACK_OVERFLOW, FREE), .address = 0x3fc9a0ac, .offset_bytes = -8,
      .damaged_bytes = 8, .window_offset_bytes = -8, .window_bytes = 8, .expected = {CANARY},
      .actual = {0},
      .block = {.address = 0x3fc9a0b4,
                .size_bytes = 4096,
                .allocated = FRAME,
                .task_name = "main",
                .age_us = H},
      .caller_task_name = "main", .stack_task_name = "telemetry", .stack_margin_known = true,
      .stack_margin_bytes = 212}},
    {"stack_overflow_header",
     {ERROR(30, STACK_OVERFLOW, FREE), .address = 0x3fc9a0b0, .place_name = "DRAM",
      .block = {COPY_BLOCK}, .caller = CALL(9, &s_done), .caller_task_name = "mqtt_task",
      .stack_task_name = "telemetry"}},
    {"before_reset",
     {ERROR(31, OVERFLOW, FREE), .before_reset = true, .aborted = true, .address = 0x3fc9a0f4,
      .offset_bytes = 64, .damaged_bytes = 1, .window_offset_bytes = 64, .window_bytes = 8,
      .expected = {CANARY}, .actual = {0, 0xc3, 0x17, 0xe0, 0x9b, 0x22, 0x41, 0x7d},
      .block = {COPY_BLOCK}, .caller = FRAMES(12, s_idle_stack), .caller_task_name = "mqtt_task",
      .repeats = 2}},
    {"nothing_known", {.kind = HEAPTRAIL_ERROR_OVERFLOW, .damaged_bytes = 5}},
    {"hostile",
     {.number = UINT32_MAX,
      .kind = (heaptrail_error_kind_t)77,
      .found = (heaptrail_found_t)77,
      .place = (heaptrail_place_t)77,
      .place_name = "\x1b\xff\n\"",
      .uptime_us = UINT64_MAX,
      .window_bytes = 99,
      .actual = {1, 2, 3},
      .block = {.address = 0x10, .allocated = {.site = &s_broken}, .task_name = "\x1b]0;x\x07"},
      .caller = {.site = &s_broken, .frame_count = 3},
      .caller_task_name = "\xc3\xa4\xfe\"\\",
      .left = {0x8, 1, 2, {.site = &s_broken}, "\xff"},
      .stack_task_name = "\x07"}},
};

const uint32_t g_error_count = COUNT(g_errors);

/* The largest numbers; of one word size. */
const heaptrail_error_row_t g_extreme_error = {
    .number = UINT32_MAX,
    .kind = HEAPTRAIL_ERROR_OVERFLOW,
    .repeats = UINT32_MAX,
    .uptime_us = UINT64_MAX,
    .address = UINTPTR_MAX,
    .offset_bytes = PTRDIFF_MAX,
    .damaged_bytes = SIZE_MAX,
    .window_offset_bytes = PTRDIFF_MIN,
    .window_bytes = UINT32_MAX,
    .block = {.address = UINTPTR_MAX,
              .size_bytes = SIZE_MAX,
              .core = 255,
              .age_us = UINT64_MAX,
              .freed = true,
              .freed_age_us = UINT64_MAX},
    .left = {UINTPTR_MAX, SIZE_MAX, SIZE_MAX, {.id = UINT32_MAX}, "maximum"},
    .right = {UINTPTR_MAX, SIZE_MAX, SIZE_MAX, {.id = UINT32_MAX}, "maximum"},
    .block_checked = true,
    .block_checked_us = UINT64_MAX,
    .heap_checked = true,
    .heap_checked_us = UINT64_MAX,
    .stack_task_name = "maximum",
    .stack_margin_known = true,
    .stack_margin_bytes = SIZE_MAX};

/* --- addresses ---------------------------------------------------------------------------------
 */

#define ADDRESS_COUNT 9U

const heaptrail_address_row_t g_addresses[] = {
    {.address = 0x3fc9a0f5,
     .place = HEAPTRAIL_PLACE_TAIL_REDZONE,
     .place_name = "DRAM",
     .offset_bytes = 65,
     .block = {COPY_BLOCK},
     .left = LEFT,
     .right = RIGHT},
    {.address = 0x3fc9a0b0,
     .place = HEAPTRAIL_PLACE_FRONT_REDZONE,
     .offset_bytes = -4,
     .block = {COPY_BLOCK},
     .left = LEFT,
     .right = RIGHT},
    {.address = 0x3fc9a0c0,
     .place = HEAPTRAIL_PLACE_QUARANTINE,
     .offset_bytes = 12,
     .block = {FREED_BLOCK},
     .left = LEFT,
     .right = RIGHT},
    {.address = 0x3fc9a0c1,
     .place = HEAPTRAIL_PLACE_RECENTLY_FREED,
     .offset_bytes = 13,
     .block = {FREED_BLOCK},
     .left = LEFT},
    {.address = 0x3ffb1a20,
     .place = HEAPTRAIL_PLACE_STACK,
     .place_name = "mqtt_task",
     .task_id = 5},
    {.address = 0x3ffb0000, .place = HEAPTRAIL_PLACE_STACK},
    {.address = 0x3fc8a020, .place = HEAPTRAIL_PLACE_STATIC},
    {.address = 0x3c0a1230, .place = HEAPTRAIL_PLACE_READ_ONLY},
    {.address = 0x50000100, .place = HEAPTRAIL_PLACE_OTHER},
};

_Static_assert(COUNT(g_addresses) == ADDRESS_COUNT, "g_addresses");

/* --- explanations ------------------------------------------------------------------------------
 */

static const heaptrail_explanation_t s_fragmented = {
    .failure_number = 11,
    .size_bytes = 64 * KIB,
    .caps = 1 << 2 | 1 << 11,
    .verdict = HEAPTRAIL_VERDICT_FRAGMENTED,
    .heaps = 2,
    .heap_bytes = 344 * KIB,
    .largest_heap_bytes = 320 * KIB,
    .free_bytes = 92262,
    .largest_free_bytes = 31 * KIB + 744,
    .fragmentation_permille = 647,
    .live_bytes = 217 * KIB,
    .quarantine_bytes = 4608,
    .heaptrail_bytes = 12 * KIB,
    .site = {{RX, 41, 82 * KIB}, {COPY, 512, 9731}, {FRAME, 1, 77}},
    .task = {{4, "httpd", 41, 82 * KIB}, {5, "mqtt_task", 512, 9731}},
    .hole_bytes = 96 * KIB,
    .pin_blocks = 6,
    .pin_bytes = 1200,
    .pin = {{0x3fc9b000, 600, FRAME, 53 * H},
            {0x3fc9b400, 64, COPY, 12 * MIN},
            {0x3fc9b800, 64, COPY, 11 * MIN},
            {0x3fc9bc00, 72, RX, 850 * MS}}};

const heaptrail_explanation_t *explanation(heaptrail_verdict_t verdict)
{
    static heaptrail_explanation_t row;
    row = s_fragmented;
    row.verdict = verdict;
    if (verdict == HEAPTRAIL_VERDICT_IMPOSSIBLE) {
        row.size_bytes = 512 * KIB;
        row.hole_bytes = 0;
        row.site[0].blocks = 0;
        row.task[0].blocks = 0;
    } else if (verdict == HEAPTRAIL_VERDICT_EXHAUSTED) {
        row.size_bytes = 200 * KIB;
        row.pin_blocks = 1;
        row.pin_bytes = 600;
        memset(&row.pin[1], 0, sizeof(row.pin) - sizeof(row.pin[0]));
    } else if (verdict == HEAPTRAIL_VERDICT_UNKNOWN) {
        row.failure_number = 3; /* no longer in the ring */
        row.hole_bytes = 0;
    }
    return &row;
}

/* --- worlds ------------------------------------------------------------------------------------
 */

const heaptrail_checks_t g_all_checks = {.redzones = true,
                                         .redzone_front_bytes = 8,
                                         .redzone_tail_bytes = 8,
                                         .fill_new = true,
                                         .new_byte = 0xa5,
                                         .fill_freed = true,
                                         .heap_headers = true,
                                         .wrong_frees = true,
                                         .quarantine_blocks = 64,
                                         .quarantine_bytes = 8 * KIB,
                                         .report_interval_ms = 1000,
                                         .scrub_round_ms = 10000};

const fake_world_t *fake_errors(void)
{
    static heaptrail_error_row_t rows[COUNT(g_errors)];
    static fake_world_t world;
    for (uint32_t i = 0; i < COUNT(g_errors); i++) {
        rows[i] = g_errors[i].row;
    }
    world = *fake_firmware();
    world.errors = rows;
    world.error_count = COUNT(g_errors);
    world.addresses = g_addresses;
    world.address_count = ADDRESS_COUNT;
    world.explanation = &s_fragmented;
    world.checks = g_all_checks;
    world.check_status = (heaptrail_check_status_t){
        .errors = {0, 9, 2, 2, 19, 1, 11, 1, 2, 3},
        .reported = 33,
        .repeated = 17,
        .overwritten = 4,
        .quarantined_blocks = 24,
        .quarantined_bytes = 3190,
        .quarantine_max_blocks = 64,
        .released_early = 12,
        .unguarded_blocks = 3,
        .leaked_blocks = 1,
        .leaked_bytes = 64,
        .redzone_bytes = 9 * KIB,
        .scrub_rounds = 1132,
        .scrubbed = true,
        .scrub_age_us = 4 * S,
    };
    return &world;
}
