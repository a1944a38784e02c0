/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_origin.h"

#include <string.h>

void ht_bit_lengths_init(ht_bit_lengths_t *length)
{
    length->of[0] = 0;
    for (uint32_t n = 1; n < HT_BIT_LENGTHS; n++) {
        length->of[n] = (uint8_t)(length->of[n / 2U] + 1U);
    }
}

void ht_callers_init(ht_callers_t *callers, const ht_origins_t *origins)
{
    for (uint32_t i = 0; i < HT_CALLERS; i++) {
        __atomic_store_n(&callers->of[i], origins->origins, __ATOMIC_RELAXED); /* no caller's */
    }
}

uint32_t ht_origins_index_size(uint32_t max)
{
    uint32_t size = 16;
    while (size < 2U * max) {
        size *= 2U;
    }
    return size;
}

HT_PORT_HOT uint32_t ht_origin_hash(const ht_origin_key_t *key)
{
    return ht_origin_hash_of(key);
}

/* The entry of the key, or the empty one where it would go, or NULL when all that may be read are
 * taken. `found` is what was in it when it was read: another core may fill an empty one right
 * after. */
static HT_PORT_HOT ht_origin_slot_t *probe(const ht_origins_t *origins, const ht_origin_key_t *key,
                                           uint32_t hash, uint32_t *found)
{
    for (uint32_t i = 0; i < HT_ORIGIN_PROBES; i++) {
        ht_origin_slot_t *slot = &origins->index[(hash + i) & origins->index_mask];
        uint32_t id = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
        const ht_origin_t *origin = &origins->origins[id];
        if (id == 0 || (origin->hash == hash && ht_origin_is(origins, origin, key))) {
            *found = id;
            return slot;
        }
    }
    *found = 0;
    return NULL;
}

HT_PORT_HOT bool ht_origin_find(const ht_origins_t *origins, const ht_origin_key_t *key,
                                uint32_t hash, ht_origin_id_t *id)
{
    (void)probe(origins, key, hash, &id->index);
    return id->index != 0;
}

/* What the frames of a key take in the depot. */
static inline uint32_t depot_words(const ht_origin_key_t *key)
{
    return ht_origin_is_lone(key->depth, key->site) ? 0 : key->depth;
}

/* Take the next origin and room for its frames; nothing else sees them yet. 0: no room. */
static HT_PORT_HOT uint32_t reserve(ht_origins_t *origins, uint32_t words, uint32_t *frame_first)
{
    if (origins->count >= origins->max) {
        ht_count_up(&origins->lost_origins);
        return 0;
    }
    if (words > origins->frames_max - origins->frames_used) {
        ht_count_up(&origins->lost_frames);
        return 0;
    }
    *frame_first = origins->frames_used;
    origins->frames_used += words;
    return ++origins->count;
}

/* Make origin `id` visible, unless the same key came in meanwhile: then that one's number. */
static HT_PORT_HOT uint32_t publish(ht_origins_t *origins, const ht_origin_key_t *key,
                                    uint32_t hash, uint32_t id)
{
    uint32_t found = 0;
    ht_origin_slot_t *slot = probe(origins, key, hash, &found);
    if (slot != NULL && found == 0) {
        origins->origins[id].id = (ht_origin_slot_t)id;
        __atomic_store_n(slot, (ht_origin_slot_t)id, __ATOMIC_RELEASE);
        return id;
    }
    if (slot == NULL) { ht_count_up(&origins->lost_origins); }
    if (id == origins->count) { /* still the last one: give it back */
        origins->count--;
        origins->frames_used -= depot_words(key);
        origins->origins[id].site = NULL;
        origins->origins[id].caller = 0;
        origins->origins[id].depth = 0;
    }
    return found;
}

HT_PORT_HOT ht_origin_id_t ht_origin_intern(ht_origins_t *origins, ht_port_lock_t *lock,
                                            const ht_origin_key_t *key)
{
    ht_origin_id_t id = {0};
    uint32_t hash = ht_origin_hash(key);
    if (ht_origin_find(origins, key, hash, &id)) { return id; }
    uint32_t frame_first = 0;
    ht_port_irq_t irq = ht_port_lock(lock);
    id.index = reserve(origins, depot_words(key), &frame_first);
    ht_port_unlock(lock, irq);
    if (id.index == 0) { return id; }
    ht_origin_t *origin = &origins->origins[id.index];
    origin->site = key->site;
    origin->hash = hash;
    origin->caps = key->caps;
    origin->frame_first = frame_first;
    origin->shape = HT_ORIGIN_SHAPE(key->depth, key->method);
    origin->caller = ht_origin_is_lone(key->depth, key->site) ? key->frames[0] : 0;
    for (uint32_t i = 0; i < depot_words(key); i++) {
        origins->frames[frame_first + i] = key->frames[i];
    }
    irq = ht_port_lock(lock);
    id.index = publish(origins, key, hash, id.index);
    ht_port_unlock(lock, irq);
    return id;
}

HT_PORT_HOT ht_origin_t *ht_origin_of_caller(ht_origins_t *origins, ht_callers_t *callers,
                                             ht_port_lock_t *lock, uintptr_t caller, uint32_t caps,
                                             uint32_t method)
{
    ht_origin_t *origin = ht_origin_quickly(callers, caller, caps, method);
    if (origin != NULL) { return origin; }
    ht_origin_key_t key = {.frames = &caller, .depth = 1, .caps = caps, .method = method};
    origin = &origins->origins[ht_origin_of_key(origins, lock, &key).index];
    if (caller != 0) { /* 0 is what the entries of all others have for a caller */
        __atomic_store_n(ht_caller_entry(callers, caller, caps), origin, __ATOMIC_RELEASE);
    }
    return origin;
}

HT_PORT_HOT ht_origin_t *ht_origin_of_new_stack(ht_origins_t *origins, ht_callers_t *callers,
                                                ht_port_lock_t *lock, const ht_origin_key_t *key,
                                                uintptr_t where)
{
    ht_origin_t *origin = &origins->origins[ht_origin_of_key(origins, lock, key).index];
    if (origin->depth > 1) { /* all else has its frames elsewhere, or none */
        __atomic_store_n(ht_caller_entry(callers, where, key->caps), origin, __ATOMIC_RELEASE);
    }
    return origin;
}
