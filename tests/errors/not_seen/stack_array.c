/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The array that is overrun lies on the stack.
 *
 * expect: none
 * why:    there are no redzones around variables on the stack
 */
#include "case.h"

static int fill(volatile char *text, int count)
{
    for (int i = 0; i < count; i++) {
        text[i] = 'y';
    }
    return text[0];
}

int main(void)
{
    volatile struct {
        char text[12];
    } line[2] = {0};
    volatile char spare[64] = {0};
    fill(line[1].text, 12);
    fill(spare, 64 + BUG(1, 0));
    return done();
}
