/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * An array of new[] goes to delete; its elements have no destructor.
 *
 * expect: none
 * why:    new[] and new are one heap here; which of the two a block came from is not checked
 */
#include "case.h"

static char *new_text()
{
    return new char[20]();
}

int main()
{
    char *text = new_text();
    if (BUG(true, false)) {
        delete text;
    } else {
        delete[] text;
    }
    return done();
}
