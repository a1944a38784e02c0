/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_state.h
 * All that the default tracker knows, as one object in memory: `heaptrail_state`. A core dump that
 * holds it tells who held the heap, and SPEC.md, 3 says how to read it.
 *
 *   [ header | tracker | tables ]      magic: valid; else nothing was ever recorded
 *      |
 *      +--> field table, in flash: where each field lies, so that a reader needs no headers
 *
 * The header is written when the tracker begins and not by the linker: the tables would be in the
 * firmware's image as that many zeros.
 */
#pragma once

#include "ht_config.h"
#include "ht_tracker.h"

/** 1: the tables are a variable of their own, for memory (PSRAM) that the tracker's lock must not
 * lie in; 0: they are part of the state. */
#if defined(CONFIG_HEAPTRAIL_TABLES_IN_PSRAM)
#define HT_STATE_TABLES_APART 1
#else
#define HT_STATE_TABLES_APART 0
#endif

/** Changes when a field changes its meaning. New fields, and fields that move, do not count. */
#define HT_STATE_VERSION 2U

/** "heaptrl" and a byte that shows a wrong byte order or a text that was cut. */
#define HT_STATE_MAGIC "heaptrl\x1a"

/** Tables, the high byte of ht_state_field_t::id; the low byte is the field, 0 the row itself. */
typedef enum {
    HT_STATE_TRACKER = 0, /**< offsets from the start of heaptrail_state */
    HT_STATE_RECORD = 1,
    HT_STATE_ORIGIN = 2,
    HT_STATE_TASK = 3,
    HT_STATE_HEAP = 4,
    HT_STATE_FAILURE = 5,
    HT_STATE_FREED = 6,
    HT_STATE_SITE = 7
} ht_state_table_t;

/** One field: its place in a row, or in heaptrail_state. 8 bytes, in flash. */
typedef struct {
    uint16_t id;
    uint16_t bytes;
    uint32_t offset;
} ht_state_field_t;

typedef struct {
    char magic[8];
    uint16_t version;
    uint16_t header_bytes;
    uint8_t pointer_bytes;
    uint8_t bucket_slots; /**< records in a bucket */
    uint16_t field_count;
    uint32_t total_bytes; /**< of heaptrail_state */
    uint32_t tick_hz;
    uint32_t image;    /**< ht_port_image() */
    uint32_t reserved; /**< 0 */
    const void *self;  /**< where heaptrail_state lies: relates a raw image to addresses */
    const ht_state_field_t *fields; /**< in the firmware's image */
} ht_state_header_t;

static_assert(HT_STATE_VERSION == 2U && sizeof(ht_state_field_t) == 8 &&
                  offsetof(ht_state_header_t, version) == 8 &&
                  offsetof(ht_state_header_t, pointer_bytes) == 12 &&
                  offsetof(ht_state_header_t, total_bytes) == 16 &&
                  offsetof(ht_state_header_t, self) == 32 &&
                  sizeof(ht_state_header_t) == 32 + 2 * sizeof(void *),
              "the header of a dumped state is a contract: SPEC.md, 3");

/* As ht_tracker_memory_bytes(), but for the compiler: the tables are static memory. */
#define HT_STATE_ALIGNED(bytes) (((bytes) + 7U) & ~(size_t)7U)
#define HT_STATE_POWER_OF_TWO(n)                                                                   \
    ((n) <= 16U      ? 16U                                                                         \
     : (n) <= 32U    ? 32U                                                                         \
     : (n) <= 64U    ? 64U                                                                         \
     : (n) <= 128U   ? 128U                                                                        \
     : (n) <= 256U   ? 256U                                                                        \
     : (n) <= 512U   ? 512U                                                                        \
     : (n) <= 1024U  ? 1024U                                                                       \
     : (n) <= 2048U  ? 2048U                                                                       \
     : (n) <= 4096U  ? 4096U                                                                       \
     : (n) <= 8192U  ? 8192U                                                                       \
     : (n) <= 16384U ? 16384U                                                                      \
     : (n) <= 32768U ? 32768U                                                                      \
     : (n) <= 65536U ? 65536U                                                                      \
                     : 131072U)
/* A quarantine needs one entry more than it holds. */
#define HT_STATE_FREED_WANTED                                                                      \
    (CONFIG_HEAPTRAIL_QUARANTINE_BLOCKS + (CONFIG_HEAPTRAIL_RECENT_FREES > 0                       \
                                               ? CONFIG_HEAPTRAIL_RECENT_FREES                     \
                                               : CONFIG_HEAPTRAIL_QUARANTINE_BLOCKS > 0))
#define HT_STATE_FREED_MAX                                                                         \
    (HT_STATE_FREED_WANTED == 0 ? 0U : HT_STATE_POWER_OF_TWO(HT_STATE_FREED_WANTED))
#define HT_STATE_BUCKETS                                                                           \
    ((CONFIG_HEAPTRAIL_MAX_BLOCKS + HT_BUCKET_SLOTS - 2U) / (HT_BUCKET_SLOTS - 1U))
#define HT_STATE_MEMORY_BYTES                                                                      \
    (HT_STATE_ALIGNED((CONFIG_HEAPTRAIL_MAX_SITES + 1U) * sizeof(ht_origin_t)) +                   \
     HT_STATE_ALIGNED((HT_STATE_BUCKETS + 1U) * sizeof(ht_bucket_t)) +                             \
     HT_STATE_ALIGNED((HT_TASK_FIRST + CONFIG_HEAPTRAIL_MAX_TASKS) * sizeof(ht_task_t)) +          \
     HT_STATE_ALIGNED(CONFIG_HEAPTRAIL_MAX_FAILURES * sizeof(ht_failure_t)) +                      \
     HT_STATE_ALIGNED(HT_STATE_FREED_MAX * sizeof(ht_freed_t)) +                                   \
     HT_STATE_ALIGNED(CONFIG_HEAPTRAIL_FRAME_WORDS * sizeof(uintptr_t)) +                          \
     HT_STATE_ALIGNED(HT_STATE_POWER_OF_TWO(2U * CONFIG_HEAPTRAIL_MAX_SITES) *                     \
                      sizeof(ht_origin_slot_t)) +                                                  \
     HT_STATE_ALIGNED(HT_STATE_POWER_OF_TWO(2U * CONFIG_HEAPTRAIL_MAX_TASKS) * sizeof(uint16_t)))

typedef struct {
    ht_state_header_t header;
    ht_tracker_t tracker; /**< all zero until the first event */
    /** The tables, by Kconfig's sizes; one word where they lie apart. */
    uint64_t memory[HT_STATE_TABLES_APART ? 1U : HT_STATE_MEMORY_BYTES / sizeof(uint64_t)];
} ht_state_t;

extern ht_state_t heaptrail_state;

/** Write the header. Twice does no harm. Any context. O(1). */
void ht_state_sign(ht_state_t *state);
