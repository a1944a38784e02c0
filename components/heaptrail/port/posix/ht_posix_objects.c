/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Which objects (the program, its libraries) lie where, for the hello of a trace: found in
 * /proc/self/maps by their code, told from other files by _dl_find_object(), read from their
 * headers in memory. dl_iterate_phdr() takes the dynamic linker's lock, which a thread that waits
 * for this one may hold.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "ht_frame.h"
#include "ht_port.h"
#include "ht_posix.h"
#include "ht_posix_elf.h"

/* A line of maps: addresses, permissions, offset, and a path of PATH_MAX at most. */
#define LINE_MAX_BYTES 4352

#define ID_MAX_BYTES 64U
#define PATH_MAX_BYTES 300U

typedef struct {
    int fd;
    size_t used, at;
    char buffer[LINE_MAX_BYTES];
} lines_t;

typedef struct {
    uintptr_t start;
    const char *path;
} mapping_t;

/* --- lines ---------------------------------------------------------------------------------------
 */

/* The next line, without its end; NULL: there is none, or it is too long to be one. */
static char *next_line(lines_t *lines)
{
    for (;;) {
        char *from = lines->buffer + lines->at;
        char *end = memchr(from, '\n', lines->used - lines->at);
        if (end != NULL) {
            *end = '\0';
            lines->at = (size_t)(end - lines->buffer) + 1U;
            return from;
        }
        memmove(lines->buffer, from, lines->used - lines->at);
        lines->used -= lines->at;
        lines->at = 0;
        ssize_t got =
            read(lines->fd, lines->buffer + lines->used, sizeof(lines->buffer) - lines->used);
        if (got <= 0) { return NULL; }
        lines->used += (size_t)got;
    }
}

static const char *read_hex(const char *text, uint64_t *number)
{
    *number = 0;
    for (;; text++) {
        unsigned digit = *text >= '0' && *text <= '9'   ? (unsigned)(*text - '0')
                         : *text >= 'a' && *text <= 'f' ? (unsigned)(*text - 'a') + 10U
                                                        : 16U;
        if (digit == 16U) { return text; }
        *number = *number << 4 | digit;
    }
}

/* "5581-5582 r-xp 00000000 08:01 1234    /usr/bin/lua5.4"; false: no code of a file. */
static bool parse(const char *line, mapping_t *mapping)
{
    uint64_t start = 0;
    (void)read_hex(line, &start);
    const char *rights = strchr(line, ' ');
    mapping->start = (uintptr_t)start;
    mapping->path = rights != NULL ? strchr(rights, '/') : NULL;
    return mapping->path != NULL && rights[3] == 'x';
}

/* --- one object ----------------------------------------------------------------------------------
 */

/* The note "GNU", type 3, in a segment of notes. */
static size_t find_build_id(const char *note, size_t bytes, const uint8_t **id)
{
    while (bytes >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *header = (const ElfW(Nhdr) *)note;
        size_t name = (header->n_namesz + 3U) & ~3U;
        size_t whole = sizeof(*header) + name + ((header->n_descsz + 3U) & ~(size_t)3U);
        if (whole > bytes) { return 0; }
        if (header->n_type == NT_GNU_BUILD_ID && header->n_namesz == 4 &&
            memcmp(note + sizeof(*header), "GNU", 4) == 0) {
            *id = (const uint8_t *)note + sizeof(*header) + name;
            return header->n_descsz;
        }
        note += whole;
        bytes -= whole;
    }
    return 0;
}

typedef struct {
    uint8_t bytes[512];
    size_t length;
} value_t;

static void put_varint(value_t *value, uint64_t number)
{
    for (; number > 127U; number >>= 7) {
        value->bytes[value->length++] = (uint8_t)(number | 128U);
    }
    value->bytes[value->length++] = (uint8_t)number;
}

static void put_text(value_t *value, const void *bytes, size_t length)
{
    put_varint(value, length);
    memcpy(value->bytes + value->length, bytes, length);
    value->length += length;
}

/* The headers of an object that is loaded lie at its start. */
static size_t build_id_of(const ht_elf_object_t *object, const uint8_t **id)
{
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)object->start;
    const ElfW(Phdr) *part = (const ElfW(Phdr) *)(object->start + header->e_phoff);
    size_t bytes = 0;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) { return 0; }
    for (unsigned i = 0; i < header->e_phnum && bytes == 0; i++) {
        if (part[i].p_type == PT_NOTE) {
            bytes =
                find_build_id((const char *)(object->base + part[i].p_vaddr), part[i].p_memsz, id);
        }
    }
    return bytes <= ID_MAX_BYTES ? bytes : 0;
}

static void tell(const ht_port_story_t *story, const ht_elf_object_t *object, const char *path)
{
    const uint8_t *id = (const uint8_t *)"";
    value_t value = {.length = 0};
    size_t path_bytes = strlen(path);
    if (path_bytes > PATH_MAX_BYTES) { return; }
    size_t id_bytes = build_id_of(object, &id);
    put_varint(&value, object->start);
    put_varint(&value, object->end);
    put_varint(&value, (uint64_t)object->base << 1); /* a zigzag of what is not negative */
    put_text(&value, id, id_bytes);
    put_text(&value, path, path_bytes);
    story->text(story->context, HT_HELLO_OBJECT, value.bytes, value.length);
}

void ht_posix_describe_objects(const ht_port_story_t *story)
{
    static lines_t s_lines; /* one drain at a time; too large for a small stack */
    ht_elf_object_t object;
    uintptr_t last = 0;
    s_lines = (lines_t){.fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
    if (s_lines.fd < 0) { return; }
    for (const char *line; (line = next_line(&s_lines)) != NULL;) {
        mapping_t code;
        if (parse(line, &code) && ht_elf_object(code.start, &object) && object.start != last) {
            last = object.start;
            tell(story, &object, code.path);
        }
    }
    close(s_lines.fd);
}
