// SPDX-License-Identifier: Apache-2.0
/** Backtraces of Xtensa chips. Declarations only: nothing here has register windows. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint32_t pc;
    uint32_t sp;
    uint32_t next_pc;
    const void *exc_frame;
} esp_backtrace_frame_t;

/** Spills the register windows. pc and sp are the caller's caller's frame, next_pc where that
 * returns to. */
void esp_backtrace_get_start(uint32_t *pc, uint32_t *sp, uint32_t *next_pc);
bool esp_backtrace_get_next_frame(esp_backtrace_frame_t *frame);

#ifdef __cplusplus
}
#endif
