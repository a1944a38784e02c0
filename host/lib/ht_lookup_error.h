/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What went wrong while a file of symbols, a map or an ELF file was looked for or read. */
#pragma once

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    HT_LOOKUP_OK = 0,
    HT_LOOKUP_UNREADABLE, /* no such file, or it may not be read */
    HT_LOOKUP_FOREIGN,    /* a file of another kind */
    HT_LOOKUP_DAMAGED,    /* of the right kind, but truncated or inconsistent */
    HT_LOOKUP_MISMATCH,   /* a sound file, but not the one that is wanted (SHA-256, build-id) */
    HT_LOOKUP_NOT_FOUND,  /* searched for in vain */
    HT_LOOKUP_BAD_CALL,   /* the arguments make no sense */
    HT_LOOKUP_NO_MEMORY,
} ht_lookup_code_t;

/** An error. The text is one sentence that names the file and says what to do; no newline. */
typedef struct {
    ht_lookup_code_t code;
    char text[600];
} ht_lookup_error_t;

/* For the files of this folder. Notes the error, if `error` is not NULL. Always false. */
bool ht_lookup_fail(ht_lookup_error_t *error, ht_lookup_code_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif
