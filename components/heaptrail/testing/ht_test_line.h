/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_test_line.h  The line that names a test's failure, and how the test fails by it. */
#pragma once

#include "heaptrail_test.h"

/** Columns of the site in it. */
#define HT_TEST_PLACE_COLUMNS 110U

typedef struct {
    char text[200];
    size_t used;
} ht_test_line_t;

/** A writer of reports (context: a ht_test_line_t) that drops newlines, and what is too long. */
void ht_test_to_line(void *context, const char *text, size_t length);

/** Where the framework's reports go: standard output where it says nothing. NULL: no framework. */
heaptrail_write_fn_t ht_test_writer(const heaptrail_test_framework_t *framework);

/** Fail. May not return. */
void ht_test_fail(const heaptrail_test_framework_t *framework, const char *file, uint32_t line,
                  const ht_test_line_t *message);
