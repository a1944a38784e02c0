/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file golden.h
 * Output against the files of tests/golden/expected, byte for byte. To accept new output:
 *
 *     HEAPTRAIL_UPDATE_GOLDEN=1 build/tests/golden/test_golden     (and test_golden_errors)
 *
 * and read the difference before committing it. Names that end in "@" differ between 32 and 64
 * bits.
 */
#pragma once

#include "fake.h"
#include "heaptrail_report.h"

/** What was written last. */
typedef struct {
    char text[256 * 1024];
    size_t used;
} sink_t;

extern sink_t s_sink;

/** A heaptrail_write_fn_t; the context is a sink_t. */
void to_sink(void *context, const char *text, size_t length);

/** A report of a world, into s_sink. */
esp_err_t report(const fake_world_t *world, const heaptrail_report_t *ask);

/** A heaptrail_symbol_fn_t that knows three addresses of the firmware's world. */
bool symbol(void *context, uintptr_t address, char *text, size_t size);

/** What s_sink holds is what the file has. */
void check_golden(const char *name, bool json);

/** Within the width; no blank at the end; nothing that acts on a terminal but our colours. */
void check_text(const heaptrail_report_t *ask);

/** A report that returns `expected`, is a good text, and is what the file has. */
void check(const char *name, const fake_world_t *world, heaptrail_report_t ask, esp_err_t expected);
void check_json(const char *name, const fake_world_t *world, heaptrail_report_t ask,
                esp_err_t expected);
