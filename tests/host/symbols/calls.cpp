/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <new>

#include "calls.h"
/* The library's headers are C++, too. */
#include "ht_component.h"
#include "ht_elf_find.h"
#include "ht_symbols.h"
#include "ht_variable.h"

#define make_calls make_cxx_calls
#include "calls.c"
