/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ui_pool.h  The user interface's own heap: one block of the heap, divided by first fit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heaptrail_pool.h"

/** The pool as heaptrail knows it; 0 before lv_mem_init(). */
extern heaptrail_pool_t ui_pool;

/** Take the memory, and tell heaptrail of the pool. False: no memory. */
bool lv_mem_init(size_t bytes);

/** Everything in the pool ends, and the pool. */
void lv_mem_deinit(void);

/** As malloc() and free(), in the pool. `ref` may be NULL. */
void *lv_malloc_at(heaptrail_site_ref_t *ref, const void *caller, size_t size);
void *lv_malloc(size_t size);
void lv_free(void *block);
