/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_out.h
 * A line buffer over the writer of a report: columns, colours, and sentences that wrap.
 *
 * A column is a UTF-8 character. Text of ours goes through ht_out_text() as it is; text of the
 * application (names, files, symbols) through ht_out_name(), which lets no control character and no
 * invalid UTF-8 reach the terminal.
 */
#pragma once

#include "heaptrail.h"

/** In a sentence: a space at which no line is broken. */
#define HT_HARD_SPACE "\x01"

/** Where a report goes without a width of its own. */
#define HT_OUT_WIDTH 100U

/** A function whose buffer must not stand on the stack while its caller does other things. */
#define HT_APART __attribute__((noinline))

/** What the columns that are always there need. */
#define HT_OUT_MIN_WIDTH 40U

typedef enum {
    HT_STYLE_PLAIN,
    HT_STYLE_TITLE,
    HT_STYLE_DIM,
    HT_STYLE_NAME,
    HT_STYLE_GOOD,
    HT_STYLE_WARN,
    HT_STYLE_BAD,
} ht_style_t;

typedef struct {
    heaptrail_write_fn_t write;
    void *context;
    uint16_t width;  /**< columns of a line */
    uint16_t column; /**< where the next character goes */
    uint16_t indent; /**< of the lines that a sentence is broken into */
    bool color;
    bool wrapping; /**< inside a sentence */
    bool space;    /**< a space comes before the next word */
    bool glued;    /**< the word goes on from one that did not fit `word` */
    bool fresh;    /**< no word is on this line of the sentence yet */
    uint8_t word_used;
    uint8_t used;
    char word[64]; /**< the word that is being written */
    char line[96]; /**< what has not been handed to `write` yet */
} ht_out_t;

void ht_out_init(ht_out_t *out, heaptrail_write_fn_t write, void *context, uint16_t width,
                 bool color);

/** Hand on what is buffered. */
void ht_out_flush(ht_out_t *out);

/** Bytes as they are, no column counted: JSON and escape sequences. */
void ht_out_raw(ht_out_t *out, const char *text, size_t length);

/** Text of ours. */
void ht_out_text(ht_out_t *out, const char *text);

/** Text of the application, at most `max_bytes` of it, made harmless. NULL is "?". */
void ht_out_name(ht_out_t *out, const char *name, size_t max_bytes);

/** Columns that ht_out_name() takes. */
uint32_t ht_out_name_columns(const char *name, size_t max_bytes);

/** Spaces up to a column; none when it has been passed. */
void ht_out_to(ht_out_t *out, uint32_t column);

/** Text of ours at the right end of a cell. */
void ht_out_right(ht_out_t *out, uint32_t cell_columns, const char *text);

/** End the line. */
void ht_out_line(ht_out_t *out);

/** Numbers in a sentence, not broken at their spaces: ht_text_size(), ht_text_time(). */
void ht_out_size(ht_out_t *out, uint64_t bytes);
void ht_out_time(ht_out_t *out, uint64_t us);
void ht_out_number(ht_out_t *out, uint64_t n);
void ht_out_signed(ht_out_t *out, int64_t n);
void ht_out_address(ht_out_t *out, uint64_t address);

/** "1 block", "17 blocks". */
void ht_out_count(ht_out_t *out, uint64_t n, const char *noun);

void ht_out_style(ht_out_t *out, ht_style_t style);

/** From here to ht_out_sentence_end(): lines break between words, and behind a '|', and go on at
 * column `indent`. */
void ht_out_sentence(ht_out_t *out, uint32_t indent);

/** End the sentence and the line. */
void ht_out_sentence_end(ht_out_t *out);

/**
 * The length of the UTF-8 sequence at `text`, of which `left` bytes may be read, or 0 if it is
 * invalid (overlong, a surrogate, beyond U+10FFFF, cut short).
 */
uint32_t ht_utf8_length(const char *text, size_t left);

/** strlen() that stops at `max_bytes`; 0 for NULL. */
size_t ht_name_length(const char *name, size_t max_bytes);
