/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The idle and tick hooks of ESP-IDF, as far as the stand-in has them. */
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
