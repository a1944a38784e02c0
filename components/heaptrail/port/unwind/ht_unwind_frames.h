/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_unwind_frames.h
 * The chain of frame pointers, inline: it is on the hot path of every allocation.
 *
 *   RISC-V              x86
 *   fp -> (caller's)    fp -> [ caller's fp ]
 *   fp[-1] ra           fp[1]  return address
 *   fp[-2] caller's fp
 *
 * Each frame must lie above the one inside it, aligned, with both of its words on the stack;
 * anything else is the end. So the walk never faults, and ends, whatever the words are.
 */
#pragma once

#include "ht_unwind.h"

#define HT_FRAME_WORD sizeof(uintptr_t)

#if defined(HT_UNWIND_RISCV_FRAMES) || defined(__riscv)
#define HT_FRAME_BELOW 2 /* words of a frame below its fp */
#define HT_FRAME_RETURN (-1)
#define HT_FRAME_CALLER (-2)
#else
#define HT_FRAME_BELOW 0
#define HT_FRAME_RETURN 1
#define HT_FRAME_CALLER 0
#endif
#define HT_FRAME_ABOVE (2 - HT_FRAME_BELOW)

__attribute__((no_sanitize("address"))) static inline uintptr_t ht_frame_word(uintptr_t fp,
                                                                              int index)
{
    return ((const volatile uintptr_t *)HT_UNWIND_AT(fp))[index];
}

/* Does a frame lie there, above `low`? `last` is the highest that fits. */
static inline bool ht_frame_fits(uintptr_t fp, uintptr_t low, uintptr_t last)
{
    return fp > low && fp <= last && fp % HT_FRAME_WORD == 0;
}

/** The frame of the function that this is inlined in. (RISC-V: one that saves no ra, or only on
 * some ways, would have a frame of another shape.) */
__attribute__((always_inline)) static inline uintptr_t ht_frame_here(void)
{
#if defined(__riscv)
    __asm__ volatile("" ::: "ra");
#endif
    uintptr_t fp = (uintptr_t)__builtin_frame_address(0);
    __asm__ volatile("" : "+r"(fp)); /* now, and not after sp was read */
    return fp;
}

/* From the frame at *fp on, the one that returns to `top`, at most `inner` frames further: the
 * innermost ones are the allocator's. False: the chain ends before, or the stack is too small for a
 * frame, empty ({0, 0}) included: then no fp lies above `low` and not above `last`. */
__attribute__((always_inline)) static inline bool
ht_frame_find(const ht_range_t *stack, uintptr_t *fp, uintptr_t top, unsigned inner, uintptr_t last)
{
    uintptr_t low = stack->low + HT_FRAME_BELOW * HT_FRAME_WORD - 1U;
    bool fits = ht_frame_fits(*fp, low, last);
    while (fits && inner != 0 && ht_frame_word(*fp, HT_FRAME_RETURN) != top) {
        uintptr_t next = ht_frame_word(*fp, HT_FRAME_CALLER);
        fits = --inner != 0 && ht_frame_fits(next, *fp, last);
        *fp = next;
    }
    return fits;
}

/**
 * Record return addresses from the frame at fp outwards; see ht_port_stack() for frames, max, top.
 * `stack` is the part of the stack in use: no word outside of it is read. O(max), and at most
 * HT_UNWIND_INNER_MAX frames more.
 */
static inline unsigned ht_unwind_frames(const ht_range_t *stack, uintptr_t fp, uintptr_t top,
                                        uintptr_t *frames, unsigned max)
{
    unsigned count = 0;
    uintptr_t last = stack->high - HT_FRAME_ABOVE * HT_FRAME_WORD;
    bool fits = ht_frame_find(stack, &fp, top, top != 0 ? HT_UNWIND_INNER_MAX : 0, last);
    while (fits && count < max) {
        uintptr_t address = ht_frame_word(fp, HT_FRAME_RETURN);
        if (address == 0) { break; }
        frames[count++] = address;
        uintptr_t next = ht_frame_word(fp, HT_FRAME_CALLER);
        fits = ht_frame_fits(next, fp, last);
        fp = next;
    }
    if (count == 0 && top != 0 && max != 0) { /* code without frame pointers in between */
        frames[count++] = top;
    }
    return count;
}

/** The same without recording, `top` not 0: would it be exactly these frames, `count` of them? Not
 * for a stack that is the caller alone. */
static inline bool ht_unwind_frames_are(const ht_range_t *stack, uintptr_t fp, uintptr_t top,
                                        const uintptr_t *frames, unsigned count, unsigned max)
{
    const uintptr_t *const end = frames + count;
    uintptr_t last = stack->high - HT_FRAME_ABOVE * HT_FRAME_WORD;
    bool fits = ht_frame_find(stack, &fp, top, top != 0 ? HT_UNWIND_INNER_MAX : 0, last);
    if (!fits) { return false; }
    while (fits && frames != end && ht_frame_word(fp, HT_FRAME_RETURN) == *frames) {
        frames++;
        uintptr_t next = ht_frame_word(fp, HT_FRAME_CALLER);
        fits = ht_frame_fits(next, fp, last);
        fp = next;
    }
    return frames == end && (count == max || !fits || ht_frame_word(fp, HT_FRAME_RETURN) == 0);
}
