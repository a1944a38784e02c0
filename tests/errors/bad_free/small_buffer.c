/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Short texts stay on the stack, long ones go to the heap; but all of them are freed.
 *
 * expect: bad_free place=stack found=free
 * caller: greet < main
 */
#include "case.h"

static void greet(const char *name)
{
    char small[32];
    size_t size = strlen(name) + sizeof("Hello ");
    char *text = size <= sizeof(small) ? small : malloc(size);
    strcpy(text, "Hello ");
    strcat(text, name);
    if (BUG(1, text != small)) { free(text); }
}

int main(void)
{
    greet("Ada");
    return done();
}
