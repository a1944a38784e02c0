/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Strided: a column of a matrix is set with the rows of another one. Every 16th byte is hit.
 *
 * expect: overflow offset=48 damaged=36 size=48 found=free
 * alloc:  new_matrix < main
 * caller: main
 */
#include "case.h"

#define COLUMNS 4

static float *new_matrix(int rows)
{
    return calloc((size_t)rows * COLUMNS, sizeof(float));
}

static void set_column(float *matrix, int rows, int column, float value)
{
    for (int row = 0; row < rows; row++) {
        matrix[row * COLUMNS + column] = value;
    }
}

int main(void)
{
    float *small = new_matrix(3);
    float *large = new_matrix(6);
    set_column(small, BUG(6, 3), 0, 2.0F);
    set_column(large, 6, 0, 2.0F);
    free(large);
    free(small);
    return done();
}
