/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A decision depends on a field that nobody set.
 *
 * expect: none
 * why:    what a program reads is not watched
 */
#include "case.h"

typedef struct {
    int verbose, level;
} options_t;

int main(void)
{
    options_t *options = malloc(sizeof(*options));
    options->level = 1;
    if (BUG(0, 1)) { options->verbose = 0; }
    volatile int lines = 0;
    if (options->verbose != 0) { lines = 1; }
    free(options);
    return done();
}
