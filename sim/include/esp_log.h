// SPDX-License-Identifier: Apache-2.0
/** Logging: "I (ms) TAG: text". Colours only when stdout is a terminal. Not from ISRs, except the
 *  ESP_EARLY and ESP_DRAM forms. */
#pragma once

#include "esp_rom_sys.h"
#include "sdkconfig.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    ESP_LOG_NONE = 0,
    ESP_LOG_ERROR = 1,
    ESP_LOG_WARN = 2,
    ESP_LOG_INFO = 3,
    ESP_LOG_DEBUG = 4,
    ESP_LOG_VERBOSE = 5,
    ESP_LOG_MAX = 6,
} esp_log_level_t;

typedef int (*vprintf_like_t)(const char *, va_list);

/** Returns the function that was in place. */
vprintf_like_t esp_log_set_vprintf(vprintf_like_t func);
void esp_log_level_set(const char *tag, esp_log_level_t level);
esp_log_level_t esp_log_level_get(const char *tag);
/** Milliseconds since boot. */
uint32_t esp_log_timestamp(void);
uint32_t esp_log_early_timestamp(void);
/** Prints through the vprintf hook when `level` is enabled for `tag`. */
void esp_log_write(esp_log_level_t level, const char *tag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void esp_log_writev(esp_log_level_t level, const char *tag, const char *format, va_list args);
/** The line as ESP_LOGx prints it: letter, time, tag, text, newline. */
void sim_log_line(esp_log_level_t level, const char *tag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** Prints `len` bytes of `buffer` in rows of 16. */
void esp_log_buffer_hex_internal(const char *tag, const void *buffer, uint16_t len,
                                 esp_log_level_t level);

#ifndef LOG_LOCAL_LEVEL
#define LOG_LOCAL_LEVEL ((esp_log_level_t)CONFIG_LOG_MAXIMUM_LEVEL)
#endif

#define ESP_LOG_LEVEL(level, tag, format, ...) sim_log_line(level, tag, format, ##__VA_ARGS__)
#define ESP_LOG_LEVEL_LOCAL(level, tag, format, ...)                                               \
    do {                                                                                           \
        if (LOG_LOCAL_LEVEL >= (level)) { ESP_LOG_LEVEL(level, tag, format, ##__VA_ARGS__); }      \
    } while (0)
#define ESP_LOGE(tag, format, ...) ESP_LOG_LEVEL_LOCAL(ESP_LOG_ERROR, tag, format, ##__VA_ARGS__)
#define ESP_LOGW(tag, format, ...) ESP_LOG_LEVEL_LOCAL(ESP_LOG_WARN, tag, format, ##__VA_ARGS__)
#define ESP_LOGI(tag, format, ...) ESP_LOG_LEVEL_LOCAL(ESP_LOG_INFO, tag, format, ##__VA_ARGS__)
#define ESP_LOGD(tag, format, ...) ESP_LOG_LEVEL_LOCAL(ESP_LOG_DEBUG, tag, format, ##__VA_ARGS__)
#define ESP_LOGV(tag, format, ...) ESP_LOG_LEVEL_LOCAL(ESP_LOG_VERBOSE, tag, format, ##__VA_ARGS__)
#define ESP_EARLY_LOGE ESP_LOGE
#define ESP_EARLY_LOGW ESP_LOGW
#define ESP_EARLY_LOGI ESP_LOGI
#define ESP_EARLY_LOGD ESP_LOGD
#define ESP_EARLY_LOGV ESP_LOGV
#define ESP_DRAM_LOGE ESP_LOGE
#define ESP_DRAM_LOGW ESP_LOGW
#define ESP_DRAM_LOGI ESP_LOGI
#define ESP_DRAM_LOGD ESP_LOGD
#define ESP_DRAM_LOGV ESP_LOGV
#define ESP_LOG_BUFFER_HEX(tag, buffer, len)                                                       \
    esp_log_buffer_hex_internal(tag, buffer, len, ESP_LOG_INFO)

#ifdef __cplusplus
}
#endif
