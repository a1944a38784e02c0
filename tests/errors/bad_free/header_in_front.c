/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A library's blocks have a hidden header of 16 bytes; another library's have none.
 *
 * expect: bad_free offset=-16 size=48 place=front_redzone found=free
 * alloc:  plain_new < main
 * caller: hidden_free < main
 */
#include "case.h"

static void *plain_new(size_t size)
{
    return malloc(size);
}

static void *hidden_new(size_t size)
{
    char *block = malloc(size + 16);
    memcpy(block, &size, sizeof(size));
    return block + 16;
}

static void hidden_free(void *block)
{
    free((char *)block - 16);
}

int main(void)
{
    void *hidden = hidden_new(48);
    hidden_free(hidden);
    void *block = BUG(plain_new(48), hidden_new(48));
    hidden_free(block);
    return done();
}
