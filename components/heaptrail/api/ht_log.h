/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_log.h  heaptrail's own log lines: to the user's callback, or to the platform. */
#pragma once

#include "heaptrail.h"

/** One line, no newline. Not under the lock, not on the hot path. */
void ht_log(heaptrail_log_level_t level, const char *text);

/** The same with the name of something in it: "text: name". */
void ht_log_name(heaptrail_log_level_t level, const char *text, const char *name);

/** True while the user has a callback for log lines. */
bool ht_log_is_redirected(void);
