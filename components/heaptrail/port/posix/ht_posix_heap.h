/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_posix_heap.h
 * glibc's allocator under the names that nobody can take: what lies below heaptrail.
 *
 * Why __libc_malloc() and not dlsym(RTLD_NEXT): it needs no start-up, and dlsym() allocates.
 */
#pragma once

#include <stddef.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);
void __libc_free(void *block);

/** What malloc_usable_size() of glibc says: read from the chunk's header. `block` is glibc's. */
size_t ht_posix_heap_size(const void *block);
