/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file fw_fails.h  A table of every way to ask for too much. */
#pragma once

#include "esp_test.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const char *name;
    void *(*ask)(void);
    heaptrail_method_t method;
    uint32_t caps;
    size_t alignment;
    bool has_site;
} fw_fail_t;

extern const fw_fail_t fw_fails[];
extern const size_t fw_fails_count;
extern const size_t fw_too_much;
extern void *volatile fw_old;

#ifdef __cplusplus
}
#endif
