/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The macros of heaptrail_test.h in C++. */
#define HEAPTRAIL_TEST_FRAMEWORK scopes_hearing
#include "fw_scopes.h"
#include "heaptrail_test.h"

extern "C" int fw_cxx_leave(void **kept, bool early)
{
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        HEAPTRAIL_ALLOW_LEAKS()
        {
            fw_free(fw_leak(2));
        }
        HEAPTRAIL_ASSERT_NO_LEAKS()
        {
            delete new int(7);
        }
        *kept = fw_leak(24);
        if (early) { return 1; }
    }
    return 2;
}
