// SPDX-License-Identifier: Apache-2.0
/* Pairs of heap_caps_malloc and heap_caps_free at a given number of live blocks, between two marker
 * functions; tests/sim/count_instructions.sh counts what lies between. Bare build only. */
#include "esp_heap_caps.h"
#include <stdio.h>
#include <stdlib.h>

#define PAIRS 1000
#define LIVE_MAX 20000

static void *s_live[LIVE_MAX];
static uint32_t s_state = 12345;

static uint32_t random_below(uint32_t n)
{
    s_state = s_state * 1664525u + 1013904223u;
    return (s_state >> 8) % n;
}

static size_t random_size(void)
{
    return 8 + random_below(random_below(8) == 0 ? 600 : 120);
}

__attribute__((noinline)) void mark_begin(void)
{
    __asm__ volatile("");
}

__attribute__((noinline)) void mark_end(void)
{
    __asm__ volatile("");
}

static void *take(void)
{
    void *p = heap_caps_malloc(random_size(), MALLOC_CAP_8BIT | MALLOC_CAP_SPIRAM);
    if (p == NULL) { abort(); }
    return p;
}

int main(int argc, char **argv)
{
    uint32_t live = argc > 1 ? (uint32_t)atoi(argv[1]) : 1000;
    for (uint32_t i = 0; i < live; i++) {
        s_live[i] = take();
    }
    for (uint32_t i = 0; i < live * 4; i++) {
        uint32_t slot = random_below(live);
        heap_caps_free(s_live[slot]);
        s_live[slot] = take();
    }
    mark_begin();
    for (uint32_t i = 0; i < PAIRS; i++) {
        uint32_t slot = live ? random_below(live) : 0;
        heap_caps_free(s_live[slot]);
        s_live[slot] = take();
    }
    mark_end();
    return 0;
}
