/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_posix_pattern.h  Patterns of names, as in LeakSanitizer's files of suppressions. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/**
 * Turn the lines of `text` (with room for a zero behind it) into their patterns, each with a zero
 * behind it, one after the other. A line is `leak:PATTERN`, a comment (`#`) or empty.
 *
 * @param bad Number of the first line that is none of these, 0 when there is none.
 * @return Bytes of the patterns.
 */
size_t ht_posix_patterns_parse(char *text, size_t bytes, unsigned *bad);

/** A pattern is found anywhere in a text; `*` is any text; `^` at its begin and `$` at its end are
 * those of the text. */
bool ht_posix_pattern_matches(const char *pattern, const char *text);
