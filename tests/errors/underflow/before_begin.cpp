/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * std::vector: the place before begin() is written, as nothing smaller was found.
 *
 * expect: underflow offset=-4 damaged=4 size=16 found=free
 * alloc:  main
 * caller: main
 */
#include <vector>

#include "case.h"

static void replace_smaller(std::vector<int> &sorted, int value)
{
    auto at = sorted.end();
    while (at != sorted.begin() && *(at - 1) >= value) {
        --at;
    }
    if (BUG(true, at != sorted.begin())) { *(at - 1) = value; }
}

int main()
{
    std::vector<int> sorted = {10, 20, 30, 40};
    replace_smaller(sorted, 4);
    return done();
}
