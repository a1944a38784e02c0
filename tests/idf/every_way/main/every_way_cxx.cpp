/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "every_way.h"

#include <cstdint>

void *way_new(void)
{
    return new uint32_t(1);
}

void way_delete(void *block)
{
    delete static_cast<uint32_t *>(block);
}

void *way_new_array(void)
{
    return new uint32_t[8];
}

void way_delete_array(void *block)
{
    delete[] static_cast<uint32_t *>(block);
}
