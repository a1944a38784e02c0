// SPDX-License-Identifier: Apache-2.0
/* Logging to stdout, or to the function set with esp_log_set_vprintf. */
#include "esp_log.h"

#include "kernel.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TAGS_MAX 32

static vprintf_like_t s_vprintf = vprintf;
static esp_log_level_t s_default_level = (esp_log_level_t)CONFIG_LOG_DEFAULT_LEVEL;
static struct {
    char tag[24];
    esp_log_level_t level;
} s_tags[TAGS_MAX];
static int s_tag_count;

vprintf_like_t esp_log_set_vprintf(vprintf_like_t func)
{
    vprintf_like_t before = s_vprintf;
    s_vprintf = func;
    return before;
}

esp_log_level_t esp_log_level_get(const char *tag)
{
    for (int i = 0; i < s_tag_count; i++) {
        if (strcmp(s_tags[i].tag, tag) == 0) { return s_tags[i].level; }
    }
    return s_default_level;
}

void esp_log_level_set(const char *tag, esp_log_level_t level)
{
    if (strcmp(tag, "*") == 0) {
        s_default_level = level;
        s_tag_count = 0;
        return;
    }
    int i = 0;
    while (i < s_tag_count && strcmp(s_tags[i].tag, tag) != 0) {
        i++;
    }
    if (i == TAGS_MAX) { return; }
    snprintf(s_tags[i].tag, sizeof(s_tags[i].tag), "%s", tag);
    s_tags[i].level = level;
    s_tag_count = i == s_tag_count ? i + 1 : s_tag_count;
}

uint32_t esp_log_timestamp(void)
{
    return (uint32_t)(k_clock() / 1000);
}

uint32_t esp_log_early_timestamp(void)
{
    return esp_log_timestamp();
}

void esp_log_writev(esp_log_level_t level, const char *tag, const char *format, va_list args)
{
    if (level <= esp_log_level_get(tag)) { s_vprintf(format, args); }
}

void esp_log_write(esp_log_level_t level, const char *tag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    esp_log_writev(level, tag, format, args);
    va_end(args);
}

__attribute__((format(printf, 1, 2))) static void emit(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    s_vprintf(format, args);
    va_end(args);
}

static bool colours(void)
{
    static int known = -1;
    if (known < 0) { known = isatty(STDOUT_FILENO) ? 1 : 0; }
    return known == 1 && s_vprintf == vprintf;
}

void sim_log_line(esp_log_level_t level, const char *tag, const char *format, ...)
{
    static const char letters[] = "NEWIDV";
    static const char *const codes[] = {"", "\033[0;31m", "\033[0;33m", "\033[0;32m", "", ""};
    if (level < ESP_LOG_ERROR || level > ESP_LOG_VERBOSE || level > esp_log_level_get(tag)) {
        return;
    }
    /* One call of the hook per line: lines of two tasks never mix. */
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    const char *code = colours() ? codes[level] : "";
    emit("%s%c (%" PRIu32 ") %s: %s%s\n", code, letters[level], esp_log_timestamp(), tag, text,
         *code ? "\033[0m" : "");
    k_point();
}

void esp_log_buffer_hex_internal(const char *tag, const void *buffer, uint16_t len,
                                 esp_log_level_t level)
{
    const uint8_t *bytes = buffer;
    for (unsigned at = 0; at < len; at += 16) {
        char line[16 * 3 + 1] = "";
        for (unsigned i = 0; i < 16 && at + i < len; i++) {
            snprintf(line + i * 3, 4, "%02x ", bytes[at + i]);
        }
        sim_log_line(level, tag, "%s", line);
    }
}
