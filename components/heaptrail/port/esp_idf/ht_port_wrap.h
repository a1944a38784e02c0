/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_port_wrap.h
 * The pairs that `ld --wrap=NAME` makes: __wrap_NAME is ours, __real_NAME is ESP-IDF's.
 *
 * Each set of wraps is an object file of its own with nothing else in it. Without the flags nobody
 * refers to __wrap_NAME, so the linker does not take the object out of the archive, its __real_NAME
 * stays out too, and the macros record by themselves. (Weak references would be wrong: they pull no
 * member out of an archive, so __real_strndup could be NULL in a firmware that calls strndup().)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp_heap_caps.h"

void *__real_heap_caps_malloc_base(size_t size, uint32_t caps);
void *__real_heap_caps_realloc_base(void *old, size_t size, uint32_t caps);
void *__real_heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps);
void __real_heap_caps_free(void *block);
esp_err_t __real_heap_caps_register_failed_alloc_callback(esp_alloc_failed_hook_t callback);

void *__wrap_heap_caps_malloc_base(size_t size, uint32_t caps);
void *__wrap_heap_caps_calloc_base(size_t n, size_t size, uint32_t caps);
void *__wrap_heap_caps_realloc_base(void *old, size_t size, uint32_t caps);
void *__wrap_heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps);
void __wrap_heap_caps_free(void *block);
esp_err_t __wrap_heap_caps_register_failed_alloc_callback(esp_alloc_failed_hook_t callback);

/** Zero a block of memory with the capabilities it was asked for with. Word stores where it has to
 * be. */
void ht_port_clear(void *block, size_t bytes, uint32_t caps);

/** What the heap offers that an address lies in; 0 when it lies in none that is known. Any context.
 * O(heaps). */
uint32_t ht_port_caps_at(const void *address);

/** Take ESP-IDF's one slot for the failed-allocation callback; the firmware's own is called after
 * ours. */
void ht_port_take_failed_slot(void);

/** The calling task was just refused to realloc this block: ESP-IDF tries once more, and then calls
 * the failed-allocation callback. Any context. */
void ht_port_note_refused(const void *block);
bool ht_port_is_refused(const void *block);

/** There only in a firmware whose heap functions are wrapped; refer to it weakly. */
extern const char ht_port_wrap_marker;
