/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_origin.h
 * Where blocks come from: each distinct (site, stack, method, capabilities) once, with its
 * counters.
 *
 *   index   [ 0 | 7 | 0 | 3 | ... ]        hash -> number of the origin; 0 is empty
 *   origins [ unknown | o1 | o2 | ... ]    key and counters; number 0 takes what finds no room
 *   frames  [ pc pc pc | pc pc | ... ]     the stack depot: o->frame_first .. + depth
 *
 * Origins are never removed, so a look-up needs no lock: an index entry is written last.
 */
#pragma once

#include "heaptrail_types.h"
#include "ht_types.h"

static_assert(HEAPTRAIL_LIFETIME_BUCKETS == HT_LIFETIME_BUCKETS, "rows show what the core counts");

/** Entries of the index that a look-up reads, at most. */
#define HT_ORIGIN_PROBES 32

typedef struct {
    const heaptrail_site_t *site;
    const uintptr_t *frames; /**< may be NULL when depth is 0 */
    uint32_t depth;
    uint32_t caps;
    uint32_t method;
} ht_origin_key_t;

typedef struct {
    const heaptrail_site_t *site;
    uint32_t hash;
    uint32_t caps;
    uint32_t frame_first;
    union {
        struct {
            uint8_t depth;
            uint8_t method;
        };
        uint16_t shape; /**< depth and method, to be compared at once */
    };
    uint16_t published; /**< 1: the key is complete; set under the lock, with the index entry */
    uintptr_t caller;   /**< the one frame of an origin that has one frame and no site; else 0 */
    /* counters */
    uint32_t total_blocks;
    uint32_t freed_blocks;
    uint32_t dropped_blocks;
    uint32_t failures;
    uint64_t total_bytes;
    size_t live_bytes;
    size_t peak_bytes;
    uint16_t lifetimes[HT_LIFETIME_BUCKETS];
    /* filled in by one query at a time, see ht_query.h */
    uint32_t since_blocks;
    size_t since_bytes;
    ht_tick_t oldest_age; /**< in ticks, plus 1 */
} ht_origin_t;

/** ht_origin_t::shape of an origin; every target is little-endian. */
#define HT_ORIGIN_SHAPE(depth, method) ((uint16_t)((depth) | ((method) << 8)))

#if HT_64BIT
typedef uint32_t ht_origin_slot_t;
#else
typedef uint16_t ht_origin_slot_t;
#endif

typedef struct {
    ht_origin_t *origins;    /**< max + 1 of them */
    ht_origin_slot_t *index; /**< index_mask + 1 of them, a power of two >= 2 * max */
    uintptr_t *frames;
    uint32_t max;
    uint32_t index_mask;
    uint32_t frames_max;
    uint32_t count; /**< origins in use, 0 not counted */
    uint32_t frames_used;
    uint32_t lost_origins;
    uint32_t lost_frames;
} ht_origins_t;

/** The entries that an index for max origins has: a power of two, at least 2 * max. */
uint32_t ht_origins_index_size(uint32_t max);

/** Find an origin without a lock. False when it is not there. O(depth). */
bool ht_origin_find(const ht_origins_t *origins, const ht_origin_key_t *key, uint32_t hash,
                    ht_origin_id_t *id);

/** The hash of a key. O(depth). */
uint32_t ht_origin_hash(const ht_origin_key_t *key);

/**
 * The number of an origin, added if it is new; 0 when there is no room (counted). Takes the lock,
 * for a constant time, only when it is new. Two callers with the same new key get the same number.
 */
ht_origin_id_t ht_origin_intern(ht_origins_t *origins, ht_port_lock_t *lock,
                                const ht_origin_key_t *key);

/** True when `id` is this very site (without a stack) with these capabilities: a cached number is
 * still good. */
HT_INLINE bool ht_origin_is_site(const ht_origins_t *origins, uint32_t id,
                                 const heaptrail_site_t *site, uint32_t caps)
{
    if (id == 0 || id > origins->max) { return false; }
    const ht_origin_t *origin = &origins->origins[id];
    return origin->site == site && origin->caps == caps && origin->depth == 0;
}

HT_INLINE uint32_t ht_origin_live_blocks(const ht_origin_t *origin)
{
    return origin->total_blocks - origin->dropped_blocks - origin->freed_blocks;
}

/** Count one more block of size bytes that has a record. Lock held. */
HT_INLINE void ht_origin_add(ht_origin_t *origin, size_t size)
{
    origin->total_blocks++;
    origin->total_bytes += size;
    size_t live = origin->live_bytes + size;
    origin->live_bytes = live;
    if (live > origin->peak_bytes) { origin->peak_bytes = live; }
}

/* The number of bits of n: 0 for 0, 1 for 1, 2 for 2 and 3 ... */
HT_INLINE uint32_t ht_bit_length(uint32_t n)
{
#if defined(__riscv) && !defined(__riscv_zbb)
    /* Without Zbb, __builtin_clz is a call that reads a table in flash. */
    uint32_t bits = 0;
    if (n >> 16) {
        n >>= 16;
        bits += 16;
    }
    if (n >> 8) {
        n >>= 8;
        bits += 8;
    }
    if (n >> 4) {
        n >>= 4;
        bits += 4;
    }
    if (n >> 2) {
        n >>= 2;
        bits += 2;
    }
    return bits + (n < 2 ? n : 2);
#else
    return n == 0 ? 0 : 32U - (uint32_t)__builtin_clz(n);
#endif
}

/** Count the end of a block that lived for age ticks. Lock held. */
HT_INLINE void ht_origin_remove(ht_origin_t *origin, size_t size, ht_tick_t age)
{
    origin->freed_blocks++;
    origin->live_bytes -= size;
    uint32_t bucket = (uint32_t)age; /* 0 and 1 are their own lengths, and the commonest ages */
    if (age >= 2) {
        bucket = HT_LIFETIME_BUCKETS - 1;
        if (age < (ht_tick_t)1 << bucket) { bucket = ht_bit_length((uint32_t)age); }
    }
    uint16_t lives = (uint16_t)(origin->lifetimes[bucket] + 1U);
    if (lives != 0) { origin->lifetimes[bucket] = lives; } /* it stops at 65535 */
}

/*
 * The hash of a key: the capabilities and the method, then a multiplication for each frame, then
 * the high bits folded down to where the index takes its number from.
 */
HT_INLINE uintptr_t ht_origin_seed(uint32_t caps, uint32_t method)
{
    return (uintptr_t)caps + ((uintptr_t)method << 22);
}

HT_INLINE uintptr_t ht_origin_step(uintptr_t hash, uintptr_t frame)
{
    return (hash ^ frame) * (uintptr_t)0x9E3779B1U;
}

HT_INLINE uint32_t ht_origin_fold(uintptr_t hash)
{
    return (uint32_t)(hash ^ hash >> (HT_64BIT ? 32 : 15));
}

/** The slow half of ht_origin_of_caller(). */
ht_origin_id_t ht_origin_of_new_caller(ht_origins_t *origins, ht_port_lock_t *lock,
                                       uintptr_t caller, uint32_t caps, uint32_t method);

/*
 * The origin of a block of which only the caller's address is known: a site as the linker's wrap
 * sees it. Only the first entry of the index is looked at; it is right nearly always. NULL: it is
 * elsewhere, or new.
 */
HT_INLINE ht_origin_t *ht_origin_quickly(const ht_origins_t *origins, uintptr_t caller,
                                         uint32_t caps, uint32_t method, ht_origin_id_t *id)
{
    uint32_t hash = ht_origin_fold(ht_origin_step(ht_origin_seed(caps, method), caller));
    id->index = __atomic_load_n(&origins->index[hash & origins->index_mask], __ATOMIC_ACQUIRE);
    ht_origin_t *origin = &origins->origins[id->index];
    bool hit = origin->caller == caller && origin->caps == caps &&
               origin->shape == HT_ORIGIN_SHAPE(1, method);
    return __builtin_expect(hit, 1) ? origin : NULL;
}

/** The same, wherever it is; it is added if it is new. */
HT_INLINE ht_origin_id_t ht_origin_of_caller(ht_origins_t *origins, ht_port_lock_t *lock,
                                             uintptr_t caller, uint32_t caps, uint32_t method)
{
    ht_origin_id_t id;
    return ht_origin_quickly(origins, caller, caps, method, &id) != NULL
               ? id
               : ht_origin_of_new_caller(origins, lock, caller, caps, method);
}

/** A lone caller is kept in the origin itself, everything else in the depot. */
HT_INLINE bool ht_origin_is_lone(uint32_t depth, const heaptrail_site_t *site)
{
    return depth == 1 && site == NULL;
}

/** The return addresses of an origin, `depth` of them. */
HT_INLINE const uintptr_t *ht_origin_frames(const ht_origins_t *origins, const ht_origin_t *origin)
{
    return ht_origin_is_lone(origin->depth, origin->site) ? &origin->caller
                                                          : &origins->frames[origin->frame_first];
}

/** The hash of a key. O(depth). */
HT_INLINE uint32_t ht_origin_hash_of(const ht_origin_key_t *key)
{
    uintptr_t hash = (uintptr_t)key->site + ht_origin_seed(key->caps, key->method);
    if (key->depth == 0) { return ht_origin_fold(ht_origin_step(hash, 0)); }
    for (uint32_t i = 0; i < key->depth; i++) {
        hash = ht_origin_step(hash, key->frames[i]);
    }
    return ht_origin_fold(hash);
}

/* Is this the origin of the key? */
HT_INLINE bool ht_origin_is(const ht_origins_t *origins, const ht_origin_t *origin,
                            const ht_origin_key_t *key, uint32_t hash)
{
    if (origin->hash != hash || origin->site != key->site || origin->caps != key->caps ||
        origin->shape != HT_ORIGIN_SHAPE(key->depth, key->method)) {
        return false;
    }
    const uintptr_t *frame = ht_origin_frames(origins, origin);
    const uintptr_t *end = key->frames + key->depth;
    for (const uintptr_t *wanted = key->frames; wanted != end; wanted++, frame++) {
        if (*frame != *wanted) { return false; }
    }
    return true;
}

/** As ht_origin_intern(); the first entry of the index, right nearly always, is looked at inline.
 */
HT_INLINE ht_origin_id_t ht_origin_of_key(ht_origins_t *origins, ht_port_lock_t *lock,
                                          const ht_origin_key_t *key)
{
    uint32_t hash = ht_origin_hash_of(key);
    uint32_t id = __atomic_load_n(&origins->index[hash & origins->index_mask], __ATOMIC_ACQUIRE);
    if (__builtin_expect(id != 0 && ht_origin_is(origins, &origins->origins[id], key, hash), 1)) {
        return (ht_origin_id_t){id};
    }
    return ht_origin_intern(origins, lock, key);
}
