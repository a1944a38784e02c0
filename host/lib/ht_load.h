/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* A file's bytes as one text. */
#pragma once

#include <stddef.h>

/** All of a regular file, with a zero behind it; to be freed. NULL, and errno: it cannot be read,
 * is no file, or has more than `most` bytes (EFBIG). */
char *ht_load_file(const char *path, size_t most, size_t *size);
