/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Allocations and frees in every form that they may have, at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hand.h"

/* A sequence of random codings, and what SPEC.md says that they mean, by lists as it describes
 * them. */
typedef struct {
    hand_t body;
    FILE *expected;
    uint64_t time, last;
    unsigned unit, bits;
    uint32_t task, core;
    uint32_t origin[7];
    unsigned origins;
    uint64_t block[15];
    unsigned blocks;
    struct {
        bool used;
        uint32_t origin;
        uint64_t size;
    } slot[32];
    uint64_t random;
} naive_t;

static uint64_t draw(naive_t *naive, uint64_t limit)
{
    naive->random = naive->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (naive->random >> 33) % limit;
}

static void remove_at(uint64_t *list, unsigned *count, unsigned at)
{
    for (--*count; at < *count; at++) {
        list[at] = list[at + 1];
    }
}

static uint64_t draw_dt(naive_t *naive, unsigned *dd)
{
    static const uint64_t times[] = {0, 1, 2, 3, 127, 128, 100000, 5000000000};
    uint64_t dt = times[draw(naive, 8)];
    *dd = dt < 3 && draw(naive, 4) != 0 ? (unsigned)dt : 3;
    naive->time += dt;
    return dt;
}

static void head(naive_t *naive)
{
    fprintf(naive->expected, "%llu abcd/%u task=%u core=%u ", (unsigned long long)naive->time,
            naive->bits, naive->task, naive->core);
}

static void random_context(naive_t *naive)
{
    naive->task = draw(naive, 8) == 0 ? UINT32_MAX : (uint32_t)draw(naive, 300);
    naive->core = (uint32_t)draw(naive, 2);
    hand_byte(&naive->body, 1);
    hand_varint(&naive->body, (uint64_t)naive->task * 2 + naive->core);
}

static unsigned origin_number(naive_t *naive, uint32_t origin, bool hide)
{
    unsigned at = 0;
    while (at < naive->origins && naive->origin[at] != origin) {
        at++;
    }
    bool known = at < naive->origins;
    if (!known && naive->origins < 7) { naive->origins++; }
    if (!known) { at = naive->origins - 1; }
    for (unsigned i = at; i > 0; i--) {
        naive->origin[i] = naive->origin[i - 1];
    }
    naive->origin[0] = origin;
    return known && !hide ? at : 7;
}

static void random_alloc(naive_t *naive)
{
    static const uint64_t sizes[] = {0, 1, 24, 127, 128, 65536, UINT64_MAX};
    static const uint32_t origins[] = {0, 1, 2, 33, 34, 65, 70000, UINT32_MAX, 5, 6};
    const uint64_t limit = naive->bits == 64 ? UINT64_MAX : UINT32_MAX;
    uint32_t origin = origins[draw(naive, 10)];
    uint64_t size = sizes[draw(naive, 7)], odd = draw(naive, 9) == 0 ? 1 + draw(naive, 3) : 0;
    uint64_t address = (naive->last + (draw(naive, 60) - 30) * naive->unit) & limit;
    if (draw(naive, 10) == 0) { address = (draw(naive, 1U << 30) << 34 & limit) / 16 * 16; }
    bool unrecorded = draw(naive, 9) == 0;
    if (unrecorded) { hand_byte(&naive->body, 3); }
    if (odd != 0) {
        hand_byte(&naive->body, 4);
        hand_varint(&naive->body, odd);
    }
    unsigned dd, number = origin_number(naive, origin, draw(naive, 6) == 0);
    uint64_t dt = draw_dt(naive, &dd);
    unsigned slot = origin % 32;
    bool same = naive->slot[slot].used && naive->slot[slot].origin == origin && draw(naive, 2) == 0;
    if (same) { size = naive->slot[slot].size; }
    naive->slot[slot].used = true;
    naive->slot[slot].origin = origin;
    naive->slot[slot].size = size;
    hand_byte(&naive->body, 0x80U | dd << 4 | (same ? 8U : 0U) | number);
    if (dd == 3) { hand_varint(&naive->body, dt); }
    if (number == 7) { hand_varint(&naive->body, origin); }
    if (!same) { hand_varint(&naive->body, size); }
    hand_zigzag(&naive->body, (int64_t)(address - naive->last) / (int64_t)naive->unit);
    naive->last = address;
    if (odd == 0) {
        if (naive->blocks < 15) { naive->blocks++; }
        memmove(naive->block + 1, naive->block, (naive->blocks - 1) * sizeof(uint64_t));
        naive->block[0] = address;
    }
    head(naive);
    fprintf(naive->expected, "alloc address=%#llx size=%llu origin=%u%s\n",
            (unsigned long long)(address + odd), (unsigned long long)size, origin,
            unrecorded ? " unrecorded" : "");
}

static void random_free(naive_t *naive)
{
    unsigned dd, number = (unsigned)draw(naive, 20);
    bool by_realloc = draw(naive, 8) == 0;
    bool listed = number < naive->blocks;
    uint64_t address = listed ? naive->block[number] : naive->last + 4096;
    if (naive->bits == 32) { address &= UINT32_MAX; }
    uint64_t dt = draw_dt(naive, &dd);
    uint64_t odd = draw(naive, 9) == 0 ? 1 + draw(naive, 3) : 0;
    bool by_number = listed && !by_realloc && odd == 0 && draw(naive, 4) != 0;
    if (odd != 0) {
        hand_byte(&naive->body, 4);
        hand_varint(&naive->body, odd);
    }
    if (by_realloc) {
        hand_byte(&naive->body, 2);
        dd = 3;
    } else {
        hand_byte(&naive->body, 0xC0U | dd << 4 | (by_number ? number : 15U));
    }
    if (dd == 3) { hand_varint(&naive->body, dt); }
    if (!by_number) {
        hand_zigzag(&naive->body, (int64_t)(address - naive->last) / (int64_t)naive->unit);
        number = 0; /* the latest with this address goes */
        while (number < naive->blocks && naive->block[number] != address) {
            number++;
        }
    }
    naive->last = address;
    if (odd == 0 && number < naive->blocks) { remove_at(naive->block, &naive->blocks, number); }
    head(naive);
    fprintf(naive->expected, "free address=%#llx%s\n", (unsigned long long)(address + odd),
            by_realloc ? " realloc" : "");
}

static void random_frame(uint64_t seed, unsigned flags)
{
    naive_t *naive = calloc(1, sizeof(*naive));
    char *expected;
    size_t ignored;
    naive->expected = open_memstream(&expected, &ignored);
    naive->random = seed;
    naive->unit = (flags & 1U) != 0 ? 16 : 4;
    naive->bits = (flags & 2U) != 0 ? 64 : 32;
    naive->time = 1000;
    hand_begin(&naive->body, flags, 0, naive->time);
    while (naive->body.length < 4000) {
        static void (*const steps[])(naive_t *) = {random_alloc, random_alloc, random_alloc,
                                                   random_free,  random_free,  random_context};
        steps[draw(naive, 6)](naive);
    }
    fclose(naive->expected);
    hand_expect(&naive->body, expected);
    free(expected);
    free(naive);
}

static void test_random_codings(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        print_message(seed % 50 == 0 ? "seed %llu...\n" : "", (unsigned long long)seed);
        random_frame(seed, (unsigned)seed % 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_codings)};
    return cmocka_run_group_tests_name("decode_codings", tests, NULL, NULL);
}
