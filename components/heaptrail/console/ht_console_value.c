/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What people type for a number, a size, a time, an address, capabilities, a word. */
#include <string.h>

#include "ht_console.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The digits at `*text`, which moves behind them. */
static ht_value_t digits(const char **text, uint32_t base, uint64_t *n)
{
    const char *at = *text;
    *n = 0;
    for (; *at != '\0'; at++) {
        char c = lower(*at);
        uint32_t digit = is_digit(c)            ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10U
                                                : base;
        if (digit >= base) { break; }
        if (*n > (UINT64_MAX - digit) / base) { return HT_VALUE_TOO_LARGE; }
        *n = *n * base + digit;
    }
    ht_value_t value = at == *text ? HT_VALUE_NOT_A_NUMBER : HT_VALUE_GOOD;
    *text = at;
    return value;
}

static ht_value_t decimal(const char **text, uint64_t *n)
{
    if (**text == '\0') { return HT_VALUE_EMPTY; }
    if ((*text)[0] == '-' && is_digit((*text)[1])) { return HT_VALUE_NEGATIVE; }
    return digits(text, 10, n);
}

ht_value_t ht_value_number(const char *text, uint64_t max, uint64_t *n)
{
    ht_value_t value = decimal(&text, n);
    if (value != HT_VALUE_GOOD) { return value; }
    if (*text != '\0') { return HT_VALUE_NOT_A_NUMBER; }
    return *n > max ? HT_VALUE_TOO_LARGE : HT_VALUE_GOOD;
}

typedef struct {
    const char *name;
    uint64_t factor;
} unit_t;

static bool is_unit(const char *text, const char *name)
{
    while (*name != '\0' && lower(*text) == *name) {
        text++;
        name++;
    }
    return *text == '\0' && *name == '\0';
}

static ht_value_t scaled(const char *text, const unit_t *units, uint64_t *n)
{
    ht_value_t value = decimal(&text, n);
    if (value != HT_VALUE_GOOD) { return value; }
    for (const unit_t *unit = units; unit->name != NULL; unit++) {
        if (!is_unit(text, unit->name)) { continue; }
        if (*n > UINT64_MAX / unit->factor) { return HT_VALUE_TOO_LARGE; }
        *n *= unit->factor;
        return HT_VALUE_GOOD;
    }
    return HT_VALUE_BAD_UNIT;
}

ht_value_t ht_value_size(const char *text, uint64_t *bytes)
{
    static const unit_t units[] = {
        {"", 1},           {"b", 1},         {"k", 1U << 10},   {"kb", 1U << 10},
        {"kib", 1U << 10}, {"m", 1U << 20},  {"mb", 1U << 20},  {"mib", 1U << 20},
        {"g", 1U << 30},   {"gb", 1U << 30}, {"gib", 1U << 30}, {NULL, 0},
    };
    ht_value_t value = scaled(text, units, bytes);
    return value == HT_VALUE_GOOD && *bytes > SIZE_MAX ? HT_VALUE_TOO_LARGE : value;
}

ht_value_t ht_value_time(const char *text, uint64_t *us)
{
    static const unit_t units[] = {
        {"", 1000000},
        {"us", 1},
        {"ms", 1000},
        {"s", 1000000},
        {"sec", 1000000},
        {"m", 60000000},
        {"min", 60000000},
        {"h", UINT64_C(3600000000)},
        {"d", UINT64_C(86400000000)},
        {NULL, 0},
    };
    return scaled(text, units, us);
}

ht_value_t ht_value_address(const char *text, uint64_t *address)
{
    size_t length = strlen(text);
    bool prefixed = text[0] == '0' && lower(text[1]) == 'x';
    bool letters = strcspn(text, "abcdefABCDEF") < length;
    if (length == 0) { return HT_VALUE_EMPTY; }
    if (text[0] == '-') { return is_digit(text[1]) ? HT_VALUE_NEGATIVE : HT_VALUE_NOT_A_NUMBER; }
    text += prefixed ? 2 : 0;
    ht_value_t value = digits(&text, prefixed || letters || length == 8U ? 16 : 10, address);
    if (value != HT_VALUE_GOOD) { return value; }
    if (*text != '\0') { return HT_VALUE_NOT_A_NUMBER; }
    return *address > UINTPTR_MAX ? HT_VALUE_TOO_LARGE : HT_VALUE_GOOD;
}

/* --- capabilities ------------------------------------------------------------------------------
 */

static bool same_word(const char *text, size_t length, const char *name)
{
    for (size_t i = 0; i < length; i++) {
        if (name[i] == '\0' || lower(text[i]) != lower(name[i])) { return false; }
    }
    return name[length] == '\0';
}

static bool one_cap(const char *text, size_t length, uint32_t *caps)
{
    char name[24];
    for (uint32_t bit = 0; bit < 32; bit++) {
        (void)heaptrail_caps_name(1U << bit, name, sizeof(name));
        if (same_word(text, length, name)) {
            *caps |= 1U << bit;
            return true;
        }
    }
    uint64_t mask = 0;
    const char *at = text + 2;
    if (length < 3 || text[0] != '0' || lower(text[1]) != 'x') { return false; }
    if (digits(&at, 16, &mask) != HT_VALUE_GOOD || at != text + length) { return false; }
    *caps |= (uint32_t)mask;
    return mask != 0 && mask <= UINT32_MAX;
}

bool ht_value_caps(const char *text, uint32_t *caps, const char **bad, size_t *bad_length)
{
    *caps = 0;
    for (;;) {
        size_t length = strcspn(text, ",|+");
        if (!one_cap(text, length, caps)) {
            *bad = text;
            *bad_length = length;
            return false;
        }
        text += length;
        if (*text++ == '\0') { return true; }
    }
}

/* --- mistyped words ----------------------------------------------------------------------------
 */

#define WORD_MAX 16U

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* How many characters were left out, put in, replaced or swapped with the next one (optimal string
 * alignment). */
static uint32_t distance(const char *a, uint32_t a_length, const char *b, uint32_t b_length)
{
    uint8_t row[3][WORD_MAX + 1U];
    for (uint32_t j = 0; j <= b_length; j++) {
        row[0][j] = (uint8_t)j;
    }
    for (uint32_t i = 1; i <= a_length; i++) {
        uint8_t *now = row[i % 3U];
        const uint8_t *last = row[(i - 1U) % 3U];
        now[0] = (uint8_t)i;
        for (uint32_t j = 1; j <= b_length; j++) {
            uint32_t cost = lower(a[i - 1U]) == b[j - 1U] ? 0 : 1;
            uint32_t best = least(least(last[j] + 1U, now[j - 1U] + 1U), last[j - 1U] + cost);
            if (i > 1 && j > 1 && lower(a[i - 1U]) == b[j - 2U] && lower(a[i - 2U]) == b[j - 1U]) {
                best = least(best, row[(i - 2U) % 3U][j - 2U] + 1U);
            }
            now[j] = (uint8_t)best;
        }
    }
    return row[a_length % 3U][b_length];
}

const char *ht_nearest(const char *word, const char *const *names)
{
    size_t length = strlen(word);
    const char *best = NULL;
    uint32_t best_distance = length <= 3 ? 2 : 3; /* that is too far already */
    if (length == 0 || length > WORD_MAX) { return NULL; }
    for (; *names != NULL; names++) {
        size_t name_length = strlen(*names);
        if (name_length > WORD_MAX) { continue; }
        uint32_t far = distance(word, (uint32_t)length, *names, (uint32_t)name_length);
        if (far < best_distance) {
            best_distance = far;
            best = *names;
        }
    }
    return best;
}
