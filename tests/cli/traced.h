/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Code whose names a report has to find: each call of its malloc() is noted with two return
 * addresses. */
#pragma once

#include <stdint.h>

typedef struct {
    uint64_t frames[2];
    uint32_t size, method;
} traced_call_t;

/* Where this program lies in memory, and its file. */
typedef struct {
    uint64_t start, end, bias;
    const char *path;
} traced_object_t;

traced_object_t traced_object(void);

/* Make the calls; how many there were. */
uint32_t traced_run(void);
const traced_call_t *traced_call(uint32_t number);
