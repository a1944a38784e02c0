/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * std::vector: data() is written at size().
 *
 * expect: overflow offset=10 damaged=2 size=10 found=free
 * alloc:  make_samples < main
 * caller: main
 */
#include <vector>

#include "case.h"

static std::vector<uint16_t> make_samples(size_t count)
{
    return std::vector<uint16_t>(count);
}

static void use(std::vector<uint16_t> samples)
{
    uint16_t *raw = samples.data();
    raw[samples.size() - BUG(0, 1)] = 0x4242;
}

int main()
{
    use(make_samples(5));
    return done();
}
