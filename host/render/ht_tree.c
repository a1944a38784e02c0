/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ht_out.h"
#include "ht_units.h"

void ht_tree_number(json_t *object, const char *key, uint64_t value)
{
    ht_tree_maybe(object, key, true, value);
}

/* jansson's integers are signed. What does not fit has no meaning in bytes or µs. */
void ht_tree_maybe(json_t *object, const char *key, bool known, uint64_t value)
{
    bool fits = known && value <= INT64_MAX;
    json_object_set_new(object, key, fits ? json_integer((json_int_t)value) : json_null());
}

void ht_tree_bool(json_t *object, const char *key, bool value)
{
    json_object_set_new(object, key, json_boolean(value));
}

void ht_tree_real(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key, isfinite(value) ? json_real(value) : json_null());
}

void ht_tree_address(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_string(ht_text_address(value).s));
}

static json_t *repaired(const char *text)
{
    size_t length = strlen(text), used = 0;
    char *good = malloc(3U * length + 1U);
    if (good == NULL) { return json_null(); }
    for (size_t i = 0; i < length;) {
        uint32_t bytes = ht_utf8_length(&text[i], length - i);
        memcpy(&good[used], bytes != 0 ? &text[i] : "\xEF\xBF\xBD", bytes != 0 ? bytes : 3U);
        used += bytes != 0 ? bytes : 3U;
        i += bytes != 0 ? bytes : 1U;
    }
    json_t *string = json_stringn(good, used);
    free(good);
    return string;
}

json_t *ht_tree_string(const char *text)
{
    if (text == NULL) { return json_null(); }
    json_t *string = json_string(text);
    return string != NULL ? string : repaired(text);
}

void ht_tree_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, ht_tree_string(text));
}

void ht_tree_name(json_t *object, const char *key, const char *text)
{
    ht_tree_text(object, key, text != NULL && *text != '\0' ? text : NULL);
}

void ht_tree_hex(json_t *object, const char *key, const uint8_t *bytes, size_t size)
{
    char text[2 * 64 + 1];
    size = size < 64U ? size : 64U;
    for (size_t i = 0; i < size; i++) {
        snprintf(&text[2U * i], 3, "%02x", bytes[i]);
    }
    ht_tree_text(object, key, bytes != NULL && size != 0 ? text : NULL);
}

json_t *ht_tree_array(json_t *object, const char *key)
{
    json_t *array = json_array();
    json_object_set_new(object, key, array);
    return array;
}

json_t *ht_tree_object(json_t *object, const char *key)
{
    json_t *inner = json_object();
    json_object_set_new(object, key, inner);
    return inner;
}

json_t *ht_tree_row(json_t *array)
{
    json_t *row = json_object();
    json_array_append_new(array, row);
    return row;
}

json_t *ht_tree_report(const char *kind)
{
    json_t *tree = json_object();
    ht_tree_number(tree, "heaptrail", 1);
    ht_tree_text(tree, "report", kind);
    return tree;
}

bool ht_tree_write(json_t *tree, FILE *file)
{
    bool written =
        tree != NULL && json_dumpf(tree, file, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) == 0;
    if (written) { fputc('\n', file); }
    json_decref(tree);
    return written || ferror(file) != 0;
}
