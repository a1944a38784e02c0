/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file fw_makers.h  Every way to make a block of any size, and every way to end one. */
#pragma once

#include "esp_test.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const char *name;
    void *(*make)(size_t size, uint32_t caps);
    heaptrail_method_t method;
    size_t alignment; /**< promised */
    bool takes_caps;
    bool has_site; /**< a macro makes it: the stack begins elsewhere */
    bool zeroed;
} fw_maker_t;

typedef struct {
    const char *name;
    void (*end)(void *block);
    bool is_direct; /**< the caller in a report is this very function */
    bool is_scoped; /**< known by a scope (ht_scope.h) */
} fw_ender_t;

extern const fw_maker_t fw_makers[];
extern const size_t fw_makers_count;
extern const fw_maker_t fw_cxx_makers[];
extern const size_t fw_cxx_makers_count;
extern const fw_ender_t fw_enders[];
extern const size_t fw_enders_count;

/** realloc() and heap_caps_realloc() of a pointer that is none. */
void *fw_realloc(void *block, size_t size);
void *fw_caps_realloc(void *block, size_t size);

#ifdef __cplusplus
}
#endif
