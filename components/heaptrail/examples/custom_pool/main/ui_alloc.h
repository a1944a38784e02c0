/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ui_alloc.h  Force-included into ui.c: its lv_malloc() notes file and line. */
#pragma once

#include "ui_pool.h"

#define lv_malloc(size) lv_malloc_at(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_POOL, NULL), NULL, (size))
