/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* C++: new and delete in all their forms, the macros in templates and lambdas, a constructor's
 * block. */
#include <cstdlib>
#include <new>

#include "fw_entries.h"
#include "heaptrail_site.h"

namespace
{

struct Thing {
    char bytes[60];
};

#if ESP_WRAPPED
FW void *by_new()
{
    return new Thing;
}
FW void *by_new_array()
{
    return new char[123];
}
FW void *by_nothrow()
{
    return new (std::nothrow) Thing;
}
FW void *by_nothrow_array()
{
    return new (std::nothrow) char[124];
}
FW void *by_malloc()
{
    return std::malloc(9);
}
FW void by_delete(void *p)
{
    delete static_cast<Thing *>(p);
}
FW void by_delete_array(void *p)
{
    delete[] static_cast<char *>(p);
}
FW void by_free(void *p)
{
    std::free(p);
}
#endif

FW void *by_macro()
{
    return HEAPTRAIL_HEAP_CAPS_MALLOC(10, MALLOC_CAP_8BIT);
}

FW void *by_macro_to()
{
    Thing *thing = nullptr;
    HEAPTRAIL_MALLOC_TO(thing, sizeof(Thing));
    return thing;
}

template <typename T> FW void *in_template()
{
    T *object = nullptr;
    HEAPTRAIL_CALLOC_TO(object, 2, sizeof(T));
    return object;
}

} // namespace

extern "C" {
extern const fw_entry_t fw_cxx[] = {
#if ESP_WRAPPED
    {"new", by_new, by_delete, HEAPTRAIL_METHOD_NEW, 60, FW_LIBC_CAPS, nullptr, false, false},
    {"new[]", by_new_array, by_delete_array, HEAPTRAIL_METHOD_NEW_ARRAY, 123, FW_LIBC_CAPS, nullptr,
     false, false},
    {"nothrow", by_nothrow, by_delete, HEAPTRAIL_METHOD_NEW, 60, FW_LIBC_CAPS, nullptr, false,
     false},
    {"nothrow[]", by_nothrow_array, by_delete_array, HEAPTRAIL_METHOD_NEW_ARRAY, 124, FW_LIBC_CAPS,
     nullptr, false, false},
    {"std::malloc", by_malloc, by_free, HEAPTRAIL_METHOD_MALLOC, 9, FW_LIBC_CAPS, nullptr, false,
     false},
#endif
    {"macro", by_macro, heaptrail_free, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, 10, MALLOC_CAP_8BIT,
     nullptr, true, false},
    {"macro to", by_macro_to, heaptrail_free, HEAPTRAIL_METHOD_MALLOC, 60, FW_LIBC_CAPS, "thing",
     true, false},
    {"in a template", in_template<Thing>, heaptrail_free, HEAPTRAIL_METHOD_CALLOC, 120,
     FW_LIBC_CAPS, "object", true, false},
};
extern const size_t fw_cxx_count = sizeof(fw_cxx) / sizeof(fw_cxx[0]);
}
