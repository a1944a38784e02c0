/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Digits are written from right to left, as UTF-16; the sign has no place any more.
 *
 * expect: underflow offset=-2 damaged=2 size=8 found=free
 * alloc:  format < main
 * caller: main
 */
#include "case.h"

static uint16_t *format(int number, int *first)
{
    uint16_t *text = malloc(4 * sizeof(*text));
    unsigned rest = (unsigned)abs(number);
    int at = 4;
    for (; rest != 0; rest /= 10) {
        text[--at] = (uint16_t)('0' + rest % 10);
    }
    if (number < 0) { text[--at] = 0x2212U; }
    *first = at;
    return text;
}

int main(void)
{
    int first = 0;
    uint16_t *text = format(BUG(-4711, -471), &first);
    free(text);
    return done();
}
