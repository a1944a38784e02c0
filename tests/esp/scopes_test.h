/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file scopes_test.h  A framework that keeps what it is told, and goes on: for tests of
 * heaptrail_test.h. */
#pragma once

#include "esp_test.h"

#define HEAPTRAIL_TEST_FRAMEWORK scopes_hearing
#include "fw_scopes.h"
#include "heaptrail_test.h"

typedef struct {
    char report[16384];
    size_t used;
    char message[256];
    uint32_t line;
    unsigned failures;
} heard_t;

extern heard_t heard;

/** Forget what was heard. */
void scopes_listen(void);
/** Exactly one failure was heard, with these words in its line. Forgets it. */
void scopes_expect_failure(const char *message);
/** No failure, and no word. */
void scopes_expect_pass(void);
/** heaptrail_scope_end() without waiting. */
heaptrail_scope_result_t scopes_end(heaptrail_scope_t *scope);
