/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Where the trace of the node goes: "console", "tcp:HOST:PORT", "listen:PORT", or a path. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp_log.h"
#include "heaptrail_sink.h"
#include "heaptrail_trace.h"
#include "heaptrail_trace_task.h"
#include "node.h"

#define STOP_MS 5000

static const char *const TAG = "trace";
static heaptrail_sink_t s_sink;

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static esp_err_t open_tcp(const char *address)
{
    char host[64] = "";
    const char *colon = strrchr(address, ':');
    size_t length = colon != NULL ? (size_t)(colon - address) : 0;
    if (length == 0 || length >= sizeof(host)) { return ESP_ERR_INVALID_ARG; }
    memcpy(host, address, length);
    return heaptrail_sink_tcp_connect(&s_sink, host, (uint16_t)atoi(colon + 1));
}

static esp_err_t open_sink(const char *to)
{
    if (strcmp(to, "console") == 0) { return heaptrail_sink_fd(&s_sink, fileno(stdout)); }
    if (begins_with(to, "tcp:")) { return open_tcp(to + strlen("tcp:")); }
    if (begins_with(to, "listen:")) {
        return heaptrail_sink_tcp_listen(&s_sink, (uint16_t)atoi(to + strlen("listen:")));
    }
    return heaptrail_sink_path(&s_sink, to, false);
}

void trace_start(const char *to)
{
    const heaptrail_trace_config_t config = {
        .write = heaptrail_sink_write, .context = &s_sink, .latency_ms = 5000};
    if (*to == '\0') { return; }
    esp_err_t err = open_sink(to);
    if (err == ESP_OK) { err = heaptrail_trace_start(&config); }
    if (err == ESP_OK) { err = heaptrail_trace_task_start(NULL); }
    if (err != ESP_OK) { ESP_LOGE(TAG, "no trace to %s: %s", to, esp_err_to_name(err)); }
}

void trace_stop(void)
{
    esp_err_t err = heaptrail_trace_task_stop(STOP_MS);
    if (err == ESP_ERR_TIMEOUT) { ESP_LOGW(TAG, "the end of the trace was not written"); }
    heaptrail_sink_close(&s_sink);
}
