/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_caps.h
 * ESP-IDF's capabilities, always defined. From 6.0 on MALLOC_CAP_EXEC is there only if the chip has
 * a heap that code can run from (CONFIG_HEAP_HAS_EXEC_HEAP); 0 is then the capability that no heap
 * offers.
 */
#pragma once

#include "esp_heap_caps.h"

#ifndef MALLOC_CAP_EXEC
#define MALLOC_CAP_EXEC 0U
#endif
