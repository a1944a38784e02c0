/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * std::vector: a reference to an element is written after push_back() moved everything.
 *
 * expect: write_after_free offset=4 damaged=4 size=8 found=exit
 * alloc:  main
 * free:   main
 */
#include <vector>

#include "case.h"

int main()
{
    std::vector<int> values(2);
    int &second = values[1];
    if (BUG(false, true)) { second = 0x31313131; }
    values.push_back(3);
    if (BUG(true, false)) { second = 0x31313131; }
    return done();
}
