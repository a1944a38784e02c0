/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A moving average writes one sample more than there are.
 *
 * expect: overflow offset=40 damaged=4 size=40 found=free
 * alloc:  smooth < main
 * caller: main
 */
#include "case.h"

#define SAMPLES 10

static int32_t *smooth(const int32_t *samples)
{
    int32_t *smoothed = malloc(SAMPLES * sizeof(*smoothed));
    for (int i = 0; i < SAMPLES + BUG(1, 0); i++) {
        int left = i > 0 ? i - 1 : 0;
        int right = i + 1 < SAMPLES ? i + 1 : SAMPLES - 1;
        smoothed[i] = (samples[left] + samples[right]) / 2;
    }
    return smoothed;
}

int main(void)
{
    int32_t samples[SAMPLES + 1] = {2, 4, 6, 8, 10, 12, 14, 16, 18, 20};
    int32_t *smoothed = smooth(samples);
    free(smoothed);
    return done();
}
