/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_strings.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 65536U

struct ht_strings_block {
    ht_strings_block_t *older;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

/* FNV-1a, folded because the table uses the low bits. */
static size_t hash(const char *text, size_t length)
{
    uint64_t value = 0xcbf29ce484222325U;
    for (size_t i = 0; i < length; i++) {
        value = (value ^ (unsigned char)text[i]) * 0x100000001b3U;
    }
    return (size_t)(value ^ value >> 32);
}

static void *take(ht_strings_t *strings, size_t bytes, size_t alignment)
{
    ht_strings_block_t *block = strings->blocks;
    size_t at = block != NULL ? (block->used + alignment - 1) & ~(alignment - 1) : 0;
    if (block == NULL || at > block->size || bytes > block->size - at) {
        size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        if (size > SIZE_MAX - sizeof(*block)) { return NULL; }
        block = malloc(sizeof(*block) + size);
        if (block == NULL) { return NULL; }
        *block = (ht_strings_block_t){.older = strings->blocks, .size = size};
        strings->blocks = block;
        at = 0;
    }
    block->used = at + bytes;
    return block->bytes + at;
}

void *ht_strings_room(ht_strings_t *strings, size_t bytes)
{
    return take(strings, bytes, alignof(max_align_t));
}

/* The slot that holds the text, or the free one where it belongs. */
static size_t slot_of(const ht_strings_t *strings, const char *text, size_t length)
{
    size_t mask = strings->slot_count - 1;
    size_t slot = hash(text, length) & mask;
    for (const char *there; (there = strings->slots[slot]) != NULL; slot = (slot + 1) & mask) {
        if (strncmp(there, text, length) == 0 && there[length] == '\0') { break; }
    }
    return slot;
}

static bool enlarge(ht_strings_t *strings)
{
    ht_strings_t larger = {.slot_count = strings->slot_count != 0 ? 2 * strings->slot_count : 256};
    larger.slots = calloc(larger.slot_count, sizeof(*larger.slots));
    if (larger.slots == NULL) { return false; }
    for (size_t i = 0; i < strings->slot_count; i++) {
        const char *text = strings->slots[i];
        if (text != NULL) { larger.slots[slot_of(&larger, text, strlen(text))] = text; }
    }
    free(strings->slots);
    strings->slots = larger.slots;
    strings->slot_count = larger.slot_count;
    return true;
}

const char *ht_strings_add(ht_strings_t *strings, const char *text, size_t length)
{
    const char *end = memchr(text, '\0', length); /* a text ends at its first zero */
    if (end != NULL) { length = (size_t)(end - text); }
    if (strings->count + 1 > strings->slot_count / 4 * 3 && !enlarge(strings)) { return NULL; }
    size_t slot = slot_of(strings, text, length);
    if (strings->slots[slot] != NULL) { return strings->slots[slot]; }
    char *copy = take(strings, length + 1, 1);
    if (copy == NULL) { return NULL; }
    memcpy(copy, text, length);
    copy[length] = '\0';
    strings->slots[slot] = copy;
    strings->count++;
    return copy;
}

void ht_strings_free(ht_strings_t *strings)
{
    for (ht_strings_block_t *block = strings->blocks; block != NULL;) {
        ht_strings_block_t *older = block->older;
        free(block);
        block = older;
    }
    free(strings->slots);
    *strings = (ht_strings_t){0};
}

bool ht_array_room(void **array, size_t *capacity, size_t count, size_t element_bytes)
{
    if (count < *capacity) { return true; }
    size_t more = *capacity != 0 ? 2 * *capacity : 16;
    void *larger = reallocarray(*array, more, element_bytes);
    if (larger == NULL) { return false; }
    *array = larger;
    *capacity = more;
    return true;
}
