/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_parse.h
 * Numbers as people write them. Each returns false for anything else: signs, rests, too large.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** "17", "0x11". */
bool ht_parse_number(const char *text, uint64_t *number);

/** "512", "4k", "4KiB", "1.5M", "2GiB": units of 1024. */
bool ht_parse_size(const char *text, uint64_t *bytes);

/** "12.5s", "850ms", "90us", "3m", "3min", "1h2m", "2d": µs. A number without a unit is seconds. */
bool ht_parse_time(const char *text, uint64_t *us);

/** A return or block address: "0x3fc9a0b4" or "3fc9a0b4". */
bool ht_parse_address(const char *text, uint64_t *address);

/** "8BIT|DMA", "dma,internal", "0x1800": bits of MALLOC_CAP_*. */
bool ht_parse_caps(const char *text, uint32_t *caps);
