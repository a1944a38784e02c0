/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file fw_scopes.h  Firmware that leaves things behind, for tests of heaptrail_test.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A block from a macro's site, `kept` in fw_leak(). */
void *fw_leak(size_t bytes);
/** The same from another place. */
void *fw_leak_more(size_t bytes);
/** The first call allocates, for ever. */
void *fw_cache(void);
/** A block without a site: only the linker sees it. */
void *fw_plain_leak(size_t bytes);
void fw_free(void *block);
/** C++: leaves a block of 24 bytes in a scope. @return 1 from inside of it, 2 from behind it. */
int fw_cxx_leave(void **kept, bool early);

#ifdef __cplusplus
}
#endif
