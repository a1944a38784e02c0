/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What ESP-IDF says of a block when it is given its address. With redzones that is not where the
 * heap's own block begins, so these answer for the firmware's. (heap_caps_walk() shows the heap's.)
 */
#include "esp_heap_caps.h"
#include "esp_idf_version.h"
#include "ht_checked.h"

size_t __real_heap_caps_get_allocated_size(void *block);
size_t __wrap_heap_caps_get_allocated_size(void *block);

size_t __wrap_heap_caps_get_allocated_size(void *block)
{
    size_t bytes;
    if (ht_checking() && ht_checked_size(block, &bytes)) { return bytes; }
    return __real_heap_caps_get_allocated_size(block);
}

#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 5, 0)

size_t __real_heap_caps_get_containing_block_size(void *address);
size_t __wrap_heap_caps_get_containing_block_size(void *address);

size_t __wrap_heap_caps_get_containing_block_size(void *address)
{
    size_t bytes;
    if (ht_checking() && ht_checked_containing_size(address, &bytes)) { return bytes; }
    return __real_heap_caps_get_containing_block_size(address);
}

#endif
