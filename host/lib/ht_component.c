/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The context, and what paths say. */
#include "ht_component.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ht_component_private.h"
#include "ht_load.h"

#define MOST_BYTES ((size_t)1 << 30)

struct ht_components {
    ht_strings_t strings;
    ht_map_t map;
    const char *map_path; /* NULL: none */
};

ht_components_t *ht_components_new(void)
{
    return calloc(1, sizeof(ht_components_t));
}

void ht_components_free(ht_components_t *components)
{
    if (components == NULL) { return; }
    ht_map_free(&components->map);
    ht_strings_free(&components->strings);
    free(components);
}

static const char *keep(ht_components_t *components, const char *text, size_t length)
{
    return ht_strings_add(&components->strings, text, length);
}

/* --- the map ------------------------------------------------------------------------------------
 */

static bool fail_no_map(const char *path, const char *text, ht_lookup_error_t *error)
{
    bool is_lld = strncmp(text, "             VMA", 16) == 0 || strncmp(text, "     VMA ", 9) == 0;
    return ht_lookup_fail(
        error, HT_LOOKUP_FOREIGN,
        is_lld ? "%s is a map of lld: only those of GNU ld are read"
               : "%s is no map of GNU ld, or ends before the sections: link with -Wl,-Map=FILE; "
                 "ESP-IDF's is build/PROJECT.map",
        path);
}

bool ht_components_read_map(ht_components_t *components, const char *path, ht_component_map_t *map,
                            ht_lookup_error_t *error)
{
    size_t size;
    if (error != NULL) { *error = (ht_lookup_error_t){.code = HT_LOOKUP_OK}; }
    ht_map_free(&components->map);
    components->map_path = NULL;
    char *text = ht_load_file(path, MOST_BYTES, &size);
    if (text == NULL) {
        return ht_lookup_fail(error, HT_LOOKUP_UNREADABLE, "cannot read %s: %s", path,
                              strerror(errno));
    }
    bool good = ht_map_read(&components->map, &components->strings, text, size);
    bool is_map = good && components->map.about.section_count > 0;
    if (!good) { (void)ht_lookup_fail(error, HT_LOOKUP_NO_MEMORY, "no memory for %s", path); }
    if (good && !is_map) { (void)fail_no_map(path, text, error); }
    free(text);
    if (is_map) { components->map_path = keep(components, path, strlen(path)); }
    if (map != NULL) { *map = components->map.about; }
    if (components->map_path == NULL) { ht_map_free(&components->map); }
    return components->map_path != NULL;
}

static bool check_section(const ht_components_t *components, const char *elf_path, const char *name,
                          const GElf_Shdr *section, ht_lookup_error_t *error)
{
    for (size_t i = 0; i < components->map.output_count; i++) {
        const ht_map_section_t *there = &components->map.outputs[i];
        if (strcmp(there->name, name) != 0) { continue; }
        if (there->low == section->sh_addr && there->bytes == section->sh_size) { return true; }
        return ht_lookup_fail(error, HT_LOOKUP_MISMATCH,
                              "the map %s is not that of %s: %s is %" PRIu64 " bytes at 0x%" PRIx64
                              " there, %" PRIu64 " at 0x%" PRIx64
                              " here: give the map of the same build",
                              components->map_path, elf_path, name, there->bytes, there->low,
                              section->sh_size, section->sh_addr);
    }
    return true;
}

/* The sections of code alone: others may be changed behind the linker's back. */
static bool check_sections(const ht_components_t *components, const char *elf_path, Elf *elf,
                           ht_lookup_error_t *error)
{
    size_t names;
    bool good = true;
    if (elf_getshdrstrndx(elf, &names) != 0) {
        return ht_lookup_fail(error, HT_LOOKUP_FOREIGN, "%s is no ELF file with sections",
                              elf_path);
    }
    for (Elf_Scn *part = NULL; good && (part = elf_nextscn(elf, part)) != NULL;) {
        GElf_Shdr section;
        if (gelf_getshdr(part, &section) == NULL || (section.sh_flags & SHF_EXECINSTR) == 0) {
            continue;
        }
        const char *name = elf_strptr(elf, names, section.sh_name);
        good = name == NULL || check_section(components, elf_path, name, &section, error);
    }
    return good;
}

bool ht_components_check_map(ht_components_t *components, const char *elf_path,
                             ht_lookup_error_t *error)
{
    if (error != NULL) { *error = (ht_lookup_error_t){.code = HT_LOOKUP_OK}; }
    if (components->map_path == NULL) {
        return ht_lookup_fail(error, HT_LOOKUP_BAD_CALL, "there is no map to compare");
    }
    int file = open(elf_path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return ht_lookup_fail(error, HT_LOOKUP_UNREADABLE, "cannot open %s: %s", elf_path,
                              strerror(errno));
    }
    (void)elf_version(EV_CURRENT);
    Elf *elf = elf_begin(file, ELF_C_READ_MMAP, NULL);
    bool good = check_sections(components, elf_path, elf, error);
    (void)elf_end(elf);
    (void)close(file);
    return good;
}

/* --- paths --------------------------------------------------------------------------------------
 */

/* The last folder of this name in a path: what is behind it, or NULL. */
static const char *behind_folder(const char *path, const char *name)
{
    const char *found = NULL;
    size_t length = strlen(name);
    for (const char *at = path; (at = strstr(at, name)) != NULL; at++) {
        bool is_whole = (at == path || at[-1] == '/') && at[length] == '/';
        if (is_whole) { found = at + length + 1; }
    }
    return found;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* A compiler's own libraries, by a folder of their sources. */
static const char *toolchain_part(const char *path)
{
    static const char *const parts[][2] = {{"newlib", "newlib"},
                                           {"picolibc", "picolibc"},
                                           {"libgcc", "libgcc"},
                                           {"libstdc++-v3", "libstdc++"},
                                           {"compiler-rt", "compiler-rt"}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (behind_folder(path, parts[i][0]) != NULL) { return parts[i][1]; }
    }
    return NULL;
}

ht_component_t ht_components_of_path(ht_components_t *components, const char *path)
{
    ht_component_t found = {.source = HT_COMPONENT_UNKNOWN};
    const char *managed = behind_folder(path, "managed_components");
    const char *behind = managed != NULL ? managed : behind_folder(path, "components");
    const char *part = toolchain_part(path);
    if (behind != NULL && strchr(behind, '/') != NULL) {
        found.component = keep(components, behind, strcspn(behind, "/"));
    } else if (part != NULL) {
        found.component = keep(components, part, strlen(part));
    } else if (behind_folder(path, "main") != NULL) {
        found.component = keep(components, "main", 4);
    }
    if (found.component != NULL) { found.source = HT_COMPONENT_FROM_PATH; }
    return found;
}

/* The component of an archive: ESP-IDF makes esp-idf/NAME/libNAME.a, and ships
 * components/NAME/.../libOTHER.a. Of other archives it is their own name. */
static const char *component_of_archive(ht_components_t *components, const char *path,
                                        size_t length)
{
    char *copy = strndup(path, length);
    if (copy == NULL) { return NULL; }
    const char *built = behind_folder(copy, "esp-idf");
    const char *kept = NULL;
    if (built != NULL && strchr(built, '/') != NULL && strchr(built, '/') == strrchr(built, '/')) {
        kept = keep(components, built, strcspn(built, "/"));
    } else {
        kept = ht_components_of_path(components, copy).component;
    }
    if (kept == NULL) {
        const char *name = base_name(copy);
        const char *dot = strrchr(name, '.');
        kept = keep(components, name, dot != NULL ? (size_t)(dot - name) : strlen(name));
    }
    free(copy);
    return kept;
}

/* An object that no archive holds: by its folders, else by its own name without what compilers add.
 */
static const char *component_of_object(ht_components_t *components, const char *path)
{
    const char *by_path = ht_components_of_path(components, path).component;
    const char *name = base_name(path);
    return by_path != NULL ? by_path : keep(components, name, strcspn(name, "."));
}

/* "folder/libx.a(y.o)" in its parts. */
static ht_component_t split(ht_components_t *components, const char *path)
{
    ht_component_t found = {.source = HT_COMPONENT_FROM_MAP};
    size_t length = strlen(path);
    const char *open = NULL;
    if (length > 0 && path[length - 1] == ')') {
        const char *dot = strstr(path, ".a(");
        open = dot != NULL ? dot + 2 : strrchr(path, '(');
    }
    if (open == NULL || open == path) {
        found.object = keep(components, base_name(path), strlen(base_name(path)));
        found.component = component_of_object(components, path);
        return found;
    }
    const char *archive = open;
    while (archive > path && archive[-1] != '/') {
        archive--;
    }
    found.archive = keep(components, archive, (size_t)(open - archive));
    found.object = keep(components, open + 1, (size_t)(path + length - 1 - (open + 1)));
    found.component = component_of_archive(components, path, (size_t)(open - path));
    return found;
}

/* ------------------------------------------------------------------------------------------------
 */

ht_component_t ht_components_at(ht_components_t *components, uint64_t address)
{
    uint32_t number = ht_spans_find(&components->map.spans, address, NULL);
    if (number == HT_SPANS_NONE) { return (ht_component_t){.source = HT_COMPONENT_UNKNOWN}; }
    return split(components, components->map.paths[number]);
}

ht_component_t ht_components_find(ht_components_t *components, const ht_symbol_t *symbol,
                                  const char *module_path)
{
    /* The map is the firmware's or the program's, which is the first file; others have their own
     * addresses. */
    bool has_map = symbol->module == 0 || symbol->module == HT_SYMBOLS_NO_MODULE;
    ht_component_t found = {.source = HT_COMPONENT_UNKNOWN};
    if (has_map) { found = ht_components_at(components, symbol->module_address); }
    if (found.source == HT_COMPONENT_UNKNOWN && symbol->unit != NULL) {
        found = ht_components_of_path(components, symbol->unit);
    }
    if (found.source == HT_COMPONENT_UNKNOWN && module_path != NULL) {
        found.component = keep(components, base_name(module_path), strlen(base_name(module_path)));
        if (found.component != NULL) { found.source = HT_COMPONENT_FROM_FILE; }
    }
    return found;
}
