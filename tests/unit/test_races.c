/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Look-ups that take no lock, with another core at work between any two of their reads. The real
 * source is compiled here once more, with each atomic read announced to the test.
 */
#include "unit.h"

static void (*s_before_read)(void);
static unsigned s_reads;

static void announce(void)
{
    s_reads++;
    if (s_before_read != NULL) { s_before_read(); }
}

#define __atomic_load_n(from, order) (announce(), *(from))
#include "../../components/heaptrail/core/ht_origin.c"
#undef __atomic_load_n

static ht_tracker_t s_tracker;
static ht_origin_key_t s_intruder;
static unsigned s_strike; /* the intruder comes before this read */

static void intrude(void)
{
    if (s_reads != s_strike || g_fake.held != 0) { return; } /* the lock keeps others off */
    void (*before_read)(void) = s_before_read;
    s_before_read = NULL; /* once */
    ht_origin_intern(&s_tracker.origins, &s_tracker.lock, &s_intruder);
    s_before_read = before_read;
    s_strike = 0;
}

/* Another key that goes to the same entry of the index. */
static ht_origin_key_t rival_of(const ht_origin_key_t *key, const heaptrail_site_t *site)
{
    ht_origin_key_t rival = {.site = site, .method = key->method};
    uint32_t mask = s_tracker.origins.index_mask;
    while ((ht_origin_hash(&rival) & mask) != (ht_origin_hash(key) & mask)) {
        rival.caps++;
    }
    return rival;
}

static bool is_key(uint32_t id, const ht_origin_key_t *key)
{
    const ht_origin_t *origin = &s_tracker.origins.origins[id];
    return id != 0 && origin->site == key->site && origin->caps == key->caps;
}

static void test_number_is_of_the_key_whenever_another_core_interns(void **state)
{
    (void)state;
    static const heaptrail_site_t sites[2];
    for (unsigned strike = 1; strike < 8; strike++) {
        for (int same = 0; same < 2; same++) { /* another key for the entry, or the very same key */
            unit_make(&s_tracker, &unit_sizes);
            const ht_origin_key_t key = {.site = &sites[0], .method = 1};
            s_intruder = same ? key : rival_of(&key, &sites[1]);
            s_reads = 0;
            s_strike = strike;
            s_before_read = intrude;
            ht_origin_id_t id = ht_origin_intern(&s_tracker.origins, &s_tracker.lock, &key);
            s_before_read = NULL;
            assert_true(is_key(id.index, &key));
            ht_origin_id_t again = {0};
            assert_true(ht_origin_find(&s_tracker.origins, &key, ht_origin_hash(&key), &again));
            assert_int_equal(again.index, id.index);
            unit_check(&s_tracker);
            unit_free(&s_tracker);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number_is_of_the_key_whenever_another_core_interns),
    };
    return cmocka_run_group_tests(tests, unit_setup, NULL);
}
