/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What a file is that is no trace. */
#include <string.h>

#include "ht_trace_private.h"

typedef struct {
    const char *bytes;
    size_t length;
    const char *words;
} magic_t;

#define MAGIC(bytes, words)                                                                        \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, words                                                            \
    }

/* None of these can be a console's text, nor the wire's bytes. */
static const magic_t s_binary[] = {
    MAGIC("\x7f"
          "ELF",
          "an ELF file (a program, or a core dump: see `heaptrail core`)"),
    MAGIC("\x1f\x8b", "a gzip file (heaptrack's are, and pprof's)"),
    MAGIC("PK\x03\x04", "a zip file"),
    MAGIC("\xfd"
          "7zXZ",
          "an xz file"),
    MAGIC("BZh9", "a bzip2 file"),
    MAGIC("\x89PNG", "a picture"),
    MAGIC("%PDF", "a PDF file"),
    MAGIC("SQLite format 3", "a database of sqlite3"),
    MAGIC("PERFILE2", "a file of Linux perf"),
    MAGIC("!<arch>\n", "an archive of object files"),
};

static const magic_t s_text[] = {
    MAGIC("v 1", "a file of heaptrack"),
    MAGIC("v 2", "a file of heaptrack"),
    MAGIC("desc: ", "a file of massif"),
    MAGIC("# callgrind format", "a file of callgrind"),
    MAGIC("{", "JSON"),
};

static const char *find(const magic_t *magics, size_t count, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        const magic_t *magic = &magics[i];
        if (length >= magic->length && memcmp(bytes, magic->bytes, magic->length) == 0) {
            return magic->words;
        }
    }
    return NULL;
}

const char *ht_trace_foreign(const uint8_t *bytes, size_t length)
{
    return find(s_binary, sizeof(s_binary) / sizeof(s_binary[0]), bytes, length);
}

const char *ht_trace_foreign_text(const uint8_t *bytes, size_t length)
{
    return find(s_text, sizeof(s_text) / sizeof(s_text[0]), bytes, length);
}
