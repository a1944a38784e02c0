/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_json.h"

#include <string.h>

#include "ht_units.h"

static void raw(ht_json_t *json, const char *text)
{
    ht_out_raw(json->out, text, strlen(text));
}

static void before_value(ht_json_t *json, const char *key)
{
    if (json->comma) { raw(json, ","); }
    if (key != NULL) {
        raw(json, "\"");
        raw(json, key);
        raw(json, "\":");
    }
    json->comma = true;
}

static void open_bracket(ht_json_t *json, const char *key, const char *bracket)
{
    before_value(json, key);
    raw(json, bracket);
    json->comma = false;
}

static void close_bracket(ht_json_t *json, const char *bracket)
{
    raw(json, bracket);
    json->comma = true;
}

void ht_json_object(ht_json_t *json, const char *key)
{
    open_bracket(json, key, "{");
}

void ht_json_object_end(ht_json_t *json)
{
    close_bracket(json, "}");
}

void ht_json_array(ht_json_t *json, const char *key)
{
    open_bracket(json, key, "[");
}

void ht_json_array_end(ht_json_t *json)
{
    close_bracket(json, "]");
}

void ht_json_line(ht_json_t *json)
{
    raw(json, json->comma ? ",\n" : "\n");
    json->comma = false;
}

void ht_json_null(ht_json_t *json, const char *key)
{
    before_value(json, key);
    raw(json, "null");
}

void ht_json_bool(ht_json_t *json, const char *key, bool value)
{
    before_value(json, key);
    raw(json, value ? "true" : "false");
}

void ht_json_number(ht_json_t *json, const char *key, uint64_t value)
{
    before_value(json, key);
    raw(json, ht_text_number(value).s);
}

void ht_json_signed(ht_json_t *json, const char *key, int64_t value)
{
    before_value(json, key);
    if (value < 0) { raw(json, "-"); }
    raw(json, ht_text_number(value < 0 ? 0U - (uint64_t)value : (uint64_t)value).s);
}

void ht_json_bytes(ht_json_t *json, const char *key, const uint8_t *bytes, uint32_t count)
{
    static const char hex[] = "0123456789abcdef";
    if (count == 0) {
        ht_json_null(json, key);
        return;
    }
    before_value(json, key);
    raw(json, "\"");
    for (uint32_t i = 0; i < count; i++) {
        const char digits[] = {hex[bytes[i] >> 4U], hex[bytes[i] & 15U]};
        ht_out_raw(json->out, digits, sizeof(digits));
    }
    raw(json, "\"");
}

void ht_json_maybe(ht_json_t *json, const char *key, bool known, uint64_t value)
{
    if (known) {
        ht_json_number(json, key, value);
    } else {
        ht_json_null(json, key);
    }
}

void ht_json_address(ht_json_t *json, const char *key, uint64_t value)
{
    before_value(json, key);
    raw(json, "\"");
    raw(json, ht_text_address(value).s);
    raw(json, "\"");
}

static void escaped(ht_json_t *json, char c)
{
    static const char hex[] = "0123456789abcdef";
    unsigned byte = (unsigned char)c;
    const char code[] = {'\\', 'u', '0', '0', hex[byte >> 4U], hex[byte & 15U], '\0'};
    const char quoted[] = {'\\', c, '\0'};
    raw(json, c == '"' || c == '\\' ? quoted : code);
}

void ht_json_string(ht_json_t *json, const char *key, const char *value, size_t max_bytes)
{
    if (value == NULL) {
        ht_json_null(json, key);
        return;
    }
    before_value(json, key);
    raw(json, "\"");
    size_t length = ht_name_length(value, max_bytes);
    for (size_t i = 0; i < length;) {
        uint32_t bytes = ht_utf8_length(&value[i], length - i);
        unsigned char c = (unsigned char)value[i];
        if (bytes == 0) {
            raw(json, "\\ufffd");
        } else if (c < 0x20U || c == 0x7FU || c == '"' || c == '\\') {
            escaped(json, value[i]);
        } else {
            ht_out_raw(json->out, &value[i], bytes);
        }
        i += bytes == 0 ? 1U : bytes;
    }
    raw(json, "\"");
}
