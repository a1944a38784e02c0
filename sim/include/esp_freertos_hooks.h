/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The idle hooks of ESP-IDF. The idle task of a core calls its hooks once each time that it finds
 * nothing else to do; in deterministic mode that is before the clock jumps. What they return is
 * ignored. Eight for each core; from any task, and before the scheduler. */
#pragma once

#include <stdbool.h>

#include "esp_err.h"
#include "freertos/portmacro.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef bool (*esp_freertos_idle_cb_t)(void);

esp_err_t esp_register_freertos_idle_hook_for_cpu(esp_freertos_idle_cb_t hook, UBaseType_t cpuid);
esp_err_t esp_register_freertos_idle_hook(esp_freertos_idle_cb_t hook);
void esp_deregister_freertos_idle_hook(esp_freertos_idle_cb_t hook);

#ifdef __cplusplus
}
#endif
