/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_units.h
 * Numbers as people read them, by integer arithmetic only: sizes, times, counts, percent,
 * addresses.
 *
 * Each function returns its text by value, so `ht_text_size(n).s` may be passed on in the same
 * expression.
 */
#pragma once

#include <stdint.h>

/** The longest is a 64-bit number: 20 digits in groups. */
typedef struct {
    char s[28];
} ht_figure_t;

/** "1234567", for programs, and "1,234,567", for sentences. */
ht_figure_t ht_text_number(uint64_t n);
ht_figure_t ht_text_grouped(uint64_t n);

/** At most six columns: "999999", then "12.3 M". For columns. */
ht_figure_t ht_text_count(uint64_t n);

/** At most eight columns, cut, never rounded up: "12 B", "64 KiB", "12.3 KiB", "1.05 MiB". */
ht_figure_t ht_text_size(uint64_t bytes);

/** Two units, for sentences: "850 ms", "16.2 s", "12 min 5 s", "3 h 12 min", "5 d 3 h". */
ht_figure_t ht_text_time(uint64_t us);

/** One unit, for columns, at most eight of them: "850 ms", "16.2 s", "12 min", "3.2 h", "5.1 d".
 */
ht_figure_t ht_text_age(uint64_t us);

/** "0x3fc9a0b4": at least 8 digits. */
ht_figure_t ht_text_address(uint64_t address);

/** "96 %" of part / whole, cut; "0 %" of nothing; never more than "100 %". */
ht_figure_t ht_text_percent(uint64_t part, uint64_t whole);

/** part / whole in steps of 1 / scale, cut, at most `scale`; no overflow. */
uint32_t ht_ratio(uint64_t part, uint64_t whole, uint32_t scale);
