/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The inline half of the port to ESP-IDF's chips; the contract is ht_port.h.
 *
 * The lock masks interrupts on this core and then spins on one word. It is what
 * portENTER_CRITICAL_SAFE does less its nesting count, its owner check and its call out of line,
 * none of which the tracker needs: it never nests, and it is held for a constant time. Why not
 * portENTER_CRITICAL_SAFE: DESIGN.md.
 *
 * On RISC-V it masks with one instruction, mstatus.MIE, where FreeRTOS sets the interrupt
 * controller's threshold in some forty. That masks the interrupts above FreeRTOS's level as well,
 * for the same constant time, so that one of those may allocate too.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "esp_attr.h"
#include "esp_cpu.h"
#include "esp_idf_version.h"
#include "esp_memory_utils.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "ht_caps.h"
#include "ht_config.h"
#include "soc/soc_caps.h"

#if HT_CONFIG_HOT_IN_FLASH
#define HT_PORT_HOT
#define HT_PORT_HOT_DATA
#else
#define HT_PORT_HOT IRAM_ATTR
#define HT_PORT_HOT_DATA DRAM_ATTR
#endif
#define HT_PORT_NOINIT __NOINIT_ATTR
/* What these do for the hot path they do in IRAM, also where the optimiser inlines nothing. */
#define HT_PORT_INLINE static inline __attribute__((always_inline))
#ifdef CONFIG_HEAPTRAIL_COREDUMP
#define HT_PORT_STATE COREDUMP_DRAM_ATTR
#else
#define HT_PORT_STATE
#endif
#if defined(__riscv)
#define HT_PORT_LEAF __attribute__((noinline))
#else
#define HT_PORT_LEAF inline __attribute__((always_inline))
#endif

/* ESP-IDF's heaps round to a word (heap_caps_base.c, TLSF's ALIGN_SIZE), whatever the compiler
 * thinks that malloc() promises. */
#if UINTPTR_MAX > 0xffffffffU /* only the stand-in */
typedef uint64_t ht_tick_t;
#define HT_PORT_ALIGN 8U
#else
typedef uint32_t ht_tick_t;
#define HT_PORT_ALIGN 4U
#endif

#define HT_PORT_SEES_ALL 1
#define HT_PORT_TRACES HT_CONFIG_TRACE
#define HT_PORT_CORES ((unsigned)SOC_CPU_CORES_NUM)
#define HT_PORT_EMPTY_BLOCKS 0
#if defined(__i386__) || defined(__x86_64__) ||                                                    \
    (defined(__riscv) && defined(CONFIG_ESP_SYSTEM_USE_FRAME_POINTER))
#define HT_PORT_COMPARES_STACKS 1
#endif
#define HT_PORT_LARGE_BLOCKS 0 /* 32 MiB: more than any heap of a chip, headers included */

typedef struct {
    volatile uint32_t taken;
} ht_port_lock_t;
typedef uint32_t ht_port_irq_t;

#if defined(__riscv)
#define HT_MSTATUS_MIE 8U /* interrupts are enabled; RISC-V Privileged Architecture, 3.1.6.1 */

HT_PORT_INLINE ht_port_irq_t ht_port_mask(void)
{
    ht_port_irq_t old;
    __asm__ volatile("csrrci %0, mstatus, %1" : "=r"(old) : "i"(HT_MSTATUS_MIE) : "memory");
    return old;
}

HT_PORT_INLINE void ht_port_unmask(ht_port_irq_t old)
{
    /* As it was, all of it: nothing else in there changes while interrupts are masked. */
    __asm__ volatile("csrw mstatus, %0" ::"r"(old) : "memory");
}
#else
HT_PORT_INLINE ht_port_irq_t ht_port_mask(void)
{
    return (ht_port_irq_t)portSET_INTERRUPT_MASK_FROM_ISR();
}

HT_PORT_INLINE void ht_port_unmask(ht_port_irq_t old)
{
    portCLEAR_INTERRUPT_MASK_FROM_ISR(old);
}
#endif

HT_PORT_INLINE ht_port_irq_t ht_port_lock(ht_port_lock_t *lock)
{
    ht_port_irq_t irq = ht_port_mask();
#if SOC_CPU_CORES_NUM > 1
    while (!esp_cpu_compare_and_set(&lock->taken, 0, 1)) {}
#else
    (void)lock;
#endif
    return irq;
}

HT_PORT_INLINE void ht_port_unlock(ht_port_lock_t *lock, ht_port_irq_t irq)
{
#if SOC_CPU_CORES_NUM > 1
    __atomic_store_n(&lock->taken, 0U, __ATOMIC_RELEASE);
#else
    (void)lock;
#endif
    ht_port_unmask(irq);
}

/* Where the component's own CMakeLists.txt has the linker tell us of each tick they are counted, in
 * ht_wrap_tick.c. The stand-in with threads has no ticks that happen, only a time. */
#if HT_CONFIG_WRAP &&                                                                              \
    ((defined(ESP_PLATFORM) && defined(CONFIG_HEAPTRAIL_WRAP)) || (defined(SIM_BARE) && SIM_BARE))
#define HT_PORT_COUNTS_TICKS 1

extern volatile ht_tick_t ht_port_ticks;

/* Take FreeRTOS's word for it if it is ahead: then the linker does not tell us. A task. */
void ht_port_mind_ticks(void);

HT_PORT_INLINE ht_tick_t ht_port_tick(void)
{
    return ht_port_ticks;
}

/* The last step of a free calls nothing: it can be part of the first. */
#define HT_PORT_END inline __attribute__((always_inline))
#else
#define HT_PORT_COUNTS_TICKS 0
#define HT_PORT_END HT_PORT_LEAF

HT_PORT_INLINE void ht_port_mind_ticks(void)
{
}

HT_PORT_INLINE ht_tick_t ht_port_tick(void)
{
    return (ht_tick_t)xTaskGetTickCount();
}
#endif

/** Counts cycles, whatever the frequency is just now; stops in light sleep. */
HT_PORT_INLINE uint32_t ht_port_clock(void)
{
    return (uint32_t)esp_cpu_get_cycle_count();
}

HT_PORT_INLINE unsigned ht_port_core(void)
{
    return (unsigned)esp_cpu_get_core_id();
}

#if defined(ESP_PLATFORM) && !defined(CONFIG_FREERTOS_SMP)
/*
 * FreeRTOS's own variable (tasks.c; the SMP kernel has another one on a single core), since
 * xTaskGetCurrentTaskHandle() is in flash from ESP-IDF 6.0 on. Masked, so that the task does not
 * move to the other core in between.
 */
extern void *volatile pxCurrentTCBs[];

/** The task that runs on a core, or that its handler interrupted. */
HT_PORT_INLINE uintptr_t ht_port_task_of_core(unsigned core)
{
    return (uintptr_t)pxCurrentTCBs[core];
}

HT_PORT_INLINE uintptr_t ht_port_current_task(void)
{
    ht_port_irq_t irq = ht_port_mask();
    uintptr_t task = (uintptr_t)pxCurrentTCBs[ht_port_core()];
    ht_port_unmask(irq);
    return task;
}
#else /* the SMP kernel, the stand-in */
HT_PORT_INLINE uintptr_t ht_port_task_of_core(unsigned core)
{
#if portNUM_PROCESSORS > 1 && !defined(CONFIG_FREERTOS_UNICORE)
    return (uintptr_t)xTaskGetCurrentTaskHandleForCore((BaseType_t)core);
#else
    (void)core;
    return (uintptr_t)xTaskGetCurrentTaskHandle();
#endif
}

HT_PORT_INLINE uintptr_t ht_port_current_task(void)
{
    return (uintptr_t)xTaskGetCurrentTaskHandle();
}
#endif

HT_PORT_INLINE uintptr_t ht_port_task_key(void)
{
    if (xPortInIsrContext()) { return 1U + ht_port_core(); } /* HT_KEY_ISR(core) */
    /* Before the scheduler runs, FreeRTOS already names the first task that was created as current.
     */
    if (xTaskGetSchedulerState() == taskSCHEDULER_NOT_STARTED) { return 0; } /* HT_KEY_STARTUP */
    return ht_port_current_task(); /* NULL is HT_KEY_STARTUP */
}

/*
 * The name of a task and the lowest address of its stack, from its control block, whose layout
 * FreeRTOS tells as StaticTask_t: both are asked for with the flash cache off, and the functions
 * that return them are in flash (ESP-IDF 6.0 and later, before that an option).
 */
#if defined(ESP_PLATFORM)
_Static_assert(sizeof(((StaticTask_t *)0)->ucDummy7) == configMAX_TASK_NAME_LEN,
               "StaticTask_t.ucDummy7 is not the task's name: this FreeRTOS is not known");

HT_PORT_INLINE const char *ht_port_task_label(uintptr_t key)
{
    return (const char *)((const StaticTask_t *)key)->ucDummy7;
}

HT_PORT_INLINE uintptr_t ht_port_stack_start(uintptr_t key)
{
    return (uintptr_t)((const StaticTask_t *)key)->pxDummy6;
}
#else /* the stand-in */
HT_PORT_INLINE const char *ht_port_task_label(uintptr_t key)
{
    return pcTaskGetName((TaskHandle_t)key);
}

HT_PORT_INLINE uintptr_t ht_port_stack_start(uintptr_t key)
{
    return (uintptr_t)pxTaskGetStackStart((TaskHandle_t)key);
}
#endif

/*
 * Interrupt handlers run on a stack of their own on every chip, so an address tells a task's frames
 * from theirs. The stand-in runs them on the stack of the task that they interrupt.
 */
#if defined(__XTENSA__) || defined(__riscv) || defined(HT_PORT_OWN_ISR_STACK)
#define HT_PORT_STACK_TELLS_TASK 1
#else
#define HT_PORT_STACK_TELLS_TASK 0
#endif

/* A window's first four registers are saved below the stack pointer of the function that was
 * called. */
#if defined(__XTENSA__)
#define HT_PORT_SAVED_BELOW 16U
#endif

/* True in an interrupt handler that may run on top of a task's frames. */
HT_PORT_INLINE bool ht_port_is_foreign_stack(void)
{
    return !HT_PORT_STACK_TELLS_TASK && xPortInIsrContext();
}

HT_PORT_INLINE uintptr_t ht_port_stack_pointer(void)
{
    uintptr_t sp;
#if defined(__XTENSA__)
    __asm__ volatile("mov %0, sp" : "=r"(sp));
#elif defined(__riscv)
    __asm__ volatile("mv %0, sp" : "=r"(sp));
#elif defined(__i386__)
    __asm__ volatile("mov %%esp, %0" : "=r"(sp));
#else
    sp = (uintptr_t)__builtin_frame_address(0);
#endif
    return sp;
}

/* --- caches ------------------------------------------------------------------------------------
 */

/*
 * The data cache's line in front of PSRAM; of two levels the longer line, for either may be thrown
 * away. An upper bound where Kconfig does not say, or not in this version. 0: no PSRAM.
 */
#if !defined(CONFIG_SPIRAM)
#define HT_LINE_OUTSIDE 0U
#elif defined(CONFIG_CACHE_L2_CACHE_LINE_SIZE) && CONFIG_CACHE_L2_CACHE_LINE_SIZE > 64 /* P4 */
#define HT_LINE_OUTSIDE ((size_t)CONFIG_CACHE_L2_CACHE_LINE_SIZE)
#elif defined(CONFIG_ESP32S3_DATA_CACHE_LINE_SIZE)
#define HT_LINE_OUTSIDE ((size_t)CONFIG_ESP32S3_DATA_CACHE_LINE_SIZE)
#elif defined(CONFIG_IDF_TARGET_ESP32) || defined(CONFIG_IDF_TARGET_ESP32S2)
#define HT_LINE_OUTSIDE ((size_t)32)
#else
#define HT_LINE_OUTSIDE ((size_t)64)
#endif

/* The line in front of internal memory, where there is one (P4). */
#if defined(SOC_CACHE_INTERNAL_MEM_VIA_L1CACHE) && SOC_CACHE_INTERNAL_MEM_VIA_L1CACHE
#define HT_LINE_INSIDE ((size_t)64)
#else
#define HT_LINE_INSIDE ((size_t)0)
#endif

/* Capabilities of buffers that a device may write. */
#if defined(MALLOC_CAP_DMA_DESC_AHB) && defined(MALLOC_CAP_DMA_DESC_AXI)
#define HT_CAPS_DEVICE                                                                             \
    ((uint32_t)(MALLOC_CAP_DMA | MALLOC_CAP_CACHE_ALIGNED | MALLOC_CAP_DMA_DESC_AHB |              \
                MALLOC_CAP_DMA_DESC_AXI))
#else
#define HT_CAPS_DEVICE ((uint32_t)(MALLOC_CAP_DMA | MALLOC_CAP_CACHE_ALIGNED))
#endif

/* At least what esp_heap_adjust_alignment_to_hw() makes of these capabilities. That one looks only
 * for SPIRAM; a request for any memory that is cache-aligned may be served from PSRAM all the same.
 */
HT_PORT_INLINE size_t ht_port_dma_line(uint32_t caps)
{
    if ((caps & HT_CAPS_DEVICE) == 0) { return 0; }
    bool inside = (caps & (uint32_t)MALLOC_CAP_SPIRAM) == 0 &&
                  (caps & (uint32_t)(MALLOC_CAP_INTERNAL | MALLOC_CAP_DMA)) != 0;
    return inside || HT_LINE_INSIDE > HT_LINE_OUTSIDE ? HT_LINE_INSIDE : HT_LINE_OUTSIDE;
}

HT_PORT_INLINE size_t ht_port_line_at(uintptr_t address)
{
    if (HT_LINE_OUTSIDE != 0 && esp_ptr_external_ram((const void *)address)) {
        return HT_LINE_OUTSIDE;
    }
    return HT_LINE_INSIDE != 0 && esp_ptr_internal((const void *)address) ? HT_LINE_INSIDE : 0;
}

HT_PORT_INLINE bool ht_port_may_be_block(uintptr_t address, uint32_t canary)
{
    (void)address;
    (void)canary;
    return true;
}

/* ESP32: an EXEC block is the IRAM alias of a DRAM block, whose address the heap keeps in ptr[-1].
 */
HT_PORT_INLINE bool ht_port_takes_front(uint32_t caps)
{
    return (caps & (uint32_t)MALLOC_CAP_EXEC) == 0;
}

/*
 * TLSF's header is the word in front of a block, its size and two flags, unless ESP-IDF's own
 * debugging puts something between. Not what was asked for and a few bytes more: let
 * ht_port_header_ok() look. (With ThreadSanitizer always: the other core may be setting a flag.)
 */
#if defined(CONFIG_HEAP_POISONING_LIGHT) || defined(CONFIG_HEAP_POISONING_COMPREHENSIVE) ||        \
    defined(CONFIG_HEAP_TASK_TRACKING) || defined(CONFIG_COMPILER_KASAN) ||                        \
    defined(__SANITIZE_THREAD__)
HT_PORT_INLINE bool ht_port_header_usual(const void *raw, size_t bytes)
{
    (void)raw;
    (void)bytes;
    return false;
}
#else
HT_PORT_INLINE bool ht_port_header_usual(const void *raw, size_t bytes)
{
    size_t header = ((const volatile size_t *)raw)[-1];
    return header - bytes < 4U * sizeof(size_t) && (header & 1U) == 0;
}
#endif

HT_PORT_INLINE uint32_t ht_port_heap_caps(uint32_t caps)
{
    if ((caps & MALLOC_CAP_SPIRAM) != 0) { caps &= ~(uint32_t)MALLOC_CAP_DMA; } /* an alignment */
    return caps & ~(uint32_t)MALLOC_CAP_CACHE_ALIGNED;
}
