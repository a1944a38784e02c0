/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_json.h
 * JSON (RFC 8259), written as it goes: no tree, no allocation, valid whatever the strings hold.
 *
 * `key` is NULL inside arrays. Keys are ours and are written as they are.
 */
#pragma once

#include "ht_out.h"

typedef struct {
    ht_out_t *out;
    bool comma; /**< a value came before in this object or array */
} ht_json_t;

void ht_json_object(ht_json_t *json, const char *key);
void ht_json_object_end(ht_json_t *json);
void ht_json_array(ht_json_t *json, const char *key);
void ht_json_array_end(ht_json_t *json);

/** The next value begins a line. */
void ht_json_line(ht_json_t *json);

void ht_json_null(ht_json_t *json, const char *key);
void ht_json_bool(ht_json_t *json, const char *key, bool value);
void ht_json_number(ht_json_t *json, const char *key, uint64_t value);

void ht_json_signed(ht_json_t *json, const char *key, int64_t value);

/** Bytes as a string of two hexadecimal digits each; null for none. */
void ht_json_bytes(ht_json_t *json, const char *key, const uint8_t *bytes, uint32_t count);

/** `value`, or null when it is not `known`. */
void ht_json_maybe(ht_json_t *json, const char *key, bool known, uint64_t value);

/** "0x3fc9a0b4" */
void ht_json_address(ht_json_t *json, const char *key, uint64_t value);

/** A string of at most `max_bytes`; null for NULL. What is not UTF-8 becomes U+FFFD. */
void ht_json_string(ht_json_t *json, const char *key, const char *value, size_t max_bytes);
