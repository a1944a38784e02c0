/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What the flight recorder kept over a reset, sent to who listens at this console. */
#include "heaptrail_trace.h"
#include "ht_console.h"
#include "ht_units.h"

static size_t count(void *context, const void *bytes, size_t length)
{
    uint64_t *sum = context;
    (void)bytes;
    *sum += length;
    return length;
}

static size_t send(void *context, const void *bytes, size_t length)
{
    ht_con_write(context, bytes, length);
    return length;
}

static void say(ht_con_t *con, uint32_t frames, uint64_t bytes)
{
    ht_out_t out;
    ht_con_open(con, &out);
    ht_out_sentence(&out, 0);
    if (frames == 0) {
        ht_out_text(&out, "Nothing is kept from before the reset.");
    } else {
        ht_out_count(&out, frames, "frame");
        ht_out_text(&out, " from before the reset, ");
        ht_out_size(&out, bytes);
        ht_out_text(&out, ", for `heaptrail record`:");
    }
    ht_out_sentence_end(&out);
}

static void say_json(ht_con_t *con, uint32_t frames, uint64_t bytes)
{
    ht_out_t out;
    ht_json_t json;
    ht_con_json_open(con, &out, &json);
    ht_json_number(&json, "frames", frames);
    ht_json_number(&json, "bytes", bytes);
    ht_con_json_close(&json);
}

int ht_do_recorder(ht_con_t *con)
{
    uint64_t bytes = 0;
    uint32_t frames = 0;
    esp_err_t err = heaptrail_trace_recorded(NULL, 0, count, &bytes, &frames);
    if (err != ESP_OK && err != ESP_ERR_NOT_FOUND) { return ht_con_failed(con, err); }
    (con->json ? say_json : say)(con, frames, bytes);
    if (frames == 0) { return HEAPTRAIL_CONSOLE_NO; }
    if (con->json) { return HEAPTRAIL_CONSOLE_OK; }
    err = heaptrail_trace_recorded(NULL, 0, send, con, &frames);
    ht_con_write(con, "\n", 1);
    return err == ESP_OK ? HEAPTRAIL_CONSOLE_OK : ht_con_failed(con, err);
}
