/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_parse.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "heaptrail.h"

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') { return c - '0'; }
    if (c >= 'a' && c <= 'f') { return c - 'a' + 10; }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* Digits of a base at *text; false: none, or more than 64 bits. */
static bool digits(const char **text, unsigned base, uint64_t *number)
{
    const char *at = *text;
    uint64_t n = 0;
    for (; (unsigned)digit_value(*at) < base; at++) {
        if (__builtin_mul_overflow(n, (uint64_t)base, &n) ||
            __builtin_add_overflow(n, (uint64_t)digit_value(*at), &n)) {
            return false;
        }
    }
    bool any = at != *text;
    *text = at;
    *number = n;
    return any;
}

static bool has_hex_prefix(const char *text)
{
    return text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

bool ht_parse_number(const char *text, uint64_t *number)
{
    bool hex = has_hex_prefix(text);
    text += hex ? 2 : 0;
    return digits(&text, hex ? 16 : 10, number) && *text == '\0';
}

bool ht_parse_address(const char *text, uint64_t *address)
{
    text += has_hex_prefix(text) ? 2 : 0;
    return digits(&text, 16, address) && *text == '\0';
}

/* A number with up to six decimals, times `unit`; exact, the rest of a unit is cut. */
static bool scaled(uint64_t whole, uint64_t millionths, uint64_t unit, uint64_t *result)
{
    unsigned __int128 product =
        (unsigned __int128)whole * unit + (unsigned __int128)millionths * unit / 1000000U;
    *result = (uint64_t)product;
    return product <= UINT64_MAX;
}

/* ".25" at *text as millionths; 0 where there is none. False: a point without digits. */
static bool decimals(const char **text, uint64_t *millionths)
{
    *millionths = 0;
    if (**text != '.') { return true; }
    const char *at = *text + 1;
    uint64_t weight = 100000;
    for (; isdigit((unsigned char)*at); at++, weight /= 10U) {
        *millionths += weight * (uint64_t)digit_value(*at);
    }
    bool any = at != *text + 1;
    *text = at;
    return any;
}

bool ht_parse_size(const char *text, uint64_t *bytes)
{
    static const char letters[] = "kmgt";
    uint64_t whole, part;
    if (!digits(&text, 10, &whole) || !decimals(&text, &part)) { return false; }
    text += *text == ' ' ? 1 : 0;
    const char *letter = *text != '\0' ? strchr(letters, tolower((unsigned char)*text)) : NULL;
    unsigned shift = letter != NULL ? 10U * (unsigned)(letter - letters + 1) : 0U;
    text += letter != NULL ? 1 : 0;
    text += letter != NULL && *text == 'i' ? 1 : 0;
    text += *text == 'B' || *text == 'b' ? 1 : 0;
    if (*text != '\0' || (part != 0 && shift == 0)) { return false; }
    return scaled(whole, part, UINT64_C(1) << shift, bytes);
}

typedef struct {
    const char *name;
    uint64_t us;
} time_unit_t;

/* The longer of two that begin alike comes first. */
static const time_unit_t s_time_units[] = {
    {"min", 60000000},    {"ms", 1000},          {"us", 1}, {"s", 1000000}, {"m", 60000000},
    {"h", 3600000000ULL}, {"d", 86400000000ULL},
};

static const time_unit_t *time_unit(const char *text)
{
    for (size_t i = 0; i < sizeof(s_time_units) / sizeof(s_time_units[0]); i++) {
        size_t length = strlen(s_time_units[i].name);
        if (strncmp(text, s_time_units[i].name, length) == 0) { return &s_time_units[i]; }
    }
    return NULL;
}

bool ht_parse_time(const char *text, uint64_t *us)
{
    uint64_t whole, part, one;
    const char *start = text;
    for (*us = 0; *text != '\0' || text == start;) {
        if (!digits(&text, 10, &whole) || !decimals(&text, &part)) { return false; }
        const time_unit_t *unit = time_unit(text);
        bool bare = *text == '\0' && *us == 0;
        if (unit == NULL && !bare) { return false; }
        text += unit != NULL ? strlen(unit->name) : 0;
        if (!scaled(whole, part, unit != NULL ? unit->us : 1000000U, &one) ||
            __builtin_add_overflow(*us, one, us)) {
            return false;
        }
    }
    return true;
}

static bool one_cap(const char *name, size_t length, uint32_t *cap)
{
    char known[24];
    for (unsigned bit = 0; bit < 32U; bit++) {
        size_t known_length = heaptrail_caps_name(UINT32_C(1) << bit, known, sizeof(known));
        if (known_length == length && strncasecmp(known, name, length) == 0) {
            *cap = UINT32_C(1) << bit;
            return true;
        }
    }
    return false;
}

bool ht_parse_caps(const char *text, uint32_t *caps)
{
    uint64_t number;
    *caps = 0;
    if (ht_parse_number(text, &number)) {
        *caps = (uint32_t)number;
        return number != 0 && number <= UINT32_MAX;
    }
    for (;;) {
        uint32_t cap;
        size_t length = strcspn(text, "|,+");
        if (!one_cap(text, length, &cap)) { return false; }
        *caps |= cap;
        if (text[length] == '\0') { return true; }
        text += length + 1U;
    }
}
