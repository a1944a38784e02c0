/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Why an allocation failed: the verdict, who holds the memory, who pins the hole. */
#include "unit.h"

#include "ht_explain.h"
#include "ht_guard.h"

static ht_tracker_t s_tracker;
static const heaptrail_site_t s_sites[8];

#define LOW 0x10000U
#define LOW_BYTES 0x10000U
#define HIGH 0x40000U
#define HIGH_BYTES 0x8000U
#define OTHER 0x80000U
#define OTHER_BYTES 0x1000U
#define BOTH_CAPS 1U /* LOW and HIGH */
#define LOW_CAPS 2U
#define HIGH_CAPS 4U
#define OTHER_CAPS 8U

static struct fake_heap_block s_walk[100];

static int make(void **state)
{
    (void)state;
    fake_port_reset();
    g_fake.tick = 1000;
    g_fake.heap_walk = s_walk;
    unit_make(&s_tracker, &unit_sizes);
    assert_true(ht_tracker_add_heap(&s_tracker, LOW, LOW_BYTES, BOTH_CAPS | LOW_CAPS, "low"));
    assert_true(ht_tracker_add_heap(&s_tracker, HIGH, HIGH_BYTES, BOTH_CAPS | HIGH_CAPS, "high"));
    assert_true(ht_tracker_add_heap(&s_tracker, OTHER, OTHER_BYTES, OTHER_CAPS, "other"));
    return 0;
}

static int drop(void **state)
{
    (void)state;
    g_fake.on_unlock = NULL;
    unit_check(&s_tracker);
    unit_free(&s_tracker);
    return 0;
}

/* A request that failed with so much left. */
static ht_explanation_t explain(size_t size, size_t alignment, uint32_t caps, size_t free_bytes,
                                size_t largest)
{
    const ht_failure_t failure = {
        .size = size,
        .alignment = alignment,
        .caps = caps,
        .measured = true,
        .free_bytes = free_bytes,
        .largest_free_bytes = largest,
    };
    ht_explanation_t out;
    memset(&out, 0xAA, sizeof(out));
    assert_true(ht_explain_failed(&s_tracker, &failure, &out));
    assert_int_equal(s_tracker.query, 0);
    return out;
}

static void add(uintptr_t address, size_t size, uint32_t site)
{
    ht_tracker_add(&s_tracker, address, size, unit_origin(&s_tracker, &s_sites[site], 0));
}

/* --- the verdict ----------------------------------------------------------------------------- */

static void test_verdicts(void **state)
{
    (void)state;
    static const struct {
        size_t size, alignment;
        uint32_t caps;
        size_t free, largest;
        heaptrail_verdict_t verdict;
    } cases[] = {
        {100, 0, 16, 0, 0, HEAPTRAIL_VERDICT_IMPOSSIBLE},                   /* no heap offers it */
        {100, 0, LOW_CAPS | HIGH_CAPS, 0, 0, HEAPTRAIL_VERDICT_IMPOSSIBLE}, /* none offers both */
        {100, 0, 16, 50, 50, HEAPTRAIL_VERDICT_EXHAUSTED}, /* a heap that nobody told us of */
        {LOW_BYTES + 1, 0, BOTH_CAPS, 90000, 60000, HEAPTRAIL_VERDICT_IMPOSSIBLE},
        {LOW_BYTES, 0, BOTH_CAPS, 90000, 60000, HEAPTRAIL_VERDICT_FRAGMENTED},
        {HIGH_BYTES + 1, 0, HIGH_CAPS, 9, 9, HEAPTRAIL_VERDICT_IMPOSSIBLE},
        {SIZE_MAX, 0, BOTH_CAPS, 9, 9, HEAPTRAIL_VERDICT_IMPOSSIBLE},
        {SIZE_MAX, 64, BOTH_CAPS, 9, 9, HEAPTRAIL_VERDICT_IMPOSSIBLE},
        {1000, 0, BOTH_CAPS, 999, 999, HEAPTRAIL_VERDICT_EXHAUSTED},
        {1000, 0, BOTH_CAPS, 0, 0, HEAPTRAIL_VERDICT_EXHAUSTED},
        {1000, 0, BOTH_CAPS, 1000, 999, HEAPTRAIL_VERDICT_FRAGMENTED},
        {1000, 0, BOTH_CAPS, 1000, 1000, HEAPTRAIL_VERDICT_FITS},
        {1000, HT_PORT_ALIGN, BOTH_CAPS, 1000, 1000, HEAPTRAIL_VERDICT_FITS},
        {1000, 64, BOTH_CAPS, 1063, 1063, HEAPTRAIL_VERDICT_FRAGMENTED}, /* no room to align */
        {1000, 64, BOTH_CAPS, 1064, 1064, HEAPTRAIL_VERDICT_FITS},
        {100, SIZE_MAX - 50, BOTH_CAPS, 100, 100, HEAPTRAIL_VERDICT_FRAGMENTED},
        {0, 0, BOTH_CAPS, 0, 0, HEAPTRAIL_VERDICT_EXHAUSTED},
        {0, 0, BOTH_CAPS, 1, 1, HEAPTRAIL_VERDICT_FITS},
    };
    for (unsigned i = 0; i < ENTRIES(cases); i++) {
        ht_explanation_t got = explain(cases[i].size, cases[i].alignment, cases[i].caps,
                                       cases[i].free, cases[i].largest);
        if (got.verdict != cases[i].verdict) {
            fail_msg("case %u: verdict %d", i, (int)got.verdict);
        }
        assert_true(got.size == cases[i].size);
        assert_int_equal(got.caps, cases[i].caps);
        assert_true(got.measured);
    }
}

static void test_sizes_of_the_heaps(void **state)
{
    (void)state;
    ht_explanation_t got = explain(10, 0, BOTH_CAPS, 7, 3);
    assert_int_equal(got.heaps, 2);
    assert_int_equal(got.heap_bytes, LOW_BYTES + HIGH_BYTES);
    assert_int_equal(got.largest_heap_bytes, LOW_BYTES);
    assert_int_equal(got.free_bytes, 7);
    assert_int_equal(got.largest_free_bytes, 3);
    got = explain(10, 0, 0, 7, 3); /* anything will do */
    assert_int_equal(got.heaps, 3);
    assert_int_equal(got.hole_bytes, 0);
    assert_int_equal(got.pin_blocks, 0);
    got = explain(10, 0, 16, 7, 3);
    assert_int_equal(got.heaps, 0);
    assert_int_equal(got.largest_heap_bytes, 0);
}

static void test_measured_now(void **state)
{
    (void)state;
    ht_explanation_t got;
    assert_true(ht_explain(&s_tracker, 10, 0, BOTH_CAPS, &got)); /* the platform cannot measure */
    assert_false(got.measured);
    assert_int_equal(got.verdict, HEAPTRAIL_VERDICT_UNKNOWN);
    assert_true(ht_explain(&s_tracker, LOW_BYTES + 1, 0, BOTH_CAPS, &got));
    assert_int_equal(got.verdict, HEAPTRAIL_VERDICT_IMPOSSIBLE);
    g_fake.measurable = true;
    g_fake.sample_free = 100;
    g_fake.sample_largest = 60;
    assert_true(ht_explain(&s_tracker, 70, 0, BOTH_CAPS, &got));
    assert_int_equal(got.verdict, HEAPTRAIL_VERDICT_FRAGMENTED);
    assert_int_equal(got.free_bytes, 100);
    assert_int_equal(got.largest_free_bytes, 60);
    assert_true(ht_explain(&s_tracker, 70, 0, BOTH_CAPS, &got));
}

static void test_platform_that_knows_no_heaps(void **state)
{
    (void)state;
    ht_tracker_t tracker;
    unit_make(&tracker, &unit_sizes);
    ht_tracker_add(&tracker, 0x1230, 50, unit_origin(&tracker, &s_sites[1], 0));
    ht_explanation_t got;
    assert_true(ht_explain(&tracker, SIZE_MAX, 0, 0, &got));
    assert_int_equal(got.verdict, HEAPTRAIL_VERDICT_UNKNOWN);
    assert_int_equal(got.live_bytes, 50); /* in "other memory" */
    assert_int_equal(got.site[0].blocks, 1);
    unit_free(&tracker);
}

static void test_refused(void **state)
{
    (void)state;
    ht_explanation_t untouched;
    memset(&untouched, 0x5A, sizeof(untouched));
    ht_explanation_t out = untouched;
    ht_tracker_t fresh;
    memset(&fresh, 0, sizeof(fresh));
    assert_false(ht_explain(&fresh, 1, 0, 0, &out));
    assert_true(ht_query_since_begin(&s_tracker, NULL, NULL));
    assert_false(ht_explain(&s_tracker, 1, 0, 0, &out));
    assert_int_equal(s_tracker.query, 1); /* the other one's */
    ht_query_since_end(&s_tracker);
    assert_memory_equal(&out, &untouched, sizeof(out));
    assert_true(ht_explain(&s_tracker, 1, 0, 0, &out));
}

/* --- who holds the memory -------------------------------------------------------------------- */

static void test_sites_and_tasks_of_exactly_these_heaps(void **state)
{
    (void)state;
    uintptr_t low = LOW;
    for (uint32_t site = 0; site < 7; site++) { /* 100, 200 ... 700 bytes in LOW, by two tasks */
        unit_be(0x2000 + 0x1000 * (site % 2U), site % 2U ? "odd" : "even");
        for (uint32_t i = 0; i <= site; i++, low += 0x100) {
            add(low, 100, site);
        }
    }
    unit_be(0x9000, "elsewhere");
    add(OTHER, 4000, 0);
    add(HIGH, 1000, 7);
    ht_explanation_t got = explain(10, 0, LOW_CAPS, 0, 0);
    assert_int_equal(got.live_bytes, 2800);
    for (uint32_t i = 0; i < HEAPTRAIL_TOP_SITES; i++) {
        assert_int_equal(got.site[i].blocks, 7 - i);
        assert_int_equal(got.site[i].bytes, 700 - 100 * i);
        assert_int_equal(got.site[i].id, 7 - i);
    }
    assert_string_equal(got.task_name[0], "even"); /* 1 + 3 + 5 + 7 blocks */
    assert_int_equal(got.task[0].bytes, 1600);
    assert_string_equal(got.task_name[1], "odd");
    assert_int_equal(got.task[1].blocks, 12);
    assert_int_equal(got.task[2].blocks, 0);
    assert_string_equal(got.task_name[2], "");
    got = explain(10, 0, BOTH_CAPS, 0, 0);
    assert_int_equal(got.site[0].bytes, 1000);
    assert_int_equal(got.site[0].blocks, 1);
    assert_string_equal(got.task_name[2], "elsewhere");
    assert_int_equal(got.live_bytes, 3800);
    got = explain(10, 0, OTHER_CAPS, 0, 0);
    assert_int_equal(got.site[0].bytes, 4000);
    assert_int_equal(got.site[1].blocks, 0);
}

static void test_equal_and_empty_holders(void **state)
{
    (void)state;
    for (uint32_t site = 0; site < 7; site++) {
        add(LOW + 0x100U * site, site == 6 ? 8 : 0, site);
    }
    ht_explanation_t got = explain(10, 0, LOW_CAPS, 0, 0);
    assert_int_equal(got.site[0].id, 7);
    for (uint32_t i = 1; i < HEAPTRAIL_TOP_SITES; i++) { /* blocks of no bytes are blocks */
        assert_int_equal(got.site[i].id, i);
        assert_int_equal(got.site[i].blocks, 1);
    }
}

static void test_what_heaptrail_holds(void **state)
{
    (void)state;
    assert_int_equal(explain(1, 0, 0, 0, 0).heaptrail_bytes, 0);
    s_tracker.checks.front = 8;
    s_tracker.checks.tail = 8;
    s_tracker.freed.held_bytes = 12345;
    for (uint32_t guard = HT_GUARD_NONE; guard <= HT_GUARD_WIDE; guard++) {
        add(LOW + 0x200U * guard + 0x100U, 40, 0);
        ht_record_t *record = ht_table_find(&s_tracker.table, LOW + 0x200U * guard + 0x100U);
        record->who |= (ht_word_t)guard << HT_GUARD_SHIFT;
    }
    add(LOW + 0x900U, 41, 0); /* the tail goes on to the next word */
    ht_table_find(&s_tracker.table, LOW + 0x900U)->who |= (ht_word_t)HT_GUARD_BOTH
                                                          << HT_GUARD_SHIFT;
    ht_explanation_t got = explain(1, 0, LOW_CAPS, 0, 0);
    assert_int_equal(got.heaptrail_bytes, (8 + 8) + 8 + (HT_GUARD_WIDE_BYTES + 8) + (8 + 11));
    assert_int_equal(got.quarantine_bytes, 12345);
    assert_int_equal(explain(1, 0, HIGH_CAPS, 0, 0).heaptrail_bytes, 0);
    uintptr_t own = (uintptr_t)s_tracker.origins.origins;
    assert_true(ht_tracker_add_heap(&s_tracker, own, s_tracker.memory_bytes, 32, "own"));
    assert_int_equal(explain(1, 0, 32, 0, 0).heaptrail_bytes, s_tracker.memory_bytes);
    s_tracker.freed.held_bytes = 0;
    ht_tracker_reset(&s_tracker); /* guarded records, made by hand */
}

/* --- who pins the hole ----------------------------------------------------------------------- */

static void lay(uintptr_t at, const char *plan, size_t unit)
{
    for (; *plan != '\0'; plan++) {
        s_walk[g_fake.heap_walk_count++] = (struct fake_heap_block){at, unit, *plan == 'u'};
        at += unit;
    }
}

static void test_pins_are_known_by_their_records(void **state)
{
    (void)state;
    lay(LOW, "ufuuufu", 0x100); /* the hole: 5 blocks from LOW + 0x100 on */
    s_walk[6].bytes = LOW_BYTES - 0x600;
    add(LOW + 0x200, 0x100, 1);
    g_fake.tick += 50;
    add(LOW + 0x300 + 128, 100, 2); /* with a front */
    add(LOW, 0x100, 3);
    add(LOW + 0x600, 0x100, 3);
    g_fake.tick += 7;
    ht_explanation_t got = explain(0x300, 0, LOW_CAPS, 0x400, 0x100);
    assert_int_equal(got.hole_bytes, 0x500);
    assert_int_equal(got.pin_blocks, 3);
    assert_int_equal(got.pin_bytes, 0x300);
    assert_int_equal(got.pin[0].address, LOW + 0x200);
    assert_int_equal(got.pin[0].size, 0x100);
    assert_int_equal(got.pin[0].origin, 1);
    assert_int_equal(got.pin[0].age_us, 57000);
    assert_int_equal(got.pin[1].address, LOW + 0x300 + 128);
    assert_int_equal(got.pin[1].size, 100);
    assert_int_equal(got.pin[1].origin, 2);
    assert_int_equal(got.pin[1].age_us, 7000);
    assert_int_equal(got.pin[2].address, LOW + 0x400); /* no record: as the heap sees it */
    assert_int_equal(got.pin[2].size, 0x100);
    assert_int_equal(got.pin[2].origin, 0);
    assert_int_equal(got.pin[3].address, 0);
}

static void test_which_hole(void **state)
{
    (void)state;
    /*        0       4 5    8 9   c */
    lay(LOW, "fuuuuuuufuuufufufuuuuuf", 0x100);
    ht_explanation_t got = explain(0x300, 0, LOW_CAPS, 0x900, 0x100); /* the fewest bytes */
    assert_int_equal(got.hole_bytes, 0x300);
    assert_int_equal(got.pin_blocks, 1);
    assert_int_equal(got.pin[0].address, LOW + 0xd00);
    got = explain(0x400, 0, LOW_CAPS, 0x900, 0x100);
    assert_int_equal(got.hole_bytes, 0x500);
    assert_int_equal(got.pin[0].address, LOW + 0x900);
    got = explain(0x600, 0, LOW_CAPS, 0x900, 0x100);
    assert_int_equal(got.hole_bytes, 0x700);
    got = explain(0x600, 0x200, LOW_CAPS, 0x900, 0x100); /* aligned: it needs more */
    assert_int_equal(got.hole_bytes, 0x900);
    assert_int_equal(got.pin_blocks, 7); /* more than are listed */
    assert_int_equal(got.pin[3].address, LOW + 0x400);
    got = explain(0x2000, 0, LOW_CAPS, 0x900, 0x100); /* none is as large: the largest */
    assert_int_equal(got.hole_bytes, 0x900);
    got = explain(0x100, 0, LOW_CAPS, 0x900, 0x100); /* it fits anyway */
    assert_int_equal(got.verdict, HEAPTRAIL_VERDICT_FITS);
    assert_int_equal(got.hole_bytes, 0x900);
}

static void test_no_hole(void **state)
{
    (void)state;
    static const char *const plans[] = {"", "u", "f", "uuu", "uf", "fu", "ufu", "uuff", "fffu"};
    for (unsigned i = 0; i < ENTRIES(plans); i++) {
        g_fake.heap_walk_count = 0;
        lay(LOW, plans[i], 0x100);
        /* Both heaps look like this: what is free in one makes no hole with the other's. */
        assert_int_equal(explain(0x300, 0, BOTH_CAPS, 9, 9).hole_bytes, 0);
        assert_int_equal(explain(0x300, 0, BOTH_CAPS, 9, 9).pin_blocks, 0);
    }
    g_fake.heap_walk_count = 0;
    lay(LOW, "fuf", 0x100);
    assert_int_equal(explain(0x300, 0, BOTH_CAPS, 9, 9).hole_bytes, 0x300);
    assert_int_equal(explain(0x300, 0, 16, 9, 9).hole_bytes, 0); /* no heap is asked */
}

/* --- an oracle ------------------------------------------------------------------------------- */

static uint64_t s_random;

static uint32_t below(uint32_t n)
{
    s_random = s_random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(s_random >> 33) % n;
}

typedef struct {
    uint32_t from, to; /* the free blocks at its ends, in s_walk */
    size_t bytes, pin_bytes;
} naive_hole_t;

/* Every pair of free blocks with used ones, and nothing else, between them. */
static bool is_hole(uint32_t from, uint32_t to, naive_hole_t *hole)
{
    *hole = (naive_hole_t){from, to, 0, 0};
    if (s_walk[from].used || s_walk[to].used || to == from + 1) { return false; }
    for (uint32_t i = from; i <= to; i++) {
        if (i != from && i != to && !s_walk[i].used) { return false; }
        hole->bytes += s_walk[i].bytes;
        hole->pin_bytes += s_walk[i].used ? s_walk[i].bytes : 0;
    }
    return true;
}

static naive_hole_t naive(size_t needed)
{
    naive_hole_t best = {0};
    for (int pass = 0; pass < 2 && best.bytes == 0; pass++) { /* one that serves; any */
        for (uint32_t from = 0; from < g_fake.heap_walk_count; from++) {
            for (uint32_t to = from + 1; to < g_fake.heap_walk_count; to++) {
                naive_hole_t hole;
                if (!is_hole(from, to, &hole) || (pass == 0 && hole.bytes < needed)) { continue; }
                bool fewer = hole.pin_bytes < best.pin_bytes;
                bool as_few = hole.pin_bytes == best.pin_bytes;
                bool larger = hole.bytes > best.bytes;
                bool better = pass == 0 ? fewer || (as_few && larger) : larger;
                if (best.bytes == 0 || better) { best = hole; }
            }
        }
    }
    return best;
}

/* Blocks without gaps; some have records, some of these with a front. */
static void random_heap(uintptr_t at, uint32_t blocks)
{
    for (uint32_t i = 0; i < blocks; i++) {
        size_t bytes = 16U * (1U + below(20));
        bool used = below(3) != 0;
        s_walk[g_fake.heap_walk_count++] = (struct fake_heap_block){at, bytes, used};
        if (used && below(4) != 0) {
            size_t front = 8U * below((uint32_t)(bytes < 128 ? bytes : 128) / 8U);
            add(at + front, below((uint32_t)(bytes - front) + 1U), below(5));
        }
        at += bytes;
    }
}

static void expect_pin(const ht_pin_t *pin, const struct fake_heap_block *block)
{
    ht_pin_t want = {block->address, block->bytes, 0, 0};
    for (size_t at = 0; at < block->bytes; at++) {
        const ht_record_t *record = ht_table_find(&s_tracker.table, block->address + at);
        if (record != NULL) {
            want.address = record->address;
            want.size = ht_record_size(record);
            want.origin = ht_record_origin(record).index;
            want.age_us = (uint64_t)(g_fake.tick - record->tick) * 1000U;
        }
    }
    assert_int_equal(pin->address, want.address);
    assert_int_equal(pin->size, want.size);
    assert_int_equal(pin->origin, want.origin);
    assert_int_equal(pin->age_us, want.age_us);
}

/* Five sites at most, and all blocks are in one heap. */
static void expect_sites(const ht_explanation_t *got)
{
    size_t sum = 0;
    for (uint32_t i = 0; i < HEAPTRAIL_TOP_SITES && got->site[i].blocks != 0; i++) {
        heaptrail_site_row_t row;
        assert_true(ht_query_site(&s_tracker, got->site[i].id, &row));
        assert_int_equal(got->site[i].bytes, row.live_bytes);
        assert_int_equal(got->site[i].blocks, row.live_blocks);
        assert_true(i == 0 || got->site[i].bytes <= got->site[i - 1U].bytes);
        sum += row.live_bytes;
    }
    heaptrail_status_t status;
    ht_query_status(&s_tracker, &status);
    assert_int_equal(sum, status.live_bytes);
    assert_int_equal(sum, got->live_bytes);
}

static void random_round(void)
{
    g_fake.heap_walk_count = 0;
    random_heap(LOW, below(90));
    g_fake.tick += below(1000);
    size_t needed = 1U + below(below(2) ? 500 : 5000);
    ht_explanation_t got = explain(needed, 0, BOTH_CAPS, 0, 0);
    naive_hole_t want = naive(needed);
    expect_sites(&got);
    assert_int_equal(got.hole_bytes, want.bytes);
    assert_int_equal(got.pin_bytes, want.pin_bytes);
    assert_int_equal(got.pin_blocks, want.bytes != 0 ? want.to - want.from - 1U : 0);
    for (uint32_t i = 0; i < HEAPTRAIL_PINS; i++) {
        if (i < got.pin_blocks) {
            expect_pin(&got.pin[i], &s_walk[want.from + 1U + i]);
        } else {
            assert_int_equal(got.pin[i].address, 0);
        }
    }
    ht_tracker_reset(&s_tracker);
    unit_check(&s_tracker);
}

static void test_holes_of_random_heaps(void **state)
{
    (void)state;
    const char *seed = getenv("HEAPTRAIL_SEED");
    s_random = seed != NULL ? strtoull(seed, NULL, 0) : 20261122U;
    print_message("again: HEAPTRAIL_SEED=%llu\n", (unsigned long long)s_random);
    for (uint32_t round = 0; round < 3000; round++) {
        random_round();
    }
}

/* --- meanwhile the program goes on -------------------------------------------------------------
 */

static uint32_t s_interrupts;

static void come_and_go(void)
{
    g_fake.on_unlock = NULL;
    uintptr_t address = LOW + 0x8000U + 16U * (s_interrupts / 2U % 64U);
    if (s_interrupts++ % 2U == 0) {
        add(address, 16, 5);
    } else {
        ht_tracker_remove(&s_tracker, address);
    }
    s_tracker.table.moves +=
        s_interrupts % 50U == 0; /* a walk that is disturbed ends all the same */
    g_fake.on_unlock = come_and_go;
}

static void test_with_interrupts(void **state)
{
    (void)state;
    lay(LOW, "fuuf", 0x100);
    add(LOW + 0x100, 0x100, 1);
    add(LOW + 0x200, 0x80, 2);
    g_fake.on_unlock = come_and_go;
    for (uint32_t i = 0; i < 100; i++) {
        ht_explanation_t got = explain(0x300, 0, LOW_CAPS, 0x200, 0x100);
        assert_int_equal(got.hole_bytes, 0x400);
        assert_int_equal(got.pin[0].origin, 1);
        assert_int_equal(got.pin[1].size, 0x80);
        assert_true(got.live_bytes >= 0x180);
        assert_int_equal(got.site[0].bytes, 0x100);
    }
    g_fake.on_unlock = NULL;
}

/* The record of a pin is in another place of the table, or for five locks in none. */
static uint64_t s_move_at;
static bool s_is_away;

static void move_a_pin(void)
{
    g_fake.on_unlock = NULL;
    if (!s_is_away && g_fake.locks >= s_move_at) {
        s_is_away = ht_tracker_remove(&s_tracker, LOW + 0x140);
        s_tracker.table.moves++;
        s_move_at = g_fake.locks + 5U;
    } else if (s_is_away && g_fake.locks >= s_move_at) {
        add(LOW + 0x140, 0x80, 1);
        s_is_away = false;
        s_tracker.table.moves++;
        s_move_at = UINT64_MAX;
    }
    g_fake.on_unlock = move_a_pin;
}

static void test_records_that_move_during_the_walks(void **state)
{
    (void)state;
    lay(LOW, "fuuf", 0x100);
    add(LOW + 0x140, 0x80, 1);
    add(LOW + 0x200, 0x80, 2);
    s_tracker.checks.tail = 8;
    ht_table_find(&s_tracker.table, LOW + 0x200)->who |= (ht_word_t)HT_GUARD_TAIL << HT_GUARD_SHIFT;
    uint64_t before = g_fake.locks;
    (void)explain(0x300, 0, LOW_CAPS, 0x200, 0x100);
    uint64_t locks = g_fake.locks - before;
    for (uint64_t at = 1; at + 6U < locks; at++) {
        s_move_at = g_fake.locks + at;
        g_fake.on_unlock = move_a_pin;
        ht_explanation_t got = explain(0x300, 0, LOW_CAPS, 0x200, 0x100);
        g_fake.on_unlock = NULL;
        assert_false(s_is_away);
        assert_int_equal(got.pin[0].address, LOW + 0x140);
        assert_int_equal(got.pin[1].address, LOW + 0x200);
        assert_int_equal(got.heaptrail_bytes, 8);
        assert_int_equal(got.live_bytes, 0x100);
    }
    ht_tracker_reset(&s_tracker);
}

/* One record too many for two buckets waits in the stash. */
static void test_a_pin_in_the_stash(void **state)
{
    (void)state;
    const ht_table_t *table = &s_tracker.table;
    uintptr_t address = LOW;
    for (; address < LOW + LOW_BYTES && table->stash_count == 0; address += 16) {
        uint32_t hash = ht_table_hash(address);
        if (ht_table_first(table, hash) < 2 && ht_table_second(table, hash) < 2) {
            add(address, 16, 4);
        }
    }
    assert_int_equal(table->stash_count, 1);
    lay(address - 32, "fuf", 16);
    ht_explanation_t got = explain(48, 0, LOW_CAPS, 32, 16);
    assert_int_equal(got.pin[0].address, address - 16);
    assert_int_equal(got.pin[0].origin, 1);
    assert_in_range(table->count, 9, 17);
    assert_int_equal(got.live_bytes, table->count * 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_verdicts, make, drop),
        cmocka_unit_test_setup_teardown(test_sizes_of_the_heaps, make, drop),
        cmocka_unit_test_setup_teardown(test_measured_now, make, drop),
        cmocka_unit_test_setup_teardown(test_platform_that_knows_no_heaps, make, drop),
        cmocka_unit_test_setup_teardown(test_refused, make, drop),
        cmocka_unit_test_setup_teardown(test_sites_and_tasks_of_exactly_these_heaps, make, drop),
        cmocka_unit_test_setup_teardown(test_equal_and_empty_holders, make, drop),
        cmocka_unit_test_setup_teardown(test_what_heaptrail_holds, make, drop),
        cmocka_unit_test_setup_teardown(test_pins_are_known_by_their_records, make, drop),
        cmocka_unit_test_setup_teardown(test_which_hole, make, drop),
        cmocka_unit_test_setup_teardown(test_no_hole, make, drop),
        cmocka_unit_test_setup_teardown(test_holes_of_random_heaps, make, drop),
        cmocka_unit_test_setup_teardown(test_with_interrupts, make, drop),
        cmocka_unit_test_setup_teardown(test_records_that_move_during_the_walks, make, drop),
        cmocka_unit_test_setup_teardown(test_a_pin_in_the_stash, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
