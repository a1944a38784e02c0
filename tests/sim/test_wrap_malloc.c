// SPDX-License-Identifier: Apache-2.0
/* Firmware code's own wrapper of malloc: __wrap_malloc and __real_malloc keep their names in the
 * source. */
#include "esp_memory_utils.h"
#include <stdio.h>
#include <stdlib.h>

static int s_allocations;
static int s_frees;

void *__wrap_malloc(size_t size)
{
    s_allocations++;
    return __real_malloc(size);
}

void __wrap_free(void *p)
{
    s_frees++;
    __real_free(p);
}

int main(void)
{
    void *(*volatile allocate)(size_t) = malloc;
    void *p = allocate(10);
    int inside = esp_ptr_internal(p);
    free(p);
    printf("%d allocations, %d frees, inside %d\n", s_allocations, s_frees, inside);
    return s_allocations == 1 && s_frees == 1 && inside ? 0 : 1;
}
