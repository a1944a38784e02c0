/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The ELF file's symbol tables: which function an address is in, where debug information is silent.
 */
#include "ht_symbols_private.h"

#include <string.h>

/* A symbol that names a place in code, and not one of the marks that compilers leave. */
static bool names_code(const ht_module_t *module, const GElf_Sym *symbol, uint64_t low,
                       const char *name)
{
    unsigned type = GELF_ST_TYPE(symbol->st_info);
    bool is_function = type == STT_FUNC || type == STT_GNU_IFUNC;
    if (name == NULL || name[0] == '\0' || symbol->st_shndx == SHN_UNDEF ||
        symbol->st_shndx == SHN_ABS) { /* numbers of the linker script */
        return false;
    }
    if (!is_function && (type != STT_NOTYPE || name[0] == '$' || name[0] == '.')) { return false; }
    return ht_module_is_code(module, low);
}

static bool names_data(const ht_module_t *module, const GElf_Sym *symbol, uint64_t low,
                       const char *name)
{
    return GELF_ST_TYPE(symbol->st_info) == STT_OBJECT && symbol->st_size > 0 &&
           symbol->st_shndx != SHN_UNDEF && name != NULL && name[0] != '\0' &&
           !ht_module_is_code(module, low);
}

/* Several names for one place: the one that others can call is the one that people know. */
static uint32_t preference(const GElf_Sym *symbol)
{
    unsigned binding = GELF_ST_BIND(symbol->st_info);
    return binding == STB_GLOBAL ? 2 : binding == STB_WEAK ? 1 : 0;
}

/* A symbol and the file it is from, as far as the table says. */
typedef struct {
    GElf_Sym symbol;
    uint64_t low;
    const char *name, *file;
} ht_entry_t;

static bool add(ht_symbols_shared_t *shared, ht_module_t *module, const ht_entry_t *entry)
{
    if (!ht_array_room((void **)&module->functions, &module->function_capacity,
                       module->function_count, sizeof(*module->functions))) {
        return false;
    }
    uint64_t low = entry->low;
    uint64_t bytes = entry->symbol.st_size;
    uint32_t number = (uint32_t)module->function_count;
    ht_function_t function = {.low = low, .size = bytes};
    function.name = ht_strings_add(&shared->strings, entry->name, strlen(entry->name));
    if (entry->file != NULL && GELF_ST_BIND(entry->symbol.st_info) == STB_LOCAL) {
        function.file = ht_strings_add(&shared->strings, entry->file, strlen(entry->file));
    }
    if (function.name == NULL || number == HT_SPANS_NONE) { return false; }
    module->functions[module->function_count++] = function;
    const ht_section_t *section = ht_module_section(module, low);
    uint64_t high = bytes < UINT64_MAX - low ? low + bytes : UINT64_MAX;
    uint32_t depth = preference(&entry->symbol);
    return ht_spans_add(&module->sized, low, high, depth, number) &&
           (section == NULL ||
            ht_spans_add(&module->beginnings, low, section->high, depth, number));
}

static bool add_variable(ht_symbols_shared_t *shared, ht_module_t *module, const ht_entry_t *entry)
{
    if (!ht_array_room((void **)&module->variables, &module->variable_capacity,
                       module->variable_count, sizeof(*module->variables))) {
        return false;
    }
    uint64_t room = UINT64_MAX - entry->low;
    uint32_t number = (uint32_t)module->variable_count;
    ht_function_t variable = {.low = entry->low,
                              .size = entry->symbol.st_size < room ? entry->symbol.st_size : room};
    variable.name = ht_strings_add(&shared->strings, entry->name, strlen(entry->name));
    if (variable.name == NULL || number == HT_SPANS_NONE) { return false; }
    module->variables[module->variable_count++] = variable;
    return ht_spans_add(&module->data, variable.low, variable.low + variable.size,
                        preference(&entry->symbol), number);
}

static bool add_entry(ht_symbols_shared_t *shared, ht_module_t *module, const ht_entry_t *entry)
{
    if (names_code(module, &entry->symbol, entry->low, entry->name)) {
        return add(shared, module, entry);
    }
    return !names_data(module, &entry->symbol, entry->low, entry->name) ||
           add_variable(shared, module, entry);
}

static bool read_symbols(ht_symbols_shared_t *shared, ht_module_t *module)
{
    const char *file = NULL;
    int count = dwfl_module_getsymtab(module->module);
    for (int i = 1; i < count; i++) { /* 0 is nobody's; negative: there is no table */
        ht_entry_t entry = {.file = file};
        GElf_Addr low;
        entry.name =
            dwfl_module_getsym_info(module->module, i, &entry.symbol, &low, NULL, NULL, NULL);
        entry.low = low;
        if (entry.name != NULL && GELF_ST_TYPE(entry.symbol.st_info) == STT_FILE) {
            file = entry.name[0] != '\0' ? entry.name : NULL;
        } else if (!add_entry(shared, module, &entry)) {
            return false;
        }
    }
    return true;
}

bool ht_table_read(ht_symbols_shared_t *shared, ht_module_t *module)
{
    if (module->table_is_read) { return true; }
    module->table_is_read = true;
    return read_symbols(shared, module) && ht_spans_flatten(&module->sized) &&
           ht_spans_flatten(&module->beginnings) && ht_spans_flatten(&module->data);
}

/* In a function that has a size, or behind a label, which reaches as far as nothing else begins. */
const ht_function_t *ht_table_find(const ht_module_t *module, uint64_t address)
{
    uint32_t number = ht_spans_find(&module->sized, address, NULL);
    if (number != HT_SPANS_NONE) { return &module->functions[number]; }
    number = ht_spans_find(&module->beginnings, address, NULL);
    bool is_label = number != HT_SPANS_NONE && module->functions[number].size == 0;
    return is_label ? &module->functions[number] : NULL;
}

const ht_function_t *ht_table_find_variable(const ht_module_t *module, uint64_t address)
{
    uint32_t number = ht_spans_find(&module->data, address, NULL);
    return number != HT_SPANS_NONE ? &module->variables[number] : NULL;
}
