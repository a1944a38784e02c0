/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <new>

#include "fw_makers.h"

namespace
{

FW void *by_new(size_t size, uint32_t)
{
    return ::operator new(size);
}
FW void *by_new_array(size_t size, uint32_t)
{
    return ::operator new[](size, std::nothrow);
}

} // namespace

extern "C" const fw_maker_t fw_cxx_makers[] = {
    {"by_new", by_new, HEAPTRAIL_METHOD_NEW, 4, false, false, false},
    {"by_new_array", by_new_array, HEAPTRAIL_METHOD_NEW_ARRAY, 4, false, false, false},
};
extern "C" const size_t fw_cxx_makers_count = 2;
