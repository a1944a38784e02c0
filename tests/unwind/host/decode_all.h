/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Included before everything else: code is read from where decode_all.c has it. */
#pragma once

#include <stdint.h>

const void *decode_at(uintptr_t address);

#define HT_UNWIND_AT(address) decode_at((uintptr_t)(address))
