/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Call stacks, by what the code has. Xtensa: its register windows, spilled. Frame pointers (RISC-V
 * with CONFIG_ESP_SYSTEM_USE_FRAME_POINTER; the stand-in): their chain. RISC-V without them: what
 * the code itself says, with CONFIG_HEAPTRAIL_STACK_SCAN. Else, and on a stack whose end is not
 * known: the caller alone. The walks are in port/unwind.
 */
#include "ht_bounds.h"
#include "ht_port.h"
#include "sdkconfig.h"

/* The caller alone. */
static inline unsigned only(uintptr_t *frames, unsigned max, uintptr_t top)
{
    if (max == 0 || top == 0) { return 0; }
    frames[0] = top;
    return 1;
}

#if defined(__XTENSA__)

#include "esp_debug_helpers.h"
#include "ht_unwind_xtensa.h"

static HT_PORT_HOT bool is_code(uint32_t address)
{
    return esp_ptr_executable((const void *)address);
}

HT_PORT_HOT unsigned ht_port_stack(uintptr_t *frames, unsigned max, uintptr_t top)
{
    ht_range_t stack;
    if (max <= 1 && top != 0) { return only(frames, max, top); }
    if (!ht_bounds_in_use(ht_port_stack_pointer(), &stack)) { return only(frames, max, top); }
    ht_xtensa_frame_t first;
    esp_backtrace_get_start(&first.pc, &first.sp, &first.next_pc); /* the caller of this function */
    if (top == 0 && is_code(ht_xtensa_address(first.pc))) {
        frames[0] = ht_xtensa_address(first.pc);
        return 1U + ht_unwind_xtensa(&stack, &first, is_code, 0, &frames[1], max - 1U);
    }
    return ht_unwind_xtensa(&stack, &first, is_code, top, frames, max);
}

#elif defined(__i386__) || defined(__x86_64__) ||                                                  \
    (defined(__riscv) && defined(CONFIG_ESP_SYSTEM_USE_FRAME_POINTER))

#include "ht_unwind_frames.h"

__attribute__((no_sanitize("address"))) HT_PORT_HOT unsigned
ht_port_stack(uintptr_t *frames, unsigned max, uintptr_t top)
{
    ht_range_t stack;
    uintptr_t fp = ht_frame_here(); /* before sp is read: the frame lies above it */
    if (!ht_bounds_in_use(ht_port_stack_pointer(), &stack)) { return only(frames, max, top); }
    return ht_unwind_frames(&stack, fp, top, frames, max);
}

__attribute__((no_sanitize("address"))) HT_PORT_HOT bool
ht_port_stack_is(const uintptr_t *frames, unsigned count, unsigned max, uintptr_t top)
{
    ht_range_t stack;
    uintptr_t fp = ht_frame_here(); /* before sp is read: the frame lies above it */
    return ht_bounds_are_kept(ht_port_stack_pointer(), &stack) &&
           ht_unwind_frames_are(&stack, fp, top, frames, count, max);
}

#elif defined(__riscv) && HT_CONFIG_STACK_SCAN

#include "esp_private/cache_utils.h"
#include "ht_unwind_riscv.h"
#include "soc/soc.h"

/* Instructions that one walk may read to learn what it does not know yet. */
#define LEARN_BUDGET 4096U

/* Where code lies: names of ESP-IDF's linker scripts, and the ROM. */
extern const char _text_start[] __attribute__((weak)), _text_end[] __attribute__((weak));
extern const char _iram_text_start[] __attribute__((weak)), _iram_text_end[] __attribute__((weak));
extern const char _tcm_text_start[] __attribute__((weak)), _tcm_text_end[] __attribute__((weak));

static const ht_range_t s_text[] = {
    {(uintptr_t)_text_start, (uintptr_t)_text_end},
    {(uintptr_t)_iram_text_start, (uintptr_t)_iram_text_end},
#if defined(SOC_IROM_MASK_LOW)
    {SOC_IROM_MASK_LOW, SOC_IROM_MASK_HIGH},
#endif
    {(uintptr_t)_tcm_text_start, (uintptr_t)_tcm_text_end}, /* ESP32-P4's; elsewhere the end */
    {0, 0},
};

static ht_rv_memo_t s_memo[CONFIG_HEAPTRAIL_STACK_SCAN_ENTRIES];

/* Learning runs from flash, and reads it. */
static HT_PORT_HOT bool may_learn(void)
{
    return spi_flash_cache_enabled();
}

HT_PORT_HOT unsigned ht_port_stack(uintptr_t *frames, unsigned max, uintptr_t top)
{
    ht_rv_regs_t regs;
    __asm__ volatile("auipc %0, 0\n\tmv %1, sp\n\tmv %2, s0"
                     : "=&r"(regs.pc), "=&r"(regs.sp), "=&r"(regs.s0));
    ht_rv_walk_t walk = {.code = {.text = s_text, .budget = LEARN_BUDGET},
                         .may_learn = may_learn,
                         .memo = s_memo,
                         .memo_entries = CONFIG_HEAPTRAIL_STACK_SCAN_ENTRIES};
    if (!ht_bounds_in_use(regs.sp, &walk.stack)) { return only(frames, max, top); }
    unsigned count = ht_unwind_riscv(&walk, &regs, top, frames, max);
    __asm__ volatile("" ::: "memory"); /* a jump in place of that call would leave no frame */
    return count;
}

#else

HT_PORT_HOT unsigned ht_port_stack(uintptr_t *frames, unsigned max, uintptr_t top)
{
    return only(frames, max, top);
}

#endif
