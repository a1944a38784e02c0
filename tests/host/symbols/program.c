/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Built for several machines; the tests ask for the labels' addresses. A label's line is the line
 * that its MARK stands in, so that the expected answers come from this file and not from a list of
 * numbers. */
#define MARK(name) __asm__ volatile(".globl " #name "\n" #name ": nop")
#define NOINLINE __attribute__((noinline, noclone, noipa))
#define INLINE static inline __attribute__((always_inline))

volatile int sink;

NOINLINE int callee(int n)
{
    MARK(in_callee);
    return n + sink;
}

INLINE void inner(int n)
{
    sink = n;
    MARK(in_inner); /* inner */
}

INLINE void middle(int n)
{
    sink = n + 1;
    inner(n); /* call of inner */
}

NOINLINE void outer(int n)
{
    sink = 7;
    middle(n); /* call of middle */
    sink = 8;
}

/* Nobody calls these: the linker throws them away, and their debug information stays, with address
 * 0. */
NOINLINE int thrown_away(int n)
{
    return n * 3 + sink;
}

NOINLINE int thrown_away_with_inline(int n)
{
    sink = 9 + n;
    return sink * callee(n);
}

#ifdef LONG
/* So long that it reaches to where the others are, in a program whose code begins at 0x1000:
 * addr2line takes it for all of them. */
NOINLINE void thrown_away_long(void)
{
    __asm__ volatile(".skip 20000");
}
#endif

NOINLINE int caller(int n)
{
    int value = callee(n); /* the call */
    MARK(behind_call);
    return value + sink;
}

NOINLINE void last(void)
{
    sink = 3;
    MARK(in_last);
}

int main(void)
{
    outer(1);
    last();
    return caller(2) == 0;
}

/* Where there is no C library. */
void _start(void);
__attribute__((weak)) void _start(void)
{
    (void)main();
    for (;;) {}
}
