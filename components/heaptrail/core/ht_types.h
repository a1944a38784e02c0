/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_types.h
 * The words of the core, and its smallest structures.
 *
 * Glossary
 *   block    What the heap handed to the firmware; known by its address.
 *   record   Our 16 bytes (32 on 64-bit platforms) about one live block.
 *   site     A place in the source: a static descriptor in flash (file, line, function, variable).
 *   stack    The return addresses above an allocation, innermost first.
 *   origin   Where a block came from: a site or a stack or both, with the method and the
 *            capabilities asked for. Each distinct origin is stored once, with its counters.
 *   heap     One region that the platform's allocator manages.
 *   stamp    When: (tick, order), a hybrid logical clock (Kulkarni et al., 2014). Unique and
 * ordered. mark     A stamp that a user took; "since" it means: later than it.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ht_port.h"

/** A function that the hot path calls: where it runs (IRAM) must not depend on the optimiser. */
#define HT_INLINE static inline __attribute__((always_inline))

#define HT_64BIT (UINTPTR_MAX > 0xffffffffU)

/** Frames kept per stack, at most. */
#define HT_STACK_DEPTH_MAX 32

/** Buckets of the lifetime histogram: bucket b counts lives of [2^(b-1), 2^b) ticks; 0 is under
 * one. */
#define HT_LIFETIME_BUCKETS 20

/** Index of an origin; 0 is "unknown: the table of origins is full". */
typedef struct {
    uint32_t index;
} ht_origin_id_t;

/** Index of a task row. */
typedef struct {
    uint32_t index;
} ht_task_id_t;

/** Index of a heap row. */
typedef struct {
    uint32_t index;
} ht_heap_id_t;

/** A point in time: the tick, and the order of allocations within that tick. */
typedef struct {
    ht_tick_t tick;
    uint32_t order;
} ht_stamp_t;

/*
 * One live block.
 *
 * 32-bit, 16 bytes:
 *   word 0  address:32                            0 = the slot is empty
 *   word 1  order:7  size:25                      the size asked for, in bytes
 *   word 2  origin:16  task:8  heap:4  guard:2  is_tcb:1  core:1
 *   word 3  tick:32
 *
 * 64-bit, 32 bytes:
 *   word 0  address:64
 *   word 1  order:15  size:48
 *   word 2  origin:32  task:16  heap:8  guard:2  is_tcb:1  core:1
 *   word 3  tick:64
 *
 * So one comparison of half a word tells whether a block is the last task's, in the last heap,
 * without redzones, and no task's control block: all that its end asks in the usual case.
 *
 * Packed by shifts and not by bit-fields: the compiler's code for these is shorter, and a core
 * dump's reader needs the layout to be the same everywhere.
 */
#if HT_64BIT
typedef uint64_t ht_word_t;
typedef uint32_t ht_half_t;
#define HT_SIZE_BITS 48
#define HT_HEAP_BITS 8
#define HT_ORIGIN_BITS 32
#define HT_TASK_BITS 16
#define HT_ORDER_BITS 15
#else
typedef uint32_t ht_word_t;
typedef uint16_t ht_half_t;
#define HT_SIZE_BITS 25
#define HT_HEAP_BITS 4
#define HT_ORIGIN_BITS 16
#define HT_TASK_BITS 8
#define HT_ORDER_BITS 7
#endif

#define HT_MASK(bits) ((((ht_word_t)1) << (bits)) - 1U)
#define HT_SIZE_MAX ((size_t)HT_MASK(HT_SIZE_BITS))
#define HT_SIZE_SHIFT HT_ORDER_BITS
#define HT_GUARD_BITS 2
#define HT_TASK_SHIFT HT_ORIGIN_BITS
#define HT_HEAP_SHIFT (HT_TASK_SHIFT + HT_TASK_BITS)
#define HT_GUARD_SHIFT (HT_HEAP_SHIFT + HT_HEAP_BITS)
#define HT_TCB_SHIFT (HT_GUARD_SHIFT + HT_GUARD_BITS)
#define HT_CORE_SHIFT (HT_TCB_SHIFT + 1)
#define HT_ORDER_MAX ((uint32_t)HT_MASK(HT_ORDER_BITS))

typedef struct {
    uintptr_t address;
    ht_word_t what; /* order, size */
    union {
        ht_word_t who;         /* origin, task, heap, guard, is_tcb, core */
        ht_half_t who_half[2]; /* the origin, the others; every target is little-endian */
    };
    ht_tick_t tick;
} ht_record_t;

#if HT_64BIT
static_assert(sizeof(ht_record_t) == 32,
              "the record of a live block is 32 bytes on 64-bit platforms");
#else
static_assert(sizeof(ht_record_t) == 16,
              "the record of a live block is 16 bytes on 32-bit platforms");
#endif

/** Address of an empty slot, and of the slot of a block that is inside realloc() right now. */
#define HT_ADDRESS_EMPTY ((uintptr_t)0)
#define HT_ADDRESS_HELD ((uintptr_t)1)

/**
 * This bit in the address (blocks begin at multiples of 4) marks a block that was forgotten, by a
 * reset say, but whose firmware's pointer is not the heap's: only its record tells where the heap's
 * block begins. It is in no count and no report, and no look-up finds it by its address.
 */
#define HT_ADDRESS_FORGOTTEN ((uintptr_t)2)

/**
 * This bit marks a block of a pool (ht_pool.h). A pool's first block may begin where the heap's
 * block begins that the pool lies in, so the two need two keys: a pool's block is filed under the
 * complement of its address, where no memory is, with this bit set and bit 1 clear. So whatever is
 * passed to free() never finds one.
 */
#define HT_ADDRESS_POOL ((uintptr_t)1)

/* Where the front of a block with redzones lies; in its record. */
enum {
    HT_GUARD_NONE = 0, /**< no redzones: the firmware's pointer is the heap's */
    HT_GUARD_BOTH = 1, /**< front and tail */
    HT_GUARD_TAIL = 2, /**< no front: the firmware's pointer is the heap's */
    HT_GUARD_WIDE = 3  /**< HT_GUARD_WIDE_BYTES in front, for blocks that are aligned */
};

HT_INLINE ht_word_t ht_record_what(size_t size, uint32_t order)
{
    return (ht_word_t)size << HT_SIZE_SHIFT | order;
}

/* A task's and a heap's number as a record has them. */
HT_INLINE ht_word_t ht_task_bits(uint32_t task)
{
    return (ht_word_t)task << HT_TASK_SHIFT;
}

HT_INLINE ht_word_t ht_heap_bits(uint32_t heap)
{
    return (ht_word_t)heap << HT_HEAP_SHIFT;
}

HT_INLINE ht_word_t ht_record_who(ht_origin_id_t origin, ht_task_id_t task, ht_heap_id_t heap,
                                  unsigned core)
{
    return (ht_word_t)origin.index | ht_task_bits(task.index) | ht_heap_bits(heap.index) |
           ((ht_word_t)core << HT_CORE_SHIFT);
}

HT_INLINE size_t ht_record_size(const ht_record_t *record)
{
    return (size_t)(record->what >> HT_SIZE_SHIFT);
}

HT_INLINE ht_heap_id_t ht_record_heap(const ht_record_t *record)
{
    return (ht_heap_id_t){(uint32_t)((record->who >> HT_HEAP_SHIFT) & HT_MASK(HT_HEAP_BITS))};
}

HT_INLINE unsigned ht_record_core(const ht_record_t *record)
{
    return (unsigned)((record->who >> HT_CORE_SHIFT) & 1U);
}

HT_INLINE uint32_t ht_record_guard(const ht_record_t *record)
{
    return (uint32_t)((record->who >> HT_GUARD_SHIFT) & HT_MASK(HT_GUARD_BITS));
}

HT_INLINE bool ht_record_is_tcb(const ht_record_t *record)
{
    return ((record->who >> HT_TCB_SHIFT) & 1U) != 0;
}

/** The firmware's pointer is not the heap's: only the record tells the one from the other. */
HT_INLINE bool ht_record_moves_pointer(const ht_record_t *record)
{
    uint32_t guard = ht_record_guard(record);
    return guard == HT_GUARD_BOTH || guard == HT_GUARD_WIDE;
}

/** A record that counts: of a block that is neither inside realloc() nor forgotten. */
HT_INLINE bool ht_record_is_live(const ht_record_t *record)
{
    return record->address > HT_ADDRESS_HELD && (record->address & HT_ADDRESS_FORGOTTEN) == 0;
}

/** The block is a pool's. */
HT_INLINE bool ht_record_is_pooled(const ht_record_t *record)
{
    return record->address > HT_ADDRESS_HELD && (record->address & HT_ADDRESS_POOL) != 0;
}

/** What the block of a pool is filed under; it begins at a multiple of 4. */
HT_INLINE uintptr_t ht_pool_key(uintptr_t address)
{
    return (~address & ~(uintptr_t)3) | HT_ADDRESS_POOL;
}

/** Where the block of a record begins. */
HT_INLINE uintptr_t ht_record_block(const ht_record_t *record)
{
    uintptr_t address = ht_record_is_pooled(record) ? ~record->address : record->address;
    return address & ~(uintptr_t)3;
}

/** What a record is filed under. */
HT_INLINE uintptr_t ht_record_key(const ht_record_t *record)
{
    return record->address & ~HT_ADDRESS_FORGOTTEN;
}

HT_INLINE ht_origin_id_t ht_record_origin(const ht_record_t *record)
{
    return (ht_origin_id_t){(uint32_t)(record->who & HT_MASK(HT_ORIGIN_BITS))};
}

HT_INLINE ht_task_id_t ht_record_task(const ht_record_t *record)
{
    return (ht_task_id_t){(uint32_t)((record->who >> HT_TASK_SHIFT) & HT_MASK(HT_TASK_BITS))};
}

HT_INLINE ht_stamp_t ht_record_stamp(const ht_record_t *record)
{
    return (ht_stamp_t){record->tick, (uint32_t)(record->what & HT_MASK(HT_ORDER_BITS))};
}

/** True when a is later than b. Ticks wrap: two stamps are compared rightly within half the range.
 */
HT_INLINE bool ht_stamp_after(ht_stamp_t a, ht_stamp_t b)
{
    if (a.tick != b.tick) {
        return (ht_tick_t)(a.tick - b.tick) < ((ht_tick_t) ~(ht_tick_t)0 >> 1);
    }
    return a.order > b.order;
}

/**
 * Take a flag that one holder at a time may have, clear it with ht_release(): for what must not be
 * done twice at once, without waiting. False: somebody has it. The lock makes it whole, because
 * rv32imc has no atomic read-modify-write. Not under that lock. Any context. O(1).
 */
HT_INLINE bool ht_claim(ht_port_lock_t *lock, volatile uint32_t *flag)
{
    ht_port_irq_t irq = ht_port_lock(lock);
    bool taken = __atomic_load_n(flag, __ATOMIC_ACQUIRE) != 0;
    __atomic_store_n(flag, 1U, __ATOMIC_RELAXED);
    ht_port_unlock(lock, irq);
    return !taken;
}

HT_INLINE void ht_release(volatile uint32_t *flag)
{
    __atomic_store_n(flag, 0U, __ATOMIC_RELEASE);
}

/**
 * Load what leads to other memory, a pointer or an index, that was written before it was stored
 * (release). RISC-V and Xtensa keep the order of two loads of which the first gives the address of
 * the second (RISC-V Unprivileged ISA, A.3.10), so that no fence is needed there.
 */
#if defined(__riscv) || defined(__XTENSA__)
#define HT_LOAD_LEADING(from) (*(volatile __typeof__(*(from)) *)(from))
#else
#define HT_LOAD_LEADING(from) __atomic_load_n(from, __ATOMIC_ACQUIRE)
#endif

/** A sum that outgrows 32 bits. */
typedef union {
    uint64_t all;
    uint32_t half[2]; /**< every target is little-endian */
} ht_sum_t;

#if HT_64BIT
HT_INLINE void ht_sum_up(ht_sum_t *sum, size_t more)
{
    sum->all += more;
}
#else
/* The upper half is read and written only when there is a carry. */
HT_INLINE void ht_sum_up(ht_sum_t *sum, size_t more)
{
    sum->half[0] += more;
    if (__builtin_expect(sum->half[0] < more, 0)) { sum->half[1]++; }
}
#endif

/** A peak: the most that something was. */
HT_INLINE void ht_raise(size_t *peak, size_t value)
{
    if (value > *peak) { *peak = value; }
}

/** Count a loss. The counter stops at its maximum. */
HT_INLINE void ht_count_up(uint32_t *counter)
{
    if (*counter != UINT32_MAX) { (*counter)++; }
}
