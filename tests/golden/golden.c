/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOLDER "tests/golden/expected/"

/* --- a writer into memory -----------------------------------------------------------------------
 */

sink_t s_sink;

void to_sink(void *context, const char *text, size_t length)
{
    sink_t *sink = context;
    assert_true(length > 0 && sink->used + length <= sizeof(sink->text));
    memcpy(&sink->text[sink->used], text, length);
    sink->used += length;
}

esp_err_t report(const fake_world_t *world, const heaptrail_report_t *ask)
{
    s_sink.used = 0;
    fake_use(world);
    return heaptrail_report(ask, to_sink, &s_sink);
}

bool symbol(void *context, uintptr_t address, char *text, size_t size)
{
    (void)context;
    switch (address) {
    case 0x42008a1c:
        (void)snprintf(text, size, "on_message mqtt.c:88");
        return true;
    case 0x42008f02:
        (void)snprintf(text, size, "mqtt_process_receive mqtt_client.c:1204");
        return true;
    case 0x4200c5d8:
        (void)snprintf(text, size, "esp_mqtt_task mqtt_client.c:1571");
        return true;
    default:
        return false;
    }
}

/* --- golden files -------------------------------------------------------------------------------
 */

static void golden_path(char *path, size_t size, const char *name, bool json)
{
    size_t length = strlen(name);
    bool by_word = name[length - 1U] == '@';
    const char *word = !by_word ? "" : sizeof(void *) == 8 ? "64" : "32";
    (void)snprintf(path, size, FOLDER "%.*s%s.%s", (int)(by_word ? length - 1U : length), name,
                   word, json ? "json" : "txt");
}

static void accept_golden(const char *path)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(s_sink.text, 1, s_sink.used, file), s_sink.used);
    assert_int_equal(fclose(file), 0);
}

static void compare_golden(const char *path)
{
    static char expected[sizeof(s_sink.text)];
    FILE *file = fopen(path, "rb");
    if (file == NULL) { fail_msg("no %s: run with HEAPTRAIL_UPDATE_GOLDEN=1", path); }
    size_t length = fread(expected, 1, sizeof(expected), file);
    (void)fclose(file);
    if (length != s_sink.used || memcmp(expected, s_sink.text, length) != 0) {
        fail_msg("%s differs; now it is:\n%.*s", path, (int)s_sink.used, s_sink.text);
    }
}

void check_golden(const char *name, bool json)
{
    char path[256];
    golden_path(path, sizeof(path), name, json);
    if (getenv("HEAPTRAIL_UPDATE_GOLDEN") != NULL) {
        accept_golden(path);
    } else {
        compare_golden(path);
    }
}

/* --- what holds for every text ------------------------------------------------------------------
 */

/* Within the width; no blank at the end; nothing that acts on a terminal but our colours. */
void check_text(const heaptrail_report_t *ask)
{
    uint32_t width = ask->width == 0 ? 100 : ask->width;
    uint32_t column = 0;
    for (size_t i = 0; i < s_sink.used; i++) {
        unsigned char c = (unsigned char)s_sink.text[i];
        if (c == 0x1b) {
            assert_true(ask->color);
            while (s_sink.text[i] != 'm') {
                i++;
            }
        } else if (c == '\n') {
            if (i != 0 && s_sink.text[i - 1U] == ' ') {
                fail_msg("blank at the end:\n%.*s|", (int)i, s_sink.text);
            }
            column = 0;
        } else {
            assert_true(c >= 0x20 && c != 0x7F);
            column += (c & 0xC0U) != 0x80U;
            if (column > width) { fail_msg("line too wide:\n%.*s", (int)i, s_sink.text); }
        }
    }
    assert_int_equal(column, 0);
}

void check(const char *name, const fake_world_t *world, heaptrail_report_t ask, esp_err_t expected)
{
    assert_int_equal(report(world, &ask), expected);
    check_text(&ask);
    check_golden(name, false);
}

void check_json(const char *name, const fake_world_t *world, heaptrail_report_t ask,
                esp_err_t expected)
{
    ask.json = true;
    assert_int_equal(report(world, &ask), expected);
    check_golden(name, true);
}
