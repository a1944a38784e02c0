/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_riscv_frame.h"

/* Branches of one function that are remembered. */
#define WAYS_MAX 24U

/* Jumps that one way out may take: more is a loop. */
#define JUMPS_MAX 8U

/* Code that sets up a frame, at most; how far before a pc it is searched. */
#define ENTRY_INSTRUCTIONS 28U
#define SEARCH_BYTES 512U

#define NOT_SEEN INT32_MIN

/* How far a walk through the code got. Offsets are from sp, or from s0, as they were at its start.
 */
typedef struct {
    uintptr_t pc;
    int32_t moved; /* what was added to sp */
    int32_t ra_at;
    int32_t s0_at;
    int32_t values[4]; /* constants: in t0, t1, t2, */
    uint32_t reg;      /* and in the register that was last made one; 0: none */
    uint32_t known;    /* which of the four are good, a bit each */
    uint32_t jumps;
    bool by_s0;     /* sp was taken from s0 */
    bool s0_stored; /* s0 is saved later on: it is the caller's still */
} trail_t;

/* The branches that were met, in that order, and where to go on if no way so far was one. */
typedef struct {
    uintptr_t branches[WAYS_MAX];
    uintptr_t targets[WAYS_MAX];
    uint32_t count;
    uint32_t tried;
} ways_t;

static const ht_rv_frame_t s_unknown = {.base = HT_RV_FRAME_UNKNOWN};

static inline void start(trail_t *trail, uintptr_t pc)
{
    *trail = (trail_t){.pc = pc, .ra_at = NOT_SEEN, .s0_at = NOT_SEEN};
}

/* --- constants ---------------------------------------------------------------------------------
 */

/* Frames beyond 2 KB and far jumps: lui reg / auipc reg; addi reg, reg, ...; add sp, sp, reg. gcc
 * takes t0 and t1, and puts other constants in between; clang takes any. */
#define OTHER_CONSTANT 3U

static inline uint32_t slot_of(uint32_t reg)
{
    return reg >= HT_RV_T0 && reg < HT_RV_T0 + OTHER_CONSTANT ? reg - HT_RV_T0 : OTHER_CONSTANT;
}

static inline bool knows(const trail_t *trail, uint32_t reg)
{
    uint32_t slot = slot_of(reg);
    return (trail->known >> slot & 1U) != 0 && (slot != OTHER_CONSTANT || trail->reg == reg);
}

static inline uint32_t value_of(const trail_t *trail, uint32_t reg)
{
    return (uint32_t)trail->values[slot_of(reg)];
}

static inline void note_constant(trail_t *trail, const ht_rv_t *is)
{
    uint32_t slot = slot_of(is->reg);
    bool known = knows(trail, is->reg);
    if (is->kind == HT_RV_SET && is->reg != HT_RV_ZERO) {
        trail->known |= 1U << slot;
        trail->values[slot] = is->value;
        if (slot == OTHER_CONSTANT) { trail->reg = is->reg; }
    } else if (known && is->kind == HT_RV_ADD) {
        trail->values[slot] = (int32_t)(value_of(trail, is->reg) + (uint32_t)is->value);
    } else if (known && (is->kind == HT_RV_OTHER || is->kind == HT_RV_LOAD)) {
        trail->known &= ~(1U << slot);
    } else if (is->kind == HT_RV_CALL || is->kind == HT_RV_CALL_REG) {
        trail->known = 0; /* none of these registers outlives a call */
    }
}

/* sp moves. False: nobody knows where to. */
static inline bool move_sp(trail_t *trail, const ht_rv_t *is)
{
    int32_t by = is->value;
    if (is->kind == HT_RV_SP_OTHER) { return false; }
    if (is->kind == HT_RV_SP_ADD_REG || is->kind == HT_RV_SP_SUB_REG) {
        if (!knows(trail, is->reg)) { return false; }
        uint32_t value = value_of(trail, is->reg);
        by = (int32_t)(is->kind == HT_RV_SP_ADD_REG ? value : 0U - value);
    } else if (is->kind == HT_RV_SP_FROM_S0) {
        trail->by_s0 = true;
        trail->moved = 0;
        trail->ra_at = trail->s0_at = NOT_SEEN;
    }
    /* No sum of two of these can overflow. */
    if (by > (1 << 21) || by < -(1 << 21) || trail->moved > (1 << 21)) { return false; }
    trail->moved += by;
    return true;
}

static inline bool is_sp(ht_rv_kind_t kind)
{
    return kind >= HT_RV_SP_ADD && kind <= HT_RV_SP_OTHER;
}

/* --- by the way out ----------------------------------------------------------------------------
 */

/* ra is back, and the frame is gone. */
static inline bool is_out(const trail_t *trail)
{
    return trail->ra_at != NOT_SEEN && trail->moved > trail->ra_at;
}

static inline uint32_t words_below(int32_t top, int32_t at)
{
    return at == NOT_SEEN ? 0 : (uint32_t)(top - at) / 4U;
}

static ht_rv_frame_t frame_of(const trail_t *trail)
{
    int32_t top = trail->moved;
    uint32_t ra = words_below(top, trail->ra_at);
    uint32_t s0 = words_below(top, trail->s0_at);
    bool fits = top >= 0 && top % 4 == 0 && (uint32_t)top / 4U < 1U << 18 &&
                trail->ra_at % 4 == 0 && ra - 1U < 63U && s0 < 64U;
    if (!fits) { return s_unknown; }
    ht_rv_frame_t frame = {.base = trail->by_s0 ? HT_RV_FRAME_S0 : HT_RV_FRAME_SP,
                           .ra_below = ra & 0x3FU,
                           .s0_below = s0 & 0x3FU,
                           .size = ((uint32_t)top / 4U) & 0x3FFFFU};
    return frame;
}

/* The word at sp + value becomes ra or s0: where was that? */
static inline void note_load(trail_t *trail, uint32_t reg, int32_t offset)
{
    if (reg == HT_RV_RA) {
        trail->ra_at = offset;
    } else if (!trail->s0_stored) {
        trail->s0_at = offset;
    }
}

/* Zcmp: the highest register lies on top, ra lowest. */
static inline void note_pop(trail_t *trail, const ht_rv_t *is)
{
    int32_t top = trail->moved + is->value;
    int32_t lowest = top - 4 * (int32_t)(is->reg + 1U);
    note_load(trail, HT_RV_RA, lowest);
    if (is->reg != 0) { note_load(trail, HT_RV_S0, lowest + 4); }
    trail->moved = top;
}

typedef enum { WAY_GOES_ON, WAY_IS_OUT, WAY_ENDS } way_t;

/* A jump: out of the function if the frame is gone, else within it, or to what restores registers
 * for it. */
static inline way_t follow_jump(trail_t *trail, const ht_rv_t *is)
{
    if (is_out(trail)) { return WAY_IS_OUT; }
    if (is->kind == HT_RV_JUMP_REG && !knows(trail, is->reg)) { return WAY_ENDS; }
    if (++trail->jumps > JUMPS_MAX) { return WAY_ENDS; }
    trail->pc = is->kind == HT_RV_JUMP
                    ? is->target
                    : (uintptr_t)(value_of(trail, is->reg) + (uint32_t)is->value);
    return WAY_GOES_ON;
}

/* One instruction further. What sets a frame up is another function's: this way ran out of ours. */
static way_t follow(trail_t *trail, const ht_rv_t *is)
{
    if (is->kind == HT_RV_JUMP || is->kind == HT_RV_JUMP_REG) { return follow_jump(trail, is); }
    trail->pc += is->bytes;
    note_constant(trail, is);
    if (is_sp(is->kind)) {
        return move_sp(trail, is) && (is->value >= 0 || is->kind != HT_RV_SP_ADD) ? WAY_GOES_ON
                                                                                  : WAY_ENDS;
    }
    if (is->kind == HT_RV_LOAD) {
        note_load(trail, is->reg, trail->moved + is->value);
    } else if (is->kind == HT_RV_STORE) {
        if (is->reg == HT_RV_RA) { return WAY_ENDS; }
        trail->s0_stored = true;
    } else if (is->kind == HT_RV_POP || is->kind == HT_RV_POP_RETURN) {
        note_pop(trail, is);
        return is->kind == HT_RV_POP ? WAY_GOES_ON : WAY_IS_OUT;
    }
    bool ours = is->kind != HT_RV_BAD && is->kind != HT_RV_SAVE_CALL && is->kind != HT_RV_PUSH;
    return ours ? WAY_GOES_ON : WAY_ENDS;
}

/* A branch: its other way, for later. False: it was met before, and this way is a loop. Where the
 * frame is being left there is no other way that matters. */
static inline bool remember(ways_t *ways, const trail_t *trail, const ht_rv_t *branch)
{
    if (trail->moved != 0 || trail->ra_at != NOT_SEEN) { return true; }
    for (uint32_t i = 0; i < ways->count; i++) {
        if (ways->branches[i] == trail->pc) { return false; }
    }
    if (ways->count < WAYS_MAX) {
        ways->branches[ways->count] = trail->pc;
        ways->targets[ways->count++] = branch->target;
    }
    return true;
}

/* The next instruction on the trail, whatever it is. */
static way_t next(ht_rv_code_t *code, ways_t *ways, trail_t *trail)
{
    ht_rv_t is;
    if (!ht_rv_decode(code, trail->pc, &is)) { return WAY_ENDS; }
    if (is.kind == HT_RV_BRANCH && !remember(ways, trail, &is)) { return WAY_ENDS; }
    return follow(trail, &is);
}

ht_rv_frame_t ht_rv_frame_by_exit(ht_rv_code_t *code, uintptr_t pc)
{
    ways_t ways = {.count = 0, .tried = 0};
    trail_t trail;
    start(&trail, pc);
    while (code->budget != 0) {
        way_t way = next(code, &ways, &trail);
        if (way == WAY_IS_OUT) { return frame_of(&trail); }
        if (way == WAY_ENDS) {
            if (ways.tried == ways.count) { break; }
            start(&trail, ways.targets[ways.tried++]);
        }
    }
    return s_unknown;
}

/* --- by the way in -----------------------------------------------------------------------------
 */

/* -msave-restore: a function saves registers for others, called by t0, and returns by it. */
static inline bool follow_entry(trail_t *trail, const ht_rv_t *is, uintptr_t *back)
{
    if (is->kind == HT_RV_SAVE_CALL && *back == 0) {
        *back = trail->pc + is->bytes;
        trail->pc = is->target;
        return true;
    }
    if (is->kind == HT_RV_JUMP_REG && is->reg == HT_RV_T0 && *back != 0) {
        trail->pc = *back;
        *back = 0;
        return true;
    }
    if (is->kind == HT_RV_JUMP && *back != 0) { /* from one saver into another */
        trail->pc = is->target;
        return true;
    }
    trail->pc += is->bytes;
    note_constant(trail, is);
    if (is_sp(is->kind)) { return is->kind != HT_RV_SP_FROM_S0 && move_sp(trail, is); }
    if (is->kind == HT_RV_STORE) {
        int32_t at = trail->moved + is->value;
        if (is->reg == HT_RV_RA) {
            trail->ra_at = at;
        } else {
            trail->s0_at = at;
        }
    } else if (is->kind == HT_RV_PUSH) {
        int32_t lowest = trail->moved - 4 * (int32_t)(is->reg + 1U);
        trail->ra_at = lowest;
        if (is->reg != 0) { trail->s0_at = lowest + 4; }
        trail->moved += is->value;
    }
    return is->kind == HT_RV_OTHER || is->kind == HT_RV_SET || is->kind == HT_RV_ADD ||
           is->kind == HT_RV_STORE || is->kind == HT_RV_PUSH;
}

ht_rv_frame_t ht_rv_frame_by_entry(ht_rv_code_t *code, uintptr_t entry, uintptr_t pc)
{
    trail_t trail;
    ht_rv_t is;
    uintptr_t back = 0;
    start(&trail, entry);
    for (unsigned i = 0; i < ENTRY_INSTRUCTIONS && trail.pc != pc; i++) {
        if (!ht_rv_decode(code, trail.pc, &is) || !follow_entry(&trail, &is, &back)) { break; }
    }
    if (trail.ra_at == NOT_SEEN || trail.moved >= 0) { return s_unknown; }
    /* From the top down to from the bottom up. */
    trail.ra_at -= trail.moved;
    if (trail.s0_at != NOT_SEEN) { trail.s0_at -= trail.moved; }
    trail.moved = -trail.moved;
    return frame_of(&trail);
}

ht_rv_frame_t ht_rv_frame_by_search(ht_rv_code_t *code, uintptr_t pc)
{
    for (uintptr_t at = pc - 2U; at != pc - SEARCH_BYTES && code->budget != 0; at -= 2U) {
        ht_rv_t is;
        if (!ht_rv_decode(code, at, &is)) { continue; } /* half of an instruction, perhaps */
        bool begins = (is.kind == HT_RV_SP_ADD && is.value < 0) || is.kind == HT_RV_PUSH ||
                      is.kind == HT_RV_SAVE_CALL;
        if (!begins) { continue; }
        ht_rv_frame_t frame = ht_rv_frame_by_entry(code, at, pc);
        if (frame.base != HT_RV_FRAME_UNKNOWN) { return frame; }
    }
    return s_unknown;
}
