/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "elf_core.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const Elf64_Phdr *header_of(const elf_core_t *core, size_t i)
{
    const Elf64_Ehdr *elf = (const void *)core->bytes;
    return (const void *)(core->bytes + elf->e_phoff + i * sizeof(Elf64_Phdr));
}

static size_t header_count(const elf_core_t *core)
{
    return ((const Elf64_Ehdr *)(const void *)core->bytes)->e_phnum;
}

static bool has(const elf_core_t *core, const Elf64_Phdr *header)
{
    return header->p_offset <= core->size && header->p_filesz <= core->size - header->p_offset;
}

/* NT_FILE: count, page size, {start, end, offset in pages} each, then the paths. */
static void read_files(elf_core_t *core, const unsigned char *note, size_t size)
{
    const uint64_t *word = (const void *)note;
    size_t count = word[0] < ELF_CORE_FILES_MAX ? word[0] : ELF_CORE_FILES_MAX;
    const char *path = (const char *)(word + 2 + 3 * word[0]);
    for (size_t i = 0; i < count && path < (const char *)note + size; i++) {
        const uint64_t *range = word + 2 + 3 * i;
        core->file[core->file_count++] =
            (elf_core_file_t){range[0], range[1], range[2] * word[1], path};
        path += strlen(path) + 1;
    }
}

static void read_notes(elf_core_t *core, const unsigned char *at, size_t size)
{
    for (const unsigned char *end = at + size; at + sizeof(Elf64_Nhdr) <= end;) {
        const Elf64_Nhdr *note = (const void *)at;
        const unsigned char *content = at + sizeof(*note) + ((note->n_namesz + 3U) & ~3U);
        if (note->n_type == NT_FILE) { read_files(core, content, note->n_descsz); }
        at = content + ((note->n_descsz + 3U) & ~3U);
    }
}

const char *elf_core_open(elf_core_t *core, const char *path)
{
    struct stat info;
    *core = (elf_core_t){.bytes = NULL};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) { return "no such file"; }
    core->size = (size_t)info.st_size;
    void *map = mmap(NULL, core->size, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (map == MAP_FAILED) { return "cannot be mapped"; }
    core->bytes = map;
    const Elf64_Ehdr *elf = map;
    if (core->size < sizeof(*elf) || memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 ||
        elf->e_type != ET_CORE || elf->e_phentsize != sizeof(Elf64_Phdr)) {
        return "no ELF core";
    }
    for (size_t i = 0; i < header_count(core); i++) {
        const Elf64_Phdr *header = header_of(core, i);
        if (!has(core, header)) { return "cut short"; }
        if (header->p_type == PT_NOTE) {
            read_notes(core, core->bytes + header->p_offset, header->p_filesz);
        }
    }
    return NULL;
}

static bool read_mapped(const elf_core_t *core, uint64_t address, void *bytes, size_t length)
{
    for (size_t i = 0; i < core->file_count; i++) {
        const elf_core_file_t *file = &core->file[i];
        if (address < file->start || address >= file->end || length > file->end - address) {
            continue;
        }
        int fd = open(file->path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) { return false; }
        ssize_t got = pread(fd, bytes, length, (off_t)(address - file->start + file->offset));
        (void)close(fd);
        return got == (ssize_t)length;
    }
    return false;
}

bool elf_core_read(void *context, uint64_t address, void *bytes, size_t length)
{
    const elf_core_t *core = context;
    for (size_t i = 0; i < header_count(core); i++) {
        const Elf64_Phdr *header = header_of(core, i);
        if (header->p_type == PT_LOAD && address >= header->p_vaddr &&
            address - header->p_vaddr < header->p_filesz &&
            length <= header->p_filesz - (address - header->p_vaddr)) {
            memcpy(bytes, core->bytes + header->p_offset + (address - header->p_vaddr), length);
            return true;
        }
    }
    return read_mapped(core, address, bytes, length);
}

uint64_t elf_core_find(const elf_core_t *core, const void *wanted, size_t length, uint64_t align,
                       uint64_t from)
{
    for (size_t i = 0; i < header_count(core); i++) {
        const Elf64_Phdr *header = header_of(core, i);
        if (header->p_type != PT_LOAD) { continue; }
        for (uint64_t at = 0; at + length <= header->p_filesz; at += align) {
            uint64_t address = header->p_vaddr + at;
            if (address >= from &&
                memcmp(core->bytes + header->p_offset + at, wanted, length) == 0) {
                return address;
            }
        }
    }
    return 0;
}
