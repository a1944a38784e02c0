/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The reachability scan: graphs with known answers, and random ones against a naive oracle. */
#include "ht_scan.h"
#include "reach.h"
#include "unit.h"

#define WORDS 4096U
#define BLOCKS 100U
#define GRAPHS 4000U

static ht_tracker_t s_tracker;
static ht_scan_t s_scan;
static void *s_memory;
static uintptr_t s_arena[WORDS]; /* the heap: blocks with gaps between them */
static uintptr_t s_roots[16];
static ht_origin_id_t s_origin;

static void begin(uint32_t work_max)
{
    static const heaptrail_site_t site;
    fake_port_reset();
    unit_make(&s_tracker, &unit_sizes);
    s_origin = unit_origin(&s_tracker, &site, 0);
    memset(s_arena, 0, sizeof(s_arena));
    memset(s_roots, 0, sizeof(s_roots));
    s_memory = malloc(ht_scan_memory_bytes(BLOCKS, work_max));
    ht_scan_init(&s_scan, &s_tracker, s_memory, BLOCKS, work_max);
}

static void end(void)
{
    unit_check(&s_tracker);
    unit_free(&s_tracker);
    free(s_memory);
}

static uintptr_t *block_at(uint32_t word, size_t bytes)
{
    ht_tracker_add(&s_tracker, (uintptr_t)&s_arena[word], bytes, s_origin);
    return &s_arena[word];
}

static void finish(uint32_t words)
{
    do {
        while (!ht_scan_run(&s_scan, words)) {}
    } while (ht_scan_next(&s_scan) != HT_SCAN_DONE);
}

static void pass(uint32_t words)
{
    ht_scan_begin(&s_scan);
    ht_scan_root(&s_scan, (uintptr_t)s_roots, sizeof(s_roots));
    finish(words);
}

static ht_scan_class_t class_of(const void *block)
{
    uint32_t i = 0;
    assert_true(ht_scan_find(&s_scan, (uintptr_t)block, &i));
    assert_true(ht_scan_address(&s_scan, i) == (uintptr_t)block);
    return ht_scan_class(&s_scan, i);
}

static const void *leader_of(const void *block)
{
    uint32_t i = 0;
    assert_true(ht_scan_find(&s_scan, (uintptr_t)block, &i));
    return (const void *)ht_scan_address(&s_scan, ht_scan_leader(&s_scan, i));
}

/* --- known answers --- */

static void test_each_class(void **state)
{
    (void)state;
    begin(4);
    uintptr_t *reached = block_at(100, 16);
    uintptr_t *child = block_at(200, 16);
    uintptr_t *middle = block_at(300, 64);
    uintptr_t *of_middle = block_at(400, 16);
    uintptr_t *lost = block_at(500, 16);
    uintptr_t *held = block_at(600, 16);
    uintptr_t *held_too = block_at(700, 16);
    s_roots[3] = (uintptr_t)reached;
    reached[1] = (uintptr_t)child;
    child[0] = (uintptr_t)middle + 5;
    middle[2] = (uintptr_t)of_middle;
    lost[0] = (uintptr_t)held;
    held[1] = (uintptr_t)held_too + 3;
    pass(UINT32_MAX);
    assert_int_equal(s_scan.count, 7);
    assert_int_equal(class_of(reached), HT_SCAN_REACHABLE);
    assert_int_equal(class_of(child), HT_SCAN_REACHABLE);
    assert_int_equal(class_of(middle), HT_SCAN_POSSIBLE);
    assert_int_equal(class_of(of_middle), HT_SCAN_POSSIBLE);
    assert_int_equal(class_of(lost), HT_SCAN_LOST);
    assert_int_equal(class_of(held), HT_SCAN_INDIRECT);
    assert_int_equal(class_of(held_too), HT_SCAN_INDIRECT);
    assert_ptr_equal(leader_of(held_too), lost);
    assert_ptr_equal(leader_of(lost), lost);
    end();
}

/* Where a block begins and ends: its first byte, its last, none of its neighbours'. */
static void test_edges(void **state)
{
    (void)state;
    static const struct {
        ptrdiff_t offset;
        ht_scan_class_t expected;
    } cases[] = {{0, HT_SCAN_REACHABLE}, {-1, HT_SCAN_LOST}, {1, HT_SCAN_POSSIBLE},
                 {20, HT_SCAN_POSSIBLE}, {21, HT_SCAN_LOST}, {24, HT_SCAN_LOST}};
    for (unsigned i = 0; i < ENTRIES(cases); i++) {
        begin(1);
        uintptr_t *block = block_at(64, 21);
        s_roots[0] = (uintptr_t)block + (uintptr_t)cases[i].offset;
        pass(UINT32_MAX);
        assert_int_equal(class_of(block), cases[i].expected);
        end();
    }
}

static void test_empty_block_and_no_blocks(void **state)
{
    (void)state;
    begin(1);
    pass(UINT32_MAX);
    assert_int_equal(s_scan.count, 0);
    uintptr_t *block = block_at(64, 0);
    pass(UINT32_MAX);
    assert_int_equal(class_of(block), HT_SCAN_LOST);
    s_roots[0] = (uintptr_t)block;
    pass(UINT32_MAX);
    assert_int_equal(class_of(block), HT_SCAN_REACHABLE);
    end();
}

/* A ring that nothing holds is lost, with one leader; a block that points to itself is lost. */
static void test_rings(void **state)
{
    (void)state;
    begin(2);
    uintptr_t *ring[5];
    for (uint32_t i = 0; i < 5; i++) {
        ring[i] = block_at(100 + 50 * i, 16);
    }
    for (uint32_t i = 0; i < 5; i++) {
        ring[i][0] = (uintptr_t)ring[(i + 3) % 5];
    }
    uintptr_t *narcissus = block_at(800, 16);
    narcissus[1] = (uintptr_t)narcissus;
    pass(UINT32_MAX);
    uint32_t leaders = 0;
    for (uint32_t i = 0; i < 5; i++) {
        leaders += class_of(ring[i]) == HT_SCAN_LOST;
        assert_ptr_equal(leader_of(ring[i]), leader_of(ring[0]));
    }
    assert_int_equal(leaders, 1);
    assert_int_equal(class_of(narcissus), HT_SCAN_LOST);
    end();
}

/* A list whose head lies behind its tail: each earlier leader goes over to the next one. */
static void test_leaders_that_are_held_later(void **state)
{
    (void)state;
    begin(1);
    uintptr_t *list[40];
    for (uint32_t i = 0; i < 40; i++) {
        list[i] = block_at(10 + 20 * i, 16);
        if (i > 0) { list[i][0] = (uintptr_t)list[i - 1]; }
    }
    pass(UINT32_MAX);
    assert_int_equal(class_of(list[39]), HT_SCAN_LOST);
    for (uint32_t i = 0; i < 39; i++) {
        assert_int_equal(class_of(list[i]), HT_SCAN_INDIRECT);
        assert_ptr_equal(leader_of(list[i]), list[39]);
    }
    uint32_t at = ht_scan_ring(&s_scan, 39); /* 0, 1, ... 38, and back */
    for (uint32_t i = 0; i < 40; i++, at = ht_scan_ring(&s_scan, at)) {
        assert_int_equal(at, i);
    }
    end();
}

static void test_registers_and_kept_blocks(void **state)
{
    (void)state;
    begin(4);
    uintptr_t *a = block_at(100, 16);
    uintptr_t *b = block_at(200, 16);
    a[0] = (uintptr_t)b;
    ht_scan_begin(&s_scan);
    ht_scan_word(&s_scan, (uintptr_t)a);
    ht_scan_word(&s_scan, 0);
    ht_scan_word(&s_scan, UINTPTR_MAX);
    finish(1);
    assert_int_equal(class_of(a), HT_SCAN_REACHABLE);
    assert_int_equal(class_of(b), HT_SCAN_REACHABLE);
    end();
}

/* What is hidden is not read: in a root, in the midst of it, at its ends, and in a block. */
static void test_hidden_memory(void **state)
{
    (void)state;
    for (uint32_t first = 0; first < 6; first++) {
        for (uint32_t last = first; last < 6; last++) {
            begin(4);
            uintptr_t *block[6];
            for (uint32_t i = 0; i < 6; i++) {
                block[i] = block_at(100 + 20 * i, 16);
                s_roots[i] = (uintptr_t)block[i];
            }
            assert_true(ht_scan_hide(&s_scan, &s_roots[first], (last - first) * sizeof(uintptr_t)));
            pass(UINT32_MAX);
            for (uint32_t i = 0; i < 6; i++) {
                bool hidden = i >= first && i < last;
                assert_int_equal(class_of(block[i]), hidden ? HT_SCAN_LOST : HT_SCAN_REACHABLE);
            }
            end();
        }
    }
    begin(4);
    uintptr_t *holder = block_at(100, 10 * sizeof(uintptr_t));
    uintptr_t *seen = block_at(200, 16);
    uintptr_t *unseen = block_at(300, 16);
    s_roots[0] = (uintptr_t)holder;
    holder[2] = (uintptr_t)unseen;
    holder[9] = (uintptr_t)seen;
    assert_true(ht_scan_hide(&s_scan, (const char *)&holder[2] + 1, 1)); /* a part of a word */
    pass(UINT32_MAX);
    assert_int_equal(class_of(seen), HT_SCAN_REACHABLE);
    assert_int_equal(class_of(unseen), HT_SCAN_LOST);
    while (ht_scan_hide(&s_scan, s_roots, 0)) {}
    assert_int_equal(s_scan.hidden_count, HT_SCAN_HIDDEN);
    end();
}

/* Pages that the program protected, in blocks: not read, and their bytes told, once in a pass. */
static void test_unreadable_memory(void **state)
{
    (void)state;
    enum { WORD = sizeof(uintptr_t) };
    begin(4);
    uintptr_t *holder = block_at(1000, 500 * WORD);
    uintptr_t *child[50];
    for (uint32_t i = 0; i < 50; i++) {
        child[i] = block_at(100 + 10 * i, 16);
        holder[10 * i] = (uintptr_t)child[i];
    }
    s_roots[0] = (uintptr_t)holder;
    ht_scan_begin(&s_scan);
    ht_scan_unreadable(&s_scan, (uintptr_t)&holder[-20], 10 * WORD); /* in no block */
    ht_scan_unreadable(&s_scan, (uintptr_t)&holder[-5], 6 * WORD);
    ht_scan_unreadable(&s_scan, (uintptr_t)&holder[95], 11 * WORD);
    ht_scan_unreadable(&s_scan, (uintptr_t)&holder[490], 100 * WORD);
    assert_int_equal(s_scan.covered_count, 3);
    ht_scan_root(&s_scan, (uintptr_t)s_roots, sizeof(s_roots));
    finish(7);
    for (uint32_t i = 0; i < 50; i++) {
        bool unread = i == 0 || i == 10 || i == 49;
        assert_int_equal(class_of(child[i]), unread ? HT_SCAN_LOST : HT_SCAN_REACHABLE);
    }
    assert_int_equal(s_scan.unread, (1 + 11 + 10) * WORD);
    /* More than there is room for: the last ones are one. */
    ht_scan_begin(&s_scan);
    for (uint32_t i = 0; i < 30; i++) {
        ht_scan_unreadable(&s_scan, (uintptr_t)&holder[10 * i], WORD);
    }
    ht_scan_root(&s_scan, (uintptr_t)s_roots, sizeof(s_roots));
    finish(UINT32_MAX);
    for (uint32_t i = 0; i < 50; i++) {
        assert_int_equal(class_of(child[i]), i < 30 ? HT_SCAN_LOST : HT_SCAN_REACHABLE);
    }
    assert_int_equal(s_scan.unread, (15 + 10 * 14 + 1) * WORD);
    end();
}

/* --- more than one pass --- */

static void test_lost_in_each_pass(void **state)
{
    (void)state;
    begin(4);
    uintptr_t *moving = block_at(100, 16);
    uintptr_t *lost = block_at(200, 16);
    uintptr_t *freed = block_at(300, 16);
    uintptr_t *renewed = block_at(400, 16);
    pass(UINT32_MAX);
    uint32_t i = 0;
    assert_true(ht_scan_find(&s_scan, (uintptr_t)moving, &i));
    assert_true(ht_scan_was_lost(&s_scan, i)); /* there was no pass before */
    s_roots[1] = (uintptr_t)moving;
    pass(UINT32_MAX);
    s_roots[1] = 0;
    ht_tracker_remove(&s_tracker, (uintptr_t)freed);
    ht_tracker_remove(&s_tracker, (uintptr_t)renewed);
    block_at(400, 16);
    pass(UINT32_MAX);
    assert_int_equal(s_scan.count, 3);
    assert_int_equal(class_of(moving), HT_SCAN_LOST);
    assert_int_equal(class_of(renewed), HT_SCAN_LOST);
    assert_true(ht_scan_find(&s_scan, (uintptr_t)moving, &i));
    assert_false(ht_scan_was_lost(&s_scan, i));
    assert_true(ht_scan_find(&s_scan, (uintptr_t)lost, &i));
    assert_true(ht_scan_was_lost(&s_scan, i));
    assert_true(ht_scan_find(&s_scan, (uintptr_t)renewed, &i));
    assert_false(ht_scan_was_lost(&s_scan, i));
    assert_false(ht_scan_find(&s_scan, (uintptr_t)freed, &i));
    end();
}

/* A container that grows during the scan: its new block is a root. */
static void test_blocks_made_meanwhile(void **state)
{
    (void)state;
    begin(4);
    uintptr_t *child = block_at(100, 16);
    uintptr_t *old = block_at(200, 16);
    s_roots[0] = (uintptr_t)old;
    ht_scan_begin(&s_scan);
    /* Before anything was read, what `old` held goes to a new block that the roots do not show. */
    uintptr_t *grown = block_at(300, 64);
    grown[3] = (uintptr_t)child;
    ht_tracker_remove(&s_tracker, (uintptr_t)old);
    ht_scan_root(&s_scan, (uintptr_t)s_roots, sizeof(s_roots));
    while (!ht_scan_run(&s_scan, 8)) {}
    assert_int_equal(ht_scan_grow(&s_scan), 1);
    while (!ht_scan_run(&s_scan, 8)) {}
    assert_int_equal(ht_scan_grow(&s_scan), 0);
    /* And one at an address that was known. */
    ht_tracker_remove(&s_tracker, (uintptr_t)child);
    uintptr_t *again = block_at(100, 32);
    assert_int_equal(ht_scan_grow(&s_scan), 1);
    assert_int_equal(ht_scan_grow(&s_scan), 0);
    finish(8);
    assert_int_equal(class_of(grown), HT_SCAN_REACHABLE);
    assert_int_equal(class_of(again), HT_SCAN_REACHABLE);
    assert_int_equal(s_scan.count, 2);
    end();
}

static void test_more_blocks_than_room(void **state)
{
    (void)state;
    begin(4);
    ht_scan_init(&s_scan, &s_tracker, s_memory, 3, 4);
    for (uint32_t i = 0; i < 5; i++) {
        block_at(100 + 20 * i, 16);
    }
    pass(UINT32_MAX);
    assert_int_equal(s_scan.count, 3);
    assert_int_equal(s_scan.left_out, 2);
    end();
}

/* More runs of blocks than spans, far apart as heaps are. */
static void test_blocks_far_apart(void **state)
{
    (void)state;
    enum { RUNS = 12, RUN = 3, STEP = 200 * 1024 };
    static char memory[RUNS * STEP];
    begin(4);
    for (uint32_t run = 0; run < RUNS; run++) {
        for (uint32_t i = 0; i < RUN; i++) {
            ht_tracker_add(&s_tracker, (uintptr_t)&memory[run * STEP + i * 64], 40, s_origin);
        }
    }
    pass(UINT32_MAX);
    assert_int_equal(s_scan.count, RUNS * RUN);
    assert_int_equal(s_scan.span_count, HT_SCAN_SPANS);
    for (uint32_t run = 0; run < RUNS; run++) {
        for (uint32_t byte = 0; byte < RUN * 64 + 64; byte++) {
            uint32_t i = 0;
            bool inside = byte < RUN * 64 && byte % 64 < 40;
            bool found = ht_scan_find(&s_scan, (uintptr_t)&memory[run * STEP + byte], &i);
            assert_int_equal(found, inside);
            if (inside) { assert_int_equal(i, run * RUN + byte / 64); }
        }
    }
    assert_false(ht_scan_find(&s_scan, (uintptr_t)memory - 1, &(uint32_t){0}));
    assert_false(ht_scan_find(&s_scan, (uintptr_t)memory + sizeof(memory), &(uint32_t){0}));
    end();
}

/* An interrupt frees a block and makes it anew, whenever the table is not locked. */
static void remake_blocks(void)
{
    g_fake.on_unlock = NULL;
    for (uint32_t i = 0; i < 40; i++) {
        ht_tracker_remove(&s_tracker, (uintptr_t)&s_arena[10 + 10 * i]);
    }
    for (uint32_t i = 40; i > 0; i--) {
        block_at(10 * i, 16);
    }
    g_fake.on_unlock = remake_blocks;
}

static void test_a_table_that_changes_while_it_is_copied(void **state)
{
    (void)state;
    begin(4);
    for (uint32_t i = 1; i <= BLOCKS; i++) {
        block_at(10 * i, 16);
    }
    g_fake.on_unlock = remake_blocks;
    ht_scan_begin(&s_scan);
    g_fake.on_unlock = NULL;
    for (uint32_t i = 1; i < s_scan.count; i++) {
        assert_true(ht_scan_address(&s_scan, i - 1) < ht_scan_address(&s_scan, i));
    }
    assert_in_range(s_scan.count, BLOCKS - 40, BLOCKS);
    finish(UINT32_MAX);
    end();
}

static void test_sizes(void **state)
{
    (void)state;
    assert_int_equal(ht_scan_memory_bytes(0, 1), 0);
    assert_int_equal(ht_scan_memory_bytes(1, 0), 0);
    assert_int_equal(ht_scan_memory_bytes(1, HT_SCAN_MAX),
                     HT_64BIT ? 0x400000010U : 8U + 2U * (1U + 65535U));
#if !HT_64BIT
    assert_int_equal(ht_scan_memory_bytes(HT_SCAN_MAX + 1U, 1), 0);
    assert_int_equal(ht_scan_memory_bytes(1, HT_SCAN_MAX + 1U), 0);
    assert_int_equal(ht_scan_memory_bytes(2000, 128), 2000 * 10 + 256);
#endif
}

/* --- random graphs against an oracle that knows nothing of lists, spans and sweeps --- */

static uintptr_t value_of(const reach_graph_t *graph, reach_link_t link)
{
    return link.kind == REACH_NUMBER ? link.offset : graph->block[link.to] + link.offset;
}

/* In the arena, with gaps between them, some of them large. */
static void place_blocks(reach_graph_t *graph)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < graph->count; i++) {
        at += 1U + reach_random(graph, 4);
        graph->block[i] = (uintptr_t)&s_arena[at];
        at += graph->words[i];
        at += reach_random(graph, 8) == 0 ? 600U / REACH_MAX : 0;
    }
    /* The table hands them out in no order. */
    bool coprime = graph->count % 7U != 0;
    for (uint32_t i = 0; i < graph->count; i++) {
        uint32_t k = coprime ? (i * 7U) % graph->count : i;
        ht_tracker_add(&s_tracker, graph->block[k], graph->words[k] * sizeof(uintptr_t), s_origin);
    }
}

static void make_graph(reach_graph_t *graph)
{
    place_blocks(graph);
    for (uint32_t i = 0; i < graph->count; i++) {
        uintptr_t *words = (uintptr_t *)graph->block[i];
        for (uint32_t w = 0; w < graph->words[i]; w++) {
            if (reach_random(graph, 4) == 0) { words[w] = value_of(graph, reach_link(graph, i)); }
        }
    }
    uint32_t roots = reach_random(graph, ENTRIES(s_roots));
    for (uint32_t r = 0; r < roots; r++) {
        s_roots[r] = value_of(graph, reach_link(graph, REACH_MAX));
    }
}

static uint32_t number_of(const reach_graph_t *graph, const void *block)
{
    uint32_t i = 0;
    while (i < graph->count && graph->block[i] != (uintptr_t)block) {
        i++;
    }
    return i;
}

static void compare_graph(const reach_graph_t *graph, uint32_t seed)
{
    reach_t got[REACH_MAX];
    uint32_t leader[REACH_MAX];
    uint32_t which = 0;
    if (s_scan.count != graph->count) { fail_msg("seed %u: count", (unsigned)seed); }
    for (uint32_t i = 0; i < graph->count; i++) {
        const void *block = (const void *)graph->block[i];
        got[i] = (reach_t)class_of(block);
        leader[i] = number_of(graph, leader_of(block));
    }
    const char *wrong = reach_compare(graph, got, leader, &which);
    if (wrong != NULL) { fail_msg("seed %u block %u: %s", (unsigned)seed, (unsigned)which, wrong); }
}

static void test_random_graphs(void **state)
{
    (void)state;
    static reach_graph_t graph;
    for (uint32_t seed = 1; seed <= GRAPHS; seed++) {
        reach_begin(&graph, seed * 2654435761U);
        begin(1U + reach_random(&graph, seed % 3U == 0 ? 100U : 3U)); /* room for work */
        make_graph(&graph);
        reach_solve(&graph);
        pass(seed % 2U == 0 ? UINT32_MAX : 1U + seed % 20U);
        compare_graph(&graph, seed);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_class),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_empty_block_and_no_blocks),
        cmocka_unit_test(test_rings),
        cmocka_unit_test(test_leaders_that_are_held_later),
        cmocka_unit_test(test_registers_and_kept_blocks),
        cmocka_unit_test(test_hidden_memory),
        cmocka_unit_test(test_unreadable_memory),
        cmocka_unit_test(test_lost_in_each_pass),
        cmocka_unit_test(test_blocks_made_meanwhile),
        cmocka_unit_test(test_more_blocks_than_room),
        cmocka_unit_test(test_blocks_far_apart),
        cmocka_unit_test(test_a_table_that_changes_while_it_is_copied),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_random_graphs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
