/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * realloc(p, 0) has freed the block; the caller frees it again.
 *
 * expect: double_free size=64 found=free
 * alloc:  main
 * free:   resize < main
 * caller: main
 */
#include "case.h"

static void *resize(void *block, size_t size)
{
    return realloc(block, size);
}

int main(void)
{
    void *block = malloc(64);
    void *resized = resize(block, BUG(0, 32));
    free(resized != NULL ? resized : block);
    return done();
}
