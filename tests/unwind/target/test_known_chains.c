/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * ht_port_stack() of the port to ESP-IDF's chips, on the chips' instruction set. Each function here
 * writes down where it returns to, so the true stack is known in every place; then the stack is
 * damaged in many ways, and nothing must fault.
 */
#include <cmocka.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bare_port.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "ht_bounds.h"
#include "ht_port.h"

#define FUNCTION __attribute__((noinline, noclone))
#define DEPTH_MAX 32U

/* What the build is able to see. */
#if defined(CONFIG_HEAPTRAIL_STACK_SCAN) || defined(CONFIG_ESP_SYSTEM_USE_FRAME_POINTER)
#define SEES_ALL 1
#else
#define SEES_ALL 0
#endif

static uintptr_t s_true[DEPTH_MAX * 2];
static unsigned s_depth;
static uintptr_t s_found[DEPTH_MAX];
static unsigned s_count;
static volatile int s_sink;
static void (*s_at_bottom)(void);

/* At the start of each function, and at its end: which is also what keeps a call from becoming a
 * jump. */
#define ENTER() (s_true[s_depth++] = (uintptr_t)__builtin_return_address(0))
#define LEAVE(value) (s_depth--, s_sink = (value))

/* As an allocator's entry point does it: its own frame is not to be seen. */
FUNCTION static int allocate(void)
{
    ENTER();
    if (s_at_bottom != NULL) { s_at_bottom(); }
    s_count = ht_port_stack(s_found, DEPTH_MAX, (uintptr_t)__builtin_return_address(0));
    return LEAVE(1);
}

static void check_found(void)
{
    unsigned depth = SEES_ALL ? s_depth + 1U : 1U; /* allocate() has left */
    assert_true(s_count >= depth);
    for (unsigned i = 0; i < depth; i++) {
        if (s_found[i] != s_true[s_depth - i]) {
            print_message("frame %u of %u: %lx, not %lx\n", i, depth, (unsigned long)s_found[i],
                          (unsigned long)s_true[s_depth - i]);
        }
        assert_int_equal(s_found[i], s_true[s_depth - i]);
    }
}

FUNCTION static int plain(int n)
{
    ENTER();
    int sum = n > 0 ? plain(n - 1) : allocate();
    if (n == 0) { check_found(); }
    return LEAVE(sum + n);
}

FUNCTION static int variable(int n)
{
    ENTER();
    volatile char bytes[n * 24];
    bytes[n] = 1;
    int sum = plain(n) + bytes[n];
    return LEAVE(sum);
}

FUNCTION static int large(int n)
{
    ENTER();
    volatile char bytes[5000];
    bytes[n] = 1;
    int sum = variable(n) + bytes[n];
    return LEAVE(sum);
}

FUNCTION static int with_list(int n, ...)
{
    va_list list;
    ENTER();
    va_start(list, n);
    int (*next)(int) = va_arg(list, int (*)(int));
    int sum = next(n) + va_arg(list, int);
    va_end(list);
    return LEAVE(sum);
}

FUNCTION static int forever(jmp_buf back, int n)
{
    ENTER();
    unsigned depth = s_depth;
    for (;;) {
        s_sink = with_list(n, large, n);
        if (s_depth != depth) { fail(); }
        if (--n == 0) { longjmp(back, 1); }
    }
}

static void test_chains(void **state)
{
    (void)state;
    s_depth = 0;
    assert_int_equal(plain(0), 1);
    plain(7);
    variable(3);
    large(2);
    with_list(4, large, 1);
    with_list(5, variable, 1);
    jmp_buf back;
    if (setjmp(back) == 0) { forever(back, 3); }
    s_depth = 0;
}

static void test_no_top(void **state)
{
    (void)state;
    uintptr_t frames[4];
    unsigned count = ht_port_stack(frames, 4, 0);
    assert_true(SEES_ALL ? count >= 2U : count == 0); /* this function, what called it */
    assert_int_equal(ht_port_stack(frames, 1, 0x1234), 1);
    assert_int_equal(frames[0], 0x1234); /* the caller, whoever that is */
}

/* --- the stack's end ---------------------------------------------------------------------------
 */

/* A stack whose owner is not known: a coroutine's. Nothing of it is read. */
static uint32_t s_other_stack[2048] __attribute__((aligned(16)));

static void allocate_there(void)
{
    s_depth = 0;
    plain(3);
}

static void on_other_stack(void (*fn)(void))
{
    __asm__ volatile("mv s1, sp\n\tmv sp, %0\n\tjalr %1\n\tmv sp, s1"
                     :
                     : "r"(s_other_stack + 2048), "r"(fn)
                     : "s1", "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a0", "a1", "a2", "a3",
                       "a4", "a5", "a6", "a7", "memory");
}

static unsigned s_outside;

static void count_outside(void)
{
    uintptr_t frames[8];
    s_outside = ht_port_stack(frames, 8, 0x1234);
    assert_int_equal(frames[0], 0x1234);
}

static void test_unknown_stack(void **state)
{
    (void)state;
    ht_bounds_forget();
    on_other_stack(count_outside);
    assert_int_equal(s_outside, 1);
    sim_bare_isr_nesting[0] = 1; /* in a handler, which has no stack here that is known */
    ht_bounds_forget();
    uintptr_t frames[8];
    assert_int_equal(ht_port_stack(frames, 8, 0x1234), 1);
    sim_bare_isr_nesting[0] = 0;
}

/* The stack's end lies in the middle of the chain: nothing beyond it is found. */
static uintptr_t s_end;

static void end_here(void)
{
    ht_bounds_last[0] =
        (ht_bounds_t){.low = s_end - 65536U, .high = s_end, .seal = (s_end - 65536U) ^ s_end};
}

FUNCTION static int ends_above(int n)
{
    ENTER();
    s_end = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)15U;
    s_at_bottom = end_here;
    int sum = 0;
    for (int i = 0; i < n; i++) {
        sum += allocate();
    }
    return LEAVE(sum);
}

static void test_end(void **state)
{
    (void)state;
    s_depth = 0;
    plain(5);
    s_end = 0;
    ends_above(2);
    s_at_bottom = NULL;
    assert_true(s_count >= 1 && s_count <= 2); /* allocate()'s caller, perhaps that one's */
    ht_bounds_forget();
}

/* --- damage ------------------------------------------------------------------------------------
 */

static uint32_t s_random;

static uint32_t random_word(void)
{
    s_random = s_random * 1664525U + 1013904223U;
    return s_random >> 3;
}

/* Words as an overflow leaves them: garbage, addresses of code, of the stack, of nothing. */
static uint32_t bad_word(uintptr_t sp)
{
    switch (random_word() % 6U) {
    case 0:
        return random_word();
    case 1:
        return (uint32_t)(uintptr_t)plain + random_word() % 4096U;
    case 2:
        return (uint32_t)sp + random_word() % 256U;
    case 3:
        return (uint32_t)sp - random_word() % 65536U;
    case 4:
        return random_word() % 2U == 0 ? 0 : 0xFFFFFFFFU;
    default:
        return (uint32_t)s_true[random_word() % 8U];
    }
}

static uint32_t s_saved[4096];

/* Damage one word or all of the stack above, look at it, put it back. */
static void walk_damaged(void)
{
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
    ht_range_t stack;
    assert_true(ht_bounds_in_use(sp, &stack));
    uint32_t *words = (uint32_t *)sp;
    unsigned count = (unsigned)((stack.high - sp) / 4U);
    if (count > 4096U) { count = 4096U; }
    memcpy(s_saved, words, 4U * count);
    uintptr_t frames[DEPTH_MAX];
    unsigned found = 0;
    unsigned one = random_word() % count;
    bool all = random_word() % 4U == 0;
    for (unsigned i = 0; i < count; i++) {
        bool own = i < 40U; /* ours, and the walk's */
        if (!own && (all || i == one)) { words[i] = bad_word(sp); }
    }
    found = ht_port_stack(frames, DEPTH_MAX, (uintptr_t)plain);
    memcpy(words, s_saved, 4U * count);
    assert_true(found <= DEPTH_MAX);
}

static void test_damage(void **state)
{
    (void)state;
    for (s_random = 1; s_random < 3000U * 7919U; s_random += 7919U) {
        uint32_t seed = s_random;
        walk_damaged();
        s_random = seed;
    }
}

int main(void)
{
    static int tcb[32];
    sim_bare_current_task[0] = tcb;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains),        cmocka_unit_test(test_no_top),
        cmocka_unit_test(test_unknown_stack), cmocka_unit_test(test_end),
        cmocka_unit_test(test_damage),
    };
    (void)allocate_there;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* --- what the stand-in's port wants of a program ------------------------------------------------
 */

uint8_t *pxTaskGetStackStart(TaskHandle_t task)
{
    extern char __heap_end[]; /* picolibc: the stack's lowest address */
    (void)task;
    return (uint8_t *)__heap_end;
}
