/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What tests/unwind/accuracy.py reads. For each sample, in hexadecimal:
 *
 *   sample PC SP S0         registers at one instruction of sample()
 *   stack WORD WORD ...     from SP to the end of the stack
 *   walk ADDRESS ...        what heaptrail's walk says, without frame pointers
 *   frames ADDRESS ...      what its walk by frame pointers says, where the program has them
 *   cost FIRST AGAIN FRAMES instructions (under -icount) of the walk, and of the very same one
 *                           again, when all is known
 */
#include "sample.h"

#include <stdio.h>

#include "ht_unwind_frames.h"
#include "ht_unwind_riscv.h"

#define DEPTH 64U
#define MEMO_ENTRIES 1024U

extern const char __stack[];     /* picolibc: the end of the stack */
extern const char board_enter[]; /* the first of all code */
extern const char __text_end[];

static ht_rv_memo_t s_memo[MEMO_ENTRIES];

static void print_words(const char *what, const uintptr_t *words, unsigned count)
{
    printf("%s", what);
    for (unsigned i = 0; i < count; i++) {
        printf(" %lx", (unsigned long)words[i]);
    }
    printf("\n");
}

static uint32_t instructions(void)
{
    uint32_t count;
    __asm__ volatile("rdinstret %0" : "=r"(count)::"memory");
    return count;
}

static bool always(void)
{
    return true;
}

static unsigned walk(const ht_rv_regs_t *regs, uintptr_t top, uintptr_t *frames, uint32_t *cost)
{
    const ht_range_t text[] = {{(uintptr_t)board_enter, (uintptr_t)__text_end}, {0, 0}};
    ht_rv_walk_t how = {.stack = {regs->sp, (uintptr_t)__stack},
                        .code = {.text = text, .budget = 8192},
                        .may_learn = always,
                        .memo = s_memo,
                        .memo_entries = MEMO_ENTRIES};
    uint32_t begin = instructions();
    unsigned count = ht_unwind_riscv(&how, regs, top, frames, DEPTH);
    *cost = instructions() - begin;
    return count;
}

static void report(const ht_rv_regs_t *regs, uintptr_t top, uintptr_t fp)
{
    uintptr_t frames[DEPTH];
    uint32_t first, again;
    printf("sample %lx %lx %lx\n", (unsigned long)regs->pc, (unsigned long)regs->sp,
           (unsigned long)regs->s0);
    print_words("stack", (const uintptr_t *)regs->sp,
                (unsigned)(((uintptr_t)__stack - regs->sp) / sizeof(uintptr_t)));
    walk(regs, top, frames, &first);
    unsigned count = walk(regs, top, frames, &again);
    print_words("walk", frames, count);
    if (fp != 0) {
        const ht_range_t stack = {regs->sp, (uintptr_t)__stack};
        print_words("frames", frames, ht_unwind_frames(&stack, fp, top, frames, DEPTH));
    }
    printf("cost %lx %lx %x\n", (unsigned long)first, (unsigned long)again, count);
}

#if defined(SAMPLE_FRAME_POINTERS)
#define OWN_FRAME ((uintptr_t)__builtin_frame_address(0))
#else
#define OWN_FRAME 0
#endif

__attribute__((noinline)) int sample(int value)
{
    ht_rv_regs_t regs;
    __asm__ volatile("auipc %0, 0\n\tmv %1, sp\n\tmv %2, s0"
                     : "=&r"(regs.pc), "=&r"(regs.sp), "=&r"(regs.s0));
    report(&regs, (uintptr_t)__builtin_return_address(0), OWN_FRAME);
    __asm__ volatile("" ::: "memory"); /* no jump into report() */
    return value;
}

int main(void)
{
    run_chains();
    run_libc_chains();
    return 0;
}
