/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_format.h
 * The numbers of the trace format: SPEC.md, section 5, which says what they mean. The encoder on
 * the device and the decoder on the host share this file and nothing else.
 */
#pragma once

/* --- the wire (5.1) --- */
#define HT_WIRE_END 0x00U     /**< between frames */
#define HT_WIRE_ESCAPE 0xDBU  /**< the next byte is XORed with HT_WIRE_ESCAPED */
#define HT_WIRE_ESCAPED 0x40U /**< what an escaped byte is XORed with */
#define HT_WIRE_MASK 0xA5U    /**< what each byte of a body is XORed with, before escaping */

/** Must this (masked) byte be escaped? */
#define HT_WIRE_IS_SPECIAL(b)                                                                      \
    ((b) == 0x00U || (b) == 0x09U || (b) == 0x0AU || (b) == 0x0DU || (b) == 0x11U ||               \
     (b) == 0x13U || (b) == HT_WIRE_ESCAPE)

/* --- the body of a frame (5.2) --- */
#define HT_FRAME_MAGIC_0 0x48U
#define HT_FRAME_MAGIC_1 0x54U
#define HT_FRAME_VERSION 1U
#define HT_FRAME_MAX 4096U     /**< bytes of a body, at most */
#define HT_FRAME_CRC_BYTES 4U  /**< at its end */
#define HT_FRAME_FIXED_BYTES 6 /**< in front of the sequence: magic, version, flags, boot */

enum {
    HT_FRAME_UNIT_16 = 1U << 0,     /**< addresses count in units of 16 bytes, else of 4 */
    HT_FRAME_POINTER_64 = 1U << 1,  /**< pointers are 8 bytes, else 4 */
    HT_FRAME_COMPLETE = 1U << 2,    /**< every definition that it refers to is in it */
    HT_FRAME_BEFORE_RESET = 1U << 3 /**< out of the flight recorder */
};

/* --- records (5.3) --- */
enum {
    HT_TAG_ALLOC = 0x80, /**< 10ddsooo */
    HT_TAG_FREE = 0xC0,  /**< 11ddaaaa */
    HT_TAG_HOT_MASK = 0xC0,
    HT_TAG_DT_SHIFT = 4,
    HT_TAG_DT_MASK = 3,
    HT_TAG_DT_FOLLOWS = 3,
    HT_TAG_SAME_SIZE = 0x08,
    HT_TAG_ORIGIN_MASK = 7,
    HT_TAG_ORIGIN_FOLLOWS = 7,
    HT_TAG_BLOCK_MASK = 15,
    HT_TAG_BLOCK_FOLLOWS = 15,

    HT_TAG_CONTEXT = 0x01,
    HT_TAG_REALLOC_FREE = 0x02,
    HT_TAG_UNRECORDED = 0x03,
    HT_TAG_ODD = 0x04,

    HT_TAG_WITH_LENGTH = 0x10, /**< this and what is above, below HT_TAG_ALLOC */
    HT_TAG_ORIGIN = 0x10,
    HT_TAG_SITE = 0x11,
    HT_TAG_TASK = 0x12,
    HT_TAG_TASK_GONE = 0x13,
    HT_TAG_HEAP = 0x14,
    HT_TAG_HEAP_SAMPLE = 0x15,
    HT_TAG_MARK = 0x16,
    HT_TAG_FAILURE = 0x17,
    HT_TAG_ERROR = 0x18,
    HT_TAG_LOSS = 0x19,
    HT_TAG_SNAPSHOT = 0x1a,
    HT_TAG_SNAPSHOT_BLOCK = 0x1b,
    HT_TAG_SNAPSHOT_END = 0x1c,
    HT_TAG_COUNTERS = 0x1d,
    HT_TAG_HELLO = 0x1e,
    HT_TAG_END = 0x1f,
    HT_TAG_POOL_BLOCK = 0x20,
    HT_TAG_RELABEL = 0x21,
    HT_TAG_PUT_BACK = 0x22,
    HT_TAG_SEARCH = 0x23,
    HT_TAG_SUSPECT = 0x24
};

/* Lists of the coder, empty at the start of each frame. */
#define HT_RECENT_ORIGINS 7U
#define HT_RECENT_BLOCKS 15U
#define HT_SIZE_SLOTS 32U

enum { HT_TRACE_TASK = 0, HT_TRACE_TASK_ISR, HT_TRACE_TASK_STARTUP, HT_TRACE_TASK_OTHERS };

enum {
    HT_SNAPSHOT_POOL = 1U << 0,      /**< flag of a snapshot's block: a pool's */
    HT_SNAPSHOT_CORE_1 = 1U << 1,    /**< made on core 1 */
    HT_SNAPSHOT_UNRECORDED = 1U << 2 /**< in checkpoints: has no record on the device */
};

enum {
    HT_LOSS_RING_FULL = 1,
    HT_LOSS_SINK_SLOW,
    HT_LOSS_NOT_WRITTEN,
    HT_LOSS_TABLE_FULL,
    HT_LOSS_TABLE_CROWDED,
    HT_LOSS_TOO_LARGE,
    HT_LOSS_ORIGINS_FULL,
    HT_LOSS_FRAMES_FULL,
    HT_LOSS_TASKS_FULL,
    HT_LOSS_FILTERED,
    HT_LOSS_OVERWRITTEN,
    HT_LOSS_CAUSES
};

/* Whether a search for leaks looked at memory. */
enum {
    HT_SCANNED = 0,
    HT_SCANNED_NOT_ASKED,
    HT_SCANNED_NOT_SUPPORTED,
    HT_SCANNED_NO_MEMORY,
    HT_SCANNED_OTHER
};

enum {
    HT_SEARCH_DISTURBED = 1U << 0,     /**< the table moved records meanwhile */
    HT_SEARCH_SCAN_DISTURBED = 1U << 1 /**< already while it scanned */
};

/* What speaks for a leak, in the order of its fields in a suspect. */
enum {
    HT_EVIDENCE_UNREACHABLE = 1U << 0,
    HT_EVIDENCE_GROWTH = 1U << 1,
    HT_EVIDENCE_TASK_GONE = 1U << 2,
    HT_EVIDENCE_OVERDUE = 1U << 3
};

enum {
    HT_GROWTH_RISES = 1U << 0,
    HT_GROWTH_STEADY = 1U << 1,
};

enum { HT_END_STOPPED = 0, HT_END_RESTART, HT_END_EXIT, HT_END_PAUSED };

/* --- hello (5.4): even keys are varints, odd ones text --- */
enum {
    HT_HELLO_CHIP = 1,
    HT_HELLO_TICK_HZ = 2,
    HT_HELLO_IDF_VERSION = 3,
    HT_HELLO_GENERATION = 4,
    HT_HELLO_APP_NAME = 5,
    HT_HELLO_WALL_CLOCK_US = 6,
    HT_HELLO_APP_VERSION = 7,
    HT_HELLO_CORES = 8,
    HT_HELLO_ELF_SHA256 = 9,
    HT_HELLO_STACK_DEPTH = 10,
    HT_HELLO_HEAPTRAIL_VERSION = 11,
    HT_HELLO_MAX_BLOCKS = 12,
    HT_HELLO_COMPILED = 13,
    HT_HELLO_RING_BYTES = 14,
    HT_HELLO_BUILD_ID = 15,
    HT_HELLO_RESET_REASON = 16,
    HT_HELLO_PROGRAM = 17,
    HT_HELLO_POLICY = 18,
    HT_HELLO_OBJECT = 19,
    HT_HELLO_PID = 20
};

/* --- the recorded file (5.6) --- */
#define HT_FILE_CHECKPOINT_MAGIC 0x184D2A57U
#define HT_FILE_INDEX_MAGIC 0x184D2A58U
#define HT_FILE_CHECKPOINT_NAME "HTCP"
#define HT_FILE_INDEX_NAME "HTIX"
#define HT_FILE_VERSION 1U
#define HT_FILE_ENTRY_BYTES 48U
