/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_posix_suppress.h  Leaks that a file of suppressions names, as LeakSanitizer's. */
#pragma once

#include "ht_posix_options.h"

/** Read the file of the options, if it is needed: a message for each line that is none, and for a
 * file that cannot be read. Once, before the first scan. */
void ht_posix_suppress_load(const ht_posix_options_t *options, ht_posix_say_fn say);
