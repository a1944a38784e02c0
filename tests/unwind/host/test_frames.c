/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The chain of frame pointers, in the layout that is compiled in, on a stack between two pages that
 * must not be touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "ht_unwind_frames.h"

#define PAGE 4096U
#define WORDS (PAGE / sizeof(uintptr_t))
#define TOP 0x1000U /* return addresses: this and the next ones */

static uintptr_t *s_stack;

static int set_up(void **state)
{
    (void)state;
    if (s_stack == NULL) {
        char *pages = mmap(NULL, 3U * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(pages != MAP_FAILED);
        assert_int_equal(mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
        s_stack = (uintptr_t *)(pages + PAGE);
    }
    for (unsigned i = 0; i < WORDS; i++) {
        s_stack[i] = 0;
    }
    return 0;
}

static ht_range_t bounds(void)
{
    return (ht_range_t){(uintptr_t)s_stack, (uintptr_t)(s_stack + WORDS)};
}

/* A frame whose fp is the word of this index. */
static uintptr_t frame(unsigned index, uintptr_t address, uintptr_t caller)
{
    uintptr_t *fp = &s_stack[index];
    fp[HT_FRAME_RETURN] = address;
    fp[HT_FRAME_CALLER] = caller;
    return (uintptr_t)fp;
}

static uintptr_t at(unsigned index)
{
    return (uintptr_t)&s_stack[index];
}

/* Frames every 16 words, at words 16, 32, ...; the outermost has no caller. */
static uintptr_t make_chain(unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        frame(16U * i, TOP + i, i < count ? at(16U * (i + 1U)) : 0);
    }
    return at(16);
}

static unsigned walk(uintptr_t fp, uintptr_t top, uintptr_t *frames, unsigned max)
{
    ht_range_t stack = bounds();
    return ht_unwind_frames(&stack, fp, top, frames, max);
}

static void test_chain(void **state)
{
    (void)state;
    uintptr_t frames[8];
    uintptr_t fp = make_chain(5);
    assert_int_equal(walk(fp, 0, frames, 8), 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(frames[i], TOP + 1U + i);
    }
    assert_int_equal(walk(fp, 0, frames, 3), 3);
    assert_int_equal(walk(fp, 0, frames, 0), 0);
    assert_int_equal(walk(fp, TOP + 3U, frames, 8), 3);
    assert_int_equal(frames[0], TOP + 3U);
    assert_int_equal(frames[2], TOP + 5U);
    assert_int_equal(walk(fp, 0x99, frames, 8), 1); /* not there: the caller alone */
    assert_int_equal(frames[0], 0x99);
}

static void test_inner_frames_are_few(void **state)
{
    (void)state;
    uintptr_t frames[8];
    for (unsigned i = 1; i <= HT_UNWIND_INNER_MAX + 2U; i++) {
        frame(8U * i, TOP + i, at(8U * (i + 1U)));
    }
    assert_int_equal(walk(at(8), TOP + HT_UNWIND_INNER_MAX + 1U, frames, 8), 1);
    assert_true(walk(at(8), TOP + HT_UNWIND_INNER_MAX, frames, 8) > 1);
}

/* The stack's first and last words may be a frame's, not one beyond. */
static void test_ends(void **state)
{
    (void)state;
    uintptr_t frames[8];
    unsigned first = HT_FRAME_BELOW;
    unsigned last = WORDS - HT_FRAME_ABOVE;
    frame(first, TOP, at(last));
    frame(last, TOP + 1U, at(last) + sizeof(uintptr_t));
    assert_int_equal(walk(at(first), 0, frames, 8), 2);
    assert_int_equal(walk(at(last) + sizeof(uintptr_t), 0, frames, 8), 0);
    assert_int_equal(walk(at(first) - sizeof(uintptr_t), 0, frames, 8), 0);
    ht_range_t empty = {0, 0};
    assert_int_equal(ht_unwind_frames(&empty, at(16), TOP, frames, 8), 1);
    ht_range_t one_word = {at(4), at(5)};
    assert_int_equal(ht_unwind_frames(&one_word, at(4), 0, frames, 8), 0);
    assert_int_equal(ht_unwind_frames(&one_word, at(5), 0, frames, 8), 0);
}

static void test_damaged_links(void **state)
{
    (void)state;
    uintptr_t frames[8];
    uintptr_t fp = make_chain(5);
    const uintptr_t bad[] = {0,      1,         at(32) - 1U, at(32) + 1U, at(16),
                             at(31), at(WORDS), at(0) - 8U,  UINTPTR_MAX, at(32)};
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        frame(32, TOP + 2U, bad[i]); /* itself and those below it are cycles */
        assert_int_equal(walk(fp, 0, frames, 8), 2);
        assert_true(walk(bad[i], 0, frames, 8) <= 8);
    }
    frame(32, 0, at(48)); /* a task's first frame returns nowhere */
    assert_int_equal(walk(fp, 0, frames, 8), 1);
}

/* --- the same without recording ----------------------------------------------------------------
 */

static bool are(uintptr_t fp, uintptr_t top, const uintptr_t *frames, unsigned count, unsigned max)
{
    ht_range_t stack = bounds();
    return ht_unwind_frames_are(&stack, fp, top, frames, count, max);
}

static void test_compared(void **state)
{
    (void)state;
    uintptr_t frames[8];
    uintptr_t fp = make_chain(5);
    uintptr_t top = TOP + 2U;
    assert_int_equal(walk(fp, top, frames, 8), 4);
    assert_true(are(fp, top, frames, 4, 8));
    assert_true(are(fp, top, frames, 4, 4));
    assert_true(are(fp, top, frames, 3, 3));
    assert_false(are(fp, top, frames, 3, 8)); /* one more is there */
    assert_false(are(fp, top, frames, 5, 8)); /* and not two */
    assert_false(are(fp, 0x99, frames, 4, 8));
    for (unsigned i = 0; i < 4; i++) {
        frames[i]++;
        assert_false(are(fp, top, frames, 4, 8));
        frames[i]--;
    }
    frame(80, 0, 0); /* a task's first frame returns nowhere */
    assert_int_equal(walk(fp, top, frames, 8), 3);
    assert_true(are(fp, top, frames, 3, 8));
}

/* A chain that ends with the stack: the word behind it is not read. */
static void test_compared_at_the_ends(void **state)
{
    (void)state;
    uintptr_t frames[8];
    unsigned last = WORDS - HT_FRAME_ABOVE;
    frame(HT_FRAME_BELOW, TOP, at(last));
    frame(last, TOP + 1U, at(last) + sizeof(uintptr_t));
    assert_int_equal(walk(at(HT_FRAME_BELOW), TOP, frames, 8), 2);
    assert_true(are(at(HT_FRAME_BELOW), TOP, frames, 2, 8));
    assert_false(are(at(last) + sizeof(uintptr_t), TOP, frames, 2, 8));
    assert_false(are(at(HT_FRAME_BELOW) - sizeof(uintptr_t), TOP, frames, 2, 8));
    frame(last, TOP + 1U, at(WORDS) + 64U);
    assert_true(are(at(HT_FRAME_BELOW), TOP, frames, 2, 8));
    ht_range_t empty = {0, 0};
    (void)make_chain(5);
    assert_false(ht_unwind_frames_are(&empty, at(16), TOP + 1U, frames, 1, 8));
}

static void test_random(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        for (unsigned i = 0; i < WORDS; i++) {
            uintptr_t near = at(i) + (uintptr_t)(unsigned)(rand() % 512);
            s_stack[i] = rand() % 4 == 0 ? (uintptr_t)(unsigned)rand() * 4093U : near;
        }
        uintptr_t frames[33];
        frames[32] = 0xA5;
        uintptr_t fp = at((unsigned)rand() % WORDS);
        unsigned count = walk(fp, 0, frames, 32);
        assert_true(count <= 32);
        assert_true(count == 0 || are(fp, 0, frames, count, 32));
        assert_int_equal(frames[32], 0xA5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_chain, set_up),
        cmocka_unit_test_setup(test_inner_frames_are_few, set_up),
        cmocka_unit_test_setup(test_ends, set_up),
        cmocka_unit_test_setup(test_damaged_links, set_up),
        cmocka_unit_test_setup(test_compared, set_up),
        cmocka_unit_test_setup(test_compared_at_the_ends, set_up),
        cmocka_unit_test_setup(test_random, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
