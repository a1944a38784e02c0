/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The freed block is somebody else's by the time that it is written.
 *
 * options: quarantine=0
 * expect: none
 * why:    the write goes to a live block; only a quarantine keeps it from being one so soon
 */
#include "case.h"

int main(void)
{
    char *old = malloc(40);
    free(old);
    char *young = malloc(40);
    memset(young, 'm', 40);
    if (old == young) { *BUG(old, young) = 'M'; }
    free(young);
    return done();
}
