/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_riscv_code.h"

#define BITS(word, low, count) ((word) >> (low) & ((1U << (count)) - 1U))

/* `count` bits from `low` on, moved to `to`. */
#define MOVE(word, low, count, to) (BITS(word, low, count) << (to))

static inline int32_t sign_extend(uint32_t value, unsigned bits)
{
    uint32_t sign = 1U << (bits - 1U);
    return (int32_t)((value ^ sign) - sign);
}

/* --- 32 bits ----------------------------------------------------------------------------------
 */

#define OP_LOAD 0x03U
#define OP_IMM 0x13U
#define OP_AUIPC 0x17U
#define OP_STORE 0x23U
#define OP_OP 0x33U
#define OP_LUI 0x37U
#define OP_BRANCH 0x63U
#define OP_JALR 0x67U
#define OP_JAL 0x6FU
#define OP_SYSTEM 0x73U

#define RD(word) BITS(word, 7, 5)
#define RS1(word) BITS(word, 15, 5)
#define RS2(word) BITS(word, 20, 5)
#define FUNCT3(word) BITS(word, 12, 3)

static inline int32_t imm_i(uint32_t word)
{
    return sign_extend(word >> 20, 12);
}

static inline int32_t imm_s(uint32_t word)
{
    return sign_extend(MOVE(word, 25, 7, 5) | BITS(word, 7, 5), 12);
}

static inline int32_t imm_b(uint32_t word)
{
    return sign_extend(MOVE(word, 31, 1, 12) | MOVE(word, 7, 1, 11) | MOVE(word, 25, 6, 5) |
                           MOVE(word, 8, 4, 1),
                       13);
}

static inline int32_t imm_j(uint32_t word)
{
    return sign_extend(MOVE(word, 31, 1, 20) | MOVE(word, 12, 8, 12) | MOVE(word, 20, 1, 11) |
                           MOVE(word, 21, 10, 1),
                       21);
}

static inline uintptr_t pc_plus(uintptr_t pc, int32_t offset)
{
    return (uintptr_t)(uint32_t)((uint32_t)pc + (uint32_t)offset);
}

static inline bool is_saved_reg(uint32_t reg)
{
    return reg == HT_RV_RA || reg == HT_RV_S0;
}

static inline void jal(uint32_t word, uintptr_t pc, ht_rv_t *to)
{
    to->target = pc_plus(pc, imm_j(word));
    if (to->reg == HT_RV_RA) {
        to->kind = HT_RV_CALL;
    } else if (to->reg == HT_RV_T0) {
        to->kind = HT_RV_SAVE_CALL;
    } else if (to->reg == HT_RV_ZERO) {
        to->kind = HT_RV_JUMP;
    }
}

static inline void jalr(uint32_t word, ht_rv_t *to)
{
    uint32_t link = to->reg;
    if (link != HT_RV_RA && link != HT_RV_ZERO) { return; }
    to->kind = link == HT_RV_RA ? HT_RV_CALL_REG : HT_RV_JUMP_REG;
    to->reg = RS1(word);
    to->value = imm_i(word);
}

/* The commonest form of a constant, an increment, and all that moves sp. */
static inline void addi(uint32_t word, ht_rv_t *to)
{
    uint32_t from = RS1(word);
    to->value = imm_i(word);
    if (to->reg == HT_RV_SP) {
        to->kind = from == HT_RV_SP   ? HT_RV_SP_ADD
                   : from == HT_RV_S0 ? HT_RV_SP_FROM_S0
                                      : HT_RV_SP_OTHER;
    } else if (from == HT_RV_ZERO) {
        to->kind = HT_RV_SET;
    } else if (from == to->reg) {
        to->kind = HT_RV_ADD;
    }
}

static inline void load(uint32_t word, ht_rv_t *to)
{
    if (FUNCT3(word) == 2U && RS1(word) == HT_RV_SP && is_saved_reg(to->reg)) {
        to->kind = HT_RV_LOAD;
        to->value = imm_i(word);
    }
}

static inline void store(uint32_t word, ht_rv_t *to)
{
    to->reg = HT_RV_ZERO; /* writes none */
    if (FUNCT3(word) == 2U && RS1(word) == HT_RV_SP && is_saved_reg(RS2(word))) {
        to->kind = HT_RV_STORE;
        to->reg = RS2(word);
        to->value = imm_s(word);
    }
}

static inline void op(uint32_t word, ht_rv_t *to)
{
    bool is_add = word >> 25 == 0 && FUNCT3(word) == 0;
    bool is_sub = word >> 25 == 0x20U && FUNCT3(word) == 0;
    if ((is_add || is_sub) && to->reg == HT_RV_SP && RS1(word) == HT_RV_SP) {
        to->kind = is_add ? HT_RV_SP_ADD_REG : HT_RV_SP_SUB_REG;
        to->reg = RS2(word);
    }
}

static void decode_long(uint32_t word, uintptr_t pc, ht_rv_t *to)
{
    uint32_t opcode = BITS(word, 0, 7);
    to->bytes = 4;
    to->reg = RD(word);
    if (opcode == OP_LOAD) {
        load(word, to);
    } else if (opcode == OP_STORE) {
        store(word, to);
    } else if (opcode == OP_IMM && FUNCT3(word) == 0) {
        addi(word, to);
    } else if (opcode == OP_JAL) {
        jal(word, pc, to);
    } else if (opcode == OP_BRANCH) {
        to->kind = HT_RV_BRANCH;
        to->target = pc_plus(pc, imm_b(word));
    } else if (opcode == OP_JALR && FUNCT3(word) == 0) {
        jalr(word, to);
    } else if (opcode == OP_OP) {
        op(word, to);
    } else if (opcode == OP_LUI || opcode == OP_AUIPC) {
        uint32_t base = opcode == OP_AUIPC ? (uint32_t)pc : 0;
        to->kind = HT_RV_SET;
        to->value = (int32_t)(base + (word & 0xFFFFF000U));
    } else if (opcode == OP_SYSTEM && FUNCT3(word) == 0) {
        to->kind = HT_RV_BAD; /* ecall, ebreak, mret: no code of a compiler's */
    }
    /* Whatever else writes sp; of those above, constants and jumps that link in it. */
    if (to->reg == HT_RV_SP && (to->kind == HT_RV_OTHER || to->kind == HT_RV_SET)) {
        to->kind = HT_RV_SP_OTHER;
    }
}

/* --- 16 bits ----------------------------------------------------------------------------------
 */

#define SHORT_REG(half, low) (8U + BITS(half, low, 3))

static inline int32_t imm_ci(uint32_t half)
{
    return sign_extend(MOVE(half, 12, 1, 5) | BITS(half, 2, 5), 6);
}

static inline int32_t imm_addi16sp(uint32_t half)
{
    return sign_extend(MOVE(half, 12, 1, 9) | MOVE(half, 3, 2, 7) | MOVE(half, 5, 1, 6) |
                           MOVE(half, 2, 1, 5) | MOVE(half, 6, 1, 4),
                       10);
}

static inline int32_t imm_cj(uint32_t half)
{
    return sign_extend(MOVE(half, 12, 1, 11) | MOVE(half, 8, 1, 10) | MOVE(half, 9, 2, 8) |
                           MOVE(half, 6, 1, 7) | MOVE(half, 7, 1, 6) | MOVE(half, 2, 1, 5) |
                           MOVE(half, 11, 1, 4) | MOVE(half, 3, 3, 1),
                       12);
}

static inline int32_t imm_cb(uint32_t half)
{
    return sign_extend(MOVE(half, 12, 1, 8) | MOVE(half, 5, 2, 6) | MOVE(half, 2, 1, 5) |
                           MOVE(half, 10, 2, 3) | MOVE(half, 3, 2, 1),
                       9);
}

/* Quadrant 1: arithmetic with a constant, jumps. */
static inline void decode_quadrant1(uint32_t half, uintptr_t pc, ht_rv_t *to)
{
    uint32_t funct = half >> 13;
    if (funct == 0) { /* c.addi */
        to->kind = to->reg == HT_RV_SP ? HT_RV_SP_ADD : HT_RV_ADD;
        to->value = imm_ci(half);
    } else if (funct == 1U || funct == 5U) { /* c.jal, c.j */
        to->kind = funct == 1U ? HT_RV_CALL : HT_RV_JUMP;
        to->target = pc_plus(pc, imm_cj(half));
    } else if (funct == 2U) { /* c.li */
        to->kind = to->reg == HT_RV_SP ? HT_RV_SP_OTHER : HT_RV_SET;
        to->value = imm_ci(half);
    } else if (funct == 3U && to->reg == HT_RV_SP) { /* c.addi16sp */
        to->kind = HT_RV_SP_ADD;
        to->value = imm_addi16sp(half);
    } else if (funct == 3U) { /* c.lui */
        to->kind = HT_RV_SET;
        to->value = (int32_t)((uint32_t)imm_ci(half) << 12);
    } else if (funct >= 6U) { /* c.beqz, c.bnez */
        to->kind = HT_RV_BRANCH;
        to->target = pc_plus(pc, imm_cb(half));
    } else {
        to->reg = SHORT_REG(half, 7);
    }
}

/* c.jr, c.jalr, c.mv, c.add, c.ebreak */
static inline void decode_register(uint32_t half, ht_rv_t *to)
{
    uint32_t from = BITS(half, 2, 5);
    bool second = BITS(half, 12, 1) != 0;
    if (from == 0) {
        to->kind = to->reg == HT_RV_ZERO ? HT_RV_BAD : second ? HT_RV_CALL_REG : HT_RV_JUMP_REG;
    } else if (to->reg == HT_RV_SP && second) {
        to->kind = HT_RV_SP_ADD_REG;
        to->reg = from;
    } else if (to->reg == HT_RV_SP) {
        to->kind = from == HT_RV_S0 ? HT_RV_SP_FROM_S0 : HT_RV_SP_OTHER;
    }
}

/* Zcmp: cm.push, cm.pop, cm.popretz, cm.popret. A list names ra, then s0 up to s11. */
static inline void decode_list(uint32_t half, ht_rv_t *to)
{
    uint32_t funct = BITS(half, 8, 5);
    uint32_t list = BITS(half, 4, 4);
    if (list < 4U || (funct & 0x19U) != 0x18U) { return; } /* 11x00, 11x10: see below */
    uint32_t more = list == 15U ? 12U : list - 4U;
    uint32_t adjust = ((more + 1U) * 4U + 15U) / 16U * 16U + BITS(half, 2, 2) * 16U;
    to->reg = more;
    to->kind = funct == 0x18U ? HT_RV_PUSH : funct == 0x1AU ? HT_RV_POP : HT_RV_POP_RETURN;
    to->value = to->kind == HT_RV_PUSH ? -(int32_t)adjust : (int32_t)adjust;
}

/* Quadrant 2: the stack's words, registers. */
static inline void decode_quadrant2(uint32_t half, ht_rv_t *to)
{
    uint32_t funct = half >> 13;
    if (funct == 2U) { /* c.lwsp */
        if (is_saved_reg(to->reg)) { to->kind = HT_RV_LOAD; }
        if (to->reg == HT_RV_SP) { to->kind = HT_RV_SP_OTHER; }
        to->value = (int32_t)(MOVE(half, 2, 2, 6) | MOVE(half, 12, 1, 5) | MOVE(half, 4, 3, 2));
    } else if (funct == 6U) { /* c.swsp */
        to->reg = BITS(half, 2, 5);
        if (is_saved_reg(to->reg)) {
            to->kind = HT_RV_STORE;
        } else {
            to->reg = HT_RV_ZERO;
        }
        to->value = (int32_t)(MOVE(half, 7, 2, 6) | MOVE(half, 9, 4, 2));
    } else if (funct == 4U) {
        decode_register(half, to);
    } else if (funct == 5U) {
        decode_list(half, to);
    }
}

static void decode_short(uint32_t half, uintptr_t pc, ht_rv_t *to)
{
    to->bytes = 2;
    to->reg = RD(half);
    if (half == 0) {
        to->kind = HT_RV_BAD;
    } else if (BITS(half, 0, 2) == 1U) {
        decode_quadrant1(half, pc, to);
    } else if (BITS(half, 0, 2) == 2U) {
        decode_quadrant2(half, to);
    } else {
        to->reg = SHORT_REG(half, 2); /* of a store a source: nobody minds */
    }
}

/* --- reading it -------------------------------------------------------------------------------
 */

bool ht_rv_in_text(const ht_rv_code_t *code, uintptr_t address, size_t bytes)
{
    for (const ht_range_t *text = code->text; text->high != text->low; text++) {
        if (ht_range_has(text, address, bytes)) { return true; }
    }
    return false;
}

static inline uint32_t read_half(uintptr_t address)
{
    uint32_t word = ht_unwind_word(address & ~(uintptr_t)3U);
    return (address & 2U) != 0 ? word >> 16 : word & 0xFFFFU;
}

/* The instruction at pc, wherever it comes from. False: no code there. */
static bool decode(const ht_rv_code_t *code, uintptr_t pc, ht_rv_t *to)
{
    *to = (ht_rv_t){.kind = HT_RV_OTHER};
    if (pc % 2U != 0 || !ht_rv_in_text(code, pc, 2)) { return false; }
    uint32_t half = read_half(pc);
    if (BITS(half, 0, 2) != 3U) {
        decode_short(half, pc, to);
        return true;
    }
    if (BITS(half, 2, 3) == 7U || !ht_rv_in_text(code, pc + 2U, 2)) { return false; } /* longer */
    decode_long(half | read_half(pc + 2U) << 16, pc, to);
    return true;
}

bool ht_rv_decode(ht_rv_code_t *code, uintptr_t pc, ht_rv_t *to)
{
    if (code->budget == 0) { return false; }
    code->budget--;
    return decode(code, pc, to);
}

static inline bool is_call(const ht_rv_t *is)
{
    return is->kind == HT_RV_CALL || is->kind == HT_RV_CALL_REG;
}

/* auipc reg; jalr ra, value(reg): the target is known after all. */
static inline void find_far_target(const ht_rv_code_t *code, uintptr_t at, ht_rv_t *call)
{
    ht_rv_t before;
    if (decode(code, at - 4U, &before) && before.bytes == 4U && before.kind == HT_RV_SET &&
        before.reg == call->reg && call->reg != HT_RV_ZERO) {
        call->kind = HT_RV_CALL;
        call->target = pc_plus((uintptr_t)(uint32_t)before.value, call->value);
    }
}

bool ht_rv_is_return(const ht_rv_code_t *code, uintptr_t address, ht_rv_t *call)
{
    if (address % 2U != 0 || !ht_rv_in_text(code, address, 2)) { return false; }
    if (decode(code, address - 4U, call) && call->bytes == 4U && is_call(call)) {
        if (call->kind == HT_RV_CALL_REG) { find_far_target(code, address - 4U, call); }
        return true;
    }
    return decode(code, address - 2U, call) && call->bytes == 2U && is_call(call);
}
