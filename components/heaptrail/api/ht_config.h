/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_config.h
 * Every option, always defined. From menuconfig on ESP-IDF; elsewhere from the command line or
 * here.
 */
#pragma once

#if defined(__has_include)
#if __has_include("sdkconfig.h")
#include "sdkconfig.h"
#endif
#endif

/** Record from the first allocation on (1), or only after heaptrail_start() (0). */
#if defined(CONFIG_HEAPTRAIL_START_AT_BOOT)
#define HT_CONFIG_START_AT_BOOT 1
#elif defined(CONFIG_HEAPTRAIL_ENABLE)
#define HT_CONFIG_START_AT_BOOT 0
#else
#define HT_CONFIG_START_AT_BOOT 1
#endif

/** The linker redirects the allocator's functions to us (1), or only the macros record (0). */
#if defined(CONFIG_HEAPTRAIL_WRAP) || !defined(CONFIG_HEAPTRAIL_ENABLE)
#define HT_CONFIG_WRAP 1
#else
#define HT_CONFIG_WRAP 0
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
#ifndef CONFIG_HEAPTRAIL_FRAME_WORDS
#define CONFIG_HEAPTRAIL_FRAME_WORDS 1024
#endif
#ifndef CONFIG_HEAPTRAIL_SAMPLE_INTERVAL_MS
#define CONFIG_HEAPTRAIL_SAMPLE_INTERVAL_MS 10000
#endif
