/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * delete where delete[] is due: a class with a destructor keeps its count in front of the array.
 *
 * expect: bad_free offset=8 size=56 place=block found=free
 * alloc:  main
 * caller: main
 */
#include "case.h"

struct Handle {
    int64_t first = 1, second = 2;
    ~Handle()
    {
        first = 0;
    }
};

int main()
{
    Handle *handles = new Handle[3];
    if (BUG(true, false)) {
        delete handles;
    } else {
        delete[] handles;
    }
    return done();
}
