/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file worlds_leaks.h  Who may leak in the worlds. */
#pragma once

#include "fake.h"

extern const fake_leaks_t g_firmware_leaks, g_hostile_leaks, g_extreme_leaks;
