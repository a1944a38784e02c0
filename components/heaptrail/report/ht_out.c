/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_out.h"

#include <string.h>

#include "ht_units.h"

void ht_out_init(ht_out_t *out, heaptrail_write_fn_t write, void *context, uint16_t width,
                 bool color)
{
    memset(out, 0, sizeof(*out));
    out->write = write;
    out->context = context;
    out->width = width == 0 ? HT_OUT_WIDTH : width < HT_OUT_MIN_WIDTH ? HT_OUT_MIN_WIDTH : width;
    out->color = color;
}

void ht_out_flush(ht_out_t *out)
{
    if (out->used != 0) { out->write(out->context, out->line, out->used); }
    out->used = 0;
}

void ht_out_raw(ht_out_t *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (out->used == sizeof(out->line)) { ht_out_flush(out); }
        out->line[out->used++] = text[i];
    }
}

static bool starts_character(char c)
{
    return ((unsigned char)c & 0xC0U) != 0x80U;
}

static uint32_t columns_of(const char *text, size_t length)
{
    uint32_t columns = 0;
    for (size_t i = 0; i < length; i++) {
        columns += starts_character(text[i]) ? 1U : 0U;
    }
    return columns;
}

static void put_at_column(ht_out_t *out, char c)
{
    c = c == HT_HARD_SPACE[0] ? ' ' : c;
    ht_out_raw(out, &c, 1);
    if (starts_character(c)) { out->column++; }
}

static void break_line(ht_out_t *out)
{
    ht_out_raw(out, "\n", 1);
    out->column = 0;
    ht_out_flush(out);
    for (uint32_t i = 0; i < out->indent; i++) {
        put_at_column(out, ' ');
    }
    out->space = false;
    out->fresh = true;
}

/* Bytes of the word up to the last '|' within `columns`; 0: there is none. */
static uint32_t bytes_to_bar(const ht_out_t *out, uint32_t columns)
{
    uint32_t bytes = 0;
    uint32_t column = 0;
    for (uint32_t i = 0; i < out->word_used && column <= columns; i++) {
        column += starts_character(out->word[i]) ? 1U : 0U;
        if (out->word[i] == '|' && column <= columns) { bytes = i + 1U; }
    }
    return bytes;
}

/* Put the beginning of the word, cut where the line ends. */
static void put_bytes(ht_out_t *out, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) {
        bool blank = out->word[i] == HT_HARD_SPACE[0];
        bool full = out->column + (blank ? 1U : 0U) >= out->width;
        if (full && starts_character(out->word[i])) { break_line(out); }
        if (!(full && blank)) { put_at_column(out, out->word[i]); }
    }
    out->word_used = (uint8_t)(out->word_used - bytes);
    memmove(out->word, &out->word[bytes], out->word_used);
    out->space = false;
    out->fresh = false;
    out->glued = false;
}

/* A word that is wider than a whole line is broken behind a '|', or anywhere. */
static void put_word(ht_out_t *out)
{
    while (out->word_used != 0) {
        uint32_t space = out->space ? 1U : 0U;
        uint32_t columns = columns_of(out->word, out->word_used);
        if (!out->fresh && !out->glued && out->column + space + columns > out->width) {
            break_line(out);
        }
        if (out->space) { put_at_column(out, ' '); }
        uint32_t room = out->width > out->column ? (uint32_t)out->width - out->column : 0U;
        uint32_t bytes = columns > room ? bytes_to_bar(out, room) : 0U;
        put_bytes(out, bytes != 0 ? bytes : out->word_used);
    }
}

/* The word is longer than its buffer. */
HT_APART static void put_full_word(ht_out_t *out)
{
    uint32_t bytes = bytes_to_bar(out, sizeof(out->word));
    char rest[sizeof(out->word)];
    uint32_t kept = bytes == 0 ? 0 : out->word_used - bytes;
    memcpy(rest, &out->word[bytes], kept);
    out->word_used = (uint8_t)(out->word_used - kept);
    put_word(out);
    memcpy(out->word, rest, kept);
    out->word_used = (uint8_t)kept;
    out->glued = kept == 0 && bytes == 0;
}

static void put(ht_out_t *out, char c)
{
    if (!out->wrapping) {
        put_at_column(out, c);
    } else if (c == ' ') {
        put_word(out);
        out->space = !out->fresh;
        out->glued = false;
    } else {
        if (out->word_used == sizeof(out->word)) { put_full_word(out); }
        out->word[out->word_used++] = c;
    }
}

static void solid(ht_out_t *out, const char *text)
{
    for (; *text != '\0'; text++) {
        put(out, *text == ' ' ? HT_HARD_SPACE[0] : *text);
    }
}

void ht_out_text(ht_out_t *out, const char *text)
{
    for (; *text != '\0'; text++) {
        put(out, *text);
    }
}

/* Bytes of a continued sequence of `length`, and the bounds of its second byte (RFC 3629, section
 * 4). */
uint32_t ht_utf8_length(const char *text, size_t left)
{
    const unsigned char *u = (const unsigned char *)text;
    if (left == 0) { return 0; }
    if (u[0] < 0x80U) { return 1; }
    uint32_t length = u[0] >= 0xF0U ? 4U : u[0] >= 0xE0U ? 3U : 2U;
    if (u[0] < 0xC2U || u[0] > 0xF4U || length > left) { return 0; }
    unsigned low = u[0] == 0xE0U ? 0xA0U : u[0] == 0xF0U ? 0x90U : 0x80U;
    unsigned high = u[0] == 0xEDU ? 0x9FU : u[0] == 0xF4U ? 0x8FU : 0xBFU;
    if (u[1] < low || u[1] > high) { return 0; }
    for (uint32_t i = 2; i < length; i++) {
        if ((u[i] & 0xC0U) != 0x80U) { return 0; }
    }
    return length;
}

size_t ht_name_length(const char *name, size_t max_bytes)
{
    size_t length = 0;
    while (name != NULL && length < max_bytes && name[length] != '\0') {
        length++;
    }
    return length;
}

/* C0, DEL and C1 (U+0080 to U+009F) would act on the terminal. */
static bool is_control(const char *text, uint32_t length)
{
    const unsigned char *u = (const unsigned char *)text;
    return (length == 1 && (u[0] < 0x20U || u[0] == 0x7FU)) ||
           (length == 2 && u[0] == 0xC2U && u[1] < 0xA0U);
}

void ht_out_name(ht_out_t *out, const char *name, size_t max_bytes)
{
    size_t length = ht_name_length(name, max_bytes);
    if (length == 0) { put(out, '?'); }
    for (size_t i = 0; i < length;) {
        uint32_t bytes = ht_utf8_length(&name[i], length - i);
        bool harmless = bytes != 0 && !is_control(&name[i], bytes);
        if (!harmless) { put(out, '?'); }
        bytes = bytes == 0 ? 1U : bytes;
        for (uint32_t b = 0; harmless && b < bytes; b++) {
            put(out, name[i + b]);
        }
        i += bytes;
    }
}

uint32_t ht_out_name_columns(const char *name, size_t max_bytes)
{
    size_t length = ht_name_length(name, max_bytes);
    uint32_t columns = length == 0 ? 1U : 0U;
    for (size_t i = 0; i < length; columns++) {
        uint32_t bytes = ht_utf8_length(&name[i], length - i);
        i += bytes == 0 ? 1U : bytes;
    }
    return columns;
}

void ht_out_to(ht_out_t *out, uint32_t column)
{
    while (out->column < column) {
        put_at_column(out, ' ');
    }
}

void ht_out_right(ht_out_t *out, uint32_t cell_columns, const char *text)
{
    uint32_t length = columns_of(text, strlen(text));
    ht_out_to(out, out->column + (length < cell_columns ? cell_columns - length : 0U));
    ht_out_text(out, text);
}

void ht_out_line(ht_out_t *out)
{
    ht_out_raw(out, "\n", 1);
    out->column = 0;
    ht_out_flush(out);
}

void ht_out_size(ht_out_t *out, uint64_t bytes)
{
    solid(out, ht_text_size(bytes).s);
}

void ht_out_time(ht_out_t *out, uint64_t us)
{
    solid(out, ht_text_time(us).s);
}

void ht_out_number(ht_out_t *out, uint64_t n)
{
    ht_out_text(out, ht_text_number(n).s);
}

void ht_out_signed(ht_out_t *out, int64_t n)
{
    if (n < 0) { ht_out_text(out, "-"); }
    ht_out_number(out, n < 0 ? 0U - (uint64_t)n : (uint64_t)n);
}

void ht_out_address(ht_out_t *out, uint64_t address)
{
    ht_out_text(out, ht_text_address(address).s);
}

void ht_out_count(ht_out_t *out, uint64_t n, const char *noun)
{
    ht_out_text(out, ht_text_grouped(n).s);
    ht_out_text(out, out->wrapping ? HT_HARD_SPACE : " ");
    ht_out_text(out, noun);
    if (n != 1) { ht_out_text(out, "s"); }
}

void ht_out_style(ht_out_t *out, ht_style_t style)
{
    static const char *const codes[] = {
        [HT_STYLE_PLAIN] = "\x1b[0m", [HT_STYLE_TITLE] = "\x1b[1m", [HT_STYLE_DIM] = "\x1b[2m",
        [HT_STYLE_NAME] = "\x1b[36m", [HT_STYLE_GOOD] = "\x1b[32m", [HT_STYLE_WARN] = "\x1b[33m",
        [HT_STYLE_BAD] = "\x1b[31m",
    };
    if (!out->color) { return; }
    if (out->wrapping) { put_word(out); }
    ht_out_raw(out, codes[style], strlen(codes[style]));
}

void ht_out_sentence(ht_out_t *out, uint32_t indent)
{
    out->wrapping = true;
    out->space = false;
    out->glued = false;
    out->fresh = true;
    out->indent = (uint16_t)indent;
    ht_out_to(out, indent);
}

void ht_out_sentence_end(ht_out_t *out)
{
    put_word(out);
    out->wrapping = false;
    out->space = false;
    ht_out_line(out);
}
