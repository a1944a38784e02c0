/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Where a block goes, by the words of the source.
 *
 *   ht_variable.c        the context: files, substitutions, names that are kept
 *   ht_variable_call.c   which call a line and column mean
 *   ht_variable_value.c  what becomes of the call's value
 *   ht_source.c          the words
 */
#pragma once

#include "ht_source.h"
#include "ht_variable.h"

/* Words `first` to `last`, both included. */
typedef struct {
    size_t first, last;
} ht_words_t;

/* A call: from the first word that names the function (or the object that it is called on) to its
 * last bracket. */
typedef struct {
    ht_words_t words;
    size_t name; /* the function's own name, or "new" */
} ht_call_t;

#define HT_VARIABLE_ROOM 128U

typedef struct {
    ht_variable_kind_t kind;
    char text[HT_VARIABLE_ROOM];
} ht_derived_t;

/* ht_variable_call.c. The call that is meant; false: none, or several may be. */
bool ht_call_find(const ht_source_t *source, uint32_t line, uint32_t column, const char *callee,
                  ht_call_t *call);
/* The call whose name, or "new", is at `name`. False: it is not called. */
bool ht_call_at(const ht_source_t *source, size_t name, ht_call_t *call);
/* The first word of `a.b->c[i]::name`, from its last. */
size_t ht_call_chain(const ht_source_t *source, size_t name);

/* The '<' of the template arguments that end at `at`, or `at` if there are none. */
size_t ht_template_start(const ht_source_t *source, size_t at);

/* ht_variable_value.c */
void ht_value_derive(const ht_source_t *source, const ht_call_t *call, ht_derived_t *derived);

/* Is the word one that can't be a function's or a variable's name? */
bool ht_word_is_keyword(const ht_source_t *source, size_t at);
bool ht_word_is_name(const ht_source_t *source, size_t at);
/* Is it one of these, with a space on either side of each: " a b c "? */
bool ht_word_is_one_of(const ht_source_t *source, size_t at, const char *words);
