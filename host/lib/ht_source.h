/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The words of a C or C++ file, with where they stand. Not a preprocessor: directives are left out,
 * macros are words like others. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    HT_TOKEN_NAME,   /* keywords too */
    HT_TOKEN_VALUE,  /* numbers, strings, characters */
    HT_TOKEN_SYMBOL, /* one operator or bracket, the longest that fits; but ">" is always alone */
} ht_token_kind_t;

typedef struct {
    uint32_t offset; /* in the text */
    uint32_t length;
    uint32_t line;   /* from 1 */
    uint32_t column; /* in bytes, from 1, as compilers write it */
    uint32_t pair;   /* of a bracket: the token number of the other one; else HT_TOKEN_NONE */
    ht_token_kind_t kind;
} ht_token_t;

#define HT_TOKEN_NONE UINT32_MAX

typedef struct {
    const char *text; /* the user's; has to live as long */
    size_t length;
    bool is_c; /* and not C++: "new" is a name there; the user's to set after reading */
    ht_token_t *tokens;
    size_t count, capacity;
} ht_source_t;

/** Read the words of a text of less than 4 GiB, O(its length). Anything can be read: what is no C
 * gives words that make no sense. False: no memory. */
bool ht_source_read(ht_source_t *source, const char *text, size_t length);

void ht_source_free(ht_source_t *source);

/** The first token of a line or, if it has none, of the lines behind it; `count` if there is none.
 * O(log n). */
size_t ht_source_line(const ht_source_t *source, uint32_t line);

/** Is token `at` this word? False beyond the end. */
bool ht_source_is(const ht_source_t *source, size_t at, const char *word);
