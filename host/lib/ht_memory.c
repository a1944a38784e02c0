/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ht_memory_private.h"

static const char s_magic[8] = {'h', 'e', 'a', 'p', 't', 'r', 'l', 0x1a};

ht_memory_t *ht_memory_new(void)
{
    return calloc(1, sizeof(ht_memory_t));
}

void ht_memory_free(ht_memory_t *memory)
{
    if (memory == NULL) { return; }
    for (size_t i = 0; i < memory->file_count; i++) {
        if (memory->files[i].is_mapped) {
            (void)munmap(memory->files[i].bytes, memory->files[i].size);
        } else {
            free(memory->files[i].bytes);
        }
    }
    for (size_t i = 0; i < memory->note_count; i++) {
        free(memory->notes[i]);
    }
    free(memory->files);
    free(memory->notes);
    free(memory->ranges);
    free(memory->objects);
    free(memory);
}

void ht_memory_say(ht_memory_t *memory, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) { return; }
    if (!ht_array_room((void **)&memory->notes, &memory->note_capacity, memory->note_count,
                       sizeof(char *))) {
        free(text);
        return;
    }
    memory->notes[memory->note_count++] = text;
}

const char *ht_memory_note(const ht_memory_t *memory, size_t number)
{
    return number < memory->note_count ? memory->notes[number] : NULL;
}

const char *ht_memory_firmware_sha(const ht_memory_t *memory)
{
    return memory->firmware_sha[0] == '\0' ? NULL : memory->firmware_sha;
}

/* --- files ------------------------------------------------------------------------------------ */

static bool note_file(ht_memory_t *memory, const ht_memory_file_t *file)
{
    if (!ht_array_room((void **)&memory->files, &memory->file_capacity, memory->file_count,
                       sizeof(*file))) {
        return false;
    }
    memory->files[memory->file_count++] = *file;
    return true;
}

bool ht_memory_keep(ht_memory_t *memory, uint8_t *bytes, size_t size)
{
    if (note_file(memory, &(ht_memory_file_t){bytes, size, false})) { return true; }
    free(bytes);
    return false;
}

const uint8_t *ht_memory_map(ht_memory_t *memory, const char *path, size_t *size,
                             ht_lookup_error_t *error)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        int why = errno;
        if (fd >= 0) { (void)close(fd); }
        (void)ht_lookup_fail(error, HT_LOOKUP_UNREADABLE, "%s: %s", path, strerror(why));
        return NULL;
    }
    if (!S_ISREG(info.st_mode) || info.st_size == 0) {
        (void)close(fd);
        (void)ht_lookup_fail(error, HT_LOOKUP_FOREIGN, "%s: %s", path,
                             S_ISREG(info.st_mode) ? "the file is empty" : "not a file");
        return NULL;
    }
    *size = (size_t)info.st_size;
    void *bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (bytes == MAP_FAILED) {
        (void)ht_lookup_fail(error, HT_LOOKUP_UNREADABLE, "%s: %s", path, strerror(errno));
        return NULL;
    }
    if (!note_file(memory, &(ht_memory_file_t){bytes, *size, true})) {
        (void)munmap(bytes, *size);
        (void)ht_lookup_fail(error, HT_LOOKUP_NO_MEMORY, "%s: no memory", path);
        return NULL;
    }
    return bytes;
}

/* --- ranges ----------------------------------------------------------------------------------- */

bool ht_memory_range(ht_memory_t *memory, const ht_memory_range_t *range)
{
    if (range->size == 0) { return true; }
    if (!ht_array_room((void **)&memory->ranges, &memory->range_capacity, memory->range_count,
                       sizeof(*range))) {
        return false;
    }
    memory->ranges[memory->range_count++] = *range;
    return true;
}

/* The range that has the byte at an address; a dump's goes before a file's. */
static const ht_memory_range_t *range_at(const ht_memory_t *memory, uint64_t address)
{
    const ht_memory_range_t *found = NULL;
    for (size_t i = 0; i < memory->range_count; i++) {
        const ht_memory_range_t *range = &memory->ranges[i];
        if (address - range->start >= range->size) { continue; }
        if (range->is_dump) { return range; }
        found = range;
    }
    return found;
}

/* A piece may end where a range of a dump begins inside of a file's. */
static size_t piece_length(const ht_memory_t *memory, const ht_memory_range_t *range,
                           uint64_t address, size_t length)
{
    size_t left = range->size - (size_t)(address - range->start);
    if (left < length) { length = left; }
    for (size_t i = 0; i < memory->range_count && !range->is_dump; i++) {
        uint64_t distance = memory->ranges[i].start - address;
        if (memory->ranges[i].is_dump && distance != 0 && distance < length) {
            length = (size_t)distance;
        }
    }
    return length;
}

bool ht_memory_read(const ht_memory_t *memory, uint64_t address, void *bytes, size_t length)
{
    uint8_t *to = bytes;
    while (length > 0) {
        const ht_memory_range_t *range = range_at(memory, address);
        if (range == NULL) { return false; }
        size_t piece = piece_length(memory, range, address, length);
        memcpy(to, range->bytes + (address - range->start), piece);
        to += piece;
        address += piece;
        length -= piece;
    }
    return true;
}

uint64_t ht_memory_next(const ht_memory_t *memory, uint64_t address)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < memory->range_count; i++) {
        uint64_t start = memory->ranges[i].start;
        if (start > address && start < next) { next = start; }
    }
    return next;
}

bool ht_memory_find(const ht_memory_t *memory, const void *wanted, size_t length, uint64_t align,
                    uint64_t from, uint64_t *address)
{
    for (size_t i = 0; i < memory->range_count; i++) {
        const ht_memory_range_t *range = &memory->ranges[i];
        const uint8_t *end = range->bytes + range->size;
        const uint8_t *at = range->is_dump ? range->bytes : end;
        while ((at = memmem(at, (size_t)(end - at), wanted, length)) != NULL) {
            uint64_t found = range->start + (uint64_t)(at - range->bytes);
            if (found >= from && found % align == 0) {
                *address = found;
                return true;
            }
            at++;
        }
    }
    return false;
}

uint64_t ht_memory_dump_bytes(const ht_memory_t *memory)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < memory->range_count; i++) {
        bytes += memory->ranges[i].is_dump ? memory->ranges[i].size : 0;
    }
    return bytes;
}

uint64_t ht_memory_bytes(const ht_memory_t *memory)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < memory->range_count; i++) {
        bytes += memory->ranges[i].size;
    }
    return bytes;
}

bool ht_memory_object(const ht_memory_t *memory, size_t number, ht_memory_object_t *object)
{
    if (number >= memory->object_count) { return false; }
    *object = memory->objects[number];
    return true;
}

/* --- images of RAM ---------------------------------------------------------------------------- */

static uint64_t little(const uint8_t *bytes, size_t length)
{
    uint64_t value = 0;
    for (size_t i = length; i > 0; i--) {
        value = value << 8 | bytes[i - 1];
    }
    return value;
}

/* The header of heaptrail_state says where it lies: SPEC.md, 3. */
static bool place_by_header(const uint8_t *bytes, size_t size, uint64_t *address)
{
    const uint8_t *end = bytes + size;
    for (const uint8_t *at = bytes;
         (at = memmem(at, (size_t)(end - at), s_magic, sizeof(s_magic))) != NULL; at++) {
        if (end - at < 48) { return false; }
        unsigned pointer = at[12];
        if (pointer != 4 && pointer != 8) { continue; } /* the magic alone, in a constant */
        *address = little(at + 32, pointer) - (uint64_t)(at - bytes);
        return true;
    }
    return false;
}

bool ht_memory_add_image(ht_memory_t *memory, const char *path, uint64_t address,
                         ht_lookup_error_t *error)
{
    size_t size;
    const uint8_t *bytes = ht_memory_map(memory, path, &size, error);
    if (bytes == NULL) { return false; }
    if (address == HT_MEMORY_ANYWHERE && !place_by_header(bytes, size, &address)) {
        return ht_lookup_fail(error, HT_LOOKUP_NOT_FOUND,
                              "%s: no heaptrail_state in it, so its address has to be given: "
                              "%s@ADDRESS",
                              path, path);
    }
    if (size > UINT64_MAX - address) {
        return ht_lookup_fail(error, HT_LOOKUP_BAD_CALL, "%s: ends behind the last address", path);
    }
    if (!ht_memory_range(memory, &(ht_memory_range_t){address, bytes, size, true})) {
        return ht_lookup_fail(error, HT_LOOKUP_NO_MEMORY, "%s: no memory", path);
    }
    return true;
}

bool ht_memory_add_dump(ht_memory_t *memory, const char *path, ht_lookup_error_t *error)
{
    size_t size;
    const uint8_t *bytes = ht_memory_map(memory, path, &size, error);
    if (bytes == NULL) { return false; }
    if (size < SELFMAG || memcmp(bytes, ELFMAG, SELFMAG) != 0) {
        bytes = ht_memory_unwrap(memory, path, bytes, &size, error);
        if (bytes == NULL) { return false; }
    }
    return ht_memory_add_elf_core(memory, path, bytes, size, error);
}
