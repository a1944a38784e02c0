/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * std::string: the room of reserve() is written by hand, and three bytes more.
 *
 * expect: overflow offset=41 damaged=3 size=41 found=free
 * alloc:  fill < main
 * caller: fill < main
 */
#include <string>

#include "case.h"

static void fill(size_t bytes)
{
    std::string text;
    text.reserve(40);
    memset(text.data(), 'z', bytes);
}

int main()
{
    fill(BUG(44, 40));
    return done();
}
