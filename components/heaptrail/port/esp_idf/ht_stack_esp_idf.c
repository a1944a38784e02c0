/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Call stacks. Xtensa: ESP-IDF's backtrace, register windows spilled. Where there are frame pointers
 * (RISC-V with CONFIG_ESP_SYSTEM_USE_FRAME_POINTER; the stand-in): the chain of frames. Elsewhere:
 * the caller alone.
 */
#include <stdbool.h>

#include "ht_port.h"
#include "sdkconfig.h"

/* Frames between us and the entry point, at most: the wrap, the heap's own functions. */
#define INNER_FRAMES_MAX 12U

/* A frame larger than this is taken for the end of the chain. */
#define FRAME_BYTES_MAX 16384U

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

#elif defined(__i386__) || defined(__x86_64__) || \
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

/* The next frame lies above this one, not far, and is aligned; anything else is the end of the chain. */
static inline const uintptr_t *next_frame(const uintptr_t *fp)
{
    uintptr_t next = FRAME_CALLER(fp);
    uintptr_t distance = next - (uintptr_t)fp;
    bool bad = distance == 0 || (distance & ~(uintptr_t)(FRAME_BYTES_MAX - sizeof(uintptr_t))) != 0;
    return bad ? NULL : (const uintptr_t *)next;
}

__attribute__((no_sanitize("address"))) HT_PORT_HOT unsigned
ht_port_stack(uintptr_t *frames, unsigned max, uintptr_t top)
{
    const uintptr_t *fp = __builtin_frame_address(0);
    unsigned count = 0;
    if (top != 0) {
        frames[count++] = top;
        for (unsigned inner = 0; fp != NULL && FRAME_RETURN(fp) != top; inner++) {
            fp = inner < INNER_FRAMES_MAX ? next_frame(fp) : NULL;
        }
        fp = fp != NULL ? next_frame(fp) : NULL;
    }
    while (fp != NULL && count < max) {
        uintptr_t address = FRAME_RETURN(fp);
        if (address == 0) { break; }
        frames[count++] = address;
        fp = next_frame(fp);
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
