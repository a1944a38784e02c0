/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The linux target's heap is libc's: what ESP-IDF says is free there is made up. */
#include "ht_port.h"

size_t ht_port_free_bytes(uint32_t caps)
{
    (void)caps;
    return SIZE_MAX;
}

bool ht_port_lowmem_start(void)
{
    return false;
}

void ht_port_lowmem_wake(void)
{
}
