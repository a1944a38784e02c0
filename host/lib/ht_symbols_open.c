/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* An ELF file: is it sound, what of it is code, where is its debug information. */
#include "ht_symbols_private.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- a separate debug file ----------------------------------------------------------------------
 */

/* Is the file the debug file of this module? Only the build-id says so for certain. */
static bool has_build_id(int file, const unsigned char *wanted, int wanted_size)
{
    const void *id;
    Elf *elf = elf_begin(file, ELF_C_READ_MMAP, NULL);
    ssize_t size = elf != NULL ? dwelf_elf_gnu_build_id(elf, &id) : -1;
    bool same = size > 0 && size == wanted_size && memcmp(id, wanted, (size_t)size) == 0;
    (void)elf_end(elf);
    return same;
}

/* The name in .gnu_debuglink, in the file's folder and in .debug below it. */
static int find_link(Dwfl_Module *module, const char *file, const char *link, char **found)
{
    const unsigned char *id;
    GElf_Addr where;
    int id_size = dwfl_module_build_id(module, &id, &where);
    const char *slash = file != NULL ? strrchr(file, '/') : NULL;
    int folder_length = slash != NULL ? (int)(slash - file + 1) : 0;
    for (int i = 0; link != NULL && id_size > 0 && i < 2; i++) {
        char *path;
        if (asprintf(&path, "%.*s%s%s", folder_length, file != NULL ? file : "",
                     i == 0 ? "" : ".debug/", link) < 0) {
            return -1;
        }
        int opened = open(path, O_RDONLY | O_CLOEXEC);
        if (opened >= 0 && has_build_id(opened, id, id_size)) {
            *found = path;
            return opened;
        }
        if (opened >= 0) { (void)close(opened); }
        free(path);
    }
    return -1;
}

/* Elfutils' own function asks debuginfod's servers where nothing is found and DEBUGINFOD_URLS is
 * set. Only a module with a build-id can be asked for. */
int ht_module_find_debug(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
                         const char *file, const char *link, GElf_Word crc, char **found)
{
    const ht_symbols_shared_t *shared = *user;
    const char *servers = getenv("DEBUGINFOD_URLS");
    const unsigned char *id;
    GElf_Addr where;
    if (shared->use_debuginfod || servers == NULL || servers[0] == '\0' ||
        dwfl_module_build_id(module, &id, &where) <= 0) {
        return dwfl_standard_find_debuginfo(module, user, name, base, file, link, crc, found);
    }
    int opened = dwfl_build_id_find_debuginfo(module, NULL, NULL, 0, NULL, NULL, 0, found);
    return opened >= 0 ? opened : find_link(module, file, link, found);
}

/* --- is it a sound file? ------------------------------------------------------------------------
 */

/* What the file is, if not ELF: the mistakes that happen. */
static bool fail_foreign(const char *path, const unsigned char *head, size_t size,
                         ht_lookup_error_t *error)
{
    if (size == 0) { return ht_lookup_fail(error, HT_LOOKUP_FOREIGN, "%s is empty", path); }
    const char *what = "no ELF file";
    if (head[0] == 0xe9) { what = "an image for the flash, not the ELF file"; }
    if (size >= 4 && memcmp(head, "!<ar", 4) == 0) { what = "an archive, not a linked ELF file"; }
    return ht_lookup_fail(
        error, HT_LOOKUP_FOREIGN,
        "%s is %s (it begins with byte %02x, not 7f 45 4c 46): give the .elf file "
        "that the linker wrote, in ESP-IDF build/PROJECT.elf",
        path, what, head[0]);
}

static bool check_head(const char *path, int file, ht_lookup_error_t *error)
{
    unsigned char head[16];
    struct stat about;
    if (fstat(file, &about) != 0 || S_ISDIR(about.st_mode)) {
        return ht_lookup_fail(error, HT_LOOKUP_FOREIGN, "%s is a folder: give the ELF file in it",
                              path);
    }
    ssize_t size = pread(file, head, sizeof(head), 0);
    if (size < 0) {
        return ht_lookup_fail(error, HT_LOOKUP_UNREADABLE, "cannot read %s: %s", path,
                              strerror(errno));
    }
    if (size < SELFMAG || memcmp(head, ELFMAG, SELFMAG) != 0) {
        return fail_foreign(path, head, (size_t)size, error);
    }
    return true;
}

/* Does a part that a header describes lie in the file? */
static bool check_part(const char *path, uint64_t file_bytes, const char *what, uint64_t offset,
                       uint64_t bytes, ht_lookup_error_t *error)
{
    if (offset <= file_bytes && bytes <= file_bytes - offset) { return true; }
    return ht_lookup_fail(error, HT_LOOKUP_DAMAGED,
                          "%s is truncated or damaged: its %s should be bytes %" PRIu64
                          " to %" PRIu64 ", but the file has %" PRIu64 ": copy or build it again",
                          path, what, offset, offset + bytes, file_bytes);
}

/* The headers of the sections and of the segments, and all that they describe, lie in the file. */
static bool check_parts(const char *path, Elf *elf, ht_lookup_error_t *error)
{
    GElf_Ehdr head;
    size_t bytes, segments, sections;
    (void)elf_rawfile(elf, &bytes);
    if (gelf_getehdr(elf, &head) == NULL || elf_getphdrnum(elf, &segments) != 0 ||
        elf_getshdrnum(elf, &sections) != 0) {
        return ht_lookup_fail(error, HT_LOOKUP_DAMAGED,
                              "%s is damaged at its ELF header (%s): copy or build it again", path,
                              elf_errmsg(-1));
    }
    uint64_t header_bytes = (uint64_t)head.e_shentsize * (head.e_shnum != 0 ? head.e_shnum : 1);
    if (head.e_shoff != 0 &&
        !check_part(path, bytes, "section headers", head.e_shoff, header_bytes, error)) {
        return false;
    }
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        GElf_Shdr part;
        if (gelf_getshdr(section, &part) == NULL || part.sh_type == SHT_NOBITS) { continue; }
        if (!check_part(path, bytes, "sections", part.sh_offset, part.sh_size, error)) {
            return false;
        }
    }
    return true;
}

static bool check_type(const char *path, Elf *elf, ht_lookup_error_t *error)
{
    GElf_Ehdr head;
    if (gelf_getehdr(elf, &head) == NULL) { return false; } /* was read before */
    if (head.e_type == ET_EXEC || head.e_type == ET_DYN) { return true; }
    const char *what = head.e_type == ET_REL    ? "an object file that is not linked yet"
                       : head.e_type == ET_CORE ? "a core dump"
                                                : "neither a program nor a library";
    return ht_lookup_fail(error, HT_LOOKUP_FOREIGN,
                          "%s is %s: its code has no addresses; give the .elf file that the linker "
                          "wrote",
                          path, what);
}

/* --- what is in it ------------------------------------------------------------------------------
 */

static bool add_section(ht_module_t *module, uint64_t low, uint64_t bytes, bool is_code)
{
    if (bytes == 0 || bytes > UINT64_MAX - low) { return true; }
    if (!ht_array_room((void **)&module->sections, &module->section_capacity, module->section_count,
                       sizeof(*module->sections))) {
        return false;
    }
    ht_section_t *added = &module->sections[module->section_count++];
    *added = (ht_section_t){low, low + bytes};
    if (is_code) { /* in front: that is asked for each function and line */
        ht_section_t *first = &module->sections[module->code_count++];
        ht_section_t other = *first;
        *first = *added;
        *added = other;
    }
    return true;
}

/* Which addresses are loaded, and which are code: from the sections; from the segments, which are
 * coarser, where somebody removed the section headers. */
static bool read_sections(ht_module_t *module, Elf *elf)
{
    size_t segments = 0;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        GElf_Shdr part;
        if (gelf_getshdr(section, &part) == NULL || (part.sh_flags & SHF_ALLOC) == 0 ||
            (part.sh_flags & SHF_TLS) != 0) {
            continue;
        }
        if (!add_section(module, part.sh_addr, part.sh_size,
                         (part.sh_flags & SHF_EXECINSTR) != 0)) {
            return false;
        }
    }
    if (module->section_count > 0 || elf_getphdrnum(elf, &segments) != 0) { return true; }
    for (size_t i = 0; i < segments && i <= INT_MAX; i++) {
        GElf_Phdr part;
        if (gelf_getphdr(elf, (int)i, &part) == NULL || part.p_type != PT_LOAD) { continue; }
        if (!add_section(module, part.p_vaddr, part.p_memsz, (part.p_flags & PF_X) != 0)) {
            return false;
        }
    }
    return true;
}

const ht_section_t *ht_module_section(const ht_module_t *module, uint64_t address)
{
    for (size_t i = 0; i < module->section_count; i++) {
        const ht_section_t *section = &module->sections[i];
        if (address >= section->low && address < section->high) { return section; }
    }
    return NULL;
}

bool ht_module_is_code(const ht_module_t *module, uint64_t address)
{
    for (size_t i = 0; i < module->code_count; i++) {
        const ht_section_t *section = &module->sections[i];
        if (address >= section->low && address < section->high) { return true; }
    }
    return false;
}

static void print_hex(char *text, size_t room, const uint8_t *bytes, size_t count)
{
    text[0] = '\0';
    for (size_t i = 0; i < count && 2 * i + 2 < room; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
}

static bool check_build_id(ht_symbols_shared_t *shared, ht_module_t *module, Elf *elf,
                           const ht_symbols_object_t *object, ht_lookup_error_t *error)
{
    const void *id;
    ssize_t size = dwelf_elf_gnu_build_id(elf, &id);
    if (size > 0) {
        uint8_t *copy = ht_strings_room(&shared->strings, (size_t)size);
        if (copy == NULL) { return ht_lookup_fail(error, HT_LOOKUP_NO_MEMORY, "no memory"); }
        memcpy(copy, id, (size_t)size);
        module->build_id = copy;
        module->build_id_size = (size_t)size;
    }
    if (object->build_id == NULL ||
        (module->build_id_size == object->build_id_size &&
         memcmp(module->build_id, object->build_id, object->build_id_size) == 0)) {
        return true;
    }
    char found[65], wanted[65];
    print_hex(found, sizeof(found), module->build_id, module->build_id_size);
    print_hex(wanted, sizeof(wanted), object->build_id, object->build_id_size);
    return ht_lookup_fail(error, HT_LOOKUP_MISMATCH,
                          "%s has build-id %s, the program ran with %s: it was built or updated "
                          "since; addresses in it get no names",
                          object->path, found[0] != '\0' ? found : "none", wanted);
}

/* All that is checked and read at once. */
static bool inspect(ht_symbols_shared_t *shared, ht_module_t *module,
                    const ht_symbols_object_t *object, Elf *elf, ht_lookup_error_t *error)
{
    GElf_Ehdr head;
    if (!check_parts(object->path, elf, error) || !check_type(object->path, elf, error) ||
        !check_build_id(shared, module, elf, object, error)) {
        return false;
    }
    if (gelf_getehdr(elf, &head) != NULL) { module->machine = head.e_machine; }
    if (!read_sections(module, elf)) {
        return ht_lookup_fail(error, HT_LOOKUP_NO_MEMORY, "no memory");
    }
    if (module->section_count > 0) { return true; }
    return ht_lookup_fail(error, HT_LOOKUP_DAMAGED,
                          "%s has neither sections nor segments that are loaded: it is no program",
                          object->path);
}

/* A session per file: libdwfl refuses modules whose ranges overlap, and a firmware's reaches from
 * its data to its code with the ROM's in between. Takes over `file`, unless it fails. */
static bool begin_session(ht_symbols_shared_t *shared, ht_module_t *module, int file,
                          ht_lookup_error_t *error)
{
    void **user;
    module->session = dwfl_begin(&shared->callbacks);
    if (module->session != NULL) {
        dwfl_report_begin(module->session);
        module->module =
            dwfl_report_elf(module->session, module->path, module->path, file, 0, true);
        (void)dwfl_report_end(module->session, NULL, NULL);
    }
    if (module->module == NULL) {
        return ht_lookup_fail(error, HT_LOOKUP_DAMAGED,
                              "cannot use %s (%s): copy or build it again", module->path,
                              dwfl_errmsg(-1));
    }
    (void)dwfl_module_info(module->module, &user, NULL, NULL, NULL, NULL, NULL, NULL);
    *user = shared;
    return true;
}

static bool open_file(ht_symbols_shared_t *shared, ht_module_t *module,
                      const ht_symbols_object_t *object, int file, ht_lookup_error_t *error)
{
    if (!check_head(object->path, file, error)) { return false; }
    Elf *elf = elf_begin(file, ELF_C_READ_MMAP, NULL);
    if (elf == NULL) {
        return ht_lookup_fail(error, HT_LOOKUP_DAMAGED,
                              "%s is damaged at its ELF header (%s): copy or build it again",
                              object->path, elf_errmsg(-1));
    }
    bool good = inspect(shared, module, object, elf, error);
    (void)elf_end(elf);
    return good && begin_session(shared, module, file, error);
}

bool ht_module_open(ht_symbols_shared_t *shared, ht_module_t *module,
                    const ht_symbols_object_t *object, ht_lookup_error_t *error)
{
    int file = open(object->path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return ht_lookup_fail(error, HT_LOOKUP_UNREADABLE, "cannot open %s: %s", object->path,
                              strerror(errno));
    }
    module->is_readable = open_file(shared, module, object, file, error);
    if (module->module == NULL) { (void)close(file); }
    return module->is_readable;
}

void ht_module_close(ht_module_t *module)
{
    ht_debug_close(module);
    free(module->functions);
    free(module->variables);
    ht_spans_free(&module->data);
    free(module->sections);
    ht_spans_free(&module->sized);
    ht_spans_free(&module->beginnings);
    if (module->session != NULL) { dwfl_end(module->session); }
}
