/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_guard.h"

static HT_PORT_HOT size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

HT_PORT_HOT ht_layout_t ht_guard_plan_special(const ht_checks_t *checks, size_t size,
                                              size_t alignment, uint32_t caps)
{
    const ht_layout_t plain = {HT_GUARD_NONE, 0, size, alignment};
    if (!__atomic_load_n(&checks->redzones, __ATOMIC_ACQUIRE)) { return plain; }
    size_t line = ht_port_dma_line(caps);
    size_t need = larger(alignment, line);
    /* Room for the tail to begin at a cache line, if the block turns out to lie behind a cache. */
    size_t lines = need > HT_PORT_ALIGN ? ht_port_dma_line(UINT32_MAX) : 0;
    size_t extra = HT_GUARD_WIDE_BYTES + checks->tail + 3U + lines;
    bool is_power = (need & (need - 1U)) == 0;
    if (!is_power || size > HT_SIZE_MAX - extra) { return plain; }
    size_t tail_end = (size + checks->tail + 3U) & ~(size_t)3U;
    bool has_front = checks->front != 0 && ht_port_takes_front(caps);
    if (has_front && need <= HT_PORT_ALIGN) {
        return (ht_layout_t){HT_GUARD_BOTH, checks->front, checks->front + tail_end, alignment};
    }
    if (has_front && need <= HT_GUARD_WIDE_BYTES) {
        return (ht_layout_t){HT_GUARD_WIDE, HT_GUARD_WIDE_BYTES,
                             HT_GUARD_WIDE_BYTES + tail_end + lines, need};
    }
    if (checks->tail == 0) { return plain; }
    return (ht_layout_t){HT_GUARD_TAIL, 0, tail_end + lines,
                         need > HT_PORT_ALIGN ? need : alignment};
}

/* A block that is aligned to more than a redzone may be (a page, say) may have been rounded up to
 * that: its address shows it. */
HT_PORT_HOT bool ht_guard_is_rounded(uintptr_t raw, size_t bytes)
{
    for (size_t align = 2U * HT_GUARD_WIDE_BYTES; align <= 4096U && raw % align == 0; align *= 2U) {
        if (ht_port_header_ok((const void *)raw, (bytes + align - 1U) & ~(align - 1U))) {
            return true;
        }
    }
    return false;
}

static uint8_t byte_at(uintptr_t address)
{
    return (uint8_t)(*(ht_canary_word_t *)(address & ~(uintptr_t)3U) >> (8U * (address & 3U)));
}

/* The byte of a canary that lies at an address. */
static uint8_t canary_at(uint32_t canary, uintptr_t address)
{
    return (uint8_t)(canary >> (8U * (address & 3U)));
}

/* Compare canaries [start, end) with what is there. */
static bool find_damage(uint32_t canary, uintptr_t user, uintptr_t start, uintptr_t end,
                        ht_damage_t *damage)
{
    uintptr_t first = end;
    uintptr_t last = start;
    for (uintptr_t at = start; at < end; at++) {
        if (byte_at(at) != canary_at(canary, at)) {
            if (first == end) { first = at; }
            last = at;
        }
    }
    if (first == end) { return false; }
    damage->first = (ptrdiff_t)(first - user);
    damage->bytes = last - first + 1U;
    /* The window begins with the first changed byte in a tail, and ends with the last in a front.
     */
    uintptr_t at = first;
    if (first < user) {
        uintptr_t low =
            last + 1U - start > HEAPTRAIL_WINDOW_BYTES ? last + 1U - HEAPTRAIL_WINDOW_BYTES : start;
        at = low > first ? first : low;
    }
    damage->window_at = (ptrdiff_t)(at - user);
    damage->window_bytes = 0;
    for (uint32_t i = 0; i < HEAPTRAIL_WINDOW_BYTES && at + i < end; i++) {
        damage->expected[i] = canary_at(canary, at + i);
        damage->actual[i] = byte_at(at + i);
        damage->window_bytes = i + 1U;
    }
    return true;
}

bool ht_guard_front_damage(const ht_checks_t *checks, uintptr_t user, uint32_t guard,
                           ht_damage_t *damage)
{
    if (guard != HT_GUARD_BOTH && guard != HT_GUARD_WIDE) { return false; }
    return find_damage(ht_canary_front(checks->seed, user), user, user - checks->front, user,
                       damage);
}

bool ht_guard_tail_damage(const ht_checks_t *checks, uintptr_t user, size_t size, uint32_t guard,
                          ht_damage_t *damage)
{
    if (guard == HT_GUARD_NONE || checks->tail == 0) { return false; }
    uintptr_t start = ht_guard_tail_start(user, size, guard);
    return find_damage(ht_canary_tail(checks->seed, user), user, start,
                       ht_guard_tail_end(checks, start), damage);
}

void ht_guard_fill_damage(uintptr_t user, size_t from, size_t bytes, uint8_t byte,
                          ht_damage_t *damage)
{
    uint32_t word = byte * 0x01010101U;
    for (size_t at = from; at < from + bytes; at++) {
        bool whole = (at & 3U) == 0 && from + bytes - at >= 4U;
        if (whole && *(ht_canary_word_t *)(user + at) == word) {
            at += 3U;
        } else if (byte_at(user + at) != byte) {
            if (damage->bytes == 0) { damage->first = (ptrdiff_t)at; }
            damage->bytes = at - (size_t)damage->first + 1U;
        }
    }
}

void ht_guard_fill_window(uintptr_t user, size_t size, uint8_t byte, ht_damage_t *damage)
{
    damage->window_at = damage->first;
    damage->window_bytes = 0;
    for (uint32_t i = 0; i < HEAPTRAIL_WINDOW_BYTES && (size_t)damage->first + i < size; i++) {
        damage->expected[i] = byte;
        damage->actual[i] = byte_at(user + (size_t)damage->first + i);
        damage->window_bytes = i + 1U;
    }
}

HT_PORT_HOT void ht_guard_fill(void *user, size_t bytes, uint8_t byte)
{
    ht_guard_fill_here(user, bytes, byte);
}

HT_PORT_HOT bool ht_guard_is_filled(const void *user, size_t bytes, uint8_t byte)
{
    return ht_guard_is_filled_here(user, bytes, byte);
}

HT_PORT_HOT void ht_guard_copy(void *to, const void *from, size_t bytes)
{
    ht_canary_word_t *into = to;
    const ht_canary_word_t *out = from;
    for (size_t i = bytes / 4U; i != 0; i--) {
        *into++ = *out++;
    }
    if ((bytes & 3U) != 0) {
        uint32_t mine = ht_low_bytes(bytes);
        *into = (*into & ~mine) | (*out & mine);
    }
}
