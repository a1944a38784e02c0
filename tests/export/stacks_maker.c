/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* stacks_maker ADDRESS... >FILE: a trace in which each address, in hexadecimal, is the one caller
 * of a block, the first of 1 byte, the second of 2, and so on. */
#include <stdio.h>
#include <stdlib.h>

#include "ht_writer.h"

static void write_wire(void *context, const uint8_t *wire, size_t length)
{
    if (fwrite(wire, 1, length, context) != length) { exit(1); }
}

static void tell(ht_writer_t *writer, ht_event_t event)
{
    event.time_us = 1000;
    event.pointer_bytes = 4;
    if (!ht_writer_event(writer, &event)) { exit(1); }
}

int main(int argc, char **argv)
{
    ht_writer_config_t config = {.boot = 7, .sink = write_wire, .context = stdout};
    ht_writer_t *writer = ht_writer_new(&config);
    if (writer == NULL) { return 1; }
    for (uint32_t i = 1; i < (uint32_t)argc; i++) {
        const uint64_t frame = strtoull(argv[i], NULL, 16);
        tell(writer, (ht_event_t){.kind = HT_EVENT_ORIGIN, .origin = {i, 1, 0, 0, 1, &frame}});
        tell(writer,
             (ht_event_t){.kind = HT_EVENT_ALLOC, .alloc = {0x3f000000U + 4096U * i, i, i, false}});
    }
    ht_writer_flush(writer);
    ht_writer_free(writer);
    return fflush(stdout) == 0 ? 0 : 1;
}
