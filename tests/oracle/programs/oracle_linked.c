/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* libheaptrail.a linked in: the program asks for itself. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "heaptrail.h"

static void *s_kept[10];

int main(void)
{
    for (int i = 0; i < 10; i++) {
        s_kept[i] = malloc(100);
    }
    heaptrail_status_t status;
    if (heaptrail_status(&status) != ESP_OK) { return 1; }
    dprintf(STDOUT_FILENO, "%u blocks, %zu bytes\n", (unsigned)status.live_blocks,
            status.live_bytes);
    return heaptrail_check() != NULL || s_kept[9] == NULL;
}
