/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The same firmware as C++. */
#include <cassert>
#include <cstddef>

#include "fw_memmap.c"
