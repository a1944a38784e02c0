/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64

static void append(json_t *json, const char *text)
{
    size_t length = strlen(text);
    if (json->failed) { return; }
    while (json->length + length + 1 > json->room) {
        char *larger = realloc(json->text, json->room * 2);
        if (larger == NULL) {
            json->failed = true;
            return;
        }
        json->text = larger;
        json->room *= 2;
    }
    memcpy(json->text + json->length, text, length + 1);
    json->length += length;
}

/* A copy of value with quotes and backslashes escaped; control characters become spaces. */
static char *escape(const char *value)
{
    size_t quotes = 0;
    for (const char *at = value; *at != '\0'; at++) {
        quotes += *at == '"';
    }
    char *escaped = malloc(strlen(value) + quotes + 1);
    char *to = escaped;
    if (escaped == NULL) { return NULL; }
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\') { *to++ = '\\'; }
        *to++ = (unsigned char)*value < ' ' ? ' ' : *value;
    }
    *to = '\0';
    return escaped;
}

static void add_key(json_t *json, const char *key)
{
    append(json, json->length > 1 ? ",\"" : "\"");
    append(json, key);
    append(json, "\":");
}

void json_begin(json_t *json)
{
    *json = (json_t){.room = FIRST_ROOM};
    json->text = malloc(json->room);
    json->failed = json->text == NULL;
    append(json, "{");
}

void json_add_number(json_t *json, const char *key, long value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%ld", value);
    add_key(json, key);
    append(json, digits);
}

void json_add_string(json_t *json, const char *key, const char *value)
{
    char *escaped = escape(value);
    if (escaped == NULL) {
        json->failed = true;
        return;
    }
    add_key(json, key);
    append(json, "\"");
    append(json, escaped);
    append(json, "\"");
    free(escaped);
}

char *json_end(json_t *json)
{
    append(json, "}");
    if (json->failed) {
        free(json->text);
        json->text = NULL;
    }
    return json->text;
}
