/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Xtensa's save areas, as a spill leaves them in memory, and damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ht_unwind_xtensa.h"
#include "memory.h"

#define CALL8 0x80000000U /* what call8 puts into the top two bits of a0 */

static const ht_range_t s_all = {MEMORY_STACK, MEMORY_STACK + 4U * MEMORY_STACK_WORDS};

static bool is_code(uint32_t address)
{
    return address - MEMORY_CODE < 0x1000U;
}

static int set_up(void **state)
{
    (void)state;
    memset(g_stack, 0, sizeof(g_stack));
    return 0;
}

/* The return address of call number i, as a0 has it. */
static uint32_t a0_of(unsigned i)
{
    return CALL8 | (MEMORY_CODE & 0x3FFFFFFFU) | (0x100U + 0x10U * i);
}

static uintptr_t address_of(unsigned i)
{
    return MEMORY_CODE + 0x100U + 0x10U * i;
}

static uint32_t sp_of(unsigned i)
{
    return MEMORY_STACK + 0x40U + 0x60U * i;
}

static uint32_t *word_at(uint32_t address)
{
    return &g_stack[(address - MEMORY_STACK) / 4U];
}

/* Frames 0 .. count; frame i returns to a0_of(i), the outermost to nowhere. */
static ht_xtensa_frame_t make_chain(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        *word_at(sp_of(i) - 16U) = i + 1U < count ? a0_of(i + 1U) : 0;
        *word_at(sp_of(i) - 12U) = sp_of(i + 1U);
    }
    return (ht_xtensa_frame_t){.pc = MEMORY_CODE, .sp = sp_of(0), .next_pc = a0_of(0)};
}

static void test_chain(void **state)
{
    (void)state;
    uintptr_t frames[8];
    ht_xtensa_frame_t first = make_chain(5);
    assert_int_equal(ht_unwind_xtensa(&s_all, &first, is_code, 0, frames, 8), 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(frames[i], address_of(i));
    }
    assert_int_equal(ht_unwind_xtensa(&s_all, &first, is_code, 0, frames, 2), 2);
    assert_int_equal(ht_unwind_xtensa(&s_all, &first, is_code, address_of(2), frames, 8), 3);
    assert_int_equal(frames[0], address_of(2));
    assert_int_equal(frames[1], address_of(3));
    assert_int_equal(ht_unwind_xtensa(&s_all, &first, is_code, a0_of(2), frames, 8), 3);
    assert_int_equal(frames[0], a0_of(2)); /* as it was handed in */
    assert_int_equal(ht_unwind_xtensa(&s_all, &first, is_code, 0x42000999U, frames, 8), 1);
    assert_int_equal(frames[0], 0x42000999U);
}

static void test_bounds(void **state)
{
    (void)state;
    uintptr_t frames[8];
    ht_xtensa_frame_t first = make_chain(5);
    ht_range_t part = {MEMORY_STACK, sp_of(2)}; /* the frame that ends there is the last */
    assert_int_equal(ht_unwind_xtensa(&part, &first, is_code, 0, frames, 8), 2);
    part.low = sp_of(0) - 12U; /* its save area is not all on the stack */
    assert_int_equal(ht_unwind_xtensa(&part, &first, is_code, 0, frames, 8), 0);
    ht_range_t none = {0, 0};
    assert_int_equal(ht_unwind_xtensa(&none, &first, is_code, address_of(1), frames, 8), 1);
}

static void test_damage(void **state)
{
    (void)state;
    uintptr_t frames[8];
    const uint32_t bad_sp[] = {
        0,           4,           sp_of(2),     sp_of(1),   sp_of(3) + 4U, sp_of(3) + 1U,
        0xFFFFFFF0U, MEMORY_CODE, MEMORY_STACK, 0x3FC90000U};
    for (unsigned i = 0; i < sizeof(bad_sp) / sizeof(bad_sp[0]); i++) {
        ht_xtensa_frame_t first = make_chain(5);
        *word_at(sp_of(2) - 12U) = bad_sp[i];
        assert_int_equal(ht_unwind_xtensa(&s_all, &first, is_code, 0, frames, 8), 2);
        first.sp = bad_sp[i];
        assert_true(ht_unwind_xtensa(&s_all, &first, is_code, 0, frames, 8) <= 8);
    }
    ht_xtensa_frame_t first = make_chain(5);
    *word_at(sp_of(2) - 16U) = 0x12345678U; /* no code there */
    assert_int_equal(ht_unwind_xtensa(&s_all, &first, is_code, 0, frames, 8), 3);
}

static void test_random(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        ht_xtensa_frame_t first = make_chain(8);
        for (unsigned i = 0; i < 24; i++) {
            uint32_t word = (uint32_t)rand() % 3U == 0 ? (uint32_t)rand() * 2U : sp_of(i % 9U);
            g_stack[(unsigned)rand() % MEMORY_STACK_WORDS] = word;
        }
        if (round % 4U == 0) { first.sp = (uint32_t)rand() * 2U; }
        uintptr_t frames[9];
        frames[8] = 0xA5;
        unsigned count = ht_unwind_xtensa(&s_all, &first, is_code,
                                          round % 2U == 0 ? address_of(1) : 0, frames, 8);
        assert_true(count <= 8);
        assert_int_equal(frames[8], 0xA5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_chain, set_up),
        cmocka_unit_test_setup(test_bounds, set_up),
        cmocka_unit_test_setup(test_damage, set_up),
        cmocka_unit_test_setup(test_random, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
