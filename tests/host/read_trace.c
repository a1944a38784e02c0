/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* A trace in a file as text, everything in its order: what the golden ones are compared with. */
#include <inttypes.h>
#include <stdio.h>

#include "event_text.h"
#include "ht_trace_file.h"

static void on_event(void *context, const ht_event_t *event)
{
    event_text(context, event);
}

static void on_text(void *context, const uint8_t *bytes, size_t length)
{
    (void)fwrite(bytes, 1, length, context);
}

static void on_damage(void *context, const ht_damage_t *damage)
{
    fprintf(context, "damage at %" PRIu64 ", %" PRIu64 " bytes: %s\n", damage->offset,
            damage->bytes, damage->words);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "read_trace FILE\n");
        return 2;
    }
    ht_trace_error_t error = {0};
    ht_trace_reader_t *reader = ht_trace_reader_open(argv[1], &error);
    const ht_decoder_sink_t sink = {
        .event = on_event, .text = on_text, .damage = on_damage, .context = stdout};
    bool good = reader != NULL && ht_trace_reader_read(reader, &sink, NULL, NULL, &error);
    if (!good) { fprintf(stderr, "%s\n", error.text); }
    ht_trace_reader_free(reader);
    return good ? 0 : 1;
}
