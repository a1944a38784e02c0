/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The original API on heaptrail's table. What it prints is in memmap_print.c. */
#include "memmap.h"

#include <string.h>

#include "heaptrail.h"
#include "ht_checked.h"
#include "ht_config.h"
#include "ht_log.h"
#include "ht_memmap.h"
#include "ht_port_wrap.h"
#include "ht_site.h"

#define CALLER ((uintptr_t)__builtin_return_address(0))

__attribute__((weak)) SemaphoreHandle_t memorySemaphore;
__attribute__((weak)) bool debug_track_allocation;

/*
 * Sites that are known only at run time: a function was called with file, line and function name.
 * Each distinct one gets a descriptor here, once; found again by its pointers, without a lock.
 */
#define RUNTIME_SITES 128U
#define RUNTIME_PROBES 16U

typedef struct {
    heaptrail_site_t site;
    heaptrail_site_ref_t ref;
    volatile uint32_t state; /* 0: free, 1: being made, 2: good */
} runtime_site_t;

static runtime_site_t s_runtime_sites[RUNTIME_SITES];

static bool is_site(const heaptrail_site_t *a, const heaptrail_site_t *b)
{
    return a->file == b->file && a->function == b->function && a->variable == b->variable &&
           a->line == b->line && a->method == b->method;
}

/* The reference of a run-time site, or NULL when there is no room: then the caller's address must
 * do. */
static heaptrail_site_ref_t *runtime_site(const heaptrail_site_t *site)
{
    uintptr_t hash =
        ((uintptr_t)site->file ^ (uintptr_t)site->variable) / 4U + site->line * 31U + site->method;
    for (uint32_t i = 0; i < RUNTIME_PROBES; i++) {
        runtime_site_t *entry = &s_runtime_sites[(hash + i) % RUNTIME_SITES];
        uint32_t state = __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE);
        if (state == 2 && is_site(&entry->site, site)) { return &entry->ref; }
        if (state != 0) { continue; }
        ht_tracker_t *tracker = ht_default();
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        bool mine = entry->state == 0;
        if (mine) {
            entry->site = *site;
            entry->ref = (heaptrail_site_ref_t){&entry->site, 0, site->method};
            __atomic_store_n(&entry->state, 2U, __ATOMIC_RELEASE);
        }
        ht_port_unlock(&tracker->lock, irq);
        if (mine || is_site(&entry->site, site)) { return &entry->ref; }
    }
    return NULL;
}

/* The site of an allocation under the old names; NULL where it should stay plain. */
static heaptrail_site_ref_t *site_at(const char *file, int line, const char *function,
                                     uint32_t method)
{
    if (!debug_track_allocation) { return NULL; }
    const heaptrail_site_t site = {file, function, NULL, line > 0 ? (uint32_t)line : 0, method};
    return runtime_site(&site);
}

static void log_failure(const heaptrail_site_ref_t *ref, const heaptrail_site_t *fallback,
                        size_t size, uint32_t caps, void *address)
{
    const heaptrail_site_t *site = ref != NULL ? ref->site : fallback;
    MemoryTraceInfo info = ht_memmap_info(site, size, caps, (heaptrail_method_t)site->method);
    info.failure = 1;
    info.address = address;
    log_memory_allocation(info);
}

/*
 * The scope says who called us, for what has no site: tracking by name is off, or there is no room
 * for one more run-time site.
 */
static void *do_malloc(heaptrail_site_ref_t *ref, const heaptrail_site_t *site, uintptr_t caller,
                       size_t size, uint32_t caps)
{
    ht_scope_t scope;
    bool named = debug_track_allocation;
    ht_site_enter(&scope, named ? ref : NULL, caller, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC);
    void *block =
        named ? heaptrail_heap_caps_malloc(ref, size, caps) : heap_caps_malloc(size, caps);
    ht_scope_leave(ht_default(), &scope, block);
    if (block == NULL && size != 0) { log_failure(ref, site, size, caps, NULL); }
    return block;
}

static void *do_calloc(heaptrail_site_ref_t *ref, const heaptrail_site_t *site, uintptr_t caller,
                       size_t n, size_t size, uint32_t caps)
{
    ht_scope_t scope;
    bool named = debug_track_allocation;
    ht_site_enter(&scope, named ? ref : NULL, caller, HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC);
    void *block =
        named ? heaptrail_heap_caps_calloc(ref, n, size, caps) : heap_caps_calloc(n, size, caps);
    ht_scope_leave(ht_default(), &scope, block);
    if (block == NULL && n != 0 && size != 0) {
        size_t bytes;
        if (__builtin_mul_overflow(n, size, &bytes)) { bytes = SIZE_MAX; }
        log_failure(ref, site, bytes, caps, NULL);
    }
    return block;
}

static void *do_realloc(heaptrail_site_ref_t *ref, const heaptrail_site_t *site, uintptr_t caller,
                        void *ptr, size_t size, uint32_t caps)
{
    ht_scope_t scope;
    bool named = debug_track_allocation;
    ht_site_enter(&scope, named ? ref : NULL, caller, HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC);
    void *block = named ? heaptrail_heap_caps_realloc(ref, ptr, size, caps)
                        : heap_caps_realloc(ptr, size, caps);
    ht_scope_leave(ht_default(), &scope, block);
    if (block == NULL && size != 0) { log_failure(ref, site, size, caps, ptr); }
    return block;
}

void *traceable_heap_caps_malloc(size_t size, uint32_t caps, const char *file, int line,
                                 const char *function)
{
    const heaptrail_site_t site = {file, function, NULL, (uint32_t)line,
                                   HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC};
    return do_malloc(site_at(file, line, function, site.method), &site, CALLER, size, caps);
}

void *traceable_heap_caps_calloc(size_t n, size_t size, uint32_t caps, const char *file, int line,
                                 const char *function)
{
    const heaptrail_site_t site = {file, function, NULL, (uint32_t)line,
                                   HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC};
    return do_calloc(site_at(file, line, function, site.method), &site, CALLER, n, size, caps);
}

void *traceable_heap_caps_realloc(void *ptr, size_t size, uint32_t caps, const char *file, int line,
                                  const char *function)
{
    const heaptrail_site_t site = {file, function, NULL, (uint32_t)line,
                                   HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC};
    return do_realloc(site_at(file, line, function, site.method), &site, CALLER, ptr, size, caps);
}

static const heaptrail_site_t s_no_site = {NULL, NULL, NULL, 0, HEAPTRAIL_METHOD_UNKNOWN};

void *traceable_heap_caps_malloc_at(heaptrail_site_ref_t *ref, size_t size, uint32_t caps)
{
    return do_malloc(ref, &s_no_site, CALLER, size, caps);
}

void *traceable_heap_caps_calloc_at(heaptrail_site_ref_t *ref, size_t n, size_t size, uint32_t caps)
{
    return do_calloc(ref, &s_no_site, CALLER, n, size, caps);
}

void *traceable_heap_caps_realloc_at(heaptrail_site_ref_t *ref, void *ptr, size_t size,
                                     uint32_t caps)
{
    return do_realloc(ref, &s_no_site, CALLER, ptr, size, caps);
}

static ht_origin_id_t origin_of(const MemoryTraceInfo *info)
{
    const heaptrail_site_t site = {info->file, info->function, info->var_name,
                                   info->line > 0 ? (uint32_t)info->line : 0,
                                   HEAPTRAIL_METHOD_REGISTERED};
    const heaptrail_site_ref_t *ref = runtime_site(&site);
    ht_origin_key_t key = {.site = ref != NULL ? ref->site : NULL,
                           .caps = info->caps,
                           .method = HEAPTRAIL_METHOD_REGISTERED};
    ht_tracker_t *tracker = ht_default();
    return ht_origin_intern(&tracker->origins, &tracker->lock, &key);
}

void register_allocation(MemoryTraceInfo info)
{
    if (!debug_track_allocation || info.address == NULL || info.failure != 0) { return; }
    ht_tracker_t *tracker = ht_default();
    ht_origin_id_t origin = origin_of(&info);
    uintptr_t address = (uintptr_t)info.address;
    if ((address & 3U) != 0) {
        if (!ht_port_in_isr()) {
            ht_log(HEAPTRAIL_LOG_ERROR,
                   "register_allocation: a block begins at a multiple of 4; not recorded");
        }
        return;
    }
    if (!ht_tracker_relabel(tracker, address, origin) && tracker->state == HT_STATE_RUNNING) {
        ht_tracker_add(tracker, address, info.size, origin);
    }
}

void unregister_allocation(void *ptr)
{
    if (ptr == NULL || !debug_track_allocation) { return; }
    ht_tracker_unregister(ht_default(), (uintptr_t)ptr);
}

/* Certain only while nothing can have been missed: then every live block has a record. */
static bool knows_all_blocks(const ht_tracker_t *tracker)
{
    return ht_port_is_wrapped() && !HT_CONFIG_HOOKS && !tracker->blind && tracker->lost_full == 0 &&
           tracker->lost_crowded == 0 && tracker->lost_large == 0;
}

void free_unregister_allocation(void **ptr)
{
    if (ptr == NULL || *ptr == NULL) { return; }
    void *block = *ptr;
    *ptr = NULL;
    ht_tracker_t *tracker = ht_default();
    ht_known_t known;
    if (ht_tracker_known(tracker, (uintptr_t)block, &known)) {
        uint32_t offered =
            ht_port_caps_at(block); /* register_allocation() may have said other ones */
        bool is_bytes = offered == 0 || (offered & MALLOC_CAP_8BIT) != 0;
        ht_port_clear(block, known.size, is_bytes ? known.caps : offered);
        __asm__ volatile("" : : "r"(block) : "memory"); /* the zeros are wanted: keep the stores */
    } else if (!ht_checking() && knows_all_blocks(tracker)) { /* else free() itself tells */
        if (!ht_port_in_isr()) {
            ht_log(HEAPTRAIL_LOG_ERROR,
                   "free_unregister_allocation: not a live block (freed already?), not freed");
        }
        return;
    }
    heaptrail_heap_caps_free(block);
}
