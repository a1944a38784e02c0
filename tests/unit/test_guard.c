/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Redzones: where they lie, what is seen of them to the byte, and what is not. */
#include <stdlib.h>
#include <string.h>

#include "ht_guard.h"
#include "unit.h"

#define ROOM 2048U

static ht_checks_t checks_of(unsigned front, unsigned tail, uint32_t seed)
{
    return (ht_checks_t){
        .redzones = true, .front = (uint8_t)front, .tail = (uint8_t)tail, .seed = seed};
}

/* A block somewhere in `memory`, aligned as its layout asks for. */
static uintptr_t raw_in(unsigned char *memory, const ht_layout_t *layout, unsigned shift)
{
    uintptr_t align = layout->raw_alignment > 4 ? layout->raw_alignment : 4;
    return (((uintptr_t)memory + 256U + shift * 4U + align - 1U) & ~(align - 1U));
}

/* Flip each byte around a block: exactly those of its redzones are seen, at the right place. */
static void see_every_byte(const ht_checks_t *checks, const ht_layout_t *layout, uintptr_t raw,
                           size_t size)
{
    uintptr_t user = raw + layout->front;
    uintptr_t tail = ht_guard_tail_start(user, size, layout->guard);
    uintptr_t tail_end = checks->tail != 0 ? ht_guard_tail_end(checks, tail) : tail;
    uintptr_t front = layout->guard == HT_GUARD_TAIL ? user : user - checks->front;
    assert_true(tail_end <= raw + layout->raw_bytes);
    for (uintptr_t at = raw; at < raw + layout->raw_bytes; at++) {
        unsigned char *byte = (unsigned char *)at;
        bool in_front = at >= front && at < user;
        bool in_tail = at >= tail && at < tail_end;
        unsigned char good = *byte;
        if (in_front || in_tail) { assert_int_equal(good & 1U, 1U); } /* never a zero */
        *byte ^= 0x10;
        ht_damage_t damage;
        assert_int_equal(ht_guard_intact(checks, user, size, layout->guard), !in_front && !in_tail);
        assert_int_equal(ht_guard_front_damage(checks, user, layout->guard, &damage), in_front);
        if (in_front) { assert_int_equal(damage.first, (ptrdiff_t)(at - user)); }
        assert_int_equal(ht_guard_tail_damage(checks, user, size, layout->guard, &damage), in_tail);
        if (in_tail) { assert_int_equal(damage.first, (ptrdiff_t)(at - user)); }
        *byte = good;
    }
    assert_true(ht_guard_intact(checks, user, size, layout->guard));
}

static void try_block(const ht_checks_t *checks, size_t size, size_t alignment, uint32_t caps)
{
    static unsigned char memory[ROOM] __attribute__((aligned(256)));
    ht_layout_t layout = ht_guard_plan(checks, size, alignment, caps);
    if (layout.guard == HT_GUARD_NONE) {
        assert_int_equal(layout.raw_bytes, size);
        return;
    }
    for (unsigned shift = 0; shift < 3; shift++) {
        memset(memory, 0x77, sizeof(memory));
        uintptr_t raw = raw_in(memory, &layout, shift);
        uintptr_t user = raw + layout.front;
        assert_int_equal(layout.front, ht_guard_front(checks, layout.guard));
        if (alignment != 0) { assert_int_equal(user % alignment, 0); }
        memset((void *)user, 0x33, size);
        ht_guard_write(checks, user, size, layout.guard);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(((unsigned char *)user)[i], 0x33);
        }
        see_every_byte(checks, &layout, raw, size);
        for (unsigned char *at = memory; at < memory + ROOM; at++) {
            bool ours = (uintptr_t)at >= raw && (uintptr_t)at < raw + layout.raw_bytes;
            if (!ours) { assert_int_equal(*at, 0x77); }
        }
    }
}

static void test_every_byte_of_every_layout(void **state)
{
    (void)state;
    static const unsigned fronts[] = {0, 4, 8, 64};
    static const unsigned tails[] = {0, 1, 7, 8, 13, 64};
    static const size_t alignments[] = {0, 4, 16, 64, 128, 256};
    fake_port_reset();
    for (unsigned f = 0; f < 4; f++) {
        for (unsigned t = 0; t < 6; t++) {
            const ht_checks_t checks = checks_of(fronts[f], tails[t], 0x1234567U * (f + 1));
            if (fronts[f] + tails[t] == 0) { continue; }
            for (size_t size = 0; size < 22; size++) {
                for (unsigned a = 0; a < 6; a++) {
                    try_block(&checks, size, alignments[a], 0);
                    try_block(&checks, size, alignments[a], FAKE_EXEC);
                }
            }
        }
    }
}

/* What a device may write behind the cache is shared with no redzone. */
static void test_dma_lines(void **state)
{
    (void)state;
    fake_port_reset();
    g_fake.dma_line = 64;
    g_fake.line = 64;
    const ht_checks_t checks = checks_of(8, 8, 99);
    for (size_t size = 1; size < 140; size++) {
        static unsigned char memory[ROOM] __attribute__((aligned(256)));
        ht_layout_t layout = ht_guard_plan(&checks, size, 0, FAKE_DMA);
        assert_int_equal(layout.guard, HT_GUARD_WIDE);
        assert_int_equal(layout.raw_alignment, 64);
        uintptr_t raw = raw_in(memory, &layout, 0);
        uintptr_t user = raw + layout.front;
        assert_int_equal(user % 64, 0);
        memset(memory, 0, sizeof(memory));
        ht_guard_write(&checks, user, size, layout.guard);
        memset((void *)user, 0xee, (size + 63U) / 64U * 64U); /* the device, whole lines */
        assert_true(ht_guard_intact(&checks, user, size, layout.guard));
        ((unsigned char *)user)[(size + 63U) / 64U * 64U] ^= 1U;
        assert_false(ht_guard_intact(&checks, user, size, layout.guard));
    }
    g_fake.dma_line = 0;
    g_fake.line = 0;
}

static void test_requests_that_cannot_have_redzones(void **state)
{
    (void)state;
    fake_port_reset();
    const ht_checks_t checks = checks_of(8, 8, 1);
    assert_int_equal(ht_guard_plan(&checks, SIZE_MAX, 0, 0).guard, HT_GUARD_NONE);
    assert_int_equal(ht_guard_plan(&checks, HT_SIZE_MAX, 0, 0).guard, HT_GUARD_NONE);
    assert_int_equal(ht_guard_plan(&checks, HT_SIZE_MAX - 10U, 64, 0).guard, HT_GUARD_NONE);
    assert_int_equal(ht_guard_plan(&checks, 10, 24, 0).guard, HT_GUARD_NONE); /* no power of two */
    assert_int_equal(ht_guard_plan(&checks, 10, 256, 0).guard, HT_GUARD_TAIL);
    assert_int_equal(ht_guard_plan(&checks, 10, 0, FAKE_EXEC).guard, HT_GUARD_TAIL);
    ht_checks_t off = checks;
    off.redzones = false;
    assert_int_equal(ht_guard_plan(&off, 10, 0, 0).guard, HT_GUARD_NONE);
}

static void test_canaries_differ(void **state)
{
    (void)state;
    for (uintptr_t a = 0x3fc90000; a < 0x3fc90000 + 4096; a += 4) {
        assert_int_not_equal(ht_canary_front(7, a), ht_canary_front(7, a + 4));
        assert_int_not_equal(ht_canary_front(7, a), ht_canary_tail(7, a));
        assert_int_not_equal(ht_canary_front(7, a), ht_canary_front(9, a));
        assert_int_equal(ht_canary_front(7, a) & HT_CANARY_ODD, HT_CANARY_ODD);
        assert_int_equal(ht_canary_tail(7, a) & HT_CANARY_ODD, HT_CANARY_ODD);
    }
}

/* Against memset(), memcmp() and memcpy(), and what lies behind stays. */
static void test_fill_and_copy(void **state)
{
    (void)state;
    static unsigned char one[300] __attribute__((aligned(8)));
    static unsigned char two[300] __attribute__((aligned(8)));
    for (size_t bytes = 0; bytes < 120; bytes++) {
        memset(one, 0x55, sizeof(one));
        ht_guard_fill(one, bytes, 0xa7);
        for (size_t i = 0; i < sizeof(one); i++) {
            assert_int_equal(one[i], i < bytes ? 0xa7 : 0x55);
        }
        assert_true(ht_guard_is_filled(one, bytes, 0xa7));
        for (size_t i = 0; i < bytes + 8; i++) {
            one[i] ^= 4U;
            assert_int_equal(ht_guard_is_filled(one, bytes, 0xa7), i >= bytes);
            ht_damage_t damage = {0};
            ht_guard_fill_damage((uintptr_t)one, 0, bytes, 0xa7, &damage);
            assert_int_equal(damage.bytes, i < bytes);
            if (i < bytes) { assert_int_equal(damage.first, (ptrdiff_t)i); }
            one[i] ^= 4U;
        }
        memset(two, 0x11, sizeof(two));
        ht_guard_copy(two, one, bytes);
        assert_memory_equal(two, one, bytes);
        for (size_t i = bytes; i < sizeof(two); i++) {
            assert_int_equal(two[i], 0x11);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_of_every_layout),
        cmocka_unit_test(test_dma_lines),
        cmocka_unit_test(test_requests_that_cannot_have_redzones),
        cmocka_unit_test(test_canaries_differ),
        cmocka_unit_test(test_fill_and_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
