/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A firmware of the original project: it knows memmap.h and nothing else of ours. Compiled as C, as
 * C++, and with variables of its own (FW_OWN), as the original asked for.
 */
#include "memmap.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef FW_OWN
SemaphoreHandle_t memorySemaphore;
bool debug_track_allocation = true;
#endif

int fw_memmap(void);
extern void *fw_kept[4];

void *fw_kept[4];

/* The fields in their order, with positions in units of a pointer's size where they are pointers.
 */
#if UINTPTR_MAX > 0xffffffffU
#define AT(wide, narrow) (wide)
#else
#define AT(wide, narrow) (narrow)
#endif
static_assert(offsetof(MemoryTraceInfo, file) == AT(0, 0), "file");
static_assert(offsetof(MemoryTraceInfo, line) == AT(8, 4), "line");
static_assert(offsetof(MemoryTraceInfo, function) == AT(16, 8), "function");
static_assert(offsetof(MemoryTraceInfo, size) == AT(24, 12), "size");
static_assert(offsetof(MemoryTraceInfo, method) == AT(32, 16), "method");
static_assert(offsetof(MemoryTraceInfo, caps) == AT(40, 20), "caps");
static_assert(offsetof(MemoryTraceInfo, failure) == AT(44, 24), "failure");
static_assert(offsetof(MemoryTraceInfo, address) == AT(48, 28), "address");
static_assert(offsetof(MemoryTraceInfo, var_name) == AT(56, 32), "var_name");
static_assert(sizeof(MemoryTraceInfo) == AT(64, 36), "the whole");

static void start(void)
{
#ifdef FW_OWN
    memorySemaphore = xSemaphoreCreateMutex();
#endif
    debug_track_allocation = true;
}

static void register_static(void)
{
    static char pool[64];
    MemoryTraceInfo info;
    memset(&info, 0, sizeof(info));
    info.file = (char *)(uintptr_t)__FILE__;
    info.line = __LINE__;
    info.function = (char *)(uintptr_t) __func__;
    info.size = sizeof(pool);
    info.method = (char *)(uintptr_t) "pool";
    info.caps = MALLOC_CAP_8BIT;
    info.address = pool;
    info.var_name = (char *)(uintptr_t) "pool";
    register_allocation(info);
    fw_kept[3] = pool;
}

/* Returns how many of its blocks live at the end. */
int fw_memmap(void)
{
    start();
    char *name =
        (char *)traceable_heap_caps_malloc(20, MALLOC_CAP_8BIT, __FILE__, __LINE__, __func__);
    int *table = (int *)traceable_heap_caps_calloc(8, sizeof(int), MALLOC_CAP_DEFAULT, __FILE__,
                                                   __LINE__, __func__);
    name = (char *)traceable_heap_caps_realloc(name, 200, MALLOC_CAP_8BIT, __FILE__, __LINE__,
                                               __func__);
    char *line = (char *)TRACE_MALLOC(30, MALLOC_CAP_8BIT | MALLOC_CAP_INTERNAL);
    line = (char *)TRACE_REALLOC(line, 3000, MALLOC_CAP_8BIT);
    int *more = (int *)TRACE_CALLOC(3, sizeof(int), MALLOC_CAP_INTERNAL);
    char *text = NULL;
    TRACE_MALLOC_VAR(text, 40, MALLOC_CAP_8BIT);
    if (!TRACE_REALLOC_VAR(text, 60, MALLOC_CAP_8BIT)) { return -1; }
    int *counts = NULL;
    TRACE_CALLOC_VAR(counts, 4, sizeof(int), MALLOC_CAP_8BIT);
    strcpy(text, "text");
    register_static();
    list_allocations();
    print_memory_info("firmware");
    free_unregister_allocation((void **)&name);
    free_unregister_allocation((void **)&table);
    free_unregister_allocation((void **)&line);
    free_unregister_allocation((void **)&more);
    fw_kept[0] = text;
    fw_kept[1] = counts;
    fw_kept[2] = heap_caps_malloc(10, MALLOC_CAP_8BIT);
    return name == NULL && table == NULL && line == NULL && more == NULL ? 4 : -1;
}

#ifdef __cplusplus
}
#endif
