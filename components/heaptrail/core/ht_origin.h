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

/** The number of an origin, as the tables keep it. */
#if HT_64BIT
typedef uint32_t ht_origin_slot_t;
#else
typedef uint16_t ht_origin_slot_t;
#endif

typedef struct {
    const heaptrail_site_t *site;
    uint32_t hash;
    uint32_t caps;
    uint32_t frame_first;
    union {
        struct {
            uint8_t method;
            uint8_t depth;
        };
        uint16_t shape; /**< depth and method, to be compared at once */
    };
    ht_origin_slot_t id; /**< its own number once the key is complete; set under the lock, with the
                            index entry */
    uintptr_t caller;    /**< the one frame of an origin that has one frame and no site; else 0 */
    /* counters */
    uint32_t total_blocks;
    uint32_t freed_beyond; /**< ends that `lifetimes` had no room for: ht_origin_freed_blocks() */
    uint32_t dropped_blocks;
    uint32_t failures;
    ht_sum_t total_bytes;
    size_t live_bytes;
    size_t peak_bytes;
    uint16_t lifetimes[HT_LIFETIME_BUCKETS];
    /* filled in by one query at a time, see ht_query.h */
    uint32_t since_blocks;
    size_t since_bytes;
    ht_tick_t oldest_age; /**< in ticks, plus 1 */
} ht_origin_t;

/** ht_origin_t::shape of an origin; every target is little-endian. */
#define HT_ORIGIN_SHAPE(depth, method) ((uint16_t)((method) | ((depth) << 8)))

/** Entries of the cache of callers: a power of two. */
#define HT_CALLERS 64U

/** Number of bits of n, n < 64: 0 for 0, 1 for 1, 2 for 2 and 3 ... A table in the tracker, which
 * the hot path has at hand. (Without Zbb __builtin_clz is a call that reads a table in flash.) */
#define HT_BIT_LENGTHS 64U
typedef struct {
    uint8_t of[HT_BIT_LENGTHS];
} ht_bit_lengths_t;

void ht_bit_lengths_init(ht_bit_lengths_t *length);

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

/** The origin that came from each place last, by a hash of the place; never NULL once there are
 * tables. */
typedef struct {
    ht_origin_t *of[HT_CALLERS];
} ht_callers_t;

/** Forget them all. Two at once may. O(HT_CALLERS). */
void ht_callers_init(ht_callers_t *callers, const ht_origins_t *origins);

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

/** Blocks with a record that ended: each is in the histogram of lives once. O(buckets). */
HT_INLINE uint32_t ht_origin_freed_blocks(const ht_origin_t *origin)
{
    uint32_t freed = origin->freed_beyond;
    for (unsigned b = 0; b < HT_LIFETIME_BUCKETS; b++) {
        freed += origin->lifetimes[b];
    }
    return freed;
}

HT_INLINE uint32_t ht_origin_live_blocks(const ht_origin_t *origin)
{
    return origin->total_blocks - origin->dropped_blocks - ht_origin_freed_blocks(origin);
}

/** Count one more block of size bytes that has a record. Lock held. */
HT_INLINE void ht_origin_add(ht_origin_t *origin, size_t size)
{
    origin->total_blocks++;
    ht_sum_up(&origin->total_bytes, size);
    size_t live = origin->live_bytes + size;
    origin->live_bytes = live;
    if (live > origin->peak_bytes) { origin->peak_bytes = live; }
}

/** The bucket of lifetimes for a life of age ticks; less than 0: its stamp was borrowed from the
 * future, and it lived for none. */
HT_INLINE uint32_t ht_lifetime_bucket(const ht_bit_lengths_t *length, ht_tick_t age)
{
    if (__builtin_expect(age < HT_BIT_LENGTHS, 1)) { return length->of[age]; }
    const uint32_t step = 6; /* HT_BIT_LENGTHS is 2^6 */
    if (age < HT_BIT_LENGTHS << step) { return step + length->of[age >> step]; }
    if (age < HT_BIT_LENGTHS << 2U * step) { return 2U * step + length->of[age >> 2U * step]; }
    return age <= (ht_tick_t) ~(ht_tick_t)0 >> 1 ? HT_LIFETIME_BUCKETS - 1U : 0;
}

/** Count the end of a block; bucket: of its life. Lock held. */
HT_INLINE void ht_origin_remove(ht_origin_t *origin, size_t size, uint32_t bucket)
{
    origin->live_bytes -= size;
    uint16_t *lives = &origin->lifetimes[bucket];
    uint32_t count = *lives + 1U;
    if (__builtin_expect(count >> 16 == 0, 1)) {
        *lives = (uint16_t)count;
    } else { /* it stops there */
        origin->freed_beyond++;
    }
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

/*
 * The origin of a block of which only the caller's address is known: a site as the linker's wrap
 * sees it. First the cache of the last ones, one load and three comparisons; NULL: not in there.
 * No lock: an entry is one word, and what it leads to does not change any more.
 */
HT_INLINE ht_origin_t **ht_caller_entry(ht_callers_t *callers, uintptr_t caller, uint32_t caps)
{
    uintptr_t mixed = caller + caps;
    mixed ^= mixed >> 7;
    return &callers->of[(mixed >> 2) & (HT_CALLERS - 1U)];
}

HT_INLINE ht_origin_t *ht_origin_quickly(ht_callers_t *callers, uintptr_t caller, uint32_t caps,
                                         uint32_t method)
{
    ht_origin_t *origin = HT_LOAD_LEADING(ht_caller_entry(callers, caller, caps));
    bool hit = origin->caller == caller && origin->caps == caps &&
               origin->shape == HT_ORIGIN_SHAPE(1, method);
    return __builtin_expect(hit, 1) ? origin : NULL;
}

/** The same, wherever it is; it is added if it is new, and kept in the cache. Row 0: no room. */
ht_origin_t *ht_origin_of_caller(ht_origins_t *origins, ht_callers_t *callers, ht_port_lock_t *lock,
                                 uintptr_t caller, uint32_t caps, uint32_t method);

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
                            const ht_origin_key_t *key)
{
    if (origin->site != key->site || origin->caps != key->caps ||
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
    uint32_t id = HT_LOAD_LEADING(&origins->index[hash & origins->index_mask]);
    const ht_origin_t *origin = &origins->origins[id];
    if (__builtin_expect(id != 0 && origin->hash == hash && ht_origin_is(origins, origin, key),
                         1)) {
        return (ht_origin_id_t){id};
    }
    return ht_origin_intern(origins, lock, key);
}

/** The stack that came from a place last, if all of the key but its frames is the same; else NULL.
 * Its frames are still to be compared: row 0 has none. */
HT_INLINE ht_origin_t *ht_origin_expected(ht_callers_t *callers, const heaptrail_site_t *site,
                                          uint32_t caps, uint32_t method, uintptr_t where)
{
    ht_origin_t *origin = HT_LOAD_LEADING(ht_caller_entry(callers, where, caps));
    bool same = origin->site == site && origin->caps == caps && origin->method == method;
    return same ? origin : NULL;
}

/** The slow half of ht_origin_of_stack(). */
ht_origin_t *ht_origin_of_new_stack(ht_origins_t *origins, ht_callers_t *callers,
                                    ht_port_lock_t *lock, const ht_origin_key_t *key,
                                    uintptr_t where);

/**
 * The origin of a key with a stack. `where`: anything that is another number on another way to the
 * same call, the stack pointer at best. What came from there last is compared, without a hash; row
 * 0: no room. O(depth).
 */
HT_INLINE ht_origin_t *ht_origin_of_stack(ht_origins_t *origins, ht_callers_t *callers,
                                          ht_port_lock_t *lock, const ht_origin_key_t *key,
                                          uintptr_t where)
{
    ht_origin_t *origin = HT_LOAD_LEADING(ht_caller_entry(callers, where, key->caps));
    return __builtin_expect(origin->id != 0 && ht_origin_is(origins, origin, key), 1)
               ? origin
               : ht_origin_of_new_stack(origins, callers, lock, key, where);
}
