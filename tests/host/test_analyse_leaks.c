/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Suspects of the trace and of the device, merged: which evidence counts, how sure it makes, what
 * was refuted, and of which searches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ht_analyse_leaks.h"
#include "ht_format.h"

#define S UINT64_C(1000000)
#define BLOCK(n) (UINT64_C(0x3fc90000) + (n)*UINT64_C(0x1000))

static ht_model_t *s_model;
static uint64_t s_now, s_made;

static int setup(void **state)
{
    (void)state;
    s_model = ht_model_new(NULL);
    s_now = s_made = 0;
    return s_model == NULL;
}

static int teardown(void **state)
{
    (void)state;
    assert_null(ht_model_check(s_model));
    ht_model_free(s_model);
    return 0;
}

static void tell(ht_event_t event)
{
    event.time_us = s_now;
    ht_model_event(s_model, &event);
}

static void make(uint32_t origin, uint32_t task, unsigned block, uint64_t size)
{
    s_made++;
    tell((ht_event_t){
        .kind = HT_EVENT_ALLOC, .task = task, .alloc = {BLOCK(block), size, origin, false}});
}

static void end(unsigned block)
{
    tell((ht_event_t){.kind = HT_EVENT_FREE, .free = {BLOCK(block), false}});
}

/* From here on it is known what lives. */
static void complete(void)
{
    const ht_model_view_t view = ht_model_view(s_model);
    const ht_counters_t counters = {
        .live_blocks = view.live_blocks, .live_bytes = view.live_bytes, .total_blocks = s_made};
    tell((ht_event_t){.kind = HT_EVENT_COUNTERS, .counters = counters});
}

static void search(ht_search_t search)
{
    search.evidence = 15;
    tell((ht_event_t){.kind = HT_EVENT_SEARCH, .search = &search});
}

static void suspect(ht_suspect_t suspect)
{
    tell((ht_event_t){.kind = HT_EVENT_SUSPECT, .suspect = &suspect});
}

static ht_leaks_t find(ht_tally_ask_t ask)
{
    ht_leaks_t leaks;
    assert_true(ht_leaks(&leaks, s_model, &ask, NULL));
    return leaks;
}

/* The only suspect. */
static ht_leak_row_t find_one(void)
{
    ht_leaks_t leaks = find((ht_tally_ask_t){0});
    assert_int_equal(leaks.count, 1);
    ht_leak_row_t row = leaks.row[0];
    assert_int_equal(leaks.sites[row.is.sure], 1);
    ht_leaks_free(&leaks);
    return row;
}

static size_t count(ht_tally_ask_t ask)
{
    ht_leaks_t leaks = find(ask);
    size_t found = leaks.count;
    ht_leaks_free(&leaks);
    return found;
}

/* 5 blocks of origin 1, 3 of which the device calls lost. */
static void five_blocks(uint64_t lost)
{
    for (unsigned n = 0; n < 5; n++) {
        make(1, 1, n, 100);
    }
    complete();
    s_now = 10 * S;
    search((ht_search_t){.number = 1, .suspects = 1});
    suspect((ht_suspect_t){.number = 1,
                           .origin = 1,
                           .sure = 3,
                           .evidence = 1,
                           .live_blocks = 5,
                           .reach = {.lost_blocks = lost, .lost_bytes = 100 * lost}});
    s_now = 20 * S;
}

static void test_lost_is_certain(void **state)
{
    (void)state;
    five_blocks(3);
    const ht_leak_row_t row = find_one();
    assert_int_equal(row.is.sure, HT_SURE_CERTAIN);
    assert_int_equal(row.is.evidence, HT_EVIDENCE_UNREACHABLE);
    assert_int_equal(row.is.reach.lost_blocks, 3);
    assert_int_equal(row.is.live_blocks, 5);
    assert_int_equal(row.refuted_blocks, 0);
}

/* Two of five were not lost anyway; the third that ends was. Blocks from after the search say
 * nothing. */
static void test_what_was_freed_was_not_lost(void **state)
{
    (void)state;
    five_blocks(3);
    make(1, 1, 9, 100);
    end(0);
    end(1);
    assert_int_equal(find_one().refuted_blocks, 0);
    end(2);
    ht_leak_row_t row = find_one();
    assert_int_equal(row.refuted_blocks, 1);
    assert_int_equal(row.is.reach.lost_blocks, 2);
    assert_int_equal(row.is.sure, HT_SURE_CERTAIN);
    end(3);
    end(4);
    assert_int_equal(count((ht_tally_ask_t){0}), 0); /* the new one is no evidence */
}

/* After a loss nobody knows what was freed: the device is believed. */
static void test_nothing_is_refuted_after_a_loss(void **state)
{
    (void)state;
    five_blocks(3);
    for (unsigned n = 0; n < 5; n++) {
        end(n);
    }
    assert_int_equal(count((ht_tally_ask_t){0}), 0);
    tell((ht_event_t){.kind = HT_EVENT_LOSS, .loss = {HT_LOSS_RING_FULL, 0, 1}});
    const ht_leak_row_t row = find_one();
    assert_int_equal(row.refuted_blocks, 0);
    assert_int_equal(row.is.reach.lost_blocks, 3);
    assert_int_equal(row.is.live_blocks, 5); /* as the device said */
}

static void test_since_a_time(void **state)
{
    (void)state;
    five_blocks(3);
    assert_int_equal(count((ht_tally_ask_t){.since_us = 15 * S}), 0);
    make(1, 1, 9, 100);
    assert_int_equal(count((ht_tally_ask_t){.since_us = 15 * S}), 1);
}

/* Of searches the latest of all sites counts, and rather one that scanned; suspects of others, or
 * of none, do not. */
static void test_which_search(void **state)
{
    (void)state;
    const ht_suspect_t lost = {
        .number = 2, .origin = 1, .sure = 3, .evidence = 1, .reach = {.lost_blocks = 5}};
    five_blocks(3);
    suspect(lost); /* of a search that nobody knows */
    assert_int_equal(find_one().is.reach.lost_blocks, 3);
    search((ht_search_t){.number = 2, .task = 1});
    suspect(lost);
    search((ht_search_t){.number = 2, .origin = 1});
    suspect(lost);
    search((ht_search_t){.number = 2, .scanned = HT_SCANNED_NOT_ASKED});
    suspect(lost);
    assert_int_equal(find_one().is.reach.lost_blocks, 3);
    assert_int_equal(ht_model_view(s_model).search_us, 10 * S);
    search((ht_search_t){.number = 2});
    suspect(lost);
    assert_int_equal(find_one().is.reach.lost_blocks, 5);
    assert_int_equal(ht_model_view(s_model).search_us, 20 * S);
    search((ht_search_t){.number = 3});
    assert_int_equal(count((ht_tally_ask_t){0}), 0);
}

/* A task is gone, its block is not; only a rise makes that likely. */
static void test_kinds_together(void **state)
{
    (void)state;
    make(1, 1, 0, 100);
    complete();
    tell((ht_event_t){.kind = HT_EVENT_TASK_GONE, .task_gone = 1});
    ht_leak_row_t row = find_one();
    assert_int_equal(row.is.evidence, HT_EVIDENCE_TASK_GONE);
    assert_int_equal(row.is.sure, HT_SURE_POSSIBLE);
    assert_int_equal(row.by_device, 0);
    search((ht_search_t){.number = 1});
    suspect((ht_suspect_t){.number = 1,
                           .origin = 1,
                           .evidence = 9,
                           .reach = {.possible_blocks = 1},
                           .overdue = {1, 100, S, 1, 1000000}});
    row = find_one();
    assert_int_equal(row.is.evidence,
                     HT_EVIDENCE_UNREACHABLE | HT_EVIDENCE_TASK_GONE | HT_EVIDENCE_OVERDUE);
    assert_int_equal(row.is.sure, HT_SURE_POSSIBLE);
    assert_int_equal(row.by_device, HT_EVIDENCE_UNREACHABLE | HT_EVIDENCE_OVERDUE);
    search((ht_search_t){.number = 2});
    suspect((ht_suspect_t){.number = 2, .origin = 1, .evidence = 8, .overdue = {1, 100, S, 1, 9}});
    assert_int_equal(find_one().is.sure, HT_SURE_POSSIBLE);
    search((ht_search_t){.number = 3});
    suspect((ht_suspect_t){
        .number = 3, .origin = 1, .evidence = 2, .growth = {HT_GROWTH_RISES, 10, 8, 800, S}});
    assert_int_equal(find_one().is.sure, HT_SURE_LIKELY);
}

/* 19 of 20 lived for less than 2^20 us; ten times that, and a minute at least. */
static void test_overdue(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 16; n++) {
        if (n == 15) { assert_int_equal(count((ht_tally_ask_t){0}), 0); }
        make(1, 1, 1, 10);
        s_now += S;
        end(1);
    }
    make(1, 1, 2, 10);
    s_now += 60 * S - 1U;
    complete();
    assert_int_equal(count((ht_tally_ask_t){0}), 0);
    s_now += 1U;
    complete();
    const ht_leak_row_t row = find_one();
    assert_int_equal(row.is.evidence, HT_EVIDENCE_OVERDUE);
    assert_int_equal(row.is.overdue.usual_us, UINT64_C(1) << 20);
    assert_int_equal(row.is.overdue.times, 57);
}

/* The surest first; of those what is lost, or what a day adds. */
static void test_order(void **state)
{
    (void)state;
    for (uint32_t o = 1; o <= 5; o++) {
        make(o, 1, o, 1000);
    }
    complete();
    search((ht_search_t){.number = 1});
    const ht_suspect_t told[] = {
        {.number = 1, .origin = 1, .evidence = 1, .reach = {.indirect_blocks = 1}},
        {.number = 1, .origin = 2, .evidence = 2, .growth = {3, 10, 8, 1000, S}},
        {.number = 1, .origin = 3, .evidence = 2, .growth = {3, 11, 8, 1000, S}},
        {.number = 1, .origin = 4, .evidence = 1, .reach = {1, 10, 0, 0}},
        {.number = 1, .origin = 5, .evidence = 1, .reach = {1, 10, 1, 5}},
    };
    for (size_t i = 0; i < 5; i++) {
        suspect(told[i]);
    }
    ht_leaks_t leaks = find((ht_tally_ask_t){0});
    const uint32_t order[] = {5, 4, 3, 2, 1};
    assert_int_equal(leaks.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(ht_model_view(s_model).origin[leaks.row[i].origin].index, order[i]);
    }
    assert_int_equal(leaks.sites[HT_SURE_CERTAIN], 2);
    assert_int_equal(leaks.sites[HT_SURE_LIKELY], 2);
    assert_int_equal(leaks.sites[HT_SURE_FOLLOWS], 1);
    ht_leaks_free(&leaks);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lost_is_certain),
        TEST(test_what_was_freed_was_not_lost),
        TEST(test_nothing_is_refuted_after_a_loss),
        TEST(test_since_a_time),
        TEST(test_which_search),
        TEST(test_kinds_together),
        TEST(test_overdue),
        TEST(test_order),
    };
    return cmocka_run_group_tests_name("analyse leaks", tests, NULL, NULL);
}
