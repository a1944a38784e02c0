/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file node.h
 * What the parts of the node offer each other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp_err.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One set of readings. */
typedef struct {
    uint32_t sequence;
    int32_t temperature_centi; /**< 1/100 degree Celsius */
    uint32_t humidity_permille;
    uint32_t packets_received;
} sample_t;

/** Start receiving. Creates the task "net". */
esp_err_t net_start(void);
/** Packets handled since the start. Any task. */
uint32_t net_packets(void);

/** Start publishing a sample every few seconds. Creates the task "telemetry". */
esp_err_t telemetry_start(void);
/** The newest sample. Any task. */
sample_t telemetry_last(void);

/** Mount the log partition and start uploading snapshots of it. Creates the task "storage". */
esp_err_t storage_start(void);

/** Show status pages. Creates the task "display". */
esp_err_t display_start(void);

/** Send a trace: "console", "tcp:HOST:PORT", "listen:PORT", or a path; "": none. */
void trace_start(const char *to);

/** Its end. */
void trace_stop(void);

/** A prompt with the command `heaptrail`, in a task of its own. */
esp_err_t console_start(void);

#ifdef __cplusplus
}
#endif
