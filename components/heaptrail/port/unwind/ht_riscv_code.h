/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_riscv_code.h
 * RV32 instructions, as far as they say something of frames: those that move sp, save or restore ra
 * and s0, call, jump, and make the constants for that. (RISC-V Unprivileged ISA, chapters 2 and 16;
 * Zcmp of version 1.0 of the code size extensions.)
 *
 * Code is read in aligned words only: that is all that an instruction bus of these chips takes.
 */
#pragma once

#include "ht_unwind.h"

/** Registers by number. */
enum { HT_RV_ZERO = 0, HT_RV_RA = 1, HT_RV_SP = 2, HT_RV_T0 = 5, HT_RV_S0 = 8 };

/** What an instruction does. `reg`, `value`, `target` are as said here, else nothing. */
typedef enum {
    HT_RV_OTHER,      /**< writes reg, perhaps; falls through */
    HT_RV_BAD,        /**< none, or a trap */
    HT_RV_CALL,       /**< ra: calls target */
    HT_RV_CALL_REG,   /**< ra: calls reg + value */
    HT_RV_SAVE_CALL,  /**< t0: calls target, a function that saves registers (-msave-restore) */
    HT_RV_JUMP,       /**< to target */
    HT_RV_JUMP_REG,   /**< to reg + value */
    HT_RV_BRANCH,     /**< to target, or falls through */
    HT_RV_SP_ADD,     /**< sp += value */
    HT_RV_SP_ADD_REG, /**< sp += reg */
    HT_RV_SP_SUB_REG, /**< sp -= reg */
    HT_RV_SP_FROM_S0, /**< sp = s0 + value */
    HT_RV_SP_OTHER,   /**< sp = nobody knows */
    HT_RV_SET,        /**< reg = value */
    HT_RV_ADD,        /**< reg += value */
    HT_RV_LOAD,       /**< reg, which is ra or s0, = the word at sp + value */
    HT_RV_STORE,      /**< the word at sp + value = reg, which is ra or s0 */
    HT_RV_PUSH,       /**< saves ra and reg registers more, then sp += value */
    HT_RV_POP,        /**< restores ra and reg registers more, sp += value */
    HT_RV_POP_RETURN  /**< the same, and returns */
} ht_rv_kind_t;

typedef struct {
    ht_rv_kind_t kind;
    uint32_t bytes; /**< 2 or 4 */
    uint32_t reg;
    int32_t value;
    uintptr_t target;
} ht_rv_t;

/** Code that may be read, and how much more of it. */
typedef struct {
    const ht_range_t *text; /**< ends with an empty range */
    uint32_t budget;        /**< instructions that may still be read */
} ht_rv_code_t;

/** Does code lie there? */
bool ht_rv_in_text(const ht_rv_code_t *code, uintptr_t address, size_t bytes);

/** Decode the instruction at pc. False: there is no code, or the budget is used up. O(1). */
bool ht_rv_decode(ht_rv_code_t *code, uintptr_t pc, ht_rv_t *to);

/**
 * Is `address` behind a call, so that it may be a return address? Which call, in `call`: HT_RV_CALL
 * if its target is known, else HT_RV_CALL_REG with target 0. Takes nothing from the budget. O(1).
 */
bool ht_rv_is_return(const ht_rv_code_t *code, uintptr_t address, ht_rv_t *call);
