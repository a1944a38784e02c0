/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Find the ELF file that a trace is of: a firmware tells the SHA-256 of its ELF file (ESP-IDF
 * writes it into the image when it makes that from the ELF file), a Linux program its build-id.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ht_lookup_error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HT_ELF_SHA256_BYTES 32U

typedef enum {
    HT_ELF_BY_SHA256,   /**< of the whole file; its first 4 to 32 bytes are enough */
    HT_ELF_BY_BUILD_ID, /**< GNU build-id, all of it */
    HT_ELF_UNKNOWN,     /**< nothing is known: the first ELF file there is, not verified */
} ht_elf_key_kind_t;

/** What the file must be. */
typedef struct {
    ht_elf_key_kind_t kind;
    const uint8_t *bytes;
    size_t size;
} ht_elf_key_t;

/** Where to look, in this order: `paths`, then those in the environment variable HEAPTRAIL_ELF_PATH
 * (with ':' between), then the files build/NAME.elf of the current folder. A path is a file, of
 * whatever name, or a folder, with those below it. */
typedef struct {
    const char *const *paths;
    size_t path_count;
    bool only_paths;    /**< leave out the environment and build/ */
    size_t most_files;  /**< files that are opened, at most; 0: 5,000 */
    unsigned most_deep; /**< folders in each other, at most; 0: 8 */
} ht_elf_search_t;

/** What was found. */
typedef struct {
    char *path;                          /**< to be freed by the caller */
    uint8_t sha256[HT_ELF_SHA256_BYTES]; /**< only if it was looked for by that; else 0 */
    bool is_verified;                    /**< false with HT_ELF_UNKNOWN */
    size_t files_seen;
} ht_elf_found_t;

/**
 * Find it. In folders, ELF files count that are linked and whose name ends in .elf; by build-id,
 * whatever their name is. Folders that begin with '.' and symbolic links below a folder are passed
 * over.
 * @return false with HT_LOOKUP_MISMATCH when there are ELF files but none of them is the one (the
 * text says which SHA-256 or build-id was found, and which was wanted), HT_LOOKUP_NOT_FOUND when
 * there is none, HT_LOOKUP_UNREADABLE when one of `paths` is not there. Cost: reads each file that
 * may be it once; in folders, in the order of their names.
 */
bool ht_elf_find(const ht_elf_search_t *search, const ht_elf_key_t *key, ht_elf_found_t *found,
                 ht_lookup_error_t *error);

/** The SHA-256 of a file's contents. False: it cannot be read. */
bool ht_elf_sha256(const char *path, uint8_t sha256[HT_ELF_SHA256_BYTES], ht_lookup_error_t *error);

#ifdef __cplusplus
}
#endif
