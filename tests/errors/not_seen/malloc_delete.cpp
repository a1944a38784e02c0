/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What malloc() gave goes to delete.
 *
 * expect: none
 * why:    malloc() and new are one heap here; which of the two a block came from is not checked
 */
#include "case.h"

int main()
{
    int *number = static_cast<int *>(malloc(sizeof(int)));
    *number = 5;
    BUG(delete number, free(number));
    return done();
}
