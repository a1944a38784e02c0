/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file event_text.h An event as one line of text: every field, so that equal lines are equal
 * events. */
#pragma once

#include <stdio.h>

#include "ht_event.h"

/** With the line end. The frame's offset is left out: it says where, not what. */
void event_text(FILE *out, const ht_event_t *event);
