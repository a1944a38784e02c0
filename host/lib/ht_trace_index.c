/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The index of a recorded file: SPEC.md 5.6. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ht_trace_private.h"

bool ht_trace_fail(ht_trace_error_t *error, ht_trace_code_t code, uint64_t offset,
                   const char *format, ...)
{
    if (error == NULL) { return false; }
    error->code = code;
    error->offset = offset;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    return false;
}

bool ht_trace_index_add(ht_trace_index_t *index, const ht_trace_entry_t *entry)
{
    if (index->count == index->room) {
        size_t room = index->room == 0 ? 64 : index->room * 2;
        ht_trace_entry_t *more = realloc(index->entry, room * sizeof(*more));
        if (more == NULL) { return false; }
        index->entry = more;
        index->room = room;
    }
    index->entry[index->count++] = *entry;
    return true;
}

static void encode_entry(uint8_t *to, const ht_trace_entry_t *entry)
{
    ht_put_le(to, entry->kind, 4);
    ht_put_le(to + 4, entry->boot, 4);
    ht_put_le(to + 8, entry->offset, 8);
    ht_put_le(to + 16, entry->first_us, 8);
    ht_put_le(to + 24, entry->last_us, 8);
    ht_put_le(to + 32, entry->events, 8);
    ht_put_le(to + 40, entry->wire_offset, 8);
}

static ht_trace_entry_t decode_entry(const uint8_t *from)
{
    return (ht_trace_entry_t){
        .kind = (uint32_t)ht_get_le(from, 4),
        .boot = (uint32_t)ht_get_le(from + 4, 4),
        .offset = ht_get_le(from + 8, 8),
        .first_us = ht_get_le(from + 16, 8),
        .last_us = ht_get_le(from + 24, 8),
        .events = ht_get_le(from + 32, 8),
        .wire_offset = ht_get_le(from + 40, 8),
    };
}

uint8_t *ht_trace_index_encode(const ht_trace_index_t *index, uint64_t offset, size_t *length)
{
    size_t content = HT_INDEX_HEAD + index->count * HT_FILE_ENTRY_BYTES + HT_INDEX_TAIL;
    *length = HT_SKIPPABLE_HEAD + content;
    uint8_t *bytes = content > UINT32_MAX ? NULL : malloc(*length);
    if (bytes == NULL) { return NULL; }
    ht_put_le(bytes, HT_FILE_INDEX_MAGIC, 4);
    ht_put_le(bytes + 4, content, 4);
    memcpy(bytes + 8, HT_FILE_INDEX_NAME, 4);
    ht_put_le(bytes + 12, HT_FILE_VERSION, 4);
    ht_put_le(bytes + 16, index->count, 4);
    ht_put_le(bytes + 20, offset, 8);
    uint8_t *at = bytes + HT_SKIPPABLE_HEAD + HT_INDEX_HEAD;
    for (size_t i = 0; i < index->count; i++, at += HT_FILE_ENTRY_BYTES) {
        encode_entry(at, &index->entry[i]);
    }
    ht_put_le(at, *length, 4);
    memcpy(at + 4, HT_FILE_INDEX_NAME, 4);
    return bytes;
}

size_t ht_trace_index_length(const uint8_t *tail)
{
    return memcmp(tail + 4, HT_FILE_INDEX_NAME, 4) == 0 ? (size_t)ht_get_le(tail, 4) : 0;
}

/* The entries follow each other in the file, and in the stream. */
static bool fits(const ht_trace_index_t *index, const ht_trace_entry_t *entry, uint64_t end)
{
    if (entry->kind > HT_ENTRY_CHECKPOINT || entry->offset >= end) { return false; }
    if (index->count == 0) { return true; }
    const ht_trace_entry_t *before = &index->entry[index->count - 1];
    return entry->offset > before->offset && entry->wire_offset >= before->wire_offset;
}

bool ht_trace_index_decode(ht_trace_index_t *index, const uint8_t *bytes, size_t length,
                           uint64_t offset)
{
    const size_t around = HT_SKIPPABLE_HEAD + HT_INDEX_HEAD + HT_INDEX_TAIL;
    if (length < around || ht_get_le(bytes, 4) != HT_FILE_INDEX_MAGIC ||
        ht_get_le(bytes + 4, 4) != length - HT_SKIPPABLE_HEAD ||
        memcmp(bytes + 8, HT_FILE_INDEX_NAME, 4) != 0 ||
        ht_get_le(bytes + 12, 4) != HT_FILE_VERSION ||
        ht_get_le(bytes + 16, 4) * HT_FILE_ENTRY_BYTES != length - around ||
        ht_get_le(bytes + 20, 8) != offset) {
        return false;
    }
    size_t count = (length - around) / HT_FILE_ENTRY_BYTES;
    const uint8_t *at = bytes + HT_SKIPPABLE_HEAD + HT_INDEX_HEAD;
    for (size_t i = 0; i < count; i++, at += HT_FILE_ENTRY_BYTES) {
        ht_trace_entry_t entry = decode_entry(at);
        if (!fits(index, &entry, offset) || !ht_trace_index_add(index, &entry)) { return false; }
    }
    return true;
}
