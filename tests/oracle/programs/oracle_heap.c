/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What the Linux port reads from glibc's headers: the size that malloc_usable_size() says, never an
 * alarm for a sound header, and one for a damaged header. */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ht_port.h"
#include "ht_posix_heap.h"

#define SLOTS 2000
#define STEPS 200000

static uint32_t s_wrong;

static uint32_t next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void look(const void *block, size_t size)
{
    if (!ht_port_header_ok(block, size) ||
        ht_posix_heap_size(block) != malloc_usable_size((void *)(uintptr_t)block)) {
        if (__atomic_fetch_add(&s_wrong, 1U, __ATOMIC_RELAXED) < 5U) {
            printf("%zu bytes, header %zx\n", size, ((const size_t *)block)[-1]);
        }
    }
}

static void *make(uint32_t kind, size_t size, size_t alignment)
{
    switch (kind % 4U) {
    case 0:
        return calloc(1, size);
    case 1:
        return memalign(alignment, size);
    default:
        return malloc(size);
    }
}

static void *run(void *argument)
{
    static const uint32_t limits[] = {40, 300, 2000, 40000, 300000, 4000000};
    void **blocks = calloc(SLOTS, sizeof(*blocks));
    size_t *sizes = calloc(SLOTS, sizeof(*sizes));
    uint32_t seed = (uint32_t)(uintptr_t)argument * 2654435761U + 1U;
    for (uint32_t n = 0; n < STEPS; n++) {
        uint32_t at = next(&seed) % SLOTS;
        uint32_t limit = limits[next(&seed) % 4U + (next(&seed) % 200U == 0 ? 2U : 0)];
        size_t size = next(&seed) % limit;
        uint32_t kind = next(&seed);
        if (blocks[at] == NULL) {
            blocks[at] = make(kind, size, (size_t)1 << (next(&seed) % 17U));
        } else {
            look(blocks[at], sizes[at]);
            void *moved = kind % 2U == 0 ? realloc(blocks[at], size + 1U) : NULL;
            if (moved == NULL) { free(blocks[at]); }
            blocks[at] = moved;
            size++;
        }
        sizes[at] = size;
        if (blocks[at] != NULL) { look(blocks[at], size); }
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        free(blocks[i]);
    }
    free(blocks);
    free(sizes);
    return NULL;
}

/* What overruns make of a header. */
static uint32_t missed(void)
{
    static const size_t values[] = {0,
                                    1,
                                    0x20,
                                    0x4141414141414141U,
                                    0x6262626262626262U,
                                    SIZE_MAX,
                                    SIZE_MAX - 15U,
                                    0x00ff00ff00ff00ffU};
    uint32_t count = 0;
    size_t *block = malloc(1000);
    size_t head = block[-1];
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        block[-1] = values[i];
        count += ht_port_header_ok(block, 1000);
    }
    for (unsigned byte = 0; byte < sizeof(head); byte++) { /* one byte becomes 'A', or 0 */
        for (unsigned value = 0; value < 2; value++) {
            block[-1] = head;
            ((unsigned char *)&block[-1])[byte] = value != 0 ? 'A' : 0;
            bool is_sound =
                block[-1] == head || (block[-1] & ~(size_t)0xff) == (head & ~(size_t)0xff);
            if (!is_sound) { count += ht_port_header_ok(block, 1000); }
        }
    }
    block[-1] = head;
    free(block);
    return count;
}

int main(void)
{
    pthread_t threads[3];
    for (uintptr_t i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, run, (void *)(i + 1U));
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    uint32_t not_seen = missed();
    printf("%u wrong, %u missed\n", s_wrong, not_seen);
    return s_wrong != 0 || not_seen != 0;
}
