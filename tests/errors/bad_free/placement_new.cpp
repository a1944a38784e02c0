/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * An object was built in a static buffer; delete gives the buffer to the heap.
 *
 * expect: bad_free place=static found=free
 * caller: main
 */
#include <new>

#include "case.h"

struct Logger {
    int level = 3;
    ~Logger()
    {
        level = 0;
    }
};

alignas(Logger) static unsigned char s_memory[sizeof(Logger)];

int main()
{
    Logger *logger = new (s_memory) Logger;
    BUG(delete logger, logger->~Logger());
    return done();
}
