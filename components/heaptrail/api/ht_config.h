/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_config.h
 * Every option, always defined. From menuconfig on ESP-IDF; elsewhere from the project's
 * heaptrail_config.h, from a preset, from the command line, or from here. For a switch, 0 means
 * off.
 */
#pragma once

#if defined(__has_include)
#if __has_include("sdkconfig.h")
#include "sdkconfig.h"
#endif
#if !defined(CONFIG_HEAPTRAIL_ENABLE) && __has_include("heaptrail_config.h")
#include "heaptrail_config.h"
#endif
#endif

/* A preset, as menuconfig offers them. Arduino's sdkconfig.h was made without heaptrail: there it
 * is the preset that menuconfig begins with, too. */
#if defined(HEAPTRAIL_PRESET_HUNT)
#include "../presets/hunt.h"
#elif defined(HEAPTRAIL_PRESET_DEVELOPMENT)
#include "../presets/development.h"
#elif defined(HEAPTRAIL_PRESET_PRODUCTION) || defined(ARDUINO)
#include "../presets/production.h"
#endif

/** Record from the first allocation on (1), or only after heaptrail_start() (0). */
#if defined(CONFIG_HEAPTRAIL_START_AT_BOOT)
#define HT_CONFIG_START_AT_BOOT (CONFIG_HEAPTRAIL_START_AT_BOOT + 0)
#elif defined(CONFIG_HEAPTRAIL_ENABLE)
#define HT_CONFIG_START_AT_BOOT 0
#else
#define HT_CONFIG_START_AT_BOOT 1
#endif

/** The linker redirects the allocator's functions to us (1), or only the macros record (0). */
#if defined(CONFIG_HEAPTRAIL_WRAP)
#define HT_CONFIG_WRAP (CONFIG_HEAPTRAIL_WRAP + 0)
#elif defined(CONFIG_HEAPTRAIL_ENABLE)
#define HT_CONFIG_WRAP 0
#else
#define HT_CONFIG_WRAP 1
#endif

/** The heap's hooks tell of allocations instead (1). */
#if defined(CONFIG_HEAPTRAIL_HOOKS)
#define HT_CONFIG_HOOKS (CONFIG_HEAPTRAIL_HOOKS + 0)
#else
#define HT_CONFIG_HOOKS 0
#endif

/** The functions that firmware calls are redirected as well, to know the caller (1). */
#if defined(CONFIG_HEAPTRAIL_WRAP_ENTRIES)
#define HT_CONFIG_WRAP_ENTRIES (CONFIG_HEAPTRAIL_WRAP_ENTRIES + 0)
#elif defined(CONFIG_HEAPTRAIL_ENABLE)
#define HT_CONFIG_WRAP_ENTRIES 0
#else
#define HT_CONFIG_WRAP_ENTRIES 1
#endif

/** The hot path may lie in flash (1). */
#if defined(CONFIG_HEAPTRAIL_HOT_IN_FLASH)
#define HT_CONFIG_HOT_IN_FLASH (CONFIG_HEAPTRAIL_HOT_IN_FLASH + 0)
#else
#define HT_CONFIG_HOT_IN_FLASH 0
#endif

#ifndef CONFIG_HEAPTRAIL_MAX_BLOCKS
#define CONFIG_HEAPTRAIL_MAX_BLOCKS 2000
#endif
#ifndef CONFIG_HEAPTRAIL_MAX_SITES
#define CONFIG_HEAPTRAIL_MAX_SITES 256
#endif
#ifndef CONFIG_HEAPTRAIL_MAX_TASKS
#define CONFIG_HEAPTRAIL_MAX_TASKS 32
#endif
#ifndef CONFIG_HEAPTRAIL_MAX_FAILURES
#define CONFIG_HEAPTRAIL_MAX_FAILURES 16
#endif
#ifndef CONFIG_HEAPTRAIL_STACK_DEPTH
#define CONFIG_HEAPTRAIL_STACK_DEPTH 8
#endif
/** RISC-V without frame pointers: learn from the code where its frames end (1), or record the
 * caller alone (0). Remembers so many return addresses. */
#if defined(CONFIG_HEAPTRAIL_STACK_SCAN)
#define HT_CONFIG_STACK_SCAN 1
#else
#define HT_CONFIG_STACK_SCAN 0
#endif
#ifndef CONFIG_HEAPTRAIL_STACK_SCAN_ENTRIES
#define CONFIG_HEAPTRAIL_STACK_SCAN_ENTRIES 256
#endif
#ifndef CONFIG_HEAPTRAIL_FRAME_WORDS
#define CONFIG_HEAPTRAIL_FRAME_WORDS 1024
#endif
#ifndef CONFIG_HEAPTRAIL_SAMPLE_INTERVAL_MS
#define CONFIG_HEAPTRAIL_SAMPLE_INTERVAL_MS 10000
#endif
/** Sites whose live bytes are followed over the whole run, and how often. */
#ifndef CONFIG_HEAPTRAIL_GROWTH_SITES
#define CONFIG_HEAPTRAIL_GROWTH_SITES CONFIG_HEAPTRAIL_MAX_SITES
#endif
#ifndef CONFIG_HEAPTRAIL_GROWTH_PERIOD_MS
#define CONFIG_HEAPTRAIL_GROWTH_PERIOD_MS 10000
#endif
#ifndef CONFIG_HEAPTRAIL_LOWMEM_WATCHES
#define CONFIG_HEAPTRAIL_LOWMEM_WATCHES 0
#endif

/** Blocks, areas and functions that can be told to the reachability scan. */
#ifndef CONFIG_HEAPTRAIL_SCAN_ROOTS
#define CONFIG_HEAPTRAIL_SCAN_ROOTS 8
#endif

/** A trace can go over TCP (1): refers to the network stack. On Arduino it is always there. */
#if defined(CONFIG_HEAPTRAIL_SINK_TCP)
#define HT_CONFIG_SINK_TCP (CONFIG_HEAPTRAIL_SINK_TCP + 0)
#elif defined(CONFIG_HEAPTRAIL_ENABLE) && !defined(ARDUINO)
#define HT_CONFIG_SINK_TCP 0
#else
#define HT_CONFIG_SINK_TCP 1
#endif

/* --- the trace ---------------------------------------------------------------------------------
 */

/** Events can be traced (1): heaptrail_trace.h. */
#if defined(CONFIG_HEAPTRAIL_TRACE)
#define HT_CONFIG_TRACE (CONFIG_HEAPTRAIL_TRACE + 0)
#elif defined(CONFIG_HEAPTRAIL_ENABLE)
#define HT_CONFIG_TRACE 0
#else
#define HT_CONFIG_TRACE 1
#endif

#ifndef CONFIG_HEAPTRAIL_TRACE_RING_EVENTS
#define CONFIG_HEAPTRAIL_TRACE_RING_EVENTS 512
#endif

/* The flight recorder's ready memory; 0: there is none. */
#ifndef CONFIG_HEAPTRAIL_TRACE_RECORDER_BYTES
#define CONFIG_HEAPTRAIL_TRACE_RECORDER_BYTES 0
#endif

/* --- memory errors ---------------------------------------------------------------------------- */

/** Look for memory errors from boot on (1), or only after heaptrail_set_checks() (0). */
#if defined(CONFIG_HEAPTRAIL_CHECKS)
#define HT_CONFIG_CHECKS (CONFIG_HEAPTRAIL_CHECKS + 0)
#else
#define HT_CONFIG_CHECKS 0
#endif

#ifndef CONFIG_HEAPTRAIL_REDZONE_FRONT
#define CONFIG_HEAPTRAIL_REDZONE_FRONT 8
#endif
#ifndef CONFIG_HEAPTRAIL_REDZONE_TAIL
#define CONFIG_HEAPTRAIL_REDZONE_TAIL 8
#endif

/** Fill new blocks (1) with this byte. */
#if defined(CONFIG_HEAPTRAIL_FILL_NEW)
#define HT_CONFIG_FILL_NEW (CONFIG_HEAPTRAIL_FILL_NEW + 0)
#else
#define HT_CONFIG_FILL_NEW 0
#endif
#ifndef CONFIG_HEAPTRAIL_FILL_NEW_BYTE
#define CONFIG_HEAPTRAIL_FILL_NEW_BYTE 0xCE
#endif

/** Fill freed blocks (1) with this byte. */
#if defined(CONFIG_HEAPTRAIL_FILL_FREED)
#define HT_CONFIG_FILL_FREED (CONFIG_HEAPTRAIL_FILL_FREED + 0)
#elif !defined(CONFIG_HEAPTRAIL_CHECKS)
#define HT_CONFIG_FILL_FREED 1
#else
#define HT_CONFIG_FILL_FREED 0
#endif
#ifndef CONFIG_HEAPTRAIL_FILL_FREED_BYTE
#define CONFIG_HEAPTRAIL_FILL_FREED_BYTE 0
#endif

/* A firmware that does not ask for checks has no room for freed blocks. */
#if defined(CONFIG_HEAPTRAIL_ENABLE) && !HT_CONFIG_CHECKS
#undef CONFIG_HEAPTRAIL_QUARANTINE_BLOCKS
#undef CONFIG_HEAPTRAIL_RECENT_FREES
#undef CONFIG_HEAPTRAIL_MAX_ERRORS
#define CONFIG_HEAPTRAIL_QUARANTINE_BLOCKS 0
#define CONFIG_HEAPTRAIL_RECENT_FREES 0
#define CONFIG_HEAPTRAIL_MAX_ERRORS 1
#endif
/* Without a fill there is nothing to see a write by. */
#if defined(CONFIG_HEAPTRAIL_ENABLE) && !HT_CONFIG_FILL_FREED
#undef CONFIG_HEAPTRAIL_QUARANTINE_BLOCKS
#define CONFIG_HEAPTRAIL_QUARANTINE_BLOCKS 0
#endif
#ifndef CONFIG_HEAPTRAIL_QUARANTINE_BLOCKS
#define CONFIG_HEAPTRAIL_QUARANTINE_BLOCKS 32
#endif
#ifndef CONFIG_HEAPTRAIL_QUARANTINE_BYTES
#define CONFIG_HEAPTRAIL_QUARANTINE_BYTES 8192
#endif
#ifndef CONFIG_HEAPTRAIL_RECENT_FREES
#define CONFIG_HEAPTRAIL_RECENT_FREES 32
#endif
#ifndef CONFIG_HEAPTRAIL_MAX_ERRORS
#define CONFIG_HEAPTRAIL_MAX_ERRORS 8
#endif
#ifndef CONFIG_HEAPTRAIL_SCRUB_ROUND_MS
#define CONFIG_HEAPTRAIL_SCRUB_ROUND_MS 30000
#endif
#ifndef CONFIG_HEAPTRAIL_REPORT_INTERVAL_MS
#define CONFIG_HEAPTRAIL_REPORT_INTERVAL_MS 10000
#endif

/** Abort when an error is found (1), or report it and go on (0). */
#if defined(CONFIG_HEAPTRAIL_ABORT_ON_ERROR)
#define HT_CONFIG_ABORT_ON_ERROR (CONFIG_HEAPTRAIL_ABORT_ON_ERROR + 0)
#else
#define HT_CONFIG_ABORT_ON_ERROR 0
#endif

/** The command `heaptrail` for esp_console (1), or none (0). */
#if defined(CONFIG_HEAPTRAIL_CONSOLE)
#define HT_CONFIG_CONSOLE (CONFIG_HEAPTRAIL_CONSOLE + 0)
#elif defined(CONFIG_HEAPTRAIL_ENABLE)
#define HT_CONFIG_CONSOLE 0
#else
#define HT_CONFIG_CONSOLE 1
#endif
