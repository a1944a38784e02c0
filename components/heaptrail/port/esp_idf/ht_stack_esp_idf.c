/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Call stacks. Xtensa: ESP-IDF's backtrace, register windows spilled. Where there are frame
 * pointers (RISC-V with CONFIG_ESP_SYSTEM_USE_FRAME_POINTER; the stand-in): the chain of frames.
 * Elsewhere: the caller alone.
 */
#include <stdbool.h>

#include "ht_port.h"
#include "sdkconfig.h"

/* Frames between us and the entry point, at most: the wrap, the heap's own functions. */
#define INNER_FRAMES_MAX 12U

/* A frame larger than this is taken for the end of the chain. */
#define FRAME_BYTES_MAX ((uintptr_t)16384U)

#if defined(__XTENSA__)

#include "esp_debug_helpers.h"

HT_PORT_HOT unsigned ht_port_stack(uintptr_t *frames, unsigned max, uintptr_t top)
{
    esp_backtrace_frame_t frame = {0};
    esp_backtrace_get_start(&frame.pc, &frame.sp, &frame.next_pc);
    unsigned count = 0;
    bool found = top == 0;
    if (top != 0) { frames[count++] = top; }
    for (unsigned i = 0; i < INNER_FRAMES_MAX + max && count < max; i++) {
        if (!esp_backtrace_get_next_frame(&frame)) { break; }
        /* Return addresses carry the window size in their top two bits; `top` does too. */
        if (found) {
            frames[count++] = frame.pc;
        } else if (((frame.pc ^ top) & 0x3fffffffU) == 0) {
            found = true;
        }
    }
    return count;
}

#elif defined(__i386__) || defined(__x86_64__) ||                                                  \
    (defined(__riscv) && CONFIG_ESP_SYSTEM_USE_FRAME_POINTER)

/*
 *   RISC-V              x86
 *   fp -> (caller's)    fp -> [ caller's fp ]
 *   fp[-1] ra           fp[1]  return address
 *   fp[-2] caller's fp
 */
#if defined(__riscv)
#define FRAME_RETURN(fp) ((fp)[-1])
#define FRAME_CALLER(fp) ((fp)[-2])
#else
#define FRAME_RETURN(fp) ((fp)[1])
#define FRAME_CALLER(fp) ((fp)[0])
#endif

/* The next frame lies above this one, not far, and is aligned; anything else is the end of the
 * chain. */
static inline bool is_next(const uintptr_t *fp, uintptr_t next)
{
    const uintptr_t word = sizeof(uintptr_t);
    return ((next - (uintptr_t)fp - word) & ~(FRAME_BYTES_MAX - word)) == 0;
}

/* The frame whose return address is `top`, or NULL: the innermost ones are the allocator's. */
__attribute__((no_sanitize("address"))) static inline const uintptr_t *
find_frame(const uintptr_t *fp, uintptr_t top)
{
    for (unsigned inner = 0; inner < INNER_FRAMES_MAX; inner++) {
        if (FRAME_RETURN(fp) == top) { return fp; }
        uintptr_t next = FRAME_CALLER(fp);
        if (!is_next(fp, next)) { break; }
        fp = (const uintptr_t *)next;
    }
    return NULL;
}

__attribute__((no_sanitize("address"))) HT_PORT_HOT unsigned
ht_port_stack(uintptr_t *frames, unsigned max, uintptr_t top)
{
    const uintptr_t *fp = __builtin_frame_address(0);
    if (top != 0) { fp = find_frame(fp, top); }
    if (fp == NULL) { /* code without frame pointers in between: the caller alone */
        frames[0] = top;
        return 1;
    }
    unsigned count = 0;
    while (count < max) {
        uintptr_t address = FRAME_RETURN(fp);
        if (address == 0) { break; }
        frames[count++] = address;
        uintptr_t next = FRAME_CALLER(fp);
        if (!is_next(fp, next)) { break; }
        fp = (const uintptr_t *)next;
    }
    return count;
}

#else

HT_PORT_HOT unsigned ht_port_stack(uintptr_t *frames, unsigned max, uintptr_t top)
{
    if (max == 0 || top == 0) { return 0; }
    frames[0] = top;
    return 1;
}

#endif
