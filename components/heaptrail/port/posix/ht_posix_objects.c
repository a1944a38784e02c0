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
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ht_frame.h"
#include "ht_port.h"
#include "ht_posix.h"
#include "ht_posix_elf.h"

/* A line of maps: addresses, permissions, offset, and a path of PATH_MAX at most. */
#define LINE_MAX_BYTES 4352

#define PARTS_MAX 32U
#define NOTES_MAX_BYTES 1024U
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

/* Another thread may unload the object meanwhile, and its headers need not be where they usually
 * are: the kernel copies what there is. Where a sandbox forbids that there are no ids. */
static bool copy(void *to, uintptr_t from, size_t bytes)
{
    struct iovec target = {to, bytes};
    struct iovec source = {(void *)from, bytes};
    return syscall(SYS_process_vm_readv, getpid(), &target, 1, &source, 1, 0) == (ssize_t)bytes;
}

/* What was copied of the object at hand. One drain at a time; too large for a small stack. */
static struct {
    ElfW(Ehdr) header;
    ElfW(Phdr) part[PARTS_MAX];
    _Alignas(ElfW(Nhdr)) char notes[NOTES_MAX_BYTES];
} s_copied;

static unsigned copy_headers(const ht_elf_object_t *object)
{
    const ElfW(Ehdr) *header = &s_copied.header;
    if (!copy(&s_copied.header, object->start, sizeof(*header)) ||
        memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
        return 0;
    }
    unsigned count = header->e_phnum < PARTS_MAX ? header->e_phnum : PARTS_MAX;
    bool copied = copy(s_copied.part, object->start + header->e_phoff, count * sizeof(ElfW(Phdr)));
    return copied ? count : 0;
}

/* The headers of an object that is loaded usually lie at its start. */
static size_t build_id_of(const ht_elf_object_t *object, const uint8_t **id)
{
    size_t bytes = 0;
    unsigned count = copy_headers(object);
    for (unsigned i = 0; i < count && bytes == 0; i++) {
        const ElfW(Phdr) *part = &s_copied.part[i];
        size_t size = part->p_memsz < NOTES_MAX_BYTES ? part->p_memsz : NOTES_MAX_BYTES;
        if (part->p_type == PT_NOTE && copy(s_copied.notes, object->base + part->p_vaddr, size)) {
            bytes = find_build_id(s_copied.notes, size, id);
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
