/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_event_copy.h"

#include <string.h>

/* --- texts and arrays ---------------------------------------------------------------------------
 */

/* Where they go. Without `at`, they are only counted. */
typedef struct {
    uint8_t *at;
    size_t bytes;
} room_t;

/* NULL: only counted. */
static void *put(room_t *room, const void *what, size_t bytes)
{
    void *to = room->at;
    const size_t rounded = (bytes + 7U) & ~(size_t)7U;
    room->bytes += rounded;
    if (to == NULL) { return NULL; }
    if (bytes != 0) { memcpy(to, what, bytes); }
    room->at += rounded;
    return to;
}

static void put_text(room_t *room, ht_text_t *text)
{
    text->bytes = put(room, text->bytes, text->length);
}

static void put_pairs(room_t *room, ht_event_t *event)
{
    const size_t count = event->hello.count;
    ht_hello_pair_t *copies = put(room, event->hello.pair, count * sizeof(*copies));
    for (size_t i = 0; i < count; i++) {
        ht_hello_pair_t pair = event->hello.pair[i];
        put_text(room, &pair.text);
        put_text(room, &pair.object.build_id);
        put_text(room, &pair.object.path);
        if (copies != NULL) { copies[i] = pair; }
    }
    event->hello.pair = copies;
}

/* What the event points to; then it points there. Only counted: to nothing. */
static void put_all(room_t *room, ht_event_t *event)
{
    switch (event->kind) {
    case HT_EVENT_HELLO:
        put_pairs(room, event);
        break;
    case HT_EVENT_ORIGIN:
        event->origin.frames =
            put(room, event->origin.frames, event->origin.depth * sizeof(*event->origin.frames));
        break;
    case HT_EVENT_SITE:
        put_text(room, &event->site.file);
        put_text(room, &event->site.function);
        put_text(room, &event->site.variable);
        break;
    case HT_EVENT_TASK:
        put_text(room, &event->task_defined.name);
        break;
    case HT_EVENT_HEAP:
        put_text(room, &event->heap.name);
        break;
    case HT_EVENT_MARK:
        put_text(room, &event->mark.name);
        break;
    case HT_EVENT_ERROR:
        put_text(room, &event->error.report);
        break;
    case HT_EVENT_SEARCH:
        event->search = put(room, event->search, sizeof(*event->search));
        break;
    case HT_EVENT_SUSPECT:
        event->suspect = put(room, event->suspect, sizeof(*event->suspect));
        break;
    default:
        break;
    }
}

/* --- whole events -------------------------------------------------------------------------------
 */

size_t ht_event_more_bytes(const ht_event_t *event)
{
    ht_event_t ignored = *event;
    room_t room = {0};
    put_all(&room, &ignored);
    return room.bytes;
}

void ht_event_copy(ht_event_t *to, void *more, const ht_event_t *event)
{
    room_t room = {.at = more};
    *to = *event;
    put_all(&room, to);
}
