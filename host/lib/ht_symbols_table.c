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
    if (name == NULL || name[0] == '\0' || symbol->st_shndx == SHN_UNDEF) { return false; }
    if (!is_function && (type != STT_NOTYPE || name[0] == '$' || name[0] == '.')) { return false; }
    return ht_module_is_code(module, low);
}

/* Several names for one place: the one that others can call is the one that people know. */
static uint32_t preference(const GElf_Sym *symbol)
{
    unsigned binding = GELF_ST_BIND(symbol->st_info);
    return binding == STB_GLOBAL ? 2 : binding == STB_WEAK ? 1 : 0;
}

static bool add(ht_symbols_shared_t *shared, ht_module_t *module, const GElf_Sym *symbol,
                uint64_t low, const char *name)
{
    if (!ht_array_room((void **)&module->functions, &module->function_capacity,
                       module->function_count, sizeof(*module->functions))) {
        return false;
    }
    const char *kept = ht_strings_add(&shared->strings, name, strlen(name));
    uint32_t number = (uint32_t)module->function_count;
    if (kept == NULL || number == HT_SPANS_NONE) { return false; }
    module->functions[module->function_count++] = (ht_function_t){.name = kept, .low = low};
    if (symbol->st_size > 0) {
        uint64_t high = symbol->st_size < UINT64_MAX - low ? low + symbol->st_size : UINT64_MAX;
        return ht_spans_add(&module->sized, low, high, preference(symbol), number);
    }
    /* Up to the section's end, or to the next label: that is the inner one. */
    const ht_section_t *section = ht_module_section(module, low);
    return section == NULL ||
           ht_spans_add(&module->labels, low, section->high, preference(symbol), number);
}

bool ht_table_read(ht_symbols_shared_t *shared, ht_module_t *module)
{
    if (module->table_is_read) { return true; }
    module->table_is_read = true;
    int count = dwfl_module_getsymtab(module->module);
    for (int i = 1; i < count;
         i++) { /* 0 is a file without symbols, negative one without a table */
        GElf_Sym symbol;
        GElf_Addr low;
        const char *name =
            dwfl_module_getsym_info(module->module, i, &symbol, &low, NULL, NULL, NULL);
        if (names_code(module, &symbol, low, name) && !add(shared, module, &symbol, low, name)) {
            return false;
        }
    }
    return ht_spans_flatten(&module->sized) && ht_spans_flatten(&module->labels);
}

const ht_function_t *ht_table_find(const ht_module_t *module, uint64_t address)
{
    uint32_t number = ht_spans_find(&module->sized, address, NULL);
    if (number == HT_SPANS_NONE) { number = ht_spans_find(&module->labels, address, NULL); }
    return number != HT_SPANS_NONE ? &module->functions[number] : NULL;
}
