/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "ht_posix_own.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "ht_port.h"

#define SPAN_MAX ((size_t)1 << 32)
#define SPAN_MIN ((size_t)1 << 24)
#define STEP ((size_t)1 << 20) /* made usable at once */
#define CLASS_MIN 5U
#define CLASSES 33U

/* Right before the block. */
typedef struct {
    uint64_t size_class;
    uint64_t lead; /* bytes from the slot's start to the block */
} header_t;
static_assert(sizeof(header_t) == 16, "blocks are aligned to 16 bytes");

typedef struct slot {
    struct slot *next;
} slot_t;

uintptr_t ht_posix_own_start;
size_t ht_posix_own_span;

static struct {
    ht_port_lock_t lock;
    size_t usable; /* bytes from the start that may be written */
    size_t used;   /* bytes from the start that are in slots */
    slot_t *free[CLASSES];
} s_own;

/* Addresses only: no memory is promised, so limits and locked memory do not mind. Lock held. */
static void reserve(void)
{
    for (size_t span = SPAN_MAX; ht_posix_own_span == 0 && span >= SPAN_MIN; span /= 2U) {
        void *start =
            mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (start != MAP_FAILED) {
            __atomic_store_n(&ht_posix_own_start, (uintptr_t)start, __ATOMIC_RELAXED);
            __atomic_store_n(&ht_posix_own_span, span, __ATOMIC_RELEASE);
        }
    }
}

/* A slot that nobody had yet. Lock held. */
static void *carve(size_t bytes)
{
    if (ht_posix_own_span == 0) { reserve(); }
    if (bytes > ht_posix_own_span - s_own.used) { return NULL; }
    size_t need = s_own.used + bytes;
    if (need > s_own.usable) {
        size_t more = (need - s_own.usable + STEP - 1U) & ~(STEP - 1U);
        void *from = (void *)(ht_posix_own_start + s_own.usable);
        if (more > ht_posix_own_span - s_own.usable ||
            mprotect(from, more, PROT_READ | PROT_WRITE) != 0) {
            return NULL;
        }
        s_own.usable += more;
    }
    void *slot = (void *)(ht_posix_own_start + s_own.used);
    s_own.used = need;
    return slot;
}

static void *take_slot(unsigned size_class)
{
    ht_port_irq_t irq = ht_port_lock(&s_own.lock);
    slot_t *slot = s_own.free[size_class];
    if (slot != NULL) {
        s_own.free[size_class] = slot->next;
    } else {
        slot = carve((size_t)1 << size_class);
    }
    ht_port_unlock(&s_own.lock, irq);
    return slot;
}

static header_t *header_of(const void *block)
{
    return (header_t *)(uintptr_t)block - 1;
}

void *ht_posix_own_alloc(size_t alignment, size_t size)
{
    int saved_errno = errno;
    size_t align = alignment > sizeof(header_t) ? alignment : sizeof(header_t);
    void *slot = NULL;
    unsigned size_class = CLASS_MIN;
    if (size < SPAN_MAX / 4U && align < SPAN_MAX / 4U) {
        size_t need = size + sizeof(header_t) + (align > sizeof(header_t) ? align : 0);
        while ((size_t)1 << size_class < need) {
            size_class++;
        }
        slot = take_slot(size_class);
    }
    errno = slot != NULL ? saved_errno : ENOMEM;
    if (slot == NULL) { return NULL; }
    uintptr_t block = ((uintptr_t)slot + sizeof(header_t) + align - 1U) & ~(uintptr_t)(align - 1U);
    *header_of((void *)block) = (header_t){size_class, block - (uintptr_t)slot};
    return (void *)block;
}

void ht_posix_own_free(void *block)
{
    header_t header = *header_of(block);
    if (header.size_class >= CLASSES) { return; } /* overwritten: leave it */
    slot_t *slot = (slot_t *)((uintptr_t)block - header.lead);
    ht_port_irq_t irq = ht_port_lock(&s_own.lock);
    slot->next = s_own.free[header.size_class];
    s_own.free[header.size_class] = slot;
    ht_port_unlock(&s_own.lock, irq);
}

size_t ht_posix_own_size(const void *block)
{
    const header_t *header = header_of(block);
    return ((size_t)1 << header->size_class) - header->lead;
}

void *ht_posix_own_realloc(void *block, size_t size)
{
    size_t has = ht_posix_own_size(block);
    if (size != 0 && size <= has) { return block; }
    void *made = size != 0 ? ht_posix_own_alloc(0, size) : NULL;
    if (made != NULL) { memcpy(made, block, has); }
    if (made != NULL || size == 0) { ht_posix_own_free(block); }
    return made;
}

void ht_posix_own_forked(void)
{
    if (s_own.lock.taken == 0) { return; }
    memset(s_own.free, 0, sizeof(s_own.free)); /* half changed; what is in them is lost */
    s_own.lock.taken = 0;
}
