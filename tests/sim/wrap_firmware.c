// SPDX-License-Identifier: Apache-2.0
/* Allocates as unsuspecting firmware does. */
#define _GNU_SOURCE
#include "wrap_firmware.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int firmware_allocate(void **blocks)
{
    void *(*volatile by_address)(size_t) = malloc;
    char *text = NULL;
    int n = 0;
    blocks[n++] = malloc(10);
    blocks[n++] = calloc(3, 10);
    blocks[n++] = by_address(20);
    blocks[n++] = strdup("hello");
    blocks[n++] = strndup("hello", 3);
    blocks[n++] = memalign(32, 40);
    blocks[n++] = aligned_alloc(64, 128);
    if (posix_memalign(&blocks[n], 64, 10) == 0) { n++; }
    if (asprintf(&text, "%d", 12345) == 5) { blocks[n++] = text; }
    blocks[n++] = realloc(realloc(NULL, 10), 2000);
    return n;
}

void firmware_free(void **blocks, int count)
{
    for (int i = 0; i < count; i++) {
        free(blocks[i]);
    }
}
