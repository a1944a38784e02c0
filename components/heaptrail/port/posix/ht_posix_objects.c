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
#include <link.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ht_frame.h"
#include "ht_port.h"
#include "ht_posix.h"
#include "ht_posix_elf.h"
#include "ht_posix_maps.h"

#define PARTS_MAX 32U
#define NOTES_MAX_BYTES 1024U
#define ID_MAX_BYTES 64U
#define PATH_MAX_BYTES 300U

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

typedef struct {
    const ht_port_story_t *story;
    uintptr_t last; /* where the object begins that was told last: its code may be in two pieces */
} telling_t;

static bool tell_code(void *context, const ht_posix_mapping_t *mapping)
{
    telling_t *telling = context;
    ht_elf_object_t object;
    if (mapping->path != NULL && mapping->executable && ht_elf_object(mapping->start, &object) &&
        object.start != telling->last) {
        telling->last = object.start;
        tell(telling->story, &object, mapping->path);
    }
    return true;
}

void ht_posix_describe_objects(const ht_port_story_t *story)
{
    telling_t telling = {.story = story};
    (void)ht_posix_maps(tell_code, &telling);
}
