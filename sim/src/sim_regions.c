// SPDX-License-Identifier: Apache-2.0
/* The chip's memory map: regions, their capabilities, their registration as heaps. Types and
 * priorities are those of ESP-IDF's heap/port/esp32s3/memory_layout.c, with an IRAM heap and
 * without the IRAM alias of D/IRAM. */
#include "esp_heap_caps.h"
#include "esp_heap_caps_init.h"
#include "heap_private.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#define COMMON_CAPS (MALLOC_CAP_DEFAULT | MALLOC_CAP_32BIT | MALLOC_CAP_8BIT)
#define DRAM_CAPS (COMMON_CAPS | MALLOC_CAP_INTERNAL | MALLOC_CAP_DMA | MALLOC_CAP_SIMD)
#define DIRAM_CAPS (DRAM_CAPS | MALLOC_CAP_RETENTION)

typedef struct {
    const char *name;
    uintptr_t start;
    size_t bytes;
    uint32_t caps[SOC_MEMORY_TYPE_NO_PRIOS];
} region_type_t;

static const region_type_t s_types[SIM_REGION_COUNT] = {
    [SIM_REGION_DRAM] = {"DRAM", 0x3FC98000, 0x50000, {DIRAM_CAPS, 0, 0}},
    [SIM_REGION_DRAM2] = {"D/IRAM", 0x3FCE9710, 0x5710, {DIRAM_CAPS, 0, 0}},
    [SIM_REGION_DRAM3] = {"DRAM3", 0x3FCF0000, 0x8000, {0, DRAM_CAPS, 0}},
    [SIM_REGION_IRAM] = {"IRAM",
                         0x40374000,
                         0x4000,
                         {MALLOC_CAP_EXEC, MALLOC_CAP_32BIT | MALLOC_CAP_INTERNAL, 0}},
    [SIM_REGION_RTC] = {"RTCRAM",
                        0x600FE000,
                        0x2000,
                        {MALLOC_CAP_RTCRAM, 0, COMMON_CAPS | MALLOC_CAP_INTERNAL}},
    [SIM_REGION_PSRAM] = {"PSRAM",
                          0x3C000000,
                          0x800000,
                          {MALLOC_CAP_SPIRAM, 0, COMMON_CAPS | MALLOC_CAP_SIMD}},
};

#define PAGE_BYTES ((uintptr_t)4096)

struct sim_heap_list sim_heaps = SLIST_HEAD_INITIALIZER(sim_heaps);

static sim_heap_t s_heaps[SIM_REGION_COUNT];
static sim_region_t s_regions[SIM_REGION_COUNT];
static struct {
    uintptr_t start;
    size_t bytes;
} s_mapped[SIM_REGION_COUNT];
static uintptr_t s_shift;

/* Where all regions go when the chip's own addresses are taken (32-bit ASan's shadow, say). */
static const uintptr_t s_shifts[] = {0, 0x40000000, 0x50000000, 0x10000000, 0x70000000};

static bool map_one(int id, uintptr_t shift, size_t max_bytes)
{
    uintptr_t first = (s_types[id].start + shift) & ~(PAGE_BYTES - 1);
    uintptr_t last = (s_types[id].start + shift + max_bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    if (last < first) { return false; }
    void *p = mmap((void *)first, last - first, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (p == MAP_FAILED) { return false; }
    if (p != (void *)first) { /* a kernel or emulator that ignores the flag */
        munmap(p, last - first);
        return false;
    }
    s_mapped[id].start = first;
    s_mapped[id].bytes = last - first;
    return true;
}

static void unmap_all(void)
{
    for (int id = 0; id < SIM_REGION_COUNT; id++) {
        if (s_mapped[id].bytes) {
            munmap((void *)s_mapped[id].start, s_mapped[id].bytes);
            s_mapped[id].bytes = 0;
        }
    }
}

static bool map_all(uintptr_t shift)
{
    for (int id = 0; id < SIM_REGION_COUNT; id++) {
        if (!map_one(id, shift, s_types[id].bytes)) {
            unmap_all();
            return false;
        }
    }
    s_shift = shift;
    return true;
}

static void map_memory(void)
{
    for (size_t i = 0; i < sizeof(s_shifts) / sizeof(s_shifts[0]); i++) {
        if (map_all(s_shifts[i])) { return; }
    }
    sim_panic("no room in the address space for the chip's memory");
}

/* A region may be smaller than the chip's, not larger: its neighbours follow closely. */
static size_t region_bytes(const sim_config_t *config, int id)
{
    size_t wanted = config ? config->region_bytes[id] : 0;
    if (wanted == SIM_REGION_NONE) { return 0; }
    if (wanted == 0 || wanted > s_types[id].bytes) { return s_types[id].bytes; }
    return wanted & ~(size_t)15;
}

/* As ESP-IDF: the smallest first, so that small heaps are used up before large ones break up. PSRAM
 * is added after boot, at the head. */
static void enlist(sim_heap_t *heap)
{
    sim_heap_t *after = NULL;
    sim_heap_t *other;
    SLIST_FOREACH(other, &sim_heaps, next)
    {
        if (heap->region == SIM_REGION_PSRAM ||
            other->end - other->start >= heap->end - heap->start) {
            break;
        }
        after = other;
    }
    if (after) {
        SLIST_INSERT_AFTER(after, heap, next);
    } else {
        SLIST_INSERT_HEAD(&sim_heaps, heap, next);
    }
}

static void register_region(sim_region_id_t id, size_t bytes)
{
    uintptr_t start = s_types[id].start + s_shift;
    sim_heap_t *heap = &s_heaps[id];
    s_regions[id] = (sim_region_t){.name = s_types[id].name, .start = start, .bytes = bytes};
    memcpy(heap->caps, s_types[id].caps, sizeof(heap->caps));
    heap->start = (intptr_t)start;
    heap->end = (intptr_t)(start + bytes);
    heap->region = id;
    portMUX_INITIALIZE(&heap->mux);
    heap->heap = multi_heap_register((void *)start, bytes);
    if (heap->heap == NULL) {
        s_regions[id].start = 0;
        return;
    }
    multi_heap_set_lock(heap->heap, &heap->mux);
    enlist(heap);
}

void sim_heap_boot(const sim_config_t *config)
{
    if (s_mapped[0].bytes == 0) { map_memory(); }
    SLIST_INIT(&sim_heaps);
    for (sim_region_id_t id = SIM_REGION_DRAM; id < SIM_REGION_COUNT; id++) {
        s_regions[id] = (sim_region_t){.name = s_types[id].name};
        /* The next access finds zeros, as after a power-on of a kind chip. */
        madvise((void *)s_mapped[id].start, s_mapped[id].bytes, MADV_DONTNEED);
        size_t bytes = region_bytes(config, id);
        if (bytes) { register_region(id, bytes); }
    }
}

/* Before every other constructor: firmware allocates in its own. */
__attribute__((constructor(101))) static void boot_before_constructors(void)
{
    heap_caps_init();
}

void heap_caps_init(void)
{
    if (SLIST_EMPTY(&sim_heaps)) { sim_heap_boot(NULL); }
}

esp_err_t heap_caps_add_region_with_caps(const uint32_t caps[], intptr_t start, intptr_t end)
{
    if (caps == NULL || start == 0 || end <= start) { return ESP_ERR_INVALID_ARG; }
    sim_heap_t *other;
    SLIST_FOREACH(other, &sim_heaps, next)
    {
        bool below = start < other->start && end > other->start;
        bool above = start < other->end && end > other->end;
        if (below || above || (start == other->start && end == other->end)) { return ESP_FAIL; }
    }
    sim_heap_t *heap = pvPortMalloc(sizeof(*heap));
    if (heap == NULL) { return ESP_ERR_NO_MEM; }
    memset(heap, 0, sizeof(*heap));
    memcpy(heap->caps, caps, sizeof(heap->caps));
    heap->start = start;
    heap->end = end;
    heap->region = SIM_REGION_COUNT;
    portMUX_INITIALIZE(&heap->mux);
    heap->heap = multi_heap_register((void *)start, (size_t)(end - start));
    if (heap->heap == NULL) {
        vPortFree(heap);
        return ESP_ERR_INVALID_SIZE;
    }
    multi_heap_set_lock(heap->heap, &heap->mux);
    multi_heap_restore_minimum_free_bytes(heap->heap, 0);
    SLIST_INSERT_HEAD(&sim_heaps, heap, next);
    return ESP_OK;
}

esp_err_t heap_caps_add_region(intptr_t start, intptr_t end)
{
    sim_region_id_t id = sim_region_of((const void *)start);
    return id == SIM_REGION_COUNT ? ESP_ERR_NOT_FOUND
                                  : heap_caps_add_region_with_caps(s_types[id].caps, start, end);
}

/* --- questions
 * ------------------------------------------------------------------------------------ */

void sim_region_get(sim_region_id_t id, sim_region_t *out)
{
    *out = s_regions[id];
}

/* By the whole mapped region, so that an address beyond a shrunk heap still is of its kind. */
sim_region_id_t sim_region_of(const void *p)
{
    uintptr_t a = (uintptr_t)p - s_shift;
    for (int id = 0; id < SIM_REGION_COUNT; id++) {
        if (a >= s_types[id].start && a < s_types[id].start + s_types[id].bytes) {
            return (sim_region_id_t)id;
        }
    }
    return SIM_REGION_COUNT;
}

#if !SIM_BARE
void sim_region_count(sim_region_id_t id, int what)
{
    if (id >= SIM_REGION_COUNT) { return; }
    uint64_t *counter = what == SIM_COUNT_ALLOCATION ? &s_regions[id].allocations
                        : what == SIM_COUNT_FREE     ? &s_regions[id].frees
                                                     : &s_regions[id].failures;
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}
#endif
