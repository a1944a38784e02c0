/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_unwind_riscv.h"

/* Words of the stack that are looked at for one frame, when its code does not say where it ends. */
#define SCAN_WORDS 192U

/* A function is not longer than this: how far a frame's pc may lie behind its entry. */
#define FUNCTION_BYTES_MAX ((uintptr_t)8192U)

/* The ABI aligns sp to this. */
#define SP_ALIGN ((uintptr_t)16U)

typedef union {
    ht_rv_frame_t frame;
    uint32_t word;
} packed_t;

/* --- what is known of a return address ---------------------------------------------------------
 */

/* The first of PROBES entries where an address may be remembered. */
#define PROBES 4U

static inline ht_rv_memo_t *memo_at(const ht_rv_walk_t *walk, uintptr_t pc)
{
    uint32_t hash = (uint32_t)pc * 0x9E3779B1U;
    return &walk->memo[(hash >> 16) * (walk->memo_entries - PROBES + 1U) >> 16];
}

static inline bool recall(const ht_rv_walk_t *walk, uintptr_t pc, packed_t *known)
{
    const ht_rv_memo_t *memo = memo_at(walk, pc);
    for (unsigned i = 0; i < PROBES; i++, memo++) {
        known->word = __atomic_load_n(&memo->frame, __ATOMIC_RELAXED);
        uint32_t key = __atomic_load_n(&memo->key, __ATOMIC_RELAXED);
        if ((key ^ known->word) == (uint32_t)pc && known->frame.base != HT_RV_FRAME_NONE) {
            return true;
        }
    }
    return false;
}

/* In the place of what was known of it, else in an empty entry, else in any. Not hot. */
__attribute__((noinline)) static void remember(ht_rv_walk_t *walk, uintptr_t pc,
                                               ht_rv_frame_t frame)
{
    ht_rv_memo_t *memo = memo_at(walk, pc);
    ht_rv_memo_t *to = &memo[(pc >> 1) % PROBES];
    for (unsigned i = 0; i < PROBES; i++) {
        if ((memo[i].key ^ memo[i].frame) == (uint32_t)pc) {
            to = &memo[i];
            break;
        }
        if (memo[i].frame == 0 && to->frame != 0) { to = &memo[i]; }
    }
    packed_t packed = {.frame = frame};
    __atomic_store_n(&to->frame, packed.word, __ATOMIC_RELAXED);
    __atomic_store_n(&to->key, packed.word ^ (uint32_t)pc, __ATOMIC_RELAXED);
}

/* Not hot: in flash. Called through may_learn() only. */
__attribute__((noinline)) static ht_rv_frame_t learn(ht_rv_walk_t *walk, uintptr_t pc,
                                                     bool is_return)
{
    ht_rv_t call;
    if (!is_return && !ht_rv_is_return(&walk->code, pc, &call)) {
        return (ht_rv_frame_t){.base = HT_RV_FRAME_NONE};
    }
    ht_rv_code_t own = walk->code;
    if (own.budget > HT_RV_FRAME_BUDGET) { own.budget = HT_RV_FRAME_BUDGET; }
    uint32_t budget = own.budget;
    ht_rv_frame_t frame = ht_rv_frame_by_exit(&own, pc);
    uint32_t used = budget - own.budget;
    if (frame.base == HT_RV_FRAME_UNKNOWN && used < walk->code.budget) {
        own.budget = walk->code.budget - used;
        if (own.budget > HT_RV_FRAME_BUDGET) { own.budget = HT_RV_FRAME_BUDGET; }
        budget = own.budget;
        frame = ht_rv_frame_by_search(&own, pc);
        used += budget - own.budget;
    }
    walk->code.budget -= used;
    return frame;
}

/* Is pc a return address (`is_return`: it is known to be code), and what of its frame? What was cut
 * short by the walk's budget is not remembered: the next walk gets further. */
static inline bool may_learn(ht_rv_walk_t *walk)
{
    if (walk->may_learn != NULL) {
        if (!walk->may_learn()) { walk->code.budget = 0; }
        walk->may_learn = NULL;
    }
    return walk->code.budget != 0;
}

static HT_PORT_HOT ht_rv_frame_t find_frame(ht_rv_walk_t *walk, uintptr_t pc, bool is_return)
{
    packed_t known;
    if (recall(walk, pc, &known)) { return known.frame; }
    if (!may_learn(walk)) { return (ht_rv_frame_t){.base = HT_RV_FRAME_NONE}; }
    known.frame = learn(walk, pc, is_return);
    if (known.frame.base != HT_RV_FRAME_NONE && walk->code.budget != 0) {
        remember(walk, pc, known.frame);
    }
    return known.frame;
}

/* --- one frame further -------------------------------------------------------------------------
 */

/* Read the word that lies `below` words under a frame's top, which is aligned and not above the
 * stack. False: it does not lie in the part above sp; so a top that is too low is none. */
static inline bool read_saved(const ht_rv_regs_t *regs, uintptr_t top, uint32_t below,
                              uintptr_t *to)
{
    uintptr_t at = top - 4U * below;
    if (at < regs->sp || at > top) { return false; }
    *to = ht_unwind_word(at);
    return true;
}

/* The frame of regs->pc is known: read what it will return with. False: that is no caller. */
static HT_PORT_HOT bool leave(ht_rv_walk_t *walk, ht_rv_regs_t *regs, ht_rv_frame_t frame,
                              ht_rv_frame_t *outer)
{
    uintptr_t top = (frame.base == HT_RV_FRAME_S0 ? regs->s0 : regs->sp) + 4U * frame.size;
    uintptr_t ra;
    if (top > walk->stack.high || top % SP_ALIGN != 0 ||
        !read_saved(regs, top, frame.ra_below, &ra)) {
        return false;
    }
    *outer = find_frame(walk, ra, false);
    if (outer->base == HT_RV_FRAME_NONE) { return false; }
    if (frame.s0_below != 0 && !read_saved(regs, top, frame.s0_below, &regs->s0)) { return false; }
    regs->pc = ra;
    regs->sp = top;
    return true;
}

/* Is the word at `at` the return address of the function of regs->pc? Its caller calls a function
 * that begins shortly before, and that saves ra in this very word. */
static bool is_caller(ht_rv_walk_t *walk, const ht_rv_regs_t *regs, uintptr_t at, uintptr_t address,
                      ht_rv_frame_t *frame)
{
    ht_rv_t call;
    if (!ht_rv_is_return(&walk->code, address, &call)) { return false; }
    if (regs->pc - call.target > FUNCTION_BYTES_MAX) { return false; } /* no target is 0 */
    *frame = ht_rv_frame_by_entry(&walk->code, call.target, regs->pc);
    return frame->base == HT_RV_FRAME_SP &&
           regs->sp + 4U * ((uint32_t)frame->size - frame->ra_below) == at;
}

/* The code of this frame says nothing: look for a caller on the stack. Not hot, as learn(). */
__attribute__((noinline)) static bool scan(ht_rv_walk_t *walk, ht_rv_regs_t *regs,
                                           ht_rv_frame_t *outer)
{
    uintptr_t at = regs->sp;
    uintptr_t pc = regs->pc;
    for (unsigned i = 0; i < SCAN_WORDS && walk->code.budget != 0; i++, at += 4U) {
        uint32_t address;
        ht_rv_frame_t frame;
        if (!ht_unwind_load(&walk->stack, at, &address)) { return false; }
        if (is_caller(walk, regs, at, address, &frame) && leave(walk, regs, frame, outer)) {
            remember(walk, pc, frame); /* its function's beginning is known now */
            return true;
        }
    }
    return false;
}

/* From one function to its caller. `frame` is the former's, and becomes the latter's. */
static HT_PORT_HOT bool step(ht_rv_walk_t *walk, ht_rv_regs_t *regs, ht_rv_frame_t *frame)
{
    ht_rv_frame_t outer;
    bool found = frame->base == HT_RV_FRAME_UNKNOWN ? may_learn(walk) && scan(walk, regs, &outer)
                                                    : leave(walk, regs, *frame, &outer);
    if (found) { *frame = outer; }
    return found;
}

HT_PORT_HOT unsigned ht_unwind_riscv(ht_rv_walk_t *walk, const ht_rv_regs_t *regs, uintptr_t top,
                                     uintptr_t *frames, unsigned max)
{
    ht_rv_regs_t at = *regs;
    ht_rv_frame_t frame = {.base = HT_RV_FRAME_NONE};
    unsigned inner = top != 0 ? HT_UNWIND_INNER_MAX : 0;
    unsigned count = 0;
    bool sound = ht_range_has(&walk->stack, at.sp, 4) && at.sp % SP_ALIGN == 0;
    if (sound) { frame = find_frame(walk, at.pc, true); }
    while (frame.base != HT_RV_FRAME_NONE && count < max && step(walk, &at, &frame)) {
        if (inner != 0 && at.pc != top) { /* the allocator's own */
            if (--inner == 0) { break; }
            continue;
        }
        inner = 0;
        frames[count++] = at.pc;
    }
    if (count == 0 && top != 0 && max != 0) { frames[count++] = top; }
    return count;
}
