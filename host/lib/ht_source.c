/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_source.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ht_strings.h"

typedef struct {
    ht_source_t *source;
    size_t at, line_start;
    uint32_t line;
    bool is_line_empty; /* so far: a '#' here begins a directive */
} ht_reader_t;

static char peek(const ht_reader_t *reader, size_t ahead)
{
    size_t at = reader->at + ahead;
    return at < reader->source->length ? reader->source->text[at] : '\0';
}

static bool has_more(const ht_reader_t *reader)
{
    return reader->at < reader->source->length;
}

static void skip(ht_reader_t *reader, size_t count)
{
    for (; count > 0 && has_more(reader); count--) {
        if (reader->source->text[reader->at++] == '\n') {
            reader->line++;
            reader->line_start = reader->at;
            reader->is_line_empty = true;
        }
    }
}

static void skip_until(ht_reader_t *reader, const char *end)
{
    size_t length = strlen(end);
    const char *from = reader->source->text + reader->at;
    const char *found = memmem(from, reader->source->length - reader->at, end, length);
    skip(reader, found != NULL ? (size_t)(found - from) + length : SIZE_MAX);
}

static void skip_comment(ht_reader_t *reader);

/* To the end of the line, where a backslash continues it. */
static void skip_line(ht_reader_t *reader, bool has_comments)
{
    while (has_more(reader) && peek(reader, 0) != '\n') {
        if (has_comments && peek(reader, 0) == '/' && peek(reader, 1) == '*') {
            skip_comment(reader);
            continue;
        }
        bool is_continued = peek(reader, 0) == '\\';
        size_t end = is_continued && peek(reader, 1) == '\r' ? 3 : 2;
        skip(reader, is_continued ? end : 1);
    }
}

static void skip_comment(ht_reader_t *reader)
{
    bool is_line = peek(reader, 1) == '/';
    bool was_empty = reader->is_line_empty;
    skip(reader, 2);
    if (is_line) {
        skip_line(reader, false);
    } else {
        skip_until(reader, "*/");
    }
    reader->is_line_empty = reader->is_line_empty || was_empty;
}

static bool add_token(ht_reader_t *reader, ht_token_kind_t kind, size_t from, uint32_t line,
                      size_t column)
{
    ht_source_t *source = reader->source;
    if (!ht_array_room((void **)&source->tokens, &source->capacity, source->count,
                       sizeof(*source->tokens))) {
        return false;
    }
    source->tokens[source->count++] = (ht_token_t){.offset = (uint32_t)from,
                                                   .length = (uint32_t)(reader->at - from),
                                                   .line = line,
                                                   .column = (uint32_t)column,
                                                   .pair = HT_TOKEN_NONE,
                                                   .kind = kind};
    return true;
}

/* Behind the closing quote. One that is not closed ends with its line. */
static void skip_quoted(ht_reader_t *reader)
{
    char quote = peek(reader, 0);
    skip(reader, 1);
    while (has_more(reader) && peek(reader, 0) != quote && peek(reader, 0) != '\n') {
        skip(reader, peek(reader, 0) == '\\' ? 2 : 1);
    }
    if (peek(reader, 0) == quote) { skip(reader, 1); }
}

/* R"x( ... )x": nothing is special in it. */
static void skip_raw(ht_reader_t *reader)
{
    char end[20] = ")";
    size_t length = 1;
    skip(reader, 1); /* the quote */
    while (has_more(reader) && peek(reader, 0) != '(' && length < sizeof(end) - 2) {
        end[length++] = peek(reader, 0);
        skip(reader, 1);
    }
    end[length] = '"';
    skip_until(reader, end);
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static void skip_number(ht_reader_t *reader)
{
    for (char last = '0';
         is_name(peek(reader, 0)) || peek(reader, 0) == '.' ||
         (peek(reader, 0) == '\'' && is_name(peek(reader, 1))) ||
         ((peek(reader, 0) == '+' || peek(reader, 0) == '-') && strchr("eEpP", last) != NULL);) {
        last = peek(reader, 0);
        skip(reader, 1);
    }
}

static size_t symbol_length(const ht_reader_t *reader)
{
    static const char *const symbols[] = {
        "<<=", "...", "->", "::", "==", "!=", "<=", "&&", "||", "+=",
        "-=",  "*=",  "/=", "%=", "&=", "|=", "^=", "++", "--", "<<"};
    size_t left = reader->source->length - reader->at;
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        size_t length = strlen(symbols[i]);
        if (left >= length && memcmp(reader->source->text + reader->at, symbols[i], length) == 0) {
            return length;
        }
    }
    return 1;
}

/* A name, or a string with a prefix (L"", u8R"()"). */
static ht_token_kind_t read_name(ht_reader_t *reader)
{
    size_t from = reader->at;
    while (is_name(peek(reader, 0))) {
        skip(reader, 1);
    }
    size_t length = reader->at - from;
    if ((peek(reader, 0) != '"' && peek(reader, 0) != '\'') || length > 3) { return HT_TOKEN_NAME; }
    if (peek(reader, 0) == '"' && reader->source->text[reader->at - 1] == 'R') {
        skip_raw(reader);
    } else {
        skip_quoted(reader);
    }
    return HT_TOKEN_VALUE;
}

static bool read_token(ht_reader_t *reader)
{
    size_t from = reader->at;
    size_t column = from - reader->line_start + 1;
    uint32_t line = reader->line;
    char c = peek(reader, 0);
    ht_token_kind_t kind = HT_TOKEN_VALUE;
    reader->is_line_empty = false;
    if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)peek(reader, 1)))) {
        skip_number(reader);
    } else if (is_name(c)) {
        kind = read_name(reader);
    } else if (c == '"' || c == '\'') {
        skip_quoted(reader);
    } else {
        kind = HT_TOKEN_SYMBOL;
        skip(reader, symbol_length(reader));
    }
    return add_token(reader, kind, from, line, column);
}

static bool read_tokens(ht_reader_t *reader)
{
    while (has_more(reader)) {
        char c = peek(reader, 0);
        if (c == '/' && (peek(reader, 1) == '/' || peek(reader, 1) == '*')) {
            skip_comment(reader);
        } else if (c == '#' && reader->is_line_empty) {
            skip_line(reader, true);
        } else if (isspace((unsigned char)c) || c == '\\' || c == '\0') {
            skip(reader, 1);
        } else if (!read_token(reader)) {
            return false;
        }
    }
    return true;
}

/* Which of "([{" the token closes, or opens; 0: it is no such bracket. */
static char bracket(const ht_source_t *source, size_t at, const char *which)
{
    const ht_token_t *token = &source->tokens[at];
    const char *found = NULL;
    if (token->kind == HT_TOKEN_SYMBOL && token->length == 1) {
        found = strchr(which, source->text[token->offset]);
    }
    return found != NULL ? "([{"[found - which] : '\0';
}

/* Brackets find each other. Where both sides of an #if open one, one of them stays alone: a brace
 * closes what is still open in it, other brackets do not reach out of their braces. */
static bool pair_brackets(ht_source_t *source)
{
    size_t depth = 0;
    uint32_t *open = calloc(source->count + 1, sizeof(*open));
    if (open == NULL) { return false; }
    for (size_t i = 0; i < source->count; i++) {
        char closed = bracket(source, i, ")]}");
        if (bracket(source, i, "([{") != '\0') { open[depth++] = (uint32_t)i; }
        while (closed == '{' && depth > 0 && bracket(source, open[depth - 1], "([{") != '{') {
            depth--;
        }
        if (closed != '\0' && depth > 0 && bracket(source, open[depth - 1], "([{") == closed) {
            source->tokens[i].pair = open[--depth];
            source->tokens[open[depth]].pair = (uint32_t)i;
        }
    }
    free(open);
    return true;
}

bool ht_source_read(ht_source_t *source, const char *text, size_t length)
{
    *source = (ht_source_t){.text = text, .length = length};
    ht_reader_t reader = {.source = source, .line = 1, .is_line_empty = true};
    return read_tokens(&reader) && pair_brackets(source);
}

size_t ht_source_line(const ht_source_t *source, uint32_t line)
{
    size_t first = 0;
    size_t beyond = source->count;
    while (first < beyond) {
        size_t middle = first + (beyond - first) / 2;
        if (source->tokens[middle].line < line) {
            first = middle + 1;
        } else {
            beyond = middle;
        }
    }
    return first;
}

void ht_source_free(ht_source_t *source)
{
    free(source->tokens);
    *source = (ht_source_t){0};
}

bool ht_source_is(const ht_source_t *source, size_t at, const char *word)
{
    if (at >= source->count) { return false; }
    const ht_token_t *token = &source->tokens[at];
    return strncmp(source->text + token->offset, word, token->length) == 0 &&
           word[token->length] == '\0';
}
