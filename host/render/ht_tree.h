/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_tree.h
 * JSON of the desk's reports: jansson's trees, with the keys and the conventions of the device's
 * (SPEC.md, section 4): numbers carry their unit in the key, unknown is null, addresses are
 * strings.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** Each sets a key of an object. */
void ht_tree_number(json_t *object, const char *key, uint64_t value);
void ht_tree_maybe(json_t *object, const char *key, bool known, uint64_t value);
void ht_tree_bool(json_t *object, const char *key, bool value);
void ht_tree_real(json_t *object, const char *key, double value); /**< null if not finite */
void ht_tree_address(json_t *object, const char *key, uint64_t value);
/** NULL and, with ht_tree_name(), "" are null. Bytes that are no UTF-8 become U+FFFD. */
void ht_tree_text(json_t *object, const char *key, const char *text);
void ht_tree_name(json_t *object, const char *key, const char *text);
void ht_tree_hex(json_t *object, const char *key, const uint8_t *bytes, size_t size);
/** A new array or object under a key. */
json_t *ht_tree_array(json_t *object, const char *key);
json_t *ht_tree_object(json_t *object, const char *key);
/** A new object at the end of an array. */
json_t *ht_tree_row(json_t *array);
/** A string for an array. To be appended with json_array_append_new(). */
json_t *ht_tree_string(const char *text);

/** The beginning of every report: {"heaptrail": 1, "report": kind}. */
json_t *ht_tree_report(const char *kind);

/** Write it, indented, and free it. False: no memory. */
bool ht_tree_write(json_t *tree, FILE *file);
