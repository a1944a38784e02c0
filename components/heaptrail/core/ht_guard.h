/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_guard.h
 * Redzones: where they lie, how they are written and looked at.
 *
 *   raw                user                      user + size
 *   |                  |                         |
 *   [ slack ][ front ][ what was asked for      ][ tail          ]
 *             c c c c   x x x x x x x x x x x x   c c c c c c c c     c: canary bytes
 *
 *   HT_GUARD_BOTH   no slack; front is checks.front bytes
 *   HT_GUARD_WIDE   slack + front are HT_GUARD_WIDE_BYTES, so that an aligned block stays aligned
 * and shares no cache line with its front HT_GUARD_TAIL   no front: the heap's pointer has to be
 * the user's
 *
 * The tail begins at the very next byte and ends with a word. Only a block that begins a cache line
 * in memory behind a cache has its tail at the next line: a device writes such a block behind the
 * cache's back, and throws away what the CPU wrote to the rest of its last line.
 *
 * The canary bytes of each end depend on the block's address and on the boot, so that a stale copy
 * does not pass, and are odd, so that the commonest stray write, a zero, never does.
 *
 * All accesses are aligned words (volatile: the compiler must not make bytes or memset() of them):
 * memory that takes nothing else (IRAM) needs no code of its own.
 */
#pragma once

#include "ht_checks.h"

/** How a block is laid out. */
typedef struct {
    uint32_t guard; /**< HT_GUARD_* */
    size_t front;   /**< from the heap's pointer to the user's */
    size_t raw_bytes;
    size_t raw_alignment; /**< 0: the heap's own */
} ht_layout_t;

/** One end of a block that was damaged, in bytes from the user's pointer. */
typedef struct {
    ptrdiff_t first;     /**< the first byte that changed */
    size_t bytes;        /**< up to and with the last one that did */
    ptrdiff_t window_at; /**< of expected[0] */
    uint32_t window_bytes;
    uint8_t expected[HEAPTRAIL_WINDOW_BYTES];
    uint8_t actual[HEAPTRAIL_WINDOW_BYTES];
} ht_damage_t;

typedef volatile uint32_t ht_canary_word_t;

/*
 * The canaries of a block: one word for its front, another for its tail, repeated. Multiplicative
 * hashing of the block's address; all bytes odd.
 */
#define HT_CANARY_FACTOR 0x9E3779B1U
#define HT_CANARY_ODD 0x01010101U
#define HT_CANARY_TAIL 0x5A96C23CU /* what the tail's differs in: no bit of HT_CANARY_ODD */

static_assert((HT_CANARY_TAIL & HT_CANARY_ODD) == 0, "the bytes of both canaries are odd");

HT_INLINE uint32_t ht_canary_front(uint32_t seed, uintptr_t user)
{
    return ((uint32_t)user * HT_CANARY_FACTOR + seed) | HT_CANARY_ODD;
}

HT_INLINE uint32_t ht_canary_tail(uint32_t seed, uintptr_t user)
{
    return ht_canary_front(seed, user) ^ HT_CANARY_TAIL;
}

/** The bytes of a word that lie before its k-th byte, 0 <= k < 4. Every target is little-endian. */
HT_INLINE uint32_t ht_low_bytes(uintptr_t k)
{
    return (1U << (8U * (k & 3U))) - 1U;
}

/** Bytes from the heap's pointer to the user's. */
HT_INLINE size_t ht_guard_front(const ht_checks_t *checks, uint32_t guard)
{
    if (__builtin_expect(guard == HT_GUARD_BOTH, 1)) { return checks->front; }
    return guard == HT_GUARD_WIDE ? HT_GUARD_WIDE_BYTES : 0;
}

/** The first byte of a tail. */
HT_INLINE uintptr_t ht_guard_tail_start(uintptr_t user, size_t size, uint32_t guard)
{
    uintptr_t end = user + size;
    if (__builtin_expect(guard != HT_GUARD_BOTH, 0)) {
        uintptr_t line = ht_port_line_at(user);
        if (line != 0 && (user & (line - 1U)) == 0) { end = (end + line - 1U) & ~(line - 1U); }
    }
    return end;
}

/** One byte behind a tail that starts at start; a word boundary. */
HT_INLINE uintptr_t ht_guard_tail_end(const ht_checks_t *checks, uintptr_t start)
{
    return (start + checks->tail + 3U) & ~(uintptr_t)3U;
}

/** Where the heap's block of a record begins. */
HT_INLINE uintptr_t ht_guard_raw(const ht_checks_t *checks, const ht_record_t *record)
{
    return record->address - ht_guard_front(checks, ht_record_guard(record));
}

/** The bytes that the heap was asked for, at least. */
HT_INLINE size_t ht_guard_raw_bytes(const ht_checks_t *checks, const ht_record_t *record)
{
    uint32_t guard = ht_record_guard(record);
    uintptr_t end = record->address + ht_record_size(record);
    if (guard != HT_GUARD_NONE) {
        end = ht_guard_tail_end(
            checks, ht_guard_tail_start(record->address, ht_record_size(record), guard));
    }
    return end - ht_guard_raw(checks, record);
}

/** The slow half of ht_guard_header_ok(). */
bool ht_guard_is_rounded(uintptr_t raw, size_t bytes);

/** Does the heap's own header of a block say what it should? O(1). */
HT_INLINE bool ht_guard_header_ok(const ht_checks_t *checks, const ht_record_t *record)
{
    uintptr_t raw = ht_guard_raw(checks, record);
    size_t bytes = ht_guard_raw_bytes(checks, record);
    return ht_port_header_usual((const void *)raw, bytes) ||
           ht_port_header_ok((const void *)raw, bytes) ||
           (!ht_record_moves_pointer(record) && ht_guard_is_rounded(raw, bytes));
}

/** The slow half of ht_guard_plan(): not the plain case. */
ht_layout_t ht_guard_plan_special(const ht_checks_t *checks, size_t size, size_t alignment,
                                  uint32_t caps);

/** Lay out a block. Without redzones (guard NONE) where they are off or cannot be. No lock: their
 * sizes were set before they were turned on, and stay. O(1). */
HT_INLINE ht_layout_t ht_guard_plan(const ht_checks_t *checks, size_t size, size_t alignment,
                                    uint32_t caps)
{
    bool redzones = __atomic_load_n(&checks->redzones, __ATOMIC_ACQUIRE);
    size_t extra = (size_t)checks->front + checks->tail + 3U;
    if (__builtin_expect(!redzones || alignment > HT_PORT_ALIGN || !ht_port_takes_front(caps) ||
                             ht_port_dma_line(caps) != 0 || size > HT_SIZE_MAX - extra,
                         0)) {
        return ht_guard_plan_special(checks, size, alignment, caps);
    }
    size_t tail_end = (size + checks->tail + 3U) & ~(size_t)3U;
    return (ht_layout_t){HT_GUARD_BOTH, checks->front, checks->front + tail_end, 0};
}

/** Write the canaries of a block. O(redzones). */
HT_INLINE void ht_guard_write(const ht_checks_t *checks, uintptr_t user, size_t size,
                              uint32_t guard)
{
    uint32_t canary = ht_canary_front(checks->seed, user);
    if (guard != HT_GUARD_TAIL) {
        for (uintptr_t at = user - checks->front; at != user; at += 4U) {
            *(ht_canary_word_t *)at = canary;
        }
    }
    if (__builtin_expect(checks->tail == 0, 0)) { return; }
    canary ^= HT_CANARY_TAIL;
    uintptr_t start = ht_guard_tail_start(user, size, guard);
    uintptr_t end = ht_guard_tail_end(checks, start);
    uintptr_t at = start & ~(uintptr_t)3U;
    uint32_t users = ht_low_bytes(start); /* of the first word, these bytes are the user's */
    *(ht_canary_word_t *)at = ((*(ht_canary_word_t *)at ^ canary) & users) ^ canary;
    while ((at += 4U) != end) {
        *(ht_canary_word_t *)at = canary;
    }
}

/** True: no word of the front was changed. O(redzone). */
HT_INLINE bool ht_guard_front_intact(const ht_checks_t *checks, uintptr_t user, uint32_t guard)
{
    if (guard == HT_GUARD_TAIL) { return true; }
    uint32_t canary = ht_canary_front(checks->seed, user);
    for (uintptr_t at = user - checks->front; at != user; at += 4U) {
        if (__builtin_expect(*(ht_canary_word_t *)at != canary, 0)) { return false; }
    }
    return true;
}

/** True: no byte of the tail was changed. O(redzone). */
HT_INLINE bool ht_guard_tail_intact(const ht_checks_t *checks, uintptr_t user, size_t size,
                                    uint32_t guard)
{
    if (__builtin_expect(checks->tail == 0, 0)) { return true; }
    uint32_t canary = ht_canary_tail(checks->seed, user);
    uintptr_t start = ht_guard_tail_start(user, size, guard);
    uintptr_t end = ht_guard_tail_end(checks, start);
    uintptr_t at = start & ~(uintptr_t)3U;
    uint32_t changed = *(ht_canary_word_t *)at ^ canary;
    if (__builtin_expect(changed >> (8U * (start & 3U)) != 0, 0)) { return false; }
    while ((at += 4U) != end) {
        if (__builtin_expect(*(ht_canary_word_t *)at != canary, 0)) { return false; }
    }
    return true;
}

/** Are both redzones as they were written? O(redzones). */
HT_INLINE bool ht_guard_intact(const ht_checks_t *checks, uintptr_t user, size_t size,
                               uint32_t guard)
{
    return ht_guard_front_intact(checks, user, guard) &&
           ht_guard_tail_intact(checks, user, size, guard);
}

/** What was changed in the front (first < 0) or in the tail. False: nothing. O(redzones). */
bool ht_guard_front_damage(const ht_checks_t *checks, uintptr_t user, uint32_t guard,
                           ht_damage_t *damage);
bool ht_guard_tail_damage(const ht_checks_t *checks, uintptr_t user, size_t size, uint32_t guard,
                          ht_damage_t *damage);

/**
 * What was changed in bytes [from, from + bytes) of a block that was filled with `byte`; `damage`
 * is added to: it starts with bytes == 0, and pieces come in ascending order. `from` is a multiple
 * of
 * 4. O(bytes).
 */
void ht_guard_fill_damage(uintptr_t user, size_t from, size_t bytes, uint8_t byte,
                          ht_damage_t *damage);

/** The window of a damage in a filled block: read once its first byte is known. */
void ht_guard_fill_window(uintptr_t user, size_t size, uint8_t byte, ht_damage_t *damage);

/** Fill `bytes` bytes with word stores; bytes of the last word that lie behind keep their value.
 * O(bytes). */
void ht_guard_fill(void *user, size_t bytes, uint8_t byte);

/** Are `bytes` bytes, from a multiple of 4 on, all `byte`? O(bytes). */
bool ht_guard_is_filled(const void *user, size_t bytes, uint8_t byte);

/* The two inline, for the hot path. */
HT_INLINE void ht_guard_fill_here(void *user, size_t bytes, uint8_t byte)
{
    uint32_t word = byte * 0x01010101U;
    ht_canary_word_t *at = user;
    const ht_canary_word_t *end = at + bytes / 16U * 4U;
    for (; at != end; at += 4) {
        at[0] = word;
        at[1] = word;
        at[2] = word;
        at[3] = word;
    }
    for (size_t i = (bytes & 15U) / 4U; i != 0; i--) {
        *at++ = word;
    }
    if ((bytes & 3U) != 0) {
        uint32_t mine = ht_low_bytes(bytes);
        *at = (*at & ~mine) | (word & mine);
    }
}

HT_INLINE bool ht_guard_is_filled_here(const void *user, size_t bytes, uint8_t byte)
{
    uint32_t word = byte * 0x01010101U;
    const ht_canary_word_t *at = user;
    const ht_canary_word_t *end = at + bytes / 16U * 4U;
    for (; at != end; at += 4) {
        if (at[0] != word || at[1] != word || at[2] != word || at[3] != word) { return false; }
    }
    for (size_t i = (bytes & 15U) / 4U; i != 0; i--) {
        if (*at++ != word) { return false; }
    }
    return (bytes & 3U) == 0 || ((*at ^ word) & ht_low_bytes(bytes)) == 0;
}

/** Copy `bytes` bytes between word-aligned blocks with word stores; bytes of the last word that lie
 * behind keep their value. Towards lower addresses, the blocks may overlap. O(bytes). */
void ht_guard_copy(void *to, const void *from, size_t bytes);
