/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What the public functions want of a port, and the board's has not: a heap that hands out one
 * block after the other, and answers that a scenario chooses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORT_BLOCKS 24U

typedef struct {
    bool heap_is_full;
    bool header_is_damaged;
    bool may_not_report;
    size_t free_bytes; /* of any heap; its largest block, too */
    uint32_t next;     /* block of the heap */
    uint32_t freed;    /* blocks that came back: the sum of their numbers plus 1, squared */
    uint32_t called;   /* callbacks */
    uint32_t wrong;    /* with a context that is not theirs, or a row that is torn */
} port_t;

extern port_t g_port;

/** Block `i` of the heap. */
void *port_block(uint32_t i);
