/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_unwind_xtensa.h"

#define SAVE_AREA_BYTES 16U
#define SAVED_A0 16U
#define SAVED_A1 12U
#define SP_ALIGN 16U

/* A call is three bytes long: the return address is behind it. */
#define CALL_BYTES 3U

/* May the save area below this sp be read? */
static inline bool is_sane(const ht_range_t *stack, uint32_t sp)
{
    return sp % SP_ALIGN == 0 && sp > stack->low && sp <= stack->high &&
           sp - stack->low >= SAVE_AREA_BYTES;
}

/* To the caller's frame. False: this was the outermost, or what is saved is none. */
static HT_PORT_HOT bool next_frame(const ht_range_t *stack, ht_is_code_fn is_code,
                                   ht_xtensa_frame_t *frame)
{
    if (frame->next_pc == 0 || !is_sane(stack, frame->sp)) { return false; }
    uint32_t sp = ht_unwind_word(frame->sp - SAVED_A1);
    frame->pc = frame->next_pc;
    frame->next_pc = ht_unwind_word(frame->sp - SAVED_A0);
    bool above = sp > frame->sp && is_sane(stack, sp);
    frame->sp = sp;
    return above && is_code(ht_xtensa_address(frame->pc) - CALL_BYTES);
}

HT_PORT_HOT unsigned ht_unwind_xtensa(const ht_range_t *stack, const ht_xtensa_frame_t *first,
                                      ht_is_code_fn is_code, uintptr_t top, uintptr_t *frames,
                                      unsigned max)
{
    ht_xtensa_frame_t frame = *first;
    unsigned inner = top != 0 ? HT_UNWIND_INNER_MAX : 0;
    unsigned count = 0;
    while (count < max && next_frame(stack, is_code, &frame)) {
        uintptr_t address = ht_xtensa_address(frame.pc);
        if (inner != 0 && address != ht_xtensa_address((uint32_t)top)) { /* the allocator's own */
            if (--inner == 0) { break; }
            continue;
        }
        frames[count++] = inner != 0 ? top : address;
        inner = 0;
    }
    if (count == 0 && top != 0 && max != 0) { frames[count++] = top; }
    return count;
}
