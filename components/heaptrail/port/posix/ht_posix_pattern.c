/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_posix_pattern.h"

#include <string.h>

#define PREFIX "leak:"
#define PREFIX_BYTES (sizeof(PREFIX) - 1U)

/* The text behind the first place where `piece` is; `anchored`: it must be at the beginning. */
static const char *behind(const char *text, const char *piece, size_t length, bool anchored)
{
    for (; strlen(text) >= length; text++) {
        if (memcmp(text, piece, length) == 0) { return text + length; }
        if (anchored) { break; }
    }
    return NULL;
}

static bool is_end(const char *text, const char *piece, size_t length, bool anchored)
{
    size_t left = strlen(text);
    return left >= length && memcmp(text + left - length, piece, length) == 0 &&
           (!anchored || left == length);
}

/* Piece by piece, the first place where each is, as sanitizer_common's TemplateMatch(). */
bool ht_posix_pattern_matches(const char *pattern, const char *text)
{
    bool anchored = *pattern == '^';
    const char *piece = anchored ? pattern + 1 : pattern;
    const char *end = piece + strlen(piece);
    bool to_end = end != piece && end[-1] == '$';
    if (to_end) { end--; }
    for (;;) {
        const char *star = memchr(piece, '*', (size_t)(end - piece));
        size_t length = (size_t)((star != NULL ? star : end) - piece);
        if (star == NULL && to_end) { return is_end(text, piece, length, anchored); }
        text = behind(text, piece, length, anchored);
        if (text == NULL || star == NULL) { return text != NULL; }
        piece = star + 1;
        anchored = false;
    }
}

/* Without the spaces around it. */
static size_t trim(char **line, size_t length)
{
    while (length > 0 && strchr(" \t\r", (*line)[length - 1U]) != NULL) {
        length--;
    }
    while (length > 0 && strchr(" \t", **line) != NULL) {
        (*line)++;
        length--;
    }
    return length;
}

size_t ht_posix_patterns_parse(char *text, size_t bytes, unsigned *bad)
{
    size_t used = 0;
    unsigned number = 0;
    *bad = 0;
    for (size_t at = 0; at < bytes;) {
        char *line = text + at;
        const char *newline = memchr(line, '\n', bytes - at);
        size_t length = newline != NULL ? (size_t)(newline - line) : bytes - at;
        at += length + 1U;
        number++;
        length = trim(&line, length);
        if (length == 0 || line[0] == '#') { continue; }
        bool good = length > PREFIX_BYTES && memcmp(line, PREFIX, PREFIX_BYTES) == 0 &&
                    memchr(line, '\0', length) == NULL;
        if (!good) {
            *bad = *bad == 0 ? number : *bad;
            continue;
        }
        memmove(text + used, line + PREFIX_BYTES, length - PREFIX_BYTES);
        used += length - PREFIX_BYTES;
        text[used++] = '\0';
    }
    return used;
}
