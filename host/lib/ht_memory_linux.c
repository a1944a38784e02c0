/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A Linux core leaves out what it could read from files again. Its note NT_FILE says which:
 *
 *   count, page size, count x { start, end, offset in pages }, count paths with a zero each
 */
#include <gelf.h>
#include <string.h>

#include "ht_memory_private.h"

typedef struct {
    uint64_t start, end, offset;
    const char *path;
} mapping_t;

static uint64_t word_at(const uint8_t *note, size_t number, unsigned word_bytes)
{
    uint64_t value = 0;
    memcpy(&value, note + number * word_bytes, word_bytes); /* little-endian, as this machine */
    return value;
}

/* The program that was mapped there was another one, built later, if its first bytes differ. */
static bool is_same(const ht_memory_t *memory, const mapping_t *mapping, const uint8_t *bytes,
                    size_t size)
{
    uint8_t there[64];
    size_t length = size < sizeof(there) ? size : sizeof(there);
    if (mapping->offset != 0 || !ht_memory_read(memory, mapping->start, there, length)) {
        return true;
    }
    return memcmp(there, bytes, length) == 0;
}

/* The difference between where the file's first loaded byte says it belongs and where it lies. */
static uint64_t bias_of(const uint8_t *bytes, size_t size, const mapping_t *mapping)
{
    uint64_t bias = mapping->start;
    GElf_Phdr header;
    size_t count = 0;
    Elf *elf = elf_memory((char *)(uintptr_t)bytes, size);
    if (elf == NULL) { return bias; }
    (void)elf_getphdrnum(elf, &count);
    for (size_t i = 0; i < count; i++) {
        if (gelf_getphdr(elf, (int)i, &header) == NULL || header.p_type != PT_LOAD) { continue; }
        if (mapping->offset >= header.p_offset &&
            mapping->offset < header.p_offset + header.p_filesz) {
            bias = mapping->start - (header.p_vaddr + (mapping->offset - header.p_offset));
            break;
        }
    }
    (void)elf_end(elf);
    return bias;
}

static void note_object(ht_memory_t *memory, const mapping_t *mapping, const uint8_t *bytes,
                        size_t size)
{
    if (memory->object_count > 0) {
        ht_memory_object_t *last = &memory->objects[memory->object_count - 1];
        if (strcmp(last->path, mapping->path) == 0) {
            last->end = mapping->end;
            return;
        }
    }
    if (size < SELFMAG || memcmp(bytes, ELFMAG, SELFMAG) != 0) { return; }
    if (ht_array_room((void **)&memory->objects, &memory->object_capacity, memory->object_count,
                      sizeof(ht_memory_object_t))) {
        memory->objects[memory->object_count++] = (ht_memory_object_t){
            mapping->path, mapping->start, mapping->end, bias_of(bytes, size, mapping)};
    }
}

typedef struct {
    const char *path;
    const uint8_t *bytes;
    size_t size;
} opened_t;

/* Each file is mapped once, although it has several mappings, one after another. */
static void open_next(ht_memory_t *memory, const mapping_t *mapping, opened_t *file)
{
    ht_lookup_error_t error;
    if (file->path != NULL && strcmp(file->path, mapping->path) == 0) { return; }
    *file = (opened_t){.path = mapping->path};
    if (mapping->path[0] != '/' || strstr(mapping->path, " (deleted)") != NULL) { return; }
    file->bytes = ht_memory_map(memory, mapping->path, &file->size, &error);
    if (file->bytes != NULL && !is_same(memory, mapping, file->bytes, file->size)) {
        ht_memory_say(memory, "%s is another file than the one that the process had.",
                      mapping->path);
        file->bytes = NULL;
    }
}

static void add_mapping(ht_memory_t *memory, const mapping_t *mapping, opened_t *file)
{
    open_next(memory, mapping, file);
    if (file->bytes == NULL || mapping->offset >= file->size || mapping->end <= mapping->start) {
        return;
    }
    uint64_t size = mapping->end - mapping->start;
    if (size > file->size - mapping->offset) { size = file->size - mapping->offset; }
    (void)ht_memory_range(
        memory,
        &(ht_memory_range_t){mapping->start, file->bytes + mapping->offset, (size_t)size, false});
    note_object(memory, mapping, file->bytes, file->size);
}

void ht_memory_add_mapped(ht_memory_t *memory, const uint8_t *note, size_t size,
                          unsigned word_bytes)
{
    if (size < 2U * word_bytes) { return; }
    uint64_t count = word_at(note, 0, word_bytes);
    uint64_t page = word_at(note, 1, word_bytes);
    if (count > size / (3U * word_bytes)) { return; }
    size_t at = (2U + 3U * (size_t)count) * word_bytes;
    opened_t file = {NULL, NULL, 0};
    for (size_t i = 0; i < count && at < size; i++) {
        const char *path = (const char *)note + at;
        size_t length = strnlen(path, size - at);
        if (length == size - at) { return; }
        mapping_t mapping = {word_at(note, 2 + 3 * i, word_bytes),
                             word_at(note, 3 + 3 * i, word_bytes),
                             word_at(note, 4 + 3 * i, word_bytes) * page, path};
        add_mapping(memory, &mapping, &file);
        at += length + 1;
    }
}
