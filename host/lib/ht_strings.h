/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Text that is kept once, however often it is added, and small memory that is freed all at once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ht_strings_block ht_strings_block_t;

/** All zero is an empty pool. */
typedef struct {
    ht_strings_block_t *blocks; /* the newest first */
    const char **slots;         /* hash table, open addressing; a power of two, at most 3/4 full */
    size_t slot_count, count;
} ht_strings_t;

/** A zero-terminated copy of `length` bytes, always the same for the same text. NULL: no memory. */
const char *ht_strings_add(ht_strings_t *strings, const char *text, size_t length);

/** Memory for anything, aligned for it, that lives as long as the pool. NULL: no memory. */
void *ht_strings_room(ht_strings_t *strings, size_t bytes);

/** Free everything; the pool is empty then. */
void ht_strings_free(ht_strings_t *strings);

/** Room for one more in an array that grows by doubling. False: no memory, and nothing changed. */
bool ht_array_room(void **array, size_t *capacity, size_t count, size_t element_bytes);
