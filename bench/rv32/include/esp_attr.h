/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* As ESP-IDF's for chips: functions for IRAM in sections of their own, so that they can be counted.
 */
#pragma once

#include_next "esp_attr.h"

#undef IRAM_ATTR
#define BENCH_TEXT_(n) #n
#define BENCH_TEXT(n) BENCH_TEXT_(n)
#define IRAM_ATTR __attribute__((section(".text.iram1." BENCH_TEXT(__COUNTER__))))
