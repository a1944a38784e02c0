/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The heap below the tracker, and the header of its blocks:
 *
 *   block - 2 words   prev_size   of a chunk from mmap: bytes from the mapping's start to the chunk
 *   block - 1 word    size:..  non-main arena:1  from mmap:1  previous one in use:1
 *   block             the caller's; of an ordinary chunk one word more, the next one's prev_size
 *
 * (glibc's malloc.c; the same since 2.0, also where tcache and fastbins hold the chunk.)
 */
#include "ht_posix_heap.h"

#include <stdint.h>
#include <unistd.h>

#include "ht_port.h"

#define WORD sizeof(size_t)
#define FROM_MMAP ((size_t)2)
#define FLAGS ((size_t)7)
#define CHUNK_MIN (4U * WORD)

static size_t head_of(const void *block)
{
    return ((const size_t *)block)[-1];
}

size_t ht_posix_heap_size(const void *block)
{
    size_t head = head_of(block);
    return (head & ~FLAGS) - ((head & FROM_MMAP) != 0 ? 2U * WORD : WORD);
}

/* A mapping is whole pages, and all of it is the chunk's; an alignment may have made it larger than
 * anything that can be told from `bytes`. */
static bool is_mapping(const void *block, size_t size, size_t bytes)
{
    size_t before = ((const size_t *)block)[-2];
    uintptr_t start = (uintptr_t)block - 2U * WORD - before;
    size_t page = (size_t)getpagesize();
    return size - 2U * WORD >= bytes && size <= SIZE_MAX / 2U && before <= SIZE_MAX / 2U &&
           start % page == 0 && (before + size) % page == 0;
}

bool ht_port_header_ok(const void *raw, size_t bytes)
{
    size_t head = head_of(raw);
    size_t size = head & ~FLAGS;
    if (size < CHUNK_MIN || size % HT_PORT_ALIGN != 0) { return false; }
    if ((head & FROM_MMAP) != 0) { return is_mapping(raw, size, bytes); }
    /* A rest that is too small for a chunk of its own stays; memalign() may leave two. */
    return size - WORD >= bytes && size - WORD <= bytes + HT_PORT_ALIGN + 3U * CHUNK_MIN;
}

static void *raw_alloc(size_t size, uint32_t caps)
{
    (void)caps;
    return __libc_malloc(size);
}

static void *raw_aligned_alloc(size_t alignment, size_t size, uint32_t caps)
{
    (void)caps;
    return alignment > HT_PORT_ALIGN ? __libc_memalign(alignment, size) : __libc_malloc(size);
}

static void *raw_realloc(void *block, size_t size, uint32_t caps)
{
    (void)caps;
    return __libc_realloc(block, size);
}

const ht_raw_heap_t ht_port_raw_heap = {raw_alloc, raw_aligned_alloc, raw_realloc, __libc_free};

bool ht_port_can_report(void)
{
    return true;
}
