/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A freed block of a quarter of the quarantine or more does not wait in it.
 *
 * options: quarantine=4096
 * expect: none
 * why:    a block larger than a quarter of the quarantine goes back to the heap at once
 */
#include "case.h"

int main(void)
{
    char *frame = malloc(20000);
    char *behind = malloc(16); /* so that the frame does not go back to the system */
    if (BUG(0, 1)) { frame[10000] = 'F'; }
    free(frame);
    if (BUG(1, 0)) { frame[10000] = 'F'; }
    free(behind);
    return done();
}
