/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Names for what the tracker keeps as numbers. */
#include "heaptrail_errors.h"

const char *heaptrail_method_name(heaptrail_method_t method)
{
    static const char *const names[HEAPTRAIL_METHOD_COUNT] = {
        [HEAPTRAIL_METHOD_UNKNOWN] = "unknown",
        [HEAPTRAIL_METHOD_MALLOC] = "malloc",
        [HEAPTRAIL_METHOD_CALLOC] = "calloc",
        [HEAPTRAIL_METHOD_REALLOC] = "realloc",
        [HEAPTRAIL_METHOD_ALIGNED_ALLOC] = "aligned_alloc",
        [HEAPTRAIL_METHOD_MEMALIGN] = "memalign",
        [HEAPTRAIL_METHOD_POSIX_MEMALIGN] = "posix_memalign",
        [HEAPTRAIL_METHOD_STRDUP] = "strdup",
        [HEAPTRAIL_METHOD_STRNDUP] = "strndup",
        [HEAPTRAIL_METHOD_NEW] = "new",
        [HEAPTRAIL_METHOD_NEW_ARRAY] = "new[]",
        [HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC] = "heap_caps_malloc",
        [HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC] = "heap_caps_calloc",
        [HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC] = "heap_caps_realloc",
        [HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_ALLOC] = "heap_caps_aligned_alloc",
        [HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_CALLOC] = "heap_caps_aligned_calloc",
        [HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC_PREFER] = "heap_caps_malloc_prefer",
        [HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC_PREFER] = "heap_caps_calloc_prefer",
        [HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC_PREFER] = "heap_caps_realloc_prefer",
        [HEAPTRAIL_METHOD_REGISTERED] = "register_allocation",
        [HEAPTRAIL_METHOD_FREE] = "free",
        [HEAPTRAIL_METHOD_POOL] = "pool",
    };
    if ((unsigned)method >= HEAPTRAIL_METHOD_COUNT || names[method] == NULL) { return "unknown"; }
    return names[method];
}

/* By bit number, as esp_heap_caps.h of ESP-IDF 6.2 has them; older versions use a part of these. */
static const char *const s_caps[22] = {
    "EXEC",         "32BIT",         "8BIT",      "DMA",           "PID2",   "PID3",
    "PID4",         "PID5",          "PID6",      "PID7",          "SPIRAM", "INTERNAL",
    "DEFAULT",      "IRAM_8BIT",     "RETENTION", "RTCRAM",        "TCM",    "DMA_DESC_AHB",
    "DMA_DESC_AXI", "CACHE_ALIGNED", "SIMD",      "SPIRAM_NO_ENC",
};

typedef struct {
    char *text;
    size_t size;
    size_t length;
} line_t;

static void put(line_t *line, const char *text)
{
    for (; *text != '\0'; text++, line->length++) {
        if (line->length + 1 < line->size) { line->text[line->length] = *text; }
    }
}

static void put_hex(line_t *line, uint32_t value)
{
    char digits[11] = "0x";
    int at = 2;
    for (int shift = 28; shift >= 0; shift -= 4) {
        uint32_t digit = (value >> shift) & 0xFU;
        if (digit != 0 || at > 2 || shift == 0) { digits[at++] = "0123456789abcdef"[digit]; }
    }
    digits[at] = '\0';
    put(line, digits);
}

size_t heaptrail_caps_name(uint32_t caps, char *text, size_t size)
{
    line_t line = {text, text != NULL ? size : 0, 0};
    uint32_t unnamed = caps;
    for (unsigned bit = 0; bit < sizeof(s_caps) / sizeof(s_caps[0]); bit++) {
        if ((caps >> bit) & 1U) {
            if (line.length != 0) { put(&line, "|"); }
            put(&line, s_caps[bit]);
            unnamed &= ~(1U << bit);
        }
    }
    if (unnamed != 0 || caps == 0) {
        if (line.length != 0) { put(&line, "|"); }
        put_hex(&line, unnamed);
    }
    if (line.size != 0) { line.text[line.length < line.size ? line.length : line.size - 1] = '\0'; }
    return line.length;
}

typedef struct {
    const char *name;
    const char *key;
} error_name_t;

static const error_name_t s_errors[HEAPTRAIL_ERROR_COUNT] = {
    [HEAPTRAIL_ERROR_NONE] = {"no error", "none"},
    [HEAPTRAIL_ERROR_OVERFLOW] = {"heap buffer overflow", "overflow"},
    [HEAPTRAIL_ERROR_UNDERFLOW] = {"heap buffer underflow", "underflow"},
    [HEAPTRAIL_ERROR_WRITE_AFTER_FREE] = {"write after free", "write_after_free"},
    [HEAPTRAIL_ERROR_DOUBLE_FREE] = {"double free", "double_free"},
    [HEAPTRAIL_ERROR_REALLOC_FREED] = {"realloc of a freed block", "realloc_freed"},
    [HEAPTRAIL_ERROR_BAD_FREE] = {"bad free", "bad_free"},
    [HEAPTRAIL_ERROR_BAD_REALLOC] = {"bad realloc", "bad_realloc"},
    [HEAPTRAIL_ERROR_HEAP_DAMAGED] = {"heap bookkeeping damaged", "heap_damaged"},
    [HEAPTRAIL_ERROR_STACK_OVERFLOW] = {"suspected stack overflow", "stack_overflow"},
};

static const error_name_t *error_name(heaptrail_error_kind_t kind)
{
    static const error_name_t unknown = {"unknown error", "unknown"};
    return (unsigned)kind < HEAPTRAIL_ERROR_COUNT ? &s_errors[kind] : &unknown;
}

const char *heaptrail_error_name(heaptrail_error_kind_t kind)
{
    return error_name(kind)->name;
}

const char *heaptrail_error_key(heaptrail_error_kind_t kind)
{
    return error_name(kind)->key;
}
