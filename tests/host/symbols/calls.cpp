/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <new>

#include "calls.h"

#define make_calls make_cxx_calls
#include "calls.c"
