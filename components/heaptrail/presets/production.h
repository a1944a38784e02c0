/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file production.h
 * This preset for builds without menuconfig: what sdkconfig.h holds of heaptrail when it is chosen
 * there. Written by scripts/kconfig.py from Kconfig: do not edit. A value that is defined already
 * stays; 0 switches an option off.
 */
#pragma once

#ifndef CONFIG_HEAPTRAIL_ENABLE
#define CONFIG_HEAPTRAIL_ENABLE 1
#endif
#ifndef CONFIG_HEAPTRAIL_START_AT_BOOT
#define CONFIG_HEAPTRAIL_START_AT_BOOT 1
#endif
#ifndef CONFIG_HEAPTRAIL_CONSOLE
#define CONFIG_HEAPTRAIL_CONSOLE 1
#endif
#ifndef CONFIG_HEAPTRAIL_WRAP
#define CONFIG_HEAPTRAIL_WRAP 1
#endif
#ifndef CONFIG_HEAPTRAIL_WRAP_ENTRIES
#define CONFIG_HEAPTRAIL_WRAP_ENTRIES 1
#endif
#ifndef CONFIG_HEAPTRAIL_MAX_BLOCKS
#define CONFIG_HEAPTRAIL_MAX_BLOCKS 1000
#endif
#ifndef CONFIG_HEAPTRAIL_MAX_SITES
#define CONFIG_HEAPTRAIL_MAX_SITES 128
#endif
#ifndef CONFIG_HEAPTRAIL_MAX_TASKS
#define CONFIG_HEAPTRAIL_MAX_TASKS 32
#endif
#ifndef CONFIG_HEAPTRAIL_MAX_FAILURES
#define CONFIG_HEAPTRAIL_MAX_FAILURES 8
#endif
#ifndef CONFIG_HEAPTRAIL_STACK_DEPTH
#define CONFIG_HEAPTRAIL_STACK_DEPTH 1
#endif
#ifndef CONFIG_HEAPTRAIL_FRAME_WORDS
#define CONFIG_HEAPTRAIL_FRAME_WORDS 0
#endif
#ifndef CONFIG_HEAPTRAIL_SAMPLE_INTERVAL_MS
#define CONFIG_HEAPTRAIL_SAMPLE_INTERVAL_MS 10000
#endif
#ifndef CONFIG_HEAPTRAIL_GROWTH_SITES
#define CONFIG_HEAPTRAIL_GROWTH_SITES 128
#endif
#ifndef CONFIG_HEAPTRAIL_GROWTH_PERIOD_MS
#define CONFIG_HEAPTRAIL_GROWTH_PERIOD_MS 10000
#endif
#ifndef CONFIG_HEAPTRAIL_LOWMEM_WATCHES
#define CONFIG_HEAPTRAIL_LOWMEM_WATCHES 0
#endif
#ifndef CONFIG_HEAPTRAIL_SCAN_ROOTS
#define CONFIG_HEAPTRAIL_SCAN_ROOTS 8
#endif
