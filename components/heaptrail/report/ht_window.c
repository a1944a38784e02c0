/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The bytes around the damage:
 *
 *   expected     64  5a c3 17 e0 9b 22 41 7d  |Z...."A}|
 *   found        64  68 69 00 e0 9b 22 41 7d  |hi..."A}|
 *                    ^^ ^^ ^^
 */
#include <string.h>

#include "ht_error_text.h"
#include "ht_units.h"

#define GAP 2U

/** Bytes in a line of the narrowest report. */
#define FEWEST 4U

static uint32_t window_bytes(const heaptrail_error_row_t *error)
{
    uint32_t bytes = error->window_bytes;
    return bytes < HEAPTRAIL_WINDOW_BYTES ? bytes : HEAPTRAIL_WINDOW_BYTES;
}

static bool changed(const heaptrail_error_row_t *error, uint32_t i)
{
    return error->expected[i] != error->actual[i];
}

uint32_t ht_window_changed(const heaptrail_error_row_t *error)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < window_bytes(error); i++) {
        count += changed(error, i) ? 1U : 0U;
    }
    return count;
}

bool ht_window_shows_all(const heaptrail_error_row_t *error)
{
    if (error->offset_bytes < error->window_offset_bytes) { return false; }
    size_t before = (size_t)error->offset_bytes - (size_t)error->window_offset_bytes;
    uint32_t bytes = window_bytes(error);
    return before < bytes && error->damaged_bytes <= bytes - before;
}

static uint32_t offset_columns(int64_t offset)
{
    uint64_t size = offset < 0 ? 0U - (uint64_t)offset : (uint64_t)offset;
    return (uint32_t)strlen(ht_text_number(size).s) + (offset < 0 ? 1U : 0U);
}

/* Columns of `count` bytes in hexadecimal and as characters. */
static uint32_t columns_of(uint32_t count)
{
    return 3U * count - 1U + GAP + count + 2U;
}

/* Where the bytes begin: behind the widest offset, if there is room for that. */
static uint32_t bytes_column(const ht_out_t *out, const heaptrail_error_row_t *error)
{
    uint32_t first = offset_columns(error->window_offset_bytes);
    uint32_t last = offset_columns(ht_offset_add(error->window_offset_bytes, window_bytes(error)));
    uint32_t column = HT_LABEL_COLUMN + (first > last ? first : last) + GAP;
    return column + columns_of(FEWEST) <= out->width ? column : HT_LABEL_COLUMN;
}

static uint32_t bytes_per_line(const ht_out_t *out, const heaptrail_error_row_t *error)
{
    uint32_t all = window_bytes(error);
    for (uint32_t n = HEAPTRAIL_WINDOW_BYTES; n > FEWEST; n /= 2U) {
        if (bytes_column(out, error) + columns_of(n < all ? n : all) <= out->width) { return n; }
    }
    return FEWEST;
}

static void hex_byte(ht_out_t *out, uint8_t byte)
{
    const char digits[] = {"0123456789abcdef"[byte >> 4U], "0123456789abcdef"[byte & 15U], '\0'};
    ht_out_text(out, digits);
}

static void ascii_byte(ht_out_t *out, uint8_t byte)
{
    const char text[] = {byte >= 0x20U && byte < 0x7FU ? (char)byte : '.', '\0'};
    ht_out_text(out, text);
}

typedef struct {
    const heaptrail_error_row_t *error;
    const uint8_t *bytes;
    ht_style_t style; /**< of bytes that changed */
    uint32_t first, end;
} line_t;

static void marked(ht_out_t *out, const line_t *line, uint32_t i, void (*put)(ht_out_t *, uint8_t))
{
    bool mark = changed(line->error, i);
    if (mark) { ht_out_style(out, line->style); }
    put(out, line->bytes[i]);
    if (mark) { ht_out_style(out, HT_STYLE_PLAIN); }
}

static void byte_line(ht_out_t *out, const char *label, const line_t *line)
{
    uint32_t column = bytes_column(out, line->error);
    int64_t offset = ht_offset_add(line->error->window_offset_bytes, line->first);
    ht_label(out, label);
    if (column != HT_LABEL_COLUMN) {
        ht_out_to(out, column - GAP - offset_columns(offset));
        ht_out_signed(out, offset);
    }
    ht_out_to(out, column);
    for (uint32_t i = line->first; i < line->end; i++) {
        ht_out_to(out, column + 3U * (i - line->first));
        marked(out, line, i, hex_byte);
    }
    ht_out_text(out, "  |");
    for (uint32_t i = line->first; i < line->end; i++) {
        marked(out, line, i, ascii_byte);
    }
    ht_out_text(out, "|");
    ht_out_line(out);
}

static void caret_line(ht_out_t *out, const line_t *line)
{
    bool any = false;
    for (uint32_t i = line->first; i < line->end; i++) {
        if (!changed(line->error, i)) { continue; }
        ht_out_to(out, bytes_column(out, line->error) + 3U * (i - line->first));
        ht_out_style(out, HT_STYLE_BAD);
        ht_out_text(out, "^^");
        ht_out_style(out, HT_STYLE_PLAIN);
        any = true;
    }
    if (any) { ht_out_line(out); }
}

void ht_window(ht_out_t *out, const heaptrail_error_row_t *error)
{
    uint32_t per_line = bytes_per_line(out, error);
    for (uint32_t i = 0; i < window_bytes(error); i += per_line) {
        uint32_t end = i + per_line < window_bytes(error) ? i + per_line : window_bytes(error);
        byte_line(out, "expected", &(line_t){error, error->expected, HT_STYLE_GOOD, i, end});
        byte_line(out, "found", &(line_t){error, error->actual, HT_STYLE_BAD, i, end});
        caret_line(out, &(line_t){error, error->actual, HT_STYLE_BAD, i, end});
    }
}
