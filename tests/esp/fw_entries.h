/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file fw_entries.h  A table of every way to get a block, and what its record has to say. */
#pragma once

#include "esp_test.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const char *name;
    void *(*make)(void);
    void (*release)(void *);
    heaptrail_method_t method;
    size_t size;
    uint32_t caps;
    const char *variable; /**< NULL: none */
    bool has_site;        /**< a macro made it */
    bool is_inner;        /**< the caller is inside ESP-IDF */
} fw_entry_t;

extern const fw_entry_t fw_plain[];
extern const size_t fw_plain_count;
extern const fw_entry_t fw_macros[];
extern const size_t fw_macros_count;
extern const fw_entry_t fw_cxx[];
extern const size_t fw_cxx_count;

/** What libc's functions ask the heap for. Without the wrap nobody sees more than
 * MALLOC_CAP_DEFAULT. */
#define FW_LIBC_CAPS (MALLOC_CAP_DEFAULT | (ESP_WRAPPED ? MALLOC_CAP_INTERNAL : 0))

#ifdef __cplusplus
}
#endif
