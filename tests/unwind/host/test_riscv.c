/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The walk over RISC-V stacks without frame pointers, on a small program in memory: what each
 * function's frame is, the chain, and damage of every kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "code.h"
#include "ht_unwind_riscv.h"
#include "memory.h"

#define AT(offset) ((uintptr_t)MEMORY_CODE + (offset))

/* Return addresses in the program. */
enum {
    IN_CALLER = 0x00c,
    IN_MIDDLE = 0x020,
    IN_INNER = 0x03c,
    IN_FOREVER = 0x050,
    IN_OUTER = 0x05a,
    IN_BIG = 0x06c,
    IN_SAVER = 0x082,
    IN_FAR_1 = 0x0a2,
    IN_FAR_2 = 0x0a8
};
#define INNER 0x02eU
#define MIDDLE 0x012U
#define FOREVER 0x048U
#define FAR_TARGET 0x0aaU

static const ht_range_t s_text[] = {{MEMORY_CODE, MEMORY_CODE + sizeof(s_program)}, {0, 0}};
static ht_rv_memo_t s_memo[64];
static bool s_may_learn;
static unsigned s_asked;

static bool may_learn(void)
{
    s_asked++;
    return s_may_learn;
}

static int set_up(void **state)
{
    (void)state;
    memset(g_code, 0, sizeof(g_code));
    memset(g_stack, 0, sizeof(g_stack));
    memset(s_memo, 0, sizeof(s_memo));
    for (unsigned i = 0; i < sizeof(s_program) / 2U; i++) {
        g_code[i / 2U] |= (uint32_t)s_program[i] << (i % 2U * 16U);
    }
    s_may_learn = true;
    s_asked = 0;
    g_reads = 0;
    return 0;
}

static ht_rv_code_t code(void)
{
    return (ht_rv_code_t){.text = s_text, .budget = HT_RV_FRAME_BUDGET};
}

static ht_rv_t decoded(uint32_t offset)
{
    ht_rv_code_t all = code();
    ht_rv_t is;
    assert_true(ht_rv_decode(&all, AT(offset), &is));
    return is;
}

/* --- instructions ------------------------------------------------------------------------------
 */

static void expect(uint32_t offset, ht_rv_kind_t kind, uint32_t reg, int32_t value)
{
    ht_rv_t is = decoded(offset);
    assert_int_equal(is.kind, kind);
    assert_int_equal(is.reg, reg);
    assert_int_equal(is.value, value);
}

static void test_instructions(void **state)
{
    (void)state;
    expect(0x000, HT_RV_SP_ADD, HT_RV_SP, -16);
    expect(0x002, HT_RV_STORE, HT_RV_RA, 12);
    expect(0x016, HT_RV_STORE, HT_RV_S0, 24);
    expect(0x028, HT_RV_LOAD, HT_RV_S0, 24);
    expect(0x02a, HT_RV_SP_ADD, HT_RV_SP, 32);
    expect(0x02c, HT_RV_JUMP_REG, HT_RV_RA, 0);
    expect(0x02e, HT_RV_SP_ADD, HT_RV_SP, -48);
    expect(0x036, HT_RV_SP_SUB_REG, 10, 0);
    expect(0x03a, HT_RV_CALL_REG, 15, 0);
    expect(0x03c, HT_RV_SP_FROM_S0, HT_RV_SP, -48);
    expect(0x064, HT_RV_SET, HT_RV_T0, -8192);
    expect(0x066, HT_RV_SP_ADD_REG, HT_RV_T0, 0);
    assert_int_equal(decoded(0x01a).kind, HT_RV_BRANCH);
    assert_int_equal(decoded(0x01a).target, AT(0x024));
    assert_int_equal(decoded(0x022).kind, HT_RV_JUMP);
    assert_int_equal(decoded(0x022).target, AT(0x020));
    assert_int_equal(decoded(0x078).kind, HT_RV_SAVE_CALL);
    assert_int_equal(decoded(0x078).target, AT(0x086));
}

/* Words that no program above has: gcc 12 writes no Zcmp. */
static ht_rv_t decoded_word(uint32_t word)
{
    g_code[0] = word;
    return decoded(0);
}

static void test_rare_instructions(void **state)
{
    (void)state;
    ht_rv_t is = decoded_word(0xb842); /* cm.push {ra}, -16 */
    assert_int_equal(is.kind, HT_RV_PUSH);
    assert_int_equal(is.reg, 0);
    assert_int_equal(is.value, -16);
    is = decoded_word(0xbef6); /* cm.popret {ra, s0-s11}, 80 */
    assert_int_equal(is.kind, HT_RV_POP_RETURN);
    assert_int_equal(is.reg, 12);
    assert_int_equal(is.value, 80);
    assert_int_equal(decoded_word(0xba52).kind, HT_RV_POP);
    assert_int_equal(decoded_word(0x9002).kind, HT_RV_BAD);          /* c.ebreak */
    assert_int_equal(decoded_word(0).kind, HT_RV_BAD);               /* no instruction */
    assert_int_equal(decoded_word(0x00073).kind, HT_RV_BAD);         /* ecall */
    assert_int_equal(decoded_word(0x01012103).kind, HT_RV_SP_OTHER); /* lw sp, 16(sp) */
    assert_int_equal(decoded_word(0x4112).kind, HT_RV_SP_OTHER);     /* c.lwsp sp, 4(sp) */
    assert_int_equal(decoded_word(0x00020137).kind, HT_RV_SP_OTHER); /* lui sp */
    ht_rv_code_t all = code();
    g_code[0] = 0x0000001f; /* an instruction of more than 32 bits */
    assert_false(ht_rv_decode(&all, AT(0), &is));
    assert_false(ht_rv_decode(&all, AT(1), &is)); /* odd */
    assert_false(ht_rv_decode(&all, AT(sizeof(s_program)), &is));
    all.budget = 0;
    assert_false(ht_rv_decode(&all, AT(2), &is));
}

static void expect_call(uint32_t offset, bool is_call, ht_rv_kind_t kind, uintptr_t target)
{
    ht_rv_code_t all = code();
    ht_rv_t call;
    assert_int_equal(ht_rv_is_return(&all, AT(offset), &call), is_call);
    if (is_call) {
        assert_int_equal(call.kind, kind);
        assert_int_equal(call.target, target);
    }
}

static void test_calls(void **state)
{
    (void)state;
    expect_call(IN_CALLER, true, HT_RV_CALL, AT(MIDDLE)); /* auipc, jalr */
    expect_call(IN_MIDDLE, true, HT_RV_CALL, AT(INNER));
    expect_call(IN_INNER, true, HT_RV_CALL_REG, 0);
    expect_call(IN_OUTER, true, HT_RV_CALL, AT(FOREVER));
    expect_call(IN_FAR_1, true, HT_RV_CALL, AT(FAR_TARGET));
    expect_call(IN_FAR_2, true, HT_RV_CALL_REG, 0);
    expect_call(0x07c, false, 0, 0); /* a call of what saves registers is no frame's */
    expect_call(0, false, 0, 0);
    expect_call(2, false, 0, 0);
    expect_call(IN_MIDDLE + 1, false, 0, 0);
    expect_call(sizeof(s_program) + 2, false, 0, 0);
}

/* --- frames ------------------------------------------------------------------------------------
 */

static void expect_frame(ht_rv_frame_t frame, ht_rv_base_t base, uint32_t bytes, uint32_t ra,
                         uint32_t s0)
{
    assert_int_equal(frame.base, base);
    assert_int_equal(4U * frame.size, bytes);
    assert_int_equal(4U * frame.ra_below, ra);
    assert_int_equal(4U * frame.s0_below, s0);
}

static ht_rv_frame_t by_exit(uint32_t offset)
{
    ht_rv_code_t all = code();
    return ht_rv_frame_by_exit(&all, AT(offset));
}

static void test_frames_by_exit(void **state)
{
    (void)state;
    expect_frame(by_exit(IN_CALLER), HT_RV_FRAME_SP, 16, 4, 0);
    expect_frame(by_exit(IN_MIDDLE), HT_RV_FRAME_SP, 32, 4, 8); /* out of its loop */
    expect_frame(by_exit(IN_INNER), HT_RV_FRAME_S0, 0, 4, 8);
    expect_frame(by_exit(IN_BIG), HT_RV_FRAME_SP, 8192 + 32, 4, 0);
    expect_frame(by_exit(IN_SAVER), HT_RV_FRAME_SP, 32, 4, 8);
    expect_frame(by_exit(IN_FAR_2), HT_RV_FRAME_SP, 16, 4, 0); /* leaves by a jump */
    assert_int_equal(by_exit(IN_FOREVER).base, HT_RV_FRAME_UNKNOWN);
    assert_int_equal(by_exit(0x5000).base, HT_RV_FRAME_UNKNOWN);
}

/* Code beyond the program's. */
static const ht_range_t s_more_text[] = {{MEMORY_CODE, MEMORY_CODE + 4U * MEMORY_CODE_WORDS},
                                         {0, 0}};

static void put(uint32_t offset, const uint16_t *halves, unsigned count)
{
    for (unsigned i = 0; i < count; i++, offset += 2U) {
        uint32_t shift = offset % 4U * 8U;
        g_code[offset / 4U] &= ~(0xFFFFU << shift);
        g_code[offset / 4U] |= (uint32_t)halves[i] << shift;
    }
}

#define PUT(offset, ...)                                                                           \
    put(offset, (const uint16_t[]){__VA_ARGS__}, sizeof((const uint16_t[]){__VA_ARGS__}) / 2U)

/* jal ra, target. Returns where it will return to. */
static uint32_t put_call(uint32_t offset, uint32_t target)
{
    uint32_t by = target - offset;
    uint32_t jal = 0xefU | (by >> 20 & 1U) << 31 | (by >> 1 & 0x3FFU) << 21 |
                   (by >> 11 & 1U) << 20 | (by >> 12 & 0xFFU) << 12;
    PUT(offset, (uint16_t)jal, (uint16_t)(jal >> 16));
    return offset + 4U;
}

static ht_rv_frame_t by_exit_in_more(uint32_t offset)
{
    ht_rv_code_t all = {.text = s_more_text, .budget = HT_RV_FRAME_BUDGET};
    return ht_rv_frame_by_exit(&all, AT(offset));
}

/* lui t0, 2; a call or not; add sp, sp, t0; lw ra, 12(sp); add sp, sp, 16; ret */
static void test_constants_end_at_a_call(void **state)
{
    (void)state;
    PUT(0x100, 0x6289, 0x0001, 0x0001, 0x9116, 0x40b2, 0x0141, 0x8082);
    expect_frame(by_exit_in_more(0x100), HT_RV_FRAME_SP, 8192 + 16, 4, 0);
    (void)put_call(0x102, INNER); /* who knows what t0 is behind it */
    assert_int_equal(by_exit_in_more(0x100).base, HT_RV_FRAME_UNKNOWN);
}

/* beqz a0, out; here: j here; out: lw ra, 12(sp); add sp, sp, 16; ret */
static void test_an_endless_loop_costs_little(void **state)
{
    (void)state;
    PUT(0x120, 0xc111, 0xa001, 0x40b2, 0x0141, 0x8082);
    expect_frame(by_exit_in_more(0x120), HT_RV_FRAME_SP, 16, 4, 0);
}

static void test_frames_by_entry(void **state)
{
    (void)state;
    ht_rv_code_t all = code();
    expect_frame(ht_rv_frame_by_entry(&all, AT(MIDDLE), AT(IN_MIDDLE)), HT_RV_FRAME_SP, 32, 4, 8);
    expect_frame(ht_rv_frame_by_entry(&all, AT(0x060), AT(IN_BIG)), HT_RV_FRAME_SP, 8224, 4, 0);
    expect_frame(ht_rv_frame_by_entry(&all, AT(0x078), AT(IN_SAVER)), HT_RV_FRAME_SP, 32, 4, 8);
    expect_frame(ht_rv_frame_by_search(&all, AT(IN_FOREVER)), HT_RV_FRAME_SP, 16, 4, 0);
    assert_int_equal(ht_rv_frame_by_entry(&all, AT(0x086 + 8), AT(IN_BIG)).base,
                     HT_RV_FRAME_UNKNOWN); /* no frame is set up there */
}

/* --- the walk ----------------------------------------------------------------------------------
 */

/* The stack: who called whom, innermost first, and where their frames begin. */
static uint32_t s_top;

static uint32_t *word_at(uint32_t address)
{
    return &g_stack[(address - MEMORY_STACK) / 4U];
}

/* A frame of so many bytes above the ones there, with its return address, and s0 if it saves it. */
static void push_frame(uint32_t bytes, uint32_t return_offset, bool saves_s0, uint32_t s0)
{
    s_top += bytes;
    *word_at(s_top - 4U) = return_offset == 0 ? 0 : (uint32_t)AT(return_offset);
    if (saves_s0) { *word_at(s_top - 8U) = s0; }
}

/* caller -> middle -> inner, which has a variable frame -> caller again; stale words in between. */
static ht_rv_regs_t make_chain(void)
{
    s_top = MEMORY_STACK + 64U;
    ht_rv_regs_t regs = {.pc = AT(IN_CALLER), .sp = s_top};
    push_frame(16, IN_INNER, false, 0);
    regs.s0 = s_top + 48U + 80U; /* inner's frame pointer: it took 80 bytes more */
    push_frame(48 + 80, IN_MIDDLE, true, 0x55);
    *word_at(s_top - 80U) = (uint32_t)AT(IN_OUTER);
    *word_at(s_top - 84U) = (uint32_t)AT(IN_BIG);
    push_frame(32, IN_FOREVER, true, 0x66);
    push_frame(16, IN_OUTER, false, 0);
    push_frame(16, 0, false, 0); /* nobody called the outermost */
    return regs;
}

static ht_rv_walk_t make_walk(void)
{
    return (ht_rv_walk_t){.stack = {MEMORY_STACK, MEMORY_STACK + 4U * MEMORY_STACK_WORDS},
                          .code = {.text = s_text, .budget = 4096},
                          .may_learn = may_learn,
                          .memo = s_memo,
                          .memo_entries = 64};
}

static unsigned walk(const ht_rv_regs_t *regs, uintptr_t top, uintptr_t *frames, unsigned max)
{
    ht_rv_walk_t how = make_walk();
    return ht_unwind_riscv(&how, regs, top, frames, max);
}

static void test_chain(void **state)
{
    (void)state;
    uintptr_t frames[8];
    ht_rv_regs_t regs = make_chain();
    assert_int_equal(walk(&regs, 0, frames, 8), 4);
    assert_int_equal(frames[0], AT(IN_INNER));
    assert_int_equal(frames[1], AT(IN_MIDDLE));
    assert_int_equal(frames[2], AT(IN_FOREVER));
    assert_int_equal(frames[3], AT(IN_OUTER));
    assert_int_equal(walk(&regs, 0, frames, 2), 2);
    assert_int_equal(walk(&regs, 0, frames, 0), 0);
    assert_int_equal(walk(&regs, AT(IN_MIDDLE), frames, 8), 3); /* inner frames left out */
    assert_int_equal(frames[0], AT(IN_MIDDLE));
    assert_int_equal(walk(&regs, AT(0x44), frames, 8), 1); /* it is not on the stack */
    assert_int_equal(frames[0], AT(0x44));
}

static void test_memory_of_code(void **state)
{
    (void)state;
    uintptr_t frames[8];
    ht_rv_regs_t regs = make_chain();
    s_may_learn = false; /* the flash cache is off */
    assert_int_equal(walk(&regs, AT(IN_INNER), frames, 8), 1);
    assert_int_equal(s_asked, 1);
    s_may_learn = true;
    assert_int_equal(walk(&regs, 0, frames, 8), 4);
    s_may_learn = false; /* what is known needs no code */
    memset(g_code, 0, sizeof(g_code));
    s_asked = 0;
    assert_int_equal(walk(&regs, 0, frames, 8), 4);
    assert_int_equal(s_asked, 1); /* of the outermost frame's word: it is no return address */
}

/* The function's code says nothing, and its beginning is far away: the stack itself has to. */
static void test_scan(void **state)
{
    (void)state;
    uintptr_t frames[8];
    const ht_range_t text[] = {{MEMORY_CODE, MEMORY_CODE + 4U * MEMORY_CODE_WORDS}, {0, 0}};
    ht_rv_walk_t how;
    const uint32_t far_on = 0x800U;
    for (uint32_t i = 0x0b0U / 4U; i < MEMORY_CODE_WORDS; i++) {
        g_code[i] = 0x00010001U; /* c.nop: a long function without an end, */
    }
    g_code[0x0b0 / 4] = 0xc6061141U;         /* addi sp, sp, -16; sw ra, 12(sp) */
    g_code[far_on / 4] = 0xaf01f0efU;        /* jal somewhere */
    g_code[(far_on + 4U) / 4] = 0xbffdbffdU; /* j where it is */
    s_top = MEMORY_STACK + 64U;
    ht_rv_regs_t regs = {.pc = AT(far_on + 4U), .sp = s_top};
    push_frame(16, IN_OUTER, false, 0);
    push_frame(16, 0, false, 0);
    how = make_walk();
    how.code.text = text;
    /* Outer calls another function: this word is not kept. */
    g_code[0x048 / 4] = 0x00010001U;
    assert_int_equal(ht_unwind_riscv(&how, &regs, 0, frames, 8), 0);
    /* Outer calls it: jal 0xb0 at 0x56. */
    memset(s_memo, 0, sizeof(s_memo));
    uint32_t jal = 0x05a000efU; /* jal ra, +0x5a */
    g_code[0x54 / 4] = (g_code[0x54 / 4] & 0xFFFFU) | jal << 16;
    g_code[0x58 / 4] = (g_code[0x58 / 4] & 0xFFFF0000U) | jal >> 16;
    how = make_walk();
    how.code.text = text;
    assert_int_equal(ht_unwind_riscv(&how, &regs, 0, frames, 8), 1);
    assert_int_equal(frames[0], AT(IN_OUTER));
}

/* A function without an end, of whose beginning only its caller knows; its frame has 16 bytes. */
#define LOST 0x0b0U
#define IN_LOST 0x804U

static ht_rv_regs_t be_lost(uint32_t caller)
{
    for (uint32_t i = LOST / 4U; i < MEMORY_CODE_WORDS; i++) {
        g_code[i] = 0x00010001U; /* c.nop */
    }
    PUT(LOST, 0x1141, 0xc606); /* add sp, sp, -16; sw ra, 12(sp) */
    (void)put_call(IN_LOST - 4U, INNER);
    PUT(IN_LOST, 0xbffd); /* j where it is, nearly */
    (void)put_call(caller - 4U, LOST);
    s_top = MEMORY_STACK + 64U;
    ht_rv_regs_t regs = {.pc = AT(IN_LOST), .sp = s_top};
    push_frame(16, caller, false, 0);
    push_frame(16, 0, false, 0);
    return regs;
}

static void expect_outer(const ht_rv_regs_t *regs)
{
    uintptr_t frames[8];
    ht_rv_walk_t how = make_walk();
    how.code.text = s_more_text;
    memset(s_memo, 0, sizeof(s_memo));
    assert_int_equal(ht_unwind_riscv(&how, regs, 0, frames, 8), 1);
    assert_int_equal(frames[0], AT(IN_OUTER));
}

/* Return addresses that others left behind where no frame's is. */
static void test_scan_of_stale_words(void **state)
{
    (void)state;
    ht_rv_regs_t regs = be_lost(IN_OUTER);
    expect_outer(&regs);
    /* Of a call of `inner`, which keeps its own 44 bytes up; there lies one, too. */
    *word_at(MEMORY_STACK + 64U) = (uint32_t)AT(IN_MIDDLE);
    *word_at(MEMORY_STACK + 64U + 44U) = (uint32_t)AT(IN_FOREVER);
    expect_outer(&regs);
    *word_at(MEMORY_STACK + 64U + 44U) = 0;
    /* Of a call of what has no frame. */
    *word_at(MEMORY_STACK + 64U) = (uint32_t)AT(IN_FAR_1);
    expect_outer(&regs);
    /* Of a call through a register, and of something that is none. */
    *word_at(MEMORY_STACK + 64U) = (uint32_t)AT(IN_INNER);
    *word_at(MEMORY_STACK + 68U) = (uint32_t)AT(IN_LOST + 2U);
    expect_outer(&regs);
    /* Of a call of a function that begins behind the one we are in, 8 bytes of frame. */
    PUT(0xa00, 0x1161, 0xc206); /* add sp, sp, -8; sw ra, 4(sp) */
    *word_at(MEMORY_STACK + 68U) = (uint32_t)AT(put_call(0xb00, 0xa00));
    expect_outer(&regs);
    /* The same, 16 bytes, and the address in its very place: only now nobody is found. */
    PUT(0xa00, 0x1141, 0xc606);
    *word_at(MEMORY_STACK + 76U) = (uint32_t)AT(put_call(0xb00, 0xa00));
    uintptr_t frames[8];
    ht_rv_walk_t how = make_walk();
    how.code.text = s_more_text;
    memset(s_memo, 0, sizeof(s_memo));
    assert_int_equal(ht_unwind_riscv(&how, &regs, 0, frames, 8), 0);
}

/* --- damage ------------------------------------------------------------------------------------
 */

/* What is in s0 does not begin a frame: too low, at sp, not aligned. Each time there is a return
 * address in the place where it would be. */
static void test_frame_pointers_out_of_bounds(void **state)
{
    (void)state;
    uintptr_t frames[8];
    const uint32_t sp = MEMORY_STACK + 64U;
    const struct {
        uint32_t s0;
        unsigned frames;
    } rows[] = {{sp + 48U, 1}, {sp + 40U, 0}, {sp + 8U, 0}, {sp, 0},
                {sp - 16U, 0}, {16U, 0},      {0U, 0},      {4U, 0}};
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(g_stack, 0, sizeof(g_stack));
        memset(s_memo, 0, sizeof(s_memo));
        ht_rv_regs_t regs = {.pc = AT(IN_INNER), .sp = sp, .s0 = rows[i].s0};
        if (rows[i].s0 > MEMORY_STACK) { *word_at(rows[i].s0 - 4U) = (uint32_t)AT(IN_OUTER); }
        assert_int_equal(walk(&regs, 0, frames, 8), rows[i].frames);
    }
}

static void test_registers_out_of_bounds(void **state)
{
    (void)state;
    uintptr_t frames[8];
    const uintptr_t bad[] = {0,
                             4,
                             0xFFFFFFF0U,
                             MEMORY_STACK - 16U,
                             MEMORY_CODE,
                             MEMORY_STACK + 4U * MEMORY_STACK_WORDS,
                             MEMORY_STACK + 72U};
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ht_rv_regs_t good = make_chain();
        ht_rv_walk_t how = make_walk();
        ht_rv_regs_t regs = good;
        regs.sp = bad[i];
        assert_int_equal(ht_unwind_riscv(&how, &regs, AT(IN_MIDDLE), frames, 8), 1);
        regs = good;
        regs.s0 = bad[i]; /* only inner's frame needs it */
        how = make_walk();
        assert_true(ht_unwind_riscv(&how, &regs, 0, frames, 8) <= 2);
        regs = good;
        regs.pc = bad[i];
        how = make_walk();
        assert_true(ht_unwind_riscv(&how, &regs, 0, frames, 8) <= 8);
    }
}

static uint32_t s_seed;

static uint32_t random_word(void)
{
    s_seed = s_seed * 1664525U + 1013904223U;
    return s_seed >> 1;
}

static uint32_t plausible_word(void)
{
    switch (random_word() % 5U) {
    case 0:
        return (uint32_t)AT(random_word() % sizeof(s_program));
    case 1:
        return MEMORY_STACK + random_word() % (4U * MEMORY_STACK_WORDS);
    case 2:
        return random_word() * 2U;
    case 3:
        return (uint32_t)AT(IN_MIDDLE);
    default:
        return 0;
    }
}

/* Whatever the words of the stack, the code and the registers are: memory_at() sees each read. */
static void test_random(void **state)
{
    (void)state;
    for (unsigned round = 1; round <= 20000U; round++) {
        s_seed = round * 2654435761U;
        ht_rv_regs_t regs = make_chain();
        for (unsigned i = 0; i < MEMORY_STACK_WORDS; i++) {
            if (random_word() % 4U == 0) { g_stack[i] = plausible_word(); }
        }
        if (round % 3U == 0) { regs.s0 = plausible_word(); }
        if (round % 5U == 0) { regs.pc = plausible_word(); }
        if (round % 7U == 0) { regs.sp = plausible_word(); }
        if (round % 16U == 0) { /* no code at all */
            for (unsigned i = 0; i < sizeof(s_program) / 4U; i++) {
                g_code[i] = random_word() * 2U + round;
            }
            memset(s_memo, 0, sizeof(s_memo));
        }
        uintptr_t frames[33];
        frames[32] = 0xA5;
        g_reads = 0;
        unsigned count = walk(&regs, round % 2U == 0 ? AT(IN_MIDDLE) : 0, frames, 32);
        assert_true(count <= 32);
        assert_int_equal(frames[32], 0xA5);
        assert_true(g_reads < 40000); /* bounded by the budget and what is scanned */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_instructions, set_up),
        cmocka_unit_test_setup(test_rare_instructions, set_up),
        cmocka_unit_test_setup(test_calls, set_up),
        cmocka_unit_test_setup(test_frames_by_exit, set_up),
        cmocka_unit_test_setup(test_constants_end_at_a_call, set_up),
        cmocka_unit_test_setup(test_an_endless_loop_costs_little, set_up),
        cmocka_unit_test_setup(test_frames_by_entry, set_up),
        cmocka_unit_test_setup(test_chain, set_up),
        cmocka_unit_test_setup(test_memory_of_code, set_up),
        cmocka_unit_test_setup(test_scan, set_up),
        cmocka_unit_test_setup(test_scan_of_stale_words, set_up),
        cmocka_unit_test_setup(test_frame_pointers_out_of_bounds, set_up),
        cmocka_unit_test_setup(test_registers_out_of_bounds, set_up),
        cmocka_unit_test_setup(test_random, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
