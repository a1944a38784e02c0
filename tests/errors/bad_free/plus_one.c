/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A sign is skipped, and the pointer behind it is freed.
 *
 * expect: bad_free offset=1 size=8 place=block found=free
 * alloc:  read_number < main
 * caller: main
 */
#include "case.h"

static char *read_number(void)
{
    char *text = malloc(8);
    strcpy(text, "-12");
    return text;
}

int main(void)
{
    char *text = read_number();
    char *digits = text[0] == '-' ? text + 1 : text;
    int number = atoi(digits);
    free(BUG(digits, text));
    return number == 12 ? done() : 1;
}
