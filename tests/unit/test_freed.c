/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The ring of freed blocks against a queue that is as simple as can be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ht_freed.h"
#include "unit.h"

#define MAX 16U
#define STEPS 200000U

/* What is known of block n, n counting from 0. */
typedef struct {
    uintptr_t address;
    size_t size;
    uint32_t state;
} known_t;

static known_t s_known[STEPS];
static uint32_t s_count, s_random = 20261122U;

static uint32_t below(uint32_t limit)
{
    s_random ^= s_random << 13;
    s_random ^= s_random >> 17;
    s_random ^= s_random << 5;
    return s_random % limit;
}

static uint32_t held_blocks(size_t *bytes)
{
    uint32_t count = 0;
    *bytes = 0;
    for (uint32_t i = s_count > MAX ? s_count - MAX : 0; i < s_count; i++) {
        if (s_known[i].state != HT_FREED_GONE) {
            count++;
            *bytes += s_known[i].size;
        }
    }
    return count;
}

/* The oldest that is not gone; s_count if all are. */
static uint32_t oldest(void)
{
    uint32_t i = s_count > MAX ? s_count - MAX : 0;
    while (i < s_count && s_known[i].state == HT_FREED_GONE) {
        i++;
    }
    return i;
}

static void compare(const ht_freed_ring_t *ring)
{
    size_t bytes;
    assert_int_equal(ring->held_blocks, held_blocks(&bytes));
    assert_int_equal(ring->held_bytes, bytes);
    for (uint32_t back = 0; back <= MAX; back++) {
        const ht_freed_t *entry = ht_freed_back(ring, back);
        if (back >= MAX || back >= s_count) {
            assert_null(entry);
        } else {
            const known_t *known = &s_known[s_count - 1U - back];
            assert_int_equal(entry->record.address, known->address);
            assert_int_equal(entry->state, known->state);
        }
    }
}

static void put(ht_freed_ring_t *ring, bool held)
{
    size_t size = 1U + below(1000);
    ht_record_t record = {.address = 0x1000U + 16U * s_count, .what = ht_record_what(size, 0)};
    const ht_freed_t *entry = ht_freed_put(ring, &record, held);
    bool full = oldest() + MAX == s_count && s_count != oldest();
    assert_int_equal(entry == NULL, full);
    if (entry != NULL) {
        s_known[s_count++] =
            (known_t){record.address, size, held ? HT_FREED_ENTERS : HT_FREED_GONE};
    }
}

static void take(ht_freed_ring_t *ring)
{
    ht_freed_t taken;
    ht_freed_take_t took;
    while ((took = ht_freed_take(ring, &taken)) == HT_FREED_AGAIN) {}
    uint32_t next = oldest();
    bool can = next < s_count && s_known[next].state == HT_FREED_HELD;
    assert_int_equal(took, can ? HT_FREED_TOOK : HT_FREED_EMPTY);
    if (can) {
        assert_int_equal(taken.record.address, s_known[next].address);
        s_known[next].state = HT_FREED_GONE;
    }
}

/* One that enters is held, or does not enter after all. */
static void settle(ht_freed_ring_t *ring, uint32_t first_number, bool holds)
{
    for (uint32_t i = oldest(); i < s_count; i++) {
        if (s_known[i].state == HT_FREED_ENTERS && below(2) == 0) {
            if (holds) {
                ht_freed_hold(ring, first_number + i);
                s_known[i].state = HT_FREED_HELD;
            } else {
                ht_freed_drop(ring, first_number + i);
                s_known[i].state = HT_FREED_GONE;
            }
            return;
        }
    }
}

static void run(uint32_t first_number)
{
    static ht_freed_t entries[MAX];
    memset(entries, 0, sizeof(entries));
    ht_freed_ring_t ring = {
        .ring = entries, .max = MAX, .count = first_number, .first = first_number};
    s_count = 0;
    for (uint32_t step = 0; step < STEPS / 2U; step++) {
        switch (below(6)) {
        case 0:
        case 1:
            put(&ring, true);
            break;
        case 2:
            put(&ring, false);
            break;
        case 3:
            take(&ring);
            break;
        case 4:
            settle(&ring, first_number, true);
            break;
        default:
            settle(&ring, first_number, below(4) != 0);
            break;
        }
        compare(&ring);
    }
}

static void test_against_a_queue(void **state)
{
    (void)state;
    const char *seed = getenv("HEAPTRAIL_SEED");
    if (seed != NULL) { s_random = (uint32_t)strtoul(seed, NULL, 0) | 1U; }
    printf("seed %u\n", (unsigned)s_random);
    run(0);
    run(UINT32_MAX - 500U); /* the numbers wrap */
}

static void test_limits(void **state)
{
    (void)state;
    ht_freed_ring_t ring = {.limit_blocks = 2, .limit_bytes = 100};
    assert_true(ht_freed_takes(&ring, 25));
    assert_false(ht_freed_takes(&ring, 26)); /* a quarter at most */
    ring.limit_blocks = 0;
    assert_false(ht_freed_takes(&ring, 1));
    ring = (ht_freed_ring_t){
        .limit_blocks = 2, .limit_bytes = 100, .held_blocks = 2, .held_bytes = 100};
    assert_false(ht_freed_is_over(&ring));
    ring.held_blocks = 3;
    assert_true(ht_freed_is_over(&ring));
    ring.held_blocks = 2;
    ring.held_bytes = 101;
    assert_true(ht_freed_is_over(&ring));
    assert_int_equal(ht_freed_ring_size(0, 0), 0);
    assert_int_equal(ht_freed_ring_size(32, 32), 64);
    assert_int_equal(ht_freed_ring_size(33, 32), 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_a_queue),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
