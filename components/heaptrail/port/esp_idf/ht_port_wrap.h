/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_port_wrap.h
 * The pairs that `ld --wrap=NAME` makes: __wrap_NAME is ours, __real_NAME is ESP-IDF's.
 *
 * The references are weak, so that a firmware linked without the flags links too: then __real_NAME is
 * NULL, nobody calls __wrap_NAME, and the macros record by themselves.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "esp_heap_caps.h"

#define HT_WEAK __attribute__((weak))

HT_WEAK void *__real_heap_caps_malloc_base(size_t size, uint32_t caps);
HT_WEAK void *__real_heap_caps_realloc_base(void *old, size_t size, uint32_t caps);
HT_WEAK void *__real_heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps);
HT_WEAK void __real_heap_caps_free(void *block);
HT_WEAK esp_err_t __real_heap_caps_register_failed_alloc_callback(esp_alloc_failed_hook_t callback);

void *__wrap_heap_caps_malloc_base(size_t size, uint32_t caps);
void *__wrap_heap_caps_calloc_base(size_t n, size_t size, uint32_t caps);
void *__wrap_heap_caps_realloc_base(void *old, size_t size, uint32_t caps);
void *__wrap_heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps);
void __wrap_heap_caps_free(void *block);
esp_err_t __wrap_heap_caps_register_failed_alloc_callback(esp_alloc_failed_hook_t callback);

/** Zero a block of memory with the capabilities it was asked for with. Word stores where it has to be. */
void ht_port_clear(void *block, size_t bytes, uint32_t caps);
