/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_preload.h  Where libheaptrail.so is. */
#pragma once

#include <stddef.h>

/**
 * The path of libheaptrail.so, to be freed: $HEAPTRAIL_PRELOAD; else where `make install` puts it,
 * relative to this program; else where the build made it. NULL: nowhere; `error` says where it was
 * looked for.
 */
char *ht_preload_find(char *error, size_t error_size);
