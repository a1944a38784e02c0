// SPDX-License-Identifier: Apache-2.0
/** Check-and-return helpers. */
#pragma once

#include "esp_err.h"
#include "esp_log.h"

#define ESP_RETURN_ON_ERROR(x, tag, format, ...)                                                   \
    do {                                                                                           \
        esp_err_t err_rc_ = (x);                                                                   \
        if (unlikely(err_rc_ != ESP_OK)) {                                                         \
            ESP_LOGE(tag, "%s(%d): " format, __func__, __LINE__, ##__VA_ARGS__);                   \
            return err_rc_;                                                                        \
        }                                                                                          \
    } while (0)
#define ESP_RETURN_ON_FALSE(a, code, tag, format, ...)                                             \
    do {                                                                                           \
        if (unlikely(!(a))) {                                                                      \
            ESP_LOGE(tag, "%s(%d): " format, __func__, __LINE__, ##__VA_ARGS__);                   \
            return code;                                                                           \
        }                                                                                          \
    } while (0)
