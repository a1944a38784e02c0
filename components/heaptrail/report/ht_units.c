/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_units.h"

#include <stdbool.h>
#include <stddef.h>

#define HT_MS UINT64_C(1000)
#define HT_SECOND UINT64_C(1000000)
#define HT_MINUTE (60U * HT_SECOND)
#define HT_HOUR (60U * HT_MINUTE)
#define HT_DAY (24U * HT_HOUR)
#define HT_YEAR (365U * HT_DAY)

typedef struct {
    ht_figure_t text;
    size_t used;
} builder_t;

static void add_text(builder_t *b, const char *text)
{
    while (*text != '\0' && b->used + 1U < sizeof(b->text.s)) {
        b->text.s[b->used++] = *text++;
    }
    b->text.s[b->used] = '\0';
}

static void add_number(builder_t *b, uint64_t n, uint32_t base, uint32_t min_digits)
{
    char digits[24];
    uint32_t i = sizeof(digits) - 1U;
    digits[i] = '\0';
    for (uint32_t done = 0; (n != 0 || done < min_digits) && i > 0; done++) {
        digits[--i] = "0123456789abcdef"[n % base];
        n /= base;
    }
    add_text(b, &digits[i]);
}

/* "n", "n.d" or "n.dd" of n and hundredths. */
static void add_decimal(builder_t *b, uint64_t n, uint32_t hundredths, uint32_t decimals)
{
    add_number(b, n, 10, 1);
    if (decimals != 0) {
        add_text(b, ".");
        add_number(b, decimals == 1 ? hundredths / 10U : hundredths, 10, decimals);
    }
}

ht_figure_t ht_text_number(uint64_t n)
{
    builder_t b = {0};
    add_number(&b, n, 10, 1);
    return b.text;
}

ht_figure_t ht_text_grouped(uint64_t n)
{
    uint64_t group = 1;
    builder_t b = {0};
    while (n / group >= 1000U) {
        group *= 1000U;
    }
    add_number(&b, n / group, 10, 1);
    for (group /= 1000U; group != 0; group /= 1000U) {
        add_text(&b, ",");
        add_number(&b, n / group % 1000U, 10, 3);
    }
    return b.text;
}

ht_figure_t ht_text_count(uint64_t n)
{
    static const char *const units[] = {"", " k", " M", " G", " T", " P", " E"};
    builder_t b = {0};
    uint64_t scale = 1;
    uint32_t unit = 0;
    if (n >= 1000000U) {
        while (n / scale >= 1000U) {
            scale *= 1000U;
            unit++;
        }
    }
    uint64_t whole = n / scale;
    uint32_t hundredths = unit == 0 ? 0 : (uint32_t)((n % scale) / (scale / 100U));
    add_decimal(&b, whole, hundredths, unit == 0 || whole >= 100U ? 0 : 1);
    add_text(&b, units[unit]);
    return b.text;
}

ht_figure_t ht_text_size(uint64_t bytes)
{
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
    builder_t b = {0};
    uint32_t unit = 0;
    while (bytes >> (10U * unit) >= 1024U) {
        unit++;
    }
    uint64_t whole = bytes >> (10U * unit);
    uint64_t below = unit == 0 ? 0 : (bytes >> (10U * unit - 10U)) & 1023U;
    uint64_t rest = bytes - (whole << (10U * unit));
    uint32_t decimals = rest == 0 || whole >= 100U ? 0 : whole >= 10U ? 1 : 2;
    add_decimal(&b, whole, (uint32_t)(below * 100U / 1024U), decimals);
    add_text(&b, units[unit]);
    return b.text;
}

typedef struct {
    uint64_t us;
    const char *name;
} unit_t;

static const unit_t s_time_units[] = {
    {HT_YEAR, " y"},   {HT_DAY, " d"}, {HT_HOUR, " h"}, {HT_MINUTE, " min"},
    {HT_SECOND, " s"}, {HT_MS, " ms"}, {1, " us"},
};

static uint32_t time_unit(uint64_t us)
{
    uint32_t i = 0;
    while (i + 1U < sizeof(s_time_units) / sizeof(s_time_units[0]) && us < s_time_units[i].us) {
        i++;
    }
    return i;
}

ht_figure_t ht_text_age(uint64_t us)
{
    builder_t b = {0};
    uint32_t i = time_unit(us);
    uint64_t unit = s_time_units[i].us;
    uint32_t hundredths = unit == 1 ? 0 : (uint32_t)((us % unit) / (unit / 100U));
    bool whole = unit <= HT_MS || us / unit >= 100U || hundredths < 10U;
    add_decimal(&b, us / unit, hundredths, whole ? 0 : 1);
    add_text(&b, s_time_units[i].name);
    return b.text;
}

ht_figure_t ht_text_time(uint64_t us)
{
    uint32_t i = time_unit(us);
    uint64_t unit = s_time_units[i].us;
    if (unit < HT_MINUTE) { return ht_text_age(us); }
    builder_t b = {0};
    add_number(&b, us / unit, 10, 1);
    add_text(&b, s_time_units[i].name);
    uint64_t rest = us % unit / s_time_units[i + 1U].us;
    if (rest != 0) {
        add_text(&b, " ");
        add_number(&b, rest, 10, 1);
        add_text(&b, s_time_units[i + 1U].name);
    }
    return b.text;
}

ht_figure_t ht_text_address(uint64_t address)
{
    builder_t b = {0};
    add_text(&b, "0x");
    add_number(&b, address, 16, 8);
    return b.text;
}

uint32_t ht_ratio(uint64_t part, uint64_t whole, uint32_t scale)
{
    while (whole >= UINT64_C(1) << 32) {
        whole >>= 1U;
        part >>= 1U;
    }
    if (whole == 0) { return 0; }
    return part >= whole ? scale : (uint32_t)(part * scale / whole);
}

ht_figure_t ht_text_percent(uint64_t part, uint64_t whole)
{
    builder_t b = {0};
    add_number(&b, ht_ratio(part, whole, 100), 10, 1);
    add_text(&b, " %");
    return b.text;
}
