/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Two neighbours are swapped and swapped back, one of them behind the end.
 *
 * expect: none
 * why:    in the end every byte is as it was
 */
#include "case.h"

static void swap(char *a, char *b)
{
    char kept = *a;
    *a = *b;
    *b = kept;
}

int main(void)
{
    char *letters = malloc(4);
    memcpy(letters, "abcd", 4);
    for (int i = 0; i < 2; i++) {
        swap(&letters[2], &letters[BUG(4, 3)]);
    }
    free(letters);
    return done();
}
