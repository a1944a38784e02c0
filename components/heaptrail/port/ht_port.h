/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_port.h
 * The whole contract between the core and a platform.
 *
 * A port is one folder with `ht_port_impl.h` (the inline half: it is on the hot path) and C files
 * (the rest). Exactly one port's folder is on the include path. Every function here may be called
 * from a task, from an interrupt, before the scheduler runs and with a damaged heap; none may
 * allocate, block, or log.
 *
 * What `ht_port_impl.h` has to define:
 *
 *   ht_port_lock_t            A lock whose all-zero state is "free".
 *   ht_port_irq_t             What ht_port_lock() returns and ht_port_unlock() wants back.
 *   ht_tick_t                 uint32_t on 32-bit platforms, uint64_t on 64-bit ones.
 *   ht_port_lock(), ht_port_unlock()
 *                             Mask interrupts on this core, then spin for the lock. Not recursive.
 *   ht_port_tick()            A clock that never goes back. Cheap: a load, not a system call.
 *   ht_port_clock()           A fine clock of this core that wraps, of ht_port_clock_mhz() counts
 * in a microsecond. For traces only. As cheap as a tick. ht_port_task_key()        Who is
 * allocating: a value >= HT_KEY_FIRST_TASK that is unique among the tasks alive now (a TCB address
 * will do), or a HT_KEY_* below. ht_port_core()            The index of this core, 0 or 1.
 *   ht_port_stack_pointer()   The stack pointer, or an address close above it.
 *   ht_port_is_foreign_stack()
 *                             True in an interrupt handler that runs on the stack of what it
 *                             interrupted.
 *   HT_PORT_STACK_TELLS_TASK  1 where the stack that a program runs on tells its task, see
 *                             ht_port_stack_low(); else 0.
 *   HT_PORT_HOT               The attribute that puts a function where it runs with the flash cache
 *                             off (IRAM on a chip; nothing elsewhere).
 *   HT_PORT_HOT_DATA          The same for constants (DRAM on a chip).
 *   HT_PORT_LEAF              The attribute of the hot path's last step, which calls nothing:
 * noinline where a function pays for each register that outlives a call (RISC-V), so that the last
 * step pays for none; else inline. HT_PORT_NOINIT            The attribute of a variable that keeps
 * its content over a warm reset, where the platform has such memory; else nothing. HT_PORT_STATE
 * The attribute of a variable that core dumps shall hold, where that takes one and the user asked
 * for it; else nothing. HT_PORT_ALIGN What malloc() promises: a power of two, in bytes.
 * HT_PORT_SEES_ALL          1 where every block that is freed passed the tracker when it was made;
 * 0 where frees of unknown blocks are ordinary. HT_PORT_EMPTY_BLOCKS      1 where malloc(0) gives a
 * block, 0 where it gives NULL. ht_port_dma_line()        Bytes of a cache line that a block asked
 * for with these capabilities must not share with anything, because a device writes it behind the
 * cache's back; 0 where no cache lies between. A power of two. ht_port_line_at() Bytes of a cache
 * line at an address; 0 where no cache lies between. ht_port_header_usual()    True: the heap's own
 * header of this block is certainly as it should be. False: ask ht_port_header_ok().
 * ht_port_may_be_block()    Asked of the start of a block that was freed lately, where
 * HT_PORT_SEES_ALL is 0: false if it is certain that the heap has made no other block there since.
 * The canary is the word that was in front of the freed one; 0: it had none.
 * ht_port_heap_caps()       Of capabilities, those that a heap offers: not those that only ask for
 * an alignment. ht_port_takes_front()     False for capabilities whose block must be the heap's
 * very pointer (ESP32's EXEC memory keeps a word of its own in front of it).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Keys that are not tasks; see ht_port_task_key(). */
#define HT_KEY_STARTUP 0U              /**< before the scheduler runs */
#define HT_KEY_ISR(core) (1U + (core)) /**< an interrupt handler on that core */
#define HT_KEY_FIRST_TASK 16U

/** Length of a task's name, with its terminating zero. */
#define HT_TASK_NAME_MAX 16

#include "ht_port_impl.h"

/* 0 where nothing shall be traced: the tracker's functions are shorter then. */
#ifndef HT_PORT_TRACES
#define HT_PORT_TRACES 1
#endif

/* Cores that ht_port_core() tells apart, 1 or 2. */
#ifndef HT_PORT_CORES
#define HT_PORT_CORES 2U
#endif

/* How far ht_port_tick() may lie beside the time of ht_port_clock(), in ticks. */
#ifndef HT_PORT_TICK_SLACK
#define HT_PORT_TICK_SLACK 1U
#endif

/* 1 where there is ht_port_stack_is(). */
#ifndef HT_PORT_COMPARES_STACKS
#define HT_PORT_COMPARES_STACKS 0
#endif

/* Bytes below the stack pointer where a function's caller has its registers (Xtensa's windows). */
#ifndef HT_PORT_SAVED_BELOW
#define HT_PORT_SAVED_BELOW 0U
#endif

/* 1 where memory may go away while others run, so that a scan always stops them. */
#ifndef HT_PORT_SCAN_STOPS
#define HT_PORT_SCAN_STOPS 0
#endif

/* 1 where parts of a block may be protected against reading: there is ht_port_unreadable(). */
#ifndef HT_PORT_PROTECTS_PAGES
#define HT_PORT_PROTECTS_PAGES 0
#endif

/* 0 where no heap can hold a block that is too large for a record (HT_SIZE_MAX). */
#ifndef HT_PORT_LARGE_BLOCKS
#define HT_PORT_LARGE_BLOCKS 1
#endif

/** Ticks of ht_port_tick() in a second. Constant for the life of the program. */
uint32_t ht_port_tick_hz(void);

/** Microseconds since the start. Not on the hot path. Does not wrap. */
uint64_t ht_port_uptime_us(void);

/** Counts of ht_port_clock() in a microsecond, now; not 0. Not on the hot path. */
uint32_t ht_port_clock_mhz(void);

/** Where ht_port_describe() puts what it knows. */
typedef struct {
    void (*number)(void *context, uint32_t key, uint64_t value);                 /**< even key */
    void (*text)(void *context, uint32_t key, const void *bytes, size_t length); /**< odd key */
    void *context;
} ht_port_story_t;

/** What runs here: the keys of a trace's hello (format/ht_format.h, HT_HELLO_*) that the platform
 * knows. Not on the hot path, not in an ISR. */
void ht_port_describe(const ht_port_story_t *story);

/**
 * Copy the name of a task into name (at most HT_TASK_NAME_MAX bytes, always terminated).
 * Called once per task, under the tracker's lock, in the context of that very task. O(1).
 */
void ht_port_task_name(uintptr_t key, char *name);

/**
 * The lowest address of a task's stack, if the stack that a program runs on tells its task: if no
 * interrupt handler and no other task ever runs on it while the task lives. Else 0. O(1).
 */
uintptr_t ht_port_stack_low(uintptr_t key);

/**
 * Record return addresses, innermost first, of the callers of the function whose own return
 * address is `top`: frames[0] == top whenever at least one frame is returned. Frames inside
 * the allocator come before it and are left out that way.
 *
 * @param frames  Where to; room for max.
 * @param max     1 .. HT_STACK_DEPTH_MAX.
 * @param top     The return address to start from, 0 to start at the caller of this function.
 * @return How many were stored, 0 .. max. Never faults: stops at the bounds of the stack.
 */
unsigned ht_port_stack(uintptr_t *frames, unsigned max, uintptr_t top);

/**
 * Is the stack exactly `frames`, `count` of them, as ht_port_stack() with this `max` and this `top`
 * (not 0) would record it? Cheaper than to record and to compare; for ports with
 * HT_PORT_COMPARES_STACKS. False where that cannot be told. As safe as ht_port_stack().
 */
bool ht_port_stack_is(const uintptr_t *frames, unsigned count, unsigned max, uintptr_t top);

/* --- the slow half: never on the hot path, never in an ISR, may take the platform's own heap locks
 * --- */

struct ht_tracker;

/** Tell the tracker the heaps that it does not know yet (ht_tracker_add_heap()). May be called
 * again. */
void ht_port_find_heaps(struct ht_tracker *tracker);

/** What a heap has left. */
typedef struct {
    size_t free_bytes;
    size_t largest_free_bytes;
    size_t min_free_bytes; /**< since the start, where the platform counts it; else SIZE_MAX */
} ht_heap_sample_t;

/** Measure the heap that starts at `start`. False: this platform cannot. O(blocks). */
bool ht_port_sample_heap(uintptr_t start, ht_heap_sample_t *sample);

/** Measure all heaps that offer `caps` together. False: this platform cannot. O(blocks). */
bool ht_port_sample_caps(uint32_t caps, ht_heap_sample_t *sample);

/** True in an interrupt handler. */
bool ht_port_in_isr(void);

/** Let the other tasks run for about so long, the idle task too. False: here nobody may wait. */
bool ht_port_wait_ms(uint32_t ms);

/** One line of log, level 0 = error, 1 = warning, 2 = information. */
void ht_port_log(unsigned level, const char *text);

/** True when the linker redirects the heap's functions to us: then a macro need not record by
 * itself. */
bool ht_port_is_wrapped(void);

/** Free bytes of all heaps that offer `caps`; SIZE_MAX: this platform cannot tell. Any context,
 * with ht_port_can_report() only; takes no lock of the heap. O(heaps). */
size_t ht_port_free_bytes(uint32_t caps);

/** Get ready for ht_port_lowmem_wake(). From a task. False: there is no memory for it. */
bool ht_port_lowmem_start(void);

/** Have a task call heaptrail_lowmem_poll() soon. Any context, after ht_port_lowmem_start(). */
void ht_port_lowmem_wake(void);

/* --- the reachability scan: from a task
 * ------------------------------------------------------------
 */

/** Memory that may hold pointers: words from `start` rounded up, `bytes` of them. */
typedef void (*ht_port_root_fn)(void *context, uintptr_t start, size_t bytes);

/** Tell all variables: .data, .bss and what is like them; what lies in blocks there is left out.
 * False: this platform cannot. O(regions). */
bool ht_port_static_roots(ht_port_root_fn fn, void *context);

/**
 * Tell the stacks in use of all tasks but the calling one, with the registers that were saved on
 * them, and those of interrupt handlers. Others may run meanwhile. False: this platform cannot.
 * O(tasks).
 */
bool ht_port_stack_roots(ht_port_root_fn fn, void *context);

/** Nothing else will run again, on any core: from now on the functions above take no lock of the
 * platform's, and ask nothing that a crash may have left half done. False: this platform cannot. */
bool ht_port_freeze(void);

/** Tell what must not be read, in the order of addresses; with HT_PORT_PROTECTS_PAGES only.
 * O(regions). */
void ht_port_unreadable(ht_port_root_fn fn, void *context);

/** Threads that ht_port_hold_others() did not stop; with HT_PORT_SCAN_STOPS only. */
uint32_t ht_port_running_threads(void);

/** Where the stack that this runs on ends; 0: not known. */
uintptr_t ht_port_stack_end(void);

/** Memory that no block of the firmware's is and that is not traced, or NULL; and its end. */
void *ht_port_scratch(size_t bytes);
void ht_port_scratch_free(void *memory);

/** Keep every other task from running, until ht_port_let_run(). Nests. False: this platform cannot.
 */
bool ht_port_hold_others(void);
void ht_port_let_run(void);

/* --- memory errors -----------------------------------------------------------------------------
 */

/** The heap below the tracker: the functions that the wraps of the port call. Any context. */
typedef struct {
    void *(*alloc)(size_t size, uint32_t caps);
    void *(*aligned_alloc)(size_t alignment, size_t size, uint32_t caps);
    void *(*realloc)(void *block, size_t size, uint32_t caps);
    void (*free)(void *block);
} ht_raw_heap_t;

/** There only in a firmware whose heap functions are wrapped: refer to it weakly. */
extern const ht_raw_heap_t ht_port_raw_heap;

/**
 * Is the heap's own header of this block plausible: does it say at least `bytes`, and not much
 * more? Reads nothing outside of the header. True where the platform cannot tell. Any context.
 * O(1).
 */
bool ht_port_header_ok(const void *raw, size_t bytes);

/** May code and constants in flash be used now? False with the flash cache off. Any context. O(1).
 */
bool ht_port_can_report(void);

/** A number that differs from boot to boot, for the canaries. Called once. Any context. */
uint32_t ht_port_seed(void);

/** A number that tells this firmware image from others: what an error report from before a reset
 * may be read with. Any context. */
uint32_t ht_port_image(void);

/** The kinds of memory that are no heap; names as in heaptrail_place_t. */
typedef enum {
    HT_PORT_PLACE_UNKNOWN,
    HT_PORT_PLACE_STACK,     /**< the stack of no task: start-up, interrupts, a thread's */
    HT_PORT_PLACE_STATIC,    /**< .data, .bss, RTC variables */
    HT_PORT_PLACE_READ_ONLY, /**< code, constants */
    HT_PORT_PLACE_OTHER      /**< memory, but whose is not known */
} ht_port_place_t;

/** What an address is that lies in no heap and on no task's stack. Error path only. Any context. */
ht_port_place_t ht_port_place(uintptr_t address);

/** A task's stack. */
typedef struct {
    uintptr_t low; /**< its lowest address */
    size_t bytes;  /**< SIZE_MAX: not known */
    bool margin_known;
    size_t margin_bytes; /**< the least that was ever left */
} ht_port_task_stack_t;

/** The stack of a task that is alive. False: this platform cannot tell. Error path only. O(stack).
 */
bool ht_port_task_stack(uintptr_t key, ht_port_task_stack_t *stack);

/** Called in address order under the heap's own lock: must not allocate or free. False ends it. */
typedef bool (*ht_port_heap_block_fn)(void *context, uintptr_t address, size_t bytes, bool used);

/** Walk the blocks of the heap that starts at `start`, the heap's own view. False: this platform
 * cannot. Not in an ISR. O(blocks). */
bool ht_port_walk_heap(uintptr_t start, ht_port_heap_block_fn fn, void *context);

/** Is the bookkeeping of the heap that starts at `start` sound (0: of everything)? True where the
 * platform cannot tell. Not in an ISR. O(blocks). */
bool ht_port_heap_sound(uintptr_t start);

/** Write a piece of an error report where it is seen at once. Any context, the scheduler suspended
 * and interrupts masked included; blocks for no lock that may be held. */
void ht_port_emergency_write(const char *text, size_t length);

/** End the program. */
_Noreturn void ht_port_abort(void);
