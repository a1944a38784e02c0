/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fake_console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "golden.h"
#include "heaptrail_trace.h"

fake_actions_t g_actions;
unsigned g_pauses;
size_t g_most_bytes;
static size_t s_bytes;
static bool s_color;

/* --- actions -----------------------------------------------------------------------------------
 */

esp_err_t heaptrail_start(void)
{
    g_actions.starts++;
    return g_actions.err;
}

esp_err_t heaptrail_stop(void)
{
    g_actions.stops++;
    return g_actions.err;
}

esp_err_t heaptrail_reset(void)
{
    g_actions.resets++;
    return g_actions.err;
}

esp_err_t heaptrail_clear_errors(void)
{
    g_actions.clears++;
    return g_actions.err;
}

heaptrail_mark_t heaptrail_mark(void)
{
    return (heaptrail_mark_t){++g_actions.marks, 7};
}

esp_err_t heaptrail_set_checks(const heaptrail_checks_t *checks)
{
    g_actions.checks = *checks;
    return g_actions.err;
}

esp_err_t heaptrail_verify_heap(uint32_t heap_id, heaptrail_verified_t *verified)
{
    g_actions.verified_heap = heap_id;
    *verified = g_actions.verified;
    return g_actions.err;
}

esp_err_t heaptrail_scrub(uint32_t blocks, heaptrail_verified_t *verified)
{
    g_actions.scrubs++;
    *verified = g_actions.verified;
    verified->round_complete = --g_actions.scrub_calls_left == 0;
    if (verified->round_complete) { g_actions.scrub_calls_left = g_actions.scrub_calls; }
    assert_int_not_equal(blocks, 0);
    return g_actions.err;
}

/* One frame, and that twice. */
esp_err_t heaptrail_trace_recorded(void *recorder, size_t recorder_bytes,
                                   heaptrail_trace_write_fn_t write, void *context,
                                   uint32_t *frames)
{
    *frames = 0;
    assert_true(recorder == NULL && recorder_bytes == 0);
    if (g_actions.err != ESP_OK) { return g_actions.err; }
    if (g_actions.recorded == NULL) { return ESP_ERR_NOT_FOUND; }
    size_t length = strlen(g_actions.recorded);
    for (; *frames < 2U; ++*frames) {
        if (write(context, g_actions.recorded, length) != length) { return ESP_ERR_NOT_FINISHED; }
    }
    return ESP_OK;
}

/* --- commands ----------------------------------------------------------------------------------
 */

void set_color(bool color)
{
    s_color = color;
}

static void write_bytes(void *context, const char *text, size_t length)
{
    to_sink(context, text, length);
    s_bytes += length;
    if (s_bytes > g_most_bytes) { g_most_bytes = s_bytes; }
}

static void count_pause(void *context)
{
    assert_ptr_equal(context, &s_sink);
    g_pauses++;
    s_bytes = 0;
}

int run_words(const fake_world_t *world, const char *const *words)
{
    char *argv[40] = {"heaptrail"};
    int argc = 1;
    for (; *words != NULL; words++) {
        argv[argc++] = (char *)(uintptr_t)*words;
    }
    const heaptrail_console_t console = {
        .write = write_bytes, .pause = count_pause, .context = &s_sink, .color = s_color};
    s_sink.used = 0;
    s_bytes = 0;
    g_pauses = 0;
    g_most_bytes = 0;
    fake_use(world);
    return heaptrail_console_run(&console, argc, argv);
}

int run_line(const fake_world_t *world, const char *line)
{
    static char copy[512];
    const char *words[40];
    unsigned count = 0;
    assert_true(strlen(line) < sizeof(copy));
    strcpy(copy, line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
        words[count++] = word;
    }
    words[count] = NULL;
    return run_words(world, words);
}

const char *written(void)
{
    assert_true(s_sink.used < sizeof(s_sink.text));
    s_sink.text[s_sink.used] = '\0';
    return s_sink.text;
}
