/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A serial number is longer than the one that the buffer was measured by.
 *
 * expect: overflow offset=10 damaged=4 size=10 found=free
 * alloc:  serial < main
 * caller: main
 */
#include "case.h"

static char *serial(unsigned product, unsigned item)
{
    size_t size = BUG(sizeof("1234-5678"), sizeof("12345678-1234"));
    char *text = malloc(size);
    sprintf(text, "%08x-%04x", product, item);
    return text;
}

int main(void)
{
    char *text = serial(0xDEADBEEFU, 0x42U);
    free(text);
    return done();
}
