/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file json.h
 * Builds one flat JSON object in memory that grows as needed.
 *
 * Out of memory is remembered: the calls that follow do nothing, and json_end() returns NULL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char *text;
    size_t length;
    size_t room;
    bool failed;
} json_t;

void json_begin(json_t *json);
void json_add_number(json_t *json, const char *key, long value);
void json_add_string(json_t *json, const char *key, const char *value);
/** The finished text, for the caller to free(); NULL: out of memory. */
char *json_end(json_t *json);
