/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What the original API prints: to standard output, or to the callback of heaptrail_set_log(). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail.h"
#include "ht_caps.h"
#include "ht_log.h"
#include "ht_memmap.h"
#include "ht_port.h"

#define LINE_BYTES 512 /* on the stack of who prints */
#define CAPS_BYTES 480 /* all names there are, with room for a label */

__attribute__((format(printf, 2, 3))) static void print_line(heaptrail_log_level_t level,
                                                             const char *format, ...)
{
    char line[LINE_BYTES];
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof(line), format, list);
    va_end(list);
    if (ht_log_is_redirected() || level == HEAPTRAIL_LOG_ERROR) {
        ht_log(level, line);
    } else {
        puts(line);
    }
}

static char *or_unknown(const char *text)
{
    return (char *)(uintptr_t)(text != NULL ? text : "unknown");
}

MemoryTraceInfo ht_memmap_info(const heaptrail_site_t *site, size_t size, uint32_t caps,
                               heaptrail_method_t method)
{
    return (MemoryTraceInfo){
        .file = or_unknown(site != NULL ? site->file : NULL),
        .line = site != NULL ? (int)site->line : 0,
        .function = or_unknown(site != NULL ? site->function : NULL),
        .size = size,
        .method = or_unknown(heaptrail_method_name(method)),
        .caps = caps,
        .var_name = or_unknown(site != NULL ? site->variable : NULL),
    };
}

/* memorySemaphore, made of static memory when the firmware made none. NULL: being made just now. */
static SemaphoreHandle_t semaphore(void)
{
    static StaticSemaphore_t s_memory;
    static volatile uint32_t s_making;
    if (memorySemaphore == NULL && __atomic_exchange_n(&s_making, 1U, __ATOMIC_ACQ_REL) == 0) {
        memorySemaphore = xSemaphoreCreateMutexStatic(&s_memory);
    }
    return memorySemaphore;
}

/* True when it was taken and has to be given back. Never waits for itself or for long. */
static bool guard(void)
{
    if (ht_port_in_isr() || xTaskGetSchedulerState() != taskSCHEDULER_RUNNING) { return false; }
    SemaphoreHandle_t mutex = semaphore();
    if (mutex == NULL || xSemaphoreGetMutexHolder(mutex) == xTaskGetCurrentTaskHandle()) {
        return false;
    }
    return xSemaphoreTake(mutex, pdMS_TO_TICKS(1000)) == pdTRUE;
}

static void unguard(bool taken)
{
    if (taken) { xSemaphoreGive(memorySemaphore); }
}

/* The label and all names, in one of four texts that are used in turn. Bits without a name are one
 * number. */
static char *caps_text(const char *label, uint32_t caps)
{
    static char s_text[4][CAPS_BYTES];
    static volatile uint32_t s_next;
    char *text = s_text[__atomic_fetch_add(&s_next, 1U, __ATOMIC_RELAXED) % 4U];
    size_t length = (size_t)snprintf(text, CAPS_BYTES, "%s", label);
    uint32_t unnamed = 0;
    for (unsigned bit = 0; bit < 32U; bit++) {
        char name[24];
        uint32_t one = caps & 1UL << bit;
        if (one == 0) { continue; }
        if (heaptrail_caps_name(one, name, sizeof(name)) >= 2 && name[0] == '0' && name[1] == 'x') {
            unnamed |= one;
        } else {
            length += (size_t)snprintf(text + length, CAPS_BYTES - length, "MALLOC_CAP_%s ", name);
        }
    }
    if (unnamed != 0) {
        snprintf(text + length, CAPS_BYTES - length, "0x%lx ", (unsigned long)unnamed);
    }
    if (caps == 0) { snprintf(text + length, CAPS_BYTES - length, "unknown"); }
    return text;
}

char *get_memory_capability_name(uint32_t caps)
{
    return caps_text("", caps);
}

void log_memory_allocation(MemoryTraceInfo info)
{
    if (ht_port_in_isr()) { return; }
    print_line(HEAPTRAIL_LOG_ERROR, "Failed to allocate %lu bytes for %s in %s at %s:%d",
               (unsigned long)info.size, or_unknown(info.method), or_unknown(info.function),
               or_unknown(info.file), info.line);
    ht_log(HEAPTRAIL_LOG_ERROR, caps_text("Capabilities asked for: ", info.caps));
    multi_heap_info_t heap;
    heap_caps_get_info(&heap, info.caps);
    print_line(
        HEAPTRAIL_LOG_ERROR,
        "Heaps with these capabilities: free %lu bytes, largest block %lu, minimum free ever %lu, "
        "allocated %lu in %lu blocks",
        (unsigned long)heap.total_free_bytes, (unsigned long)heap.largest_free_block,
        (unsigned long)heap.minimum_free_bytes, (unsigned long)heap.total_allocated_bytes,
        (unsigned long)heap.allocated_blocks);
}

static bool list_one(void *context, const heaptrail_block_row_t *row)
{
    (void)context;
    MemoryTraceInfo info =
        ht_memmap_info(row->origin.site, row->size_bytes, row->origin.caps, row->origin.method);
    print_line(HEAPTRAIL_LOG_INFO,
               "Memory allocated at 0x%lx, caps %s, size %lu bytes, in %s, line %d, function %s, "
               "variable %s, "
               "method %s",
               (unsigned long)row->address, get_memory_capability_name(info.caps),
               (unsigned long)info.size, info.file, info.line, info.function, info.var_name,
               info.method);
    return true;
}

void list_allocations(void)
{
    if (!debug_track_allocation || ht_port_in_isr()) { return; }
    bool taken = guard();
    heaptrail_for_each_block(NULL, list_one, NULL, NULL);
    unguard(taken);
}

typedef struct {
    MemoryTraceInfo *array;
    size_t capacity;
    size_t count;
} snapshot_t;

static bool copy_one(void *context, const heaptrail_block_row_t *row)
{
    snapshot_t *snapshot = context;
    if (snapshot->count < snapshot->capacity) {
        MemoryTraceInfo *info = &snapshot->array[snapshot->count];
        *info =
            ht_memmap_info(row->origin.site, row->size_bytes, row->origin.caps, row->origin.method);
        info->address = (void *)row->address;
    }
    snapshot->count++;
    return true;
}

size_t snapshot_allocations(MemoryTraceInfo *array, size_t capacity)
{
    if (ht_port_in_isr()) { return 0; }
    snapshot_t snapshot = {array, array != NULL ? capacity : 0, 0};
    bool taken = guard();
    heaptrail_for_each_block(NULL, copy_one, &snapshot, NULL);
    unguard(taken);
    return snapshot.count;
}

void print_memory_info(const char *tag)
{
    static const uint32_t caps[] = {MALLOC_CAP_DEFAULT, MALLOC_CAP_INTERNAL,  MALLOC_CAP_EXEC,
                                    MALLOC_CAP_DMA,     MALLOC_CAP_8BIT,      MALLOC_CAP_32BIT,
                                    MALLOC_CAP_SPIRAM,  MALLOC_CAP_IRAM_8BIT, MALLOC_CAP_RETENTION,
                                    MALLOC_CAP_RTCRAM};
    if (ht_port_in_isr()) { return; }
    for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
        if (caps[i] == 0) { continue; } /* this chip has no such memory */
        multi_heap_info_t heap;
        heap_caps_get_info(&heap, caps[i]);
        print_line(HEAPTRAIL_LOG_INFO,
                   "%s - %sfree: %lu bytes, largest block: %lu, minimum free ever: %lu",
                   tag != NULL ? tag : "heap", get_memory_capability_name(caps[i]),
                   (unsigned long)heap.total_free_bytes, (unsigned long)heap.largest_free_block,
                   (unsigned long)heap.minimum_free_bytes);
    }
}
