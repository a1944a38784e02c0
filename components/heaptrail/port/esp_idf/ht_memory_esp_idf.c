/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What is known of an address: the heap's header in front of a block, a task's stack, a kind of
 * memory. */
#include <stddef.h>

#include "esp_memory_utils.h"
#include "ht_bounds.h"
#include "ht_port.h"

/*
 * TLSF's header, one word in front of a block (the same in the ROM's, and in the stand-in's heap):
 *
 *     [ size | P F ][ block ... ]        F: this block is free, P: the one before it is
 *
 * With poisoning, task tracking or KASAN something else lies in between, and nothing is looked at.
 */
#if defined(CONFIG_HEAP_POISONING_LIGHT) || defined(CONFIG_HEAP_POISONING_COMPREHENSIVE) ||        \
    defined(CONFIG_HEAP_TASK_TRACKING) || defined(CONFIG_COMPILER_KASAN)
#define HEADER_IN_FRONT 0
#else
#define HEADER_IN_FRONT 1
#endif

#define HEADER_FREE ((size_t)1)
#define HEADER_FLAGS ((size_t)3)

/* TLSF's smallest block; and what it leaves to a block because it is too little for one more
 * (block_can_split()). */
#define LEAST_BYTES (3U * sizeof(size_t))
#define SPLIT_BYTES (4U * sizeof(size_t))

/* A request in memory behind a cache is rounded up to a line (esp_heap_adjust_alignment_to_hw()).
 */
#define LINE_BYTES_MAX ((uintptr_t)128U)

/* The word may change while we look: the other core frees the block before, which sets a flag. */
__attribute__((no_sanitize("thread"))) static HT_PORT_HOT size_t read_header(const void *raw)
{
    return ((const volatile size_t *)raw)[-1];
}

/* IRAM aliases of D/IRAM: in front of them lies the address of their DRAM. */
static inline bool is_alias(const void *raw)
{
    return esp_ptr_in_diram_iram(raw) || esp_ptr_in_rtc_iram_fast(raw);
}

/*
 * The most that a block of a request can have. The tracker knows its request but for the last word,
 * and for the line that it leaves between an aligned block and its tail. A request is rounded up to
 * the alignment that the hardware wants, which its address shows; then to a boundary of TLSF's
 * lists, of which there are at least eight per power of two (mapping_search()); and up to
 * SPLIT_BYTES are not split off. What realloc() shrinks or grows in place is trimmed to less.
 */
static HT_PORT_HOT size_t most_bytes(const void *raw, size_t bytes)
{
    uintptr_t align = (uintptr_t)raw & (0U - (uintptr_t)raw);
    if (align > LINE_BYTES_MAX) { align = LINE_BYTES_MAX; }
    size_t asked = bytes + sizeof(size_t) - 1U;
    if (align > HT_PORT_ALIGN) { asked += ht_port_dma_line(UINT32_MAX); }
    size_t rounded = (asked + align - 1U) & ~(size_t)(align - 1U);
    if (rounded < LEAST_BYTES) { rounded = LEAST_BYTES; }
    return rounded + rounded / 8U + SPLIT_BYTES;
}

HT_PORT_HOT bool ht_port_header_ok(const void *raw, size_t bytes)
{
    if (!HEADER_IN_FRONT || is_alias(raw)) { return true; }
    size_t header = read_header(raw);
    size_t size = header & ~HEADER_FLAGS;
    return (header & HEADER_FREE) == 0 && size % sizeof(size_t) == 0 && size >= bytes &&
           size <= most_bytes(raw, bytes);
}

/* --- stacks ------------------------------------------------------------------------------------
 */

bool ht_port_task_stack(uintptr_t key, ht_port_task_stack_t *stack)
{
    if (key < HT_KEY_FIRST_TASK) { return false; }
    TaskHandle_t task = (TaskHandle_t)key;
    stack->low = ht_port_stack_start(key);
    uintptr_t end = HT_PORT_STACK_TELLS_TASK ? ht_bounds_task_end(key) : 0;
    stack->bytes = end > stack->low ? end - stack->low : SIZE_MAX;
    stack->margin_known = true;
    stack->margin_bytes = (size_t)uxTaskGetStackHighWaterMark(task) * sizeof(StackType_t);
    return stack->low != 0;
}

/* In the frames of the caller's callers: the task's up to the end of its stack; of an interrupt
 * handler or of the start-up, whose stack nobody can tell, some. */
static bool is_on_this_stack(uintptr_t address)
{
    const uintptr_t some = 4096U;
    uintptr_t here = ht_port_stack_pointer();
    uintptr_t key = ht_port_task_key();
    if (key < HT_KEY_FIRST_TASK) { return address - here < some; }
    uintptr_t end = ht_bounds_task_end(key);
    return address >= here && address < end;
}

/* --- kinds of memory ---------------------------------------------------------------------------
 */

/* Code in RAM, where RAM is one memory for code and data (most RISC-V chips). */
extern const char _iram_start[] __attribute__((weak));
extern const char _iram_end[] __attribute__((weak));

static bool is_code_in_ram(uintptr_t address)
{
    return address - (uintptr_t)_iram_start < (uintptr_t)_iram_end - (uintptr_t)_iram_start;
}

ht_port_place_t ht_port_place(uintptr_t address)
{
    const void *p = (const void *)address;
    if (is_on_this_stack(address)) { return HT_PORT_PLACE_STACK; }
    if (esp_ptr_external_ram(p)) { return HT_PORT_PLACE_OTHER; }
    if (is_code_in_ram(address) || esp_ptr_in_drom(p)) { return HT_PORT_PLACE_READ_ONLY; }
    if (esp_ptr_in_dram(p) || esp_ptr_in_rtc_dram_fast(p) || esp_ptr_in_rtc_slow(p)) {
        return HT_PORT_PLACE_STATIC;
    }
    return esp_ptr_executable(p) ? HT_PORT_PLACE_READ_ONLY : HT_PORT_PLACE_UNKNOWN;
}
