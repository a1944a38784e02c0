/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* libheaptrail.a linked in: the program asks for itself. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "heaptrail.h"

int main(void)
{
    static void *volatile s_kept[10];
    for (int i = 0; i < 10; i++) {
        s_kept[i] = malloc(100);
    }
    heaptrail_status_t status;
    if (heaptrail_status(&status) != ESP_OK) { return 1; }
    dprintf(STDOUT_FILENO, "%u blocks, %zu bytes\n", (unsigned)status.live_blocks, status.live_bytes);
    return heaptrail_check() != NULL;
}
