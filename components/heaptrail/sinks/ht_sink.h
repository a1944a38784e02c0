/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_sink.h  What the files of the sinks know of each other. */
#pragma once

#include "heaptrail_sink.h"

/** All fields as of a sink that takes nothing. */
void ht_sink_begin(heaptrail_sink_t *sink);
