/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Every way in which C code calls C code. Each function is what a compiler has its own way of
 * setting up a frame for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "sample.h"

#define FUNCTION __attribute__((noinline, noclone))

static volatile int s_sink;
static volatile int s_one = 1;

/* What is used at the end of a function keeps its calls from becoming jumps. */
static int after(int value)
{
    s_sink += value;
    return value + s_sink;
}

/* --- recursion -------------------------------------------------------------------------------- */

FUNCTION static int deep(int n)
{
    if (n == 0) { return sample(n); }
    return after(deep(n - 1)) + n;
}

static int odd(int n);

FUNCTION static int even(int n)
{
    return n == 0 ? sample(1) : after(odd(n - 1));
}

FUNCTION static int odd(int n)
{
    return n == 0 ? sample(0) : after(even(n - 1)) ^ n;
}

FUNCTION static int fibonacci(int n)
{
    if (n < 2) { return n == 1 ? after(sample(n)) : 0; }
    return fibonacci(n - 1) + fibonacci(n - 2);
}

/* --- calls through pointers, and jumps in the place of calls -----------------------------------
 */

typedef int (*function_t)(int);

FUNCTION static int by_pointer(function_t f, int n)
{
    return after(f(n)) + 1;
}

FUNCTION static int last_call(int n)
{
    s_sink = n;
    return sample(n);
}

FUNCTION static int tail_calls(int n)
{
    if (after(n) == -1) { return sample(n + 1); }
    return last_call(n + s_one);
}

FUNCTION static int tail_through_pointer(function_t f, int n)
{
    after(sample(n));
    return f(n);
}

static function_t const s_table[] = {deep, even, odd, tail_calls, last_call};

FUNCTION static int all_by_pointer(int n)
{
    int sum = 0;
    for (size_t i = 0; i < sizeof(s_table) / sizeof(s_table[0]); i++) {
        sum += by_pointer(s_table[i], n);
    }
    return sum;
}

/* --- arguments ---------------------------------------------------------------------------------
 */

FUNCTION static int sum_of(int count, ...)
{
    va_list list;
    int sum = 0;
    va_start(list, count);
    for (int i = 0; i < count; i++) {
        sum += after(sample(va_arg(list, int)));
    }
    va_end(list);
    return sum;
}

typedef struct {
    int words[24];
} large_t;

FUNCTION static large_t make_large(int n)
{
    large_t large;
    memset(&large, n, sizeof(large));
    large.words[3] = sample(n);
    return large;
}

FUNCTION static int many_arguments(int a, int b, int c, int d, int e, int f, int g, int h, int i,
                                   int j, large_t large)
{
    int sum = after(sample(a + j)) + large.words[5];
    return sum + a * b + c * d + e * f + g * h + i;
}

FUNCTION static int many_registers(int n)
{
    int a = s_one, b = s_one + 1, c = a * n, d = b + n, e = c ^ d, f = e + a, g = f * b, h = g - c;
    int sum = sample(a) + after(b);
    sum += sample(c + d) + after(e) + after(f);
    return sum + a + b + c + d + e + f + g + h + n;
}

/* --- frames: of variable size, large, none -----------------------------------------------------
 */

FUNCTION static int variable_frame(int n)
{
    volatile char bytes[n];
    bytes[0] = (char)n;
    bytes[n - 1] = (char)sample(n);
    return after(bytes[0]) + bytes[n - 1];
}

FUNCTION static int allocas(int n)
{
    int sum = 0;
    for (int i = 1; i <= n; i++) {
        volatile char *bytes = __builtin_alloca((size_t)(16 * i));
        bytes[0] = (char)i;
        sum += variable_frame(i * 8) + bytes[0];
    }
    return sum + many_registers(sum);
}

FUNCTION static int frame_3k(int n)
{
    volatile char bytes[3000];
    bytes[n] = 1;
    int sum = after(sample(n));
    return sum + bytes[n];
}

FUNCTION static int frame_9k(int n)
{
    volatile char bytes[9000];
    bytes[n] = 1;
    int sum = after(frame_3k(n));
    return sum + bytes[n];
}

/* A variable frame that is large and has a variable number of arguments. */
FUNCTION static int everything(int count, ...)
{
    volatile char bytes[2100 + count];
    va_list list;
    va_start(list, count);
    bytes[count] = (char)va_arg(list, int);
    int sum = after(sample(count)) + va_arg(list, int);
    va_end(list);
    return sum + bytes[count];
}

/* --- ways through a function -------------------------------------------------------------------
 */

/* The frame is set up on some ways only. */
FUNCTION static int early_out(int n)
{
    if (n < 0) { return -n; }
    if (n == s_one - 1) { return 7; }
    int sum = after(sample(n));
    for (int i = 0; i < n; i++) {
        sum += after(i);
    }
    return sum + after(sample(n + 1));
}

FUNCTION static int many_outs(int n)
{
    switch (n) {
    case 0:
        return after(sample(0)) * 2;
    case 1:
        return s_sink + sample(1) / 3;
    case 2:
        sample(2);
        return 9;
    case 3:
        return last_call(3);
    case 4:
        after(n);
        break;
    case 5:
        return deep(2) + 5;
    case 6:
        return sample(6) * sample(7) * s_one;
    default:
        return n;
    }
    int sum = 0;
    while (n-- > 0) {
        sum += sample(n);
        if (sum > 100) { return early_out(sum) + 1; }
    }
    return sum;
}

__attribute__((noreturn, noinline)) static void jump_out(jmp_buf back)
{
    sample(11);
    longjmp(back, 1);
}

FUNCTION static int may_not_return(jmp_buf back, int n)
{
    if (n > s_one) {
        s_sink = n;
        jump_out(back);
    }
    return after(sample(n));
}

/* Loops for ever, as tasks do: the code has no way out. */
FUNCTION static void task_loop(jmp_buf back, int n)
{
    for (;;) {
        after(sample(n));
        if (--n == 0) { longjmp(back, 1); }
        may_not_return(back, 0);
    }
}

/* The same, and too long for its beginning to be found from its end. */
#define STIR(n) (s_sink = s_sink * (n) + after(n))
#define STIR_8(n)                                                                                  \
    (STIR(n), STIR(n + 1), STIR(n + 2), STIR(n + 3), STIR(n + 4), STIR(n + 5), STIR(n + 6),        \
     STIR(n + 7))

FUNCTION static void long_loop(jmp_buf back, int n)
{
    for (;;) {
        STIR_8(3), STIR_8(11), STIR_8(19), STIR_8(27);
        after(sample(n));
        if (--n == 0) { longjmp(back, 1); }
    }
}

FUNCTION static void task(jmp_buf back)
{
    s_sink = 0;
    task_loop(back, 3);
}

static void run_jumps(void)
{
    jmp_buf back;
    if (setjmp(back) == 0) { after(may_not_return(back, 0)); }
    if (setjmp(back) == 0) { after(may_not_return(back, 5)); }
    if (setjmp(back) == 0) { task(back); }
    if (setjmp(back) == 0) { long_loop(back, 3); }
}

/* --- what lies on the stack from before --------------------------------------------------------
 */

FUNCTION static int leave_addresses(int n)
{
    return n == 0 ? after(n) : after(leave_addresses(n - 1)) + after(n);
}

/* Its frame is full of what others left there. */
FUNCTION static int on_old_words(int n)
{
    volatile int words[120];
    words[n] = sample(n);
    return after(words[n]);
}

FUNCTION static int no_way_out_on_old_words(jmp_buf back, int n)
{
    volatile int words[60];
    for (;;) {
        words[n] = sample(n);
        leave_addresses(20);
        if (after(words[n]) != 0 && --n == 0) { longjmp(back, 1); }
    }
}

static void run_old_words(void)
{
    jmp_buf back;
    after(leave_addresses(30));
    after(on_old_words(3));
    after(deep(12));
    after(on_old_words(4));
    after(leave_addresses(30));
    if (setjmp(back) == 0) { after(no_way_out_on_old_words(back, 2)); }
}

void run_chains(void)
{
    large_t large = make_large(s_one);
    after(deep(40));
    after(even(5) + odd(6) + fibonacci(4));
    after(all_by_pointer(2));
    after(tail_calls(3));
    after(tail_through_pointer(last_call, 3));
    after(sum_of(3, 1, 2, 3) + sum_of(1, 4));
    after(many_arguments(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, large));
    after(many_registers(s_one) + allocas(3));
    after(frame_3k(5) + frame_9k(6) + everything(3, 4, 5));
    after(early_out(-1) + early_out(0) + early_out(3));
    for (int i = 0; i < 9; i++) {
        after(many_outs(i));
    }
    run_jumps();
    run_old_words();
}
