/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The model's live table against a list, so small that its buckets are full all the time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ht_model_live.h"

enum { KEYS = 4000, STEPS = 200000 };

typedef struct {
    ht_live_t live;
    uint64_t key[KEYS];
    bool in[KEYS];
    size_t count;
    uint64_t random;
} world_t;

static unsigned below(world_t *w, unsigned limit)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (unsigned)(w->random >> 33) % limit;
}

static void add(world_t *w, unsigned i)
{
    const ht_place_t place = ht_live_find(&w->live, w->key[i]);
    assert_null(place.slot);
    ht_slot_t *slot = ht_live_add(&w->live, place, w->key[i]);
    assert_non_null(slot);
    *slot = (ht_slot_t){.key = w->key[i], .time_us = i};
    w->in[i] = true;
    w->count++;
}

static void take(world_t *w, unsigned i)
{
    const ht_place_t place = ht_live_find(&w->live, w->key[i]);
    assert_non_null(place.slot);
    assert_int_equal(place.slot->time_us, i);
    ht_live_remove(&w->live, place);
    w->in[i] = false;
    w->count--;
}

static void check(const world_t *w, unsigned keys)
{
    unsigned entries = 0;
    for (unsigned i = 0; i < keys; i++) {
        const ht_slot_t *slot = ht_live_slot(&w->live, w->key[i]);
        assert_true((slot != NULL) == w->in[i]);
        if (slot != NULL) { assert_int_equal(slot->time_us, i); }
    }
    for (size_t b = 0; b < w->live.size; b++) {
        for (unsigned e = 0; e < HT_BUCKET_ENTRIES; e++) {
            entries += w->live.bucket[b].tag[e] != 0 ? 1U : 0U;
        }
    }
    assert_int_equal(entries, w->count);
    assert_int_equal(w->live.used, w->count);
    assert_true(w->live.rows <= w->live.capacity);
}

static unsigned full_buckets(const ht_live_t *live)
{
    unsigned full = 0;
    for (size_t i = 0; i < live->size; i++) {
        full += ht_bucket_is_full(&live->bucket[i]) ? 1U : 0U;
    }
    return full;
}

/* `crowd`: keys of one home come together, so that there are rows of full buckets. */
static void make_keys(world_t *w, bool crowd)
{
    for (unsigned i = 0; i < KEYS;) {
        uint64_t key = ((uint64_t)below(w, UINT32_MAX) << 4) + 16U;
        bool wanted = ht_live_hash(key) >> 61 == 0;
        if (!crowd || wanted || below(w, 40) == 0) { w->key[i++] = key; }
    }
}

static void walk(world_t *w, unsigned keys, bool crowd)
{
    unsigned full = 0;
    *w = (world_t){.random = 88172645463325252U, .live = {.free_row = HT_NO_ROW}};
    make_keys(w, crowd);
    assert_true(ht_live_resize(&w->live, 4));
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned i = below(w, keys);
        w->in[i] ? take(w, i) : add(w, i);
        full += step % 64U == 0 ? full_buckets(&w->live) : 0U;
        if (step % 1024U == 0) { check(w, keys); }
    }
    check(w, keys);
    print_message("%u keys: %zu buckets, %zu rows, full buckets met: %u\n", keys, w->live.size,
                  w->live.rows, full);
    assert_true(full > 1000U || !crowd);
    free(w->live.bucket);
    free(w->live.slot);
}

static void test_against_a_list(void **state)
{
    static world_t w;
    (void)state;
    for (unsigned keys = 31; keys <= KEYS; keys *= 4) {
        walk(&w, keys, false);
        walk(&w, keys, true);
    }
}

/* Of two keys with one tag each is found. */
static void test_equal_tags(void **state)
{
    (void)state;
    ht_live_t live = {.free_row = HT_NO_ROW};
    assert_true(ht_live_resize(&live, 2));
    const uint64_t key = 0x3fc90010U;
    uint64_t other = key + (UINT64_C(1) << 48);
    while (ht_live_home(&live, ht_live_hash(other)) != ht_live_home(&live, ht_live_hash(key))) {
        other += UINT64_C(1) << 48; /* beyond what a tag has of it */
    }
    assert_int_equal(ht_live_tag(ht_live_hash(other)), ht_live_tag(ht_live_hash(key)));
    const uint64_t keys[] = {key, other};
    for (unsigned i = 0; i < 2; i++) {
        ht_slot_t *slot = ht_live_add(&live, ht_live_find(&live, keys[i]), keys[i]);
        *slot = (ht_slot_t){.key = keys[i]};
    }
    assert_int_equal(ht_live_slot(&live, key)->key, key);
    assert_int_equal(ht_live_slot(&live, other)->key, other);
    ht_live_remove(&live, ht_live_find(&live, key));
    assert_null(ht_live_slot(&live, key));
    assert_int_equal(ht_live_slot(&live, other)->key, other);
    free(live.bucket);
    free(live.slot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_a_list),
                                       cmocka_unit_test(test_equal_tags)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
