/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A calculator's stack: one pop too many, then a push.
 *
 * expect: underflow offset=-4 damaged=4 size=32 found=free
 * alloc:  calculate < main
 * caller: calculate < main
 */
#include "case.h"

static void calculate(const char *keys)
{
    int32_t *stack = malloc(8 * sizeof(*stack));
    int top = 0;
    for (; *keys != '\0'; keys++) {
        if (*keys == 'p') {
            if (top > BUG(-1, 0)) { top--; }
        } else {
            stack[top++] = 2 * (*keys - '0');
        }
    }
    free(stack);
}

int main(void)
{
    calculate("12ppp4");
    return done();
}
