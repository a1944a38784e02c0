/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* ELF files: cores, programs, and where a symbol lies. */
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ht_memory_private.h"

/* ESP-IDF's note with its version and the application's SHA-256: esp_core_dump of components/
 * espcoredump. */
#define ESP_INFO_NAME "ESP_CORE_DUMP_INFO"
#define ESP_INFO_TYPE 8266U

/* An ELF file in memory. libelf changes nothing, but takes no pointer to constants. */
static Elf *open_elf(const char *path, const uint8_t *bytes, size_t size, GElf_Ehdr *header,
                     ht_lookup_error_t *error)
{
    (void)elf_version(EV_CURRENT);
    Elf *elf = elf_memory((char *)(uintptr_t)bytes, size);
    if (elf == NULL || elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, header) == NULL) {
        if (elf != NULL) { (void)elf_end(elf); }
        (void)ht_lookup_fail(error, HT_LOOKUP_FOREIGN, "%s: no ELF file, or its header is cut",
                             path);
        return NULL;
    }
    if (header->e_ident[EI_DATA] != ELFDATA2LSB) {
        (void)elf_end(elf);
        (void)ht_lookup_fail(error, HT_LOOKUP_FOREIGN, "%s: of a big-endian machine", path);
        return NULL;
    }
    return elf;
}

/* The ranges of PT_LOAD, as far as the file goes. What it should have and has not, in bytes. */
static bool add_loads(ht_memory_t *memory, Elf *elf, const ht_memory_range_t *file, uint64_t bias,
                      uint64_t *missing)
{
    size_t count = 0;
    (void)elf_getphdrnum(elf, &count);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, (int)i, &header) == NULL) { break; }
        if (header.p_type != PT_LOAD || header.p_filesz == 0) { continue; }
        uint64_t there = header.p_offset < file->size ? file->size - header.p_offset : 0;
        if (there > header.p_filesz) { there = header.p_filesz; }
        *missing += header.p_filesz - there;
        if (!ht_memory_range(memory,
                             &(ht_memory_range_t){header.p_vaddr + bias,
                                                  file->bytes + (there == 0 ? 0 : header.p_offset),
                                                  (size_t)there, file->is_dump})) {
            return false;
        }
    }
    return true;
}

/* --- the notes of a core ---------------------------------------------------------------------- */

static void take_esp_info(ht_memory_t *memory, const uint8_t *content, size_t size)
{
    if (size <= 4) { return; } /* 4 bytes of version, then the text */
    size_t length = strnlen((const char *)content + 4, size - 4);
    if (length >= sizeof(memory->firmware_sha)) { length = sizeof(memory->firmware_sha) - 1; }
    memcpy(memory->firmware_sha, content + 4, length);
    memory->firmware_sha[length] = '\0';
}

static void read_notes(ht_memory_t *memory, Elf *elf, const GElf_Phdr *header, unsigned word_bytes)
{
    Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)header->p_offset, header->p_filesz,
                                          header->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
    size_t at = 0;
    GElf_Nhdr note;
    size_t name;
    size_t content;
    while (data != NULL && (at = gelf_getnote(data, at, &note, &name, &content)) > 0) {
        const uint8_t *bytes = (const uint8_t *)data->d_buf + content;
        const char *owner = (const char *)data->d_buf + name;
        if (note.n_type == NT_FILE) {
            ht_memory_add_mapped(memory, bytes, note.n_descsz, word_bytes);
        } else if (note.n_type == ESP_INFO_TYPE && note.n_namesz >= sizeof(ESP_INFO_NAME) &&
                   memcmp(owner, ESP_INFO_NAME, sizeof(ESP_INFO_NAME)) == 0) {
            take_esp_info(memory, bytes, note.n_descsz);
        }
    }
}

static void read_all_notes(ht_memory_t *memory, Elf *elf)
{
    size_t count = 0;
    unsigned word_bytes = gelf_getclass(elf) == ELFCLASS64 ? 8U : 4U;
    (void)elf_getphdrnum(elf, &count);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, (int)i, &header) != NULL && header.p_type == PT_NOTE) {
            read_notes(memory, elf, &header, word_bytes);
        }
    }
}

bool ht_memory_add_elf_core(ht_memory_t *memory, const char *path, const uint8_t *bytes,
                            size_t size, ht_lookup_error_t *error)
{
    GElf_Ehdr header;
    Elf *elf = open_elf(path, bytes, size, &header, error);
    if (elf == NULL) { return false; }
    if (header.e_type != ET_CORE) {
        (void)elf_end(elf);
        return ht_lookup_fail(error, HT_LOOKUP_FOREIGN,
                              "%s: an ELF file, but no core dump; the program's own file goes with "
                              "--elf",
                              path);
    }
    uint64_t missing = 0;
    size_t before = memory->range_count;
    bool good = add_loads(memory, elf, &(ht_memory_range_t){0, bytes, size, true}, 0, &missing);
    if (good) { read_all_notes(memory, elf); }
    (void)elf_end(elf);
    if (!good) { return ht_lookup_fail(error, HT_LOOKUP_NO_MEMORY, "%s: no memory", path); }
    if (memory->range_count == before) {
        return ht_lookup_fail(error, HT_LOOKUP_DAMAGED, "%s: a core dump without any memory", path);
    }
    if (missing != 0) {
        ht_memory_say(memory, "%s is cut short: %" PRIu64 " bytes of memory are missing.", path,
                      missing);
    }
    return true;
}

/* --- programs --------------------------------------------------------------------------------- */

bool ht_memory_add_program(ht_memory_t *memory, const char *path, uint64_t bias,
                           ht_lookup_error_t *error)
{
    size_t size;
    GElf_Ehdr header;
    const uint8_t *bytes = ht_memory_map(memory, path, &size, error);
    if (bytes == NULL) { return false; }
    Elf *elf = open_elf(path, bytes, size, &header, error);
    if (elf == NULL) { return false; }
    uint64_t missing = 0;
    bool program = header.e_type == ET_EXEC || header.e_type == ET_DYN;
    bool good = program &&
                add_loads(memory, elf, &(ht_memory_range_t){0, bytes, size, false}, bias, &missing);
    (void)elf_end(elf);
    if (!program) {
        return ht_lookup_fail(error, HT_LOOKUP_FOREIGN,
                              "%s: an ELF file, but no linked program or firmware", path);
    }
    if (missing != 0) {
        ht_memory_say(memory, "%s is cut short: %" PRIu64 " bytes are missing.", path, missing);
    }
    return good || ht_lookup_fail(error, HT_LOOKUP_NO_MEMORY, "%s: no memory", path);
}

static bool find_symbol(Elf *elf, Elf_Scn *section, const char *name, uint64_t *value)
{
    GElf_Shdr header;
    Elf_Data *data = elf_getdata(section, NULL);
    if (gelf_getshdr(section, &header) == NULL || data == NULL || header.sh_entsize == 0) {
        return false;
    }
    for (size_t i = 0; i < header.sh_size / header.sh_entsize; i++) {
        GElf_Sym symbol;
        if (gelf_getsym(data, (int)i, &symbol) == NULL || symbol.st_shndx == SHN_UNDEF) {
            continue;
        }
        const char *text = elf_strptr(elf, header.sh_link, symbol.st_name);
        if (text != NULL && strcmp(text, name) == 0) {
            *value = symbol.st_value;
            return true;
        }
    }
    return false;
}

bool ht_memory_symbol(const char *path, const char *name, uint64_t *value)
{
    bool found = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) { return false; }
    (void)elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    for (Elf_Scn *section = NULL; elf != NULL && !found;) {
        GElf_Shdr header;
        section = elf_nextscn(elf, section);
        if (section == NULL) { break; }
        if (gelf_getshdr(section, &header) != NULL &&
            (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM)) {
            found = find_symbol(elf, section, name, value);
        }
    }
    if (elf != NULL) { (void)elf_end(elf); }
    (void)close(fd);
    return found;
}
