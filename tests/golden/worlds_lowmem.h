/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file worlds_lowmem.h  The low-memory watches of the worlds. */
#pragma once

#include "fake.h"

enum { FIRMWARE_WATCHES = 3, HOSTILE_WATCHES = 2 };

extern const heaptrail_lowmem_row_t g_firmware_watches[FIRMWARE_WATCHES];
extern const heaptrail_lowmem_site_t g_firmware_watch_sites[];
extern const heaptrail_lowmem_row_t g_hostile_watches[HOSTILE_WATCHES];
extern const heaptrail_lowmem_site_t g_hostile_watch_site;
extern const heaptrail_lowmem_row_t g_extreme_watch;
extern const heaptrail_lowmem_site_t g_extreme_watch_site;
