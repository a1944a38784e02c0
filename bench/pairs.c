/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The request stream of the benchmark: N blocks are live; each step frees one at random and
 * allocates another, 16 to 512 bytes. The stream is the same for every setting, so what differs is
 * heaptrail.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare_port.h"
#include "esp_heap_caps.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail.h"
#include "sim_bench.h"

#define LIVE_MAX 20000U

static void *s_block[LIVE_MAX];
static uint32_t s_random = 12345;
static size_t s_size; /* of every block; 0: 16 to 512 */

static uint32_t next_random(void)
{
    s_random ^= s_random << 13;
    s_random ^= s_random >> 17;
    s_random ^= s_random << 5;
    return s_random;
}

static void *get_block(void)
{
    size_t size = s_size != 0 ? s_size : 16U + next_random() % 497U;
    void *block = heap_caps_malloc(size, MALLOC_CAP_8BIT | MALLOC_CAP_SPIRAM);
    if (block == NULL) {
        fprintf(stderr, "pairs: the heap is too small\n");
        exit(1);
    }
    return block;
}

/* As deep as a stack of eight frames is: each call is a frame. */
__attribute__((noinline)) static void *get_block_deep(unsigned depth)
{
    void *block = depth == 0 ? get_block() : get_block_deep(depth - 1);
    __asm__ volatile("" : : "r"(block)); /* no tail call */
    return block;
}

/* What bench/run.py counts lies between these two. (A board that counts has its own.) */
#if !defined(__riscv)
__attribute__((noinline)) void bench_begin(void)
{
    __asm__ volatile("" : : : "memory");
}

__attribute__((noinline)) void bench_end(void)
{
    __asm__ volatile("" : : : "memory");
}
#endif

static void fill(uint32_t live)
{
    for (uint32_t i = 0; i < live; i++) {
        s_block[i] = get_block_deep(12);
    }
}

/* Callgrind counts by its name. */
__attribute__((noipa)) static void run(uint32_t live, uint32_t pairs)
{
    for (uint32_t i = 0; i < pairs; i++) {
        uint32_t at = next_random() % live;
        heap_caps_free(s_block[at]);
        s_block[at] = get_block_deep(12);
        if ((i & 15U) == 0) { (void)xTaskIncrementTick(); }
    }
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 5) {
        fprintf(
            stderr,
            "usage: pairs plain|stopped|sites|roomy|stackN|full|redzones|checked|scrub|sections|"
            "traced|drain|scan|sizes LIVE PAIRS [BYTES]\n");
        return 2;
    }
    uint32_t live = (uint32_t)strtoul(argv[2], NULL, 0);
    uint32_t pairs = (uint32_t)strtoul(argv[3], NULL, 0);
    if (live == 0 || live > LIVE_MAX) {
        fprintf(stderr, "pairs: LIVE is 1 .. %u\n", LIVE_MAX);
        return 2;
    }
    if (argc == 5) { s_size = strtoul(argv[4], NULL, 0); }
    bench_boot();
    if (strcmp(argv[1], "sizes") == 0) { return bench_sizes(); }
    if (!bench_set_up(argv[1], live)) {
        fprintf(stderr, "pairs: no such setting: %s\n", argv[1]);
        return 2;
    }
    fill(live);
    bench_exercise(argv[1]);
    bool scrubs = strcmp(argv[1], "scrub") == 0;
    bool drains = strcmp(argv[1], "drain") == 0;
    bool scans = strcmp(argv[1], "scan") == 0;
    if (drains) { run(live, pairs); }
    if (scans) { bench_scan_fill(); }
    bench_begin();
    if (drains) {
        bench_drain();
    } else if (scans) {
        bench_scan();
    } else if (scrubs) {
        bench_scrub(pairs);
    } else {
        run(live, pairs);
    }
    bench_end();
    return bench_verify(argv[1]);
}
