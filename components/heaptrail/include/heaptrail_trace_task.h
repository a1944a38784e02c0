/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_trace_task.h
 * A task that drains the trace, for who does not want to call heaptrail_trace_poll() himself.
 *
 *     static heaptrail_sink_t sink;
 *     heaptrail_sink_fd(&sink, fileno(stdout));
 *     heaptrail_trace_start(&(heaptrail_trace_config_t){.write = heaptrail_sink_write, .context =
 * &sink}); heaptrail_trace_task_start(NULL);
 *
 * ESP-IDF only. From tasks.
 */
#pragma once

#include <stdint.h>

#include "esp_err.h"

#ifdef __cplusplus
extern "C" {
#endif

/** All zero is good. */
typedef struct {
    uint32_t interval_ms; /**< between two looks at the ring; 0: 100. What is there is written when
                             the ring is filled to a quarter, and after a second */
    uint32_t stack_bytes; /**< 0: 4096; of its own it needs about 1 KB, the rest is the sink's */
    uint32_t priority; /**< 0: 1, above the idle task only: a trace can wait, the ring holds it */
} heaptrail_trace_task_t;

/**
 * Start the task. Its stack and its TCB come from the heap, and are traced. NULL: all zero. O(1).
 *
 * @return ESP_OK; ESP_ERR_INVALID_STATE (it runs already); ESP_ERR_NO_MEM;
 *         ESP_ERR_NOT_SUPPORTED (built without CONFIG_HEAPTRAIL_TRACE).
 */
esp_err_t heaptrail_trace_task_start(const heaptrail_trace_task_t *config);

/**
 * Stop the trace (heaptrail_trace_stop()), have what is left written, and end the task.
 *
 * @param timeout_ms How long the sink may take; then the rest is given up.
 * @return ESP_OK; ESP_ERR_TIMEOUT (some of it was not written); ESP_ERR_INVALID_STATE (there is no
 *         task, or no trace: then the task is ended).
 */
esp_err_t heaptrail_trace_task_stop(uint32_t timeout_ms);

#ifdef __cplusplus
}
#endif
