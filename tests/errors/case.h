/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file case.h  What every program of the corpus includes: its defect, and its normal end. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** The one defect of the program, and what stands there in its good twin. */
#if !defined(BUGGY)
#error "-DBUGGY=1: the program with its defect; -DBUGGY=0: its good twin"
#elif BUGGY
#define BUG(defect, good) (defect)
#else
#define BUG(defect, good) (good)
#endif

/** The last statement of main(): the program got to its normal end. */
static inline int done(void)
{
    puts("done");
    return 0;
}
