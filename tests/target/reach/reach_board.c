/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * heaptrail_scan() on the board, while a timer interrupt allocates and frees, and another hart and
 * its interrupt do: a graph of known fates, then random ones against the oracle. What is lost has
 * to be found, with its leader; nothing else may be called lost, in no round.
 *
 *   reach ROUNDS HARTS PERIOD     PERIOD of the timers, in mtime's 100 ns
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "hammer.h"
#include "heap.h"
#include "heaptrail.h"
#include "heaptrail_leaks.h"
#include "ht_port.h"
#include "reach.h"

#define OLD_MS 20U
#define BLOCKS_MAX 96U

/* Addresses the scan must not see as such. */
static uintptr_t hide(const void *block)
{
    return ~(uintptr_t)block;
}

static void *show(uintptr_t hidden)
{
    return (void *)~hidden;
}

static heap_t *s_internal, *s_external, *s_others;
static hammer_t s_hammer[2 * BOARD_HARTS]; /* program 0 (idle), handler 0, program 1, handler 1 */
static uint32_t s_harts, s_period, s_interrupts;

static void die(const char *what, const char *which, uint32_t number)
{
    printf("reach: %s: %s %u\n", what, which, (unsigned)number);
    exit(1);
}

/* --- one scan ------------------------------------------------------------------------------------
 */

static struct {
    uint32_t count;
    uintptr_t hidden[BLOCKS_MAX];
    reach_t got[BLOCKS_MAX];
    uintptr_t leader[BLOCKS_MAX]; /* hidden */
    uintptr_t stranger;           /* a block of somebody else that is called lost */
    heaptrail_scan_summary_t summary;
} s_seen;

static uint32_t s_unsure, s_young;

static uint32_t number_of(uintptr_t hidden)
{
    uint32_t i = 0;
    while (i < s_seen.count && s_seen.hidden[i] != hidden) {
        i++;
    }
    return i;
}

static bool keep_row(void *context, const heaptrail_leak_row_t *row)
{
    (void)context;
    uint32_t i = number_of(hide((const void *)row->block.address));
    if (i == s_seen.count) {
        s_seen.stranger = row->block.address;
        return false;
    }
    s_seen.got[i] = (reach_t)row->reach;
    s_seen.leader[i] = hide((const void *)row->leader);
    return true;
}

/* What functions left below the stack in use must not be found there again. */
__attribute__((noinline)) static void clear_stack(void)
{
    volatile uint8_t bytes[8192];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 0;
    }
}

__attribute__((noinline)) static void scan(void)
{
    const heaptrail_scan_options_t options = {
        .passes = 2, .pause_ms = 1, .age_min_us = OLD_MS * 1000U, .slice_words = 512, .all = true};
    memset(s_seen.got, 0, sizeof(s_seen.got)); /* REACH_REACHABLE */
    (void)ht_port_wait_ms(OLD_MS + 2U);
    clear_stack();
    esp_err_t err = heaptrail_scan(&options, keep_row, NULL, &s_seen.summary);
    if (err != ESP_OK) { die("heaptrail_scan", "error", (uint32_t)err); }
    if (s_seen.stranger != 0) {
        die("somebody's block is called lost", "pass", s_seen.summary.passes);
    }
    if (s_seen.summary.left_out_blocks != 0) {
        die("no room", "blocks", s_seen.summary.left_out_blocks);
    }
    s_unsure += s_seen.summary.unsure_blocks;
    s_young += s_seen.summary.young_blocks;
}

/* --- a graph of known fates
 * -----------------------------------------------------------------------
 */

typedef struct node {
    struct node *left, *right;
    uint32_t bytes[6];
} node_t;

static struct {
    const char *name;
    reach_t fate;
} s_known[BLOCKS_MAX];

static node_t *make(heap_t *heap, const char *name, reach_t fate)
{
    node_t *node = heap_make(heap, sizeof(*node));
    s_known[s_seen.count].name = name;
    s_known[s_seen.count].fate = fate;
    s_seen.hidden[s_seen.count++] = hide(node);
    if (s_seen.count == BLOCKS_MAX) { abort(); }
    return node;
}

/* The head is made last, and lies highest. */
static node_t *make_list(heap_t *heap, const char *name, uint32_t count, reach_t head, reach_t rest)
{
    node_t *list = NULL;
    for (uint32_t i = 1; i <= count; i++) {
        node_t *node = make(heap, name, i == count ? head : rest);
        node->left = list;
        list = node;
    }
    return list;
}

static node_t *make_tree(const char *name, reach_t root, reach_t rest)
{
    node_t *leaf[4];
    for (uint32_t i = 0; i < 4; i++) {
        leaf[i] = make(s_internal, name, rest);
    }
    node_t *tree = make(s_internal, name, root);
    tree->left = make(s_internal, name, rest);
    tree->right = make(s_external, name, rest);
    tree->left->left = leaf[0];
    tree->left->right = leaf[1];
    tree->right->left = leaf[2];
    tree->right->right = leaf[3];
    return tree;
}

/* Its lowest block leads, if nobody holds it. */
static node_t *make_ring(const char *name, uint32_t count, reach_t lowest, reach_t rest)
{
    node_t *first = make(s_internal, name, lowest);
    node_t *last = first;
    for (uint32_t i = 1; i < count; i++) {
        last->right = make(s_internal, name, rest);
        last = last->right;
    }
    last->right = first;
    return first;
}

/* Volatile: nobody reads them. */
static node_t *volatile s_list, *volatile s_tree, *volatile s_ring, *volatile s_external_block;
static char *volatile s_middle, *volatile s_behind;
static _Thread_local node_t *volatile s_local;
static uintptr_t s_on_own_stack, s_in_register, s_on_other_stack, s_in_other_register; /* hidden */

__attribute__((noinline)) static void make_reachable(void)
{
    const reach_t reached = REACH_REACHABLE;
    s_list = make_list(s_internal, "list", 9, reached, reached);
    s_tree = make_tree("tree", reached, reached);
    s_ring = make_ring("ring", 5, reached, reached);
    s_external_block = make(s_external, "external", reached);
    s_external_block->left = make(s_internal, "held by external", reached);
    s_list->right = make(s_external, "external, held by internal", reached);
    s_local = make(s_internal, "thread-local", reached);
    s_on_own_stack = hide(make(s_internal, "on the own stack", reached));
    s_in_register = hide(make_list(s_internal, "in a register", 2, reached, reached));
    reach_t by_other = s_harts > 1 ? REACH_REACHABLE : REACH_LOST;
    s_on_other_stack = hide(make(s_internal, "on another stack", by_other));
    s_in_other_register = hide(make(s_internal, "in interrupted registers", by_other));
}

__attribute__((noinline)) static void make_lost(void)
{
    s_middle = (char *)make(s_internal, "middle", REACH_POSSIBLE) + 5;
    ((node_t *)(s_middle - 5))->left = make(s_internal, "of middle", REACH_POSSIBLE);
    s_behind = (char *)make(s_internal, "behind", REACH_LOST) + sizeof(node_t);
    (void)make(s_internal, "lost", REACH_LOST);
    (void)make(s_external, "lost external", REACH_LOST);
    (void)make_list(s_internal, "lost list", 8, REACH_LOST, REACH_INDIRECT);
    (void)make_tree("lost tree", REACH_LOST, REACH_INDIRECT);
    (void)make_ring("lost ring", 4, REACH_LOST, REACH_INDIRECT);
    node_t *narcissus = make(s_internal, "lost, of itself", REACH_LOST);
    narcissus->left = narcissus;
}

/* fn, with the address in a register that outlives calls, and nowhere else. */
void with_register(void (*fn)(void), uintptr_t hidden);
__asm__(".text\n"
        ".globl with_register\n"
        "with_register:\n"
        "    addi sp, sp, -16\n"
        "    sw ra, 12(sp)\n"
        "    sw s11, 8(sp)\n"
        "    not s11, a1\n"
        "    jalr a0\n"
        "    lw s11, 8(sp)\n"
        "    lw ra, 12(sp)\n"
        "    addi sp, sp, 16\n"
        "    ret\n");

static void compare_known(const char *when, uintptr_t but)
{
    for (uint32_t i = 0; i < s_seen.count; i++) {
        if (s_seen.hidden[i] == but) { continue; }
        if (s_seen.got[i] != s_known[i].fate) {
            printf("reach: %s, %s: \"%s\" is %u and should be %u\n", when, "block", s_known[i].name,
                   (unsigned)s_seen.got[i], (unsigned)s_known[i].fate);
            exit(1);
        }
    }
}

static void expect(uintptr_t hidden, reach_t fate, const char *when)
{
    uint32_t i = number_of(hidden);
    if (s_seen.got[i] != fate) { die(when, s_known[i].name, (uint32_t)s_seen.got[i]); }
}

/* --- the other hart ------------------------------------------------------------------------------
 */

static volatile enum { HOLD_ON_STACK, HOLD_IN_REGISTER, HAMMER, DONE } s_phase;
static volatile bool s_holds, s_loops, s_done;

static void on_timer(void)
{
    unsigned hart = board_hart();
    s_interrupts += hart == 0;
    if (hart == 1 && s_loops) {
        s_holds = true;
        while (s_phase == HOLD_IN_REGISTER) {
            board_wait(); /* lets the other hart run, under -icount */
        }
        s_loops = false;
    }
    hammer_step(&s_hammer[2U * hart + 1U]);
}

static void hold_on_stack(void)
{
    void *volatile block = show(s_on_other_stack);
    s_holds = true;
    while (s_phase == HOLD_ON_STACK) {
        board_wait();
    }
    block = NULL;
    (void)block;
}

/* Until it is interrupted, and the handler does not come back before it may. */
static void hold_in_register(void)
{
    __asm__ volatile("    not t3, %0\n"
                     "    li t4, 1\n"
                     "    sb t4, 0(%3)\n"
                     "1:  lw t4, 0(%1)\n"
                     "    beq t4, %2, 1b\n"
                     "    li t3, 0\n"
                     :
                     : "r"(s_in_other_register), "r"(&s_phase), "r"(HOLD_IN_REGISTER), "r"(&s_loops)
                     : "t3", "t4", "memory");
}

static void hart_1(void)
{
    board_timer(s_period, s_period, on_timer);
    hold_on_stack();
    hold_in_register();
    while (s_phase == HAMMER) {
        hammer_step(&s_hammer[2]);
    }
    board_timer(s_period, s_period, NULL);
    s_done = true;
}

static void wait_for(volatile bool *what)
{
    while (s_harts > 1 && !*what) {
        board_wait();
    }
    *what = false;
}

/* --- the two tests -------------------------------------------------------------------------------
 */

static void test_known(void)
{
    make_reachable();
    make_lost();
    clear_stack();
    void *volatile own = show(s_on_own_stack);
    if (s_harts > 1) { board_start_hart(hart_1); }
    wait_for(&s_holds);
    with_register(scan, s_in_register);
    compare_known("a stack holds", s_in_other_register);
    expect(s_in_other_register, REACH_LOST, "nobody holds it yet");
    s_phase = HOLD_IN_REGISTER;
    wait_for(&s_holds);
    with_register(scan, s_in_register);
    compare_known("registers hold", s_on_other_stack);
    s_phase = HAMMER;
    /* The same blocks are lost when what held them is gone: so it was these that held them. */
    own = NULL;
    s_local = NULL;
    scan();
    expect(s_on_own_stack, REACH_LOST, "was held by a stack");
    expect(s_in_register, REACH_LOST, "was held by a register");
    expect(s_in_other_register, REACH_LOST, "was held by a register");
    expect(s_on_other_stack, REACH_LOST, "was held by a stack");
    (void)own;
    s_list = s_tree = s_ring = s_external_block = NULL;
    s_middle = s_behind = NULL;
    for (uint32_t i = 0; i < s_seen.count; i++) {
        heap_free(~s_seen.hidden[i] < HEAP_EXTERNAL ? s_internal : s_external,
                  show(s_seen.hidden[i]));
    }
}

static reach_graph_t s_graph;
static volatile uintptr_t s_roots[16];

static uintptr_t value_of(reach_link_t link)
{
    return link.kind == REACH_NUMBER ? link.offset
                                     : (uintptr_t)show(s_graph.block[link.to]) + link.offset;
}

__attribute__((noinline)) static void make_graph(uint32_t seed)
{
    reach_begin(&s_graph, seed * 2654435761U);
    s_seen.count = s_graph.count;
    for (uint32_t i = 0; i < s_graph.count; i++) {
        heap_t *heap = i % 3U == 0 ? s_external : s_internal;
        s_graph.block[i] = hide(heap_make(heap, s_graph.words[i] * sizeof(uintptr_t)));
        s_seen.hidden[i] = s_graph.block[i];
    }
    for (uint32_t i = 0; i < s_graph.count; i++) {
        uintptr_t *words = show(s_graph.block[i]);
        for (uint32_t w = 0; w < s_graph.words[i]; w++) {
            if (reach_random(&s_graph, 4) == 0) { words[w] = value_of(reach_link(&s_graph, i)); }
        }
    }
    uint32_t roots = reach_random(&s_graph, 16);
    for (uint32_t r = 0; r < roots; r++) {
        s_roots[r] = value_of(reach_link(&s_graph, REACH_MAX));
    }
    reach_solve(&s_graph);
}

static void test_random(uint32_t round)
{
    uint32_t leader[REACH_MAX];
    uint32_t which = 0;
    make_graph(round + 1U);
    clear_stack(); /* where scan() has its frame, and below it once more */
    scan();
    for (uint32_t i = 0; i < s_graph.count; i++) {
        leader[i] = number_of(s_seen.leader[i]);
    }
    const char *wrong = reach_compare(&s_graph, s_seen.got, leader, &which);
    if (wrong != NULL) { die(wrong, "block", which); }
    for (uint32_t r = 0; r < 16U; r++) {
        s_roots[r] = 0;
    }
    for (uint32_t i = 0; i < s_graph.count; i++) {
        heap_free(i % 3U == 0 ? s_external : s_internal, show(s_graph.block[i]));
    }
}

static void *make_other(size_t bytes)
{
    return heap_make(s_others, bytes);
}

static void free_other(void *block)
{
    heap_free(s_others, block);
}

static void begin(void)
{
    s_internal = heap_at(HEAP_INTERNAL);
    s_external = heap_at(HEAP_EXTERNAL);
    s_others = heap_at(HEAP_OTHERS);
    for (uint32_t i = 0; i < 2U * BOARD_HARTS; i++) {
        hammer_init(&s_hammer[i], make_other, free_other, i + 1U);
        for (uint32_t step = 0; i != 0 && step < 200U; step++) {
            hammer_step(&s_hammer[i]);
        }
    }
    board_timer(s_period, s_period, on_timer);
}

int main(int argc, char **argv)
{
    if (argc != 4) { die("usage", "reach ROUNDS HARTS PERIOD", 0); }
    uint32_t rounds = (uint32_t)strtoul(argv[1], NULL, 0);
    s_harts = (uint32_t)strtoul(argv[2], NULL, 0);
    s_period = (uint32_t)strtoul(argv[3], NULL, 0);
    begin();
    test_known();
    for (uint32_t round = 0; round < rounds; round++) {
        test_random(round);
    }
    s_phase = DONE;
    wait_for(&s_done);
    board_timer_stop();
    for (uint32_t i = 0; i < 2U * BOARD_HARTS; i++) {
        if (!hammer_is_whole(&s_hammer[i])) { die("a list is broken", "hammer", i); }
    }
    const char *wrong = heaptrail_check();
    if (wrong != NULL) { die("heaptrail_check", wrong, 0); }
    printf("%u graphs, %u interrupts, %u steps of the other hart; too young %u, unsure %u\n",
           (unsigned)rounds, (unsigned)s_interrupts, (unsigned)s_hammer[2].steps, (unsigned)s_young,
           (unsigned)s_unsure);
    return 0;
}
