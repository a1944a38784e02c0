/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * DWARF: which unit an address is in, which function of it, inlined from where.
 *
 * The linker's --gc-sections leaves the debug information of the functions that it throws away, at
 * addresses 0, 1 or -1. So a stretch counts only if it begins in code of the file. Nothing here
 * uses .debug_aranges: elfutils 0.188 refuses the section if one function of it was thrown away.
 */
#include "ht_symbols_private.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#define DEEPEST 200 /* blocks within blocks; what is deeper is damaged, or nobody's program */

/* Call `add` for each stretch of code that an entry covers. -1: the list is damaged, or no memory.
 */
static int each_range(const ht_module_t *module, Dwarf_Die *die,
                      bool (*add)(void *context, uint64_t low, uint64_t high), void *context)
{
    Dwarf_Addr base, low, high;
    ptrdiff_t at = 0;
    int count = 0;
    while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0) {
        low += module->debug_bias;
        high += module->debug_bias;
        if (low >= high || !ht_module_is_code(module, low)) { continue; }
        if (!add(context, low, high)) { return -1; }
        count++;
    }
    return at < 0 ? -1 : count;
}

/* --- the functions of a unit --------------------------------------------------------------------
 */

typedef struct {
    ht_symbols_shared_t *shared;
    const ht_module_t *module;
    ht_unit_t *unit;
    uint32_t scope, depth;
    uint64_t entries_left; /* damaged references could lead round and round */
    bool no_memory;
} ht_walk_t;

static bool add_function(void *context, uint64_t low, uint64_t high)
{
    ht_walk_t *walk = context;
    if (ht_spans_add(&walk->unit->functions, low, high, walk->depth, walk->scope)) { return true; }
    walk->no_memory = true;
    return false;
}

/* The scope's number, or that of the scope around it if it has no code. */
static uint32_t add_scope(ht_walk_t *walk, Dwarf_Die *die, uint32_t parent, uint32_t depth)
{
    ht_unit_t *unit = walk->unit;
    if (!ht_array_room((void **)&unit->scopes, &unit->scope_capacity, unit->scope_count,
                       sizeof(*unit->scopes)) ||
        unit->scope_count >= HT_SPANS_NONE) {
        walk->no_memory = true;
        return parent;
    }
    walk->scope = (uint32_t)unit->scope_count;
    walk->depth = depth;
    if (each_range(walk->module, die, add_function, walk) <= 0) { return parent; }
    unit->scopes[unit->scope_count++] = (ht_scope_t){.die = *die, .parent = parent};
    return walk->scope;
}

typedef enum { SCOPE, CONTAINER, NOTHING } ht_die_kind_t;

static ht_die_kind_t kind_of(int tag)
{
    switch (tag) {
    case DW_TAG_subprogram:
    case DW_TAG_inlined_subroutine:
        return SCOPE;
    case DW_TAG_lexical_block:
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
    case DW_TAG_try_block:
    case DW_TAG_catch_block:
        return CONTAINER;
    default:
        return NOTHING;
    }
}

/* What is in the entry at the beginning of `path`. */
static void walk_children(ht_walk_t *walk, const ht_path_t *path, uint32_t parent, uint32_t depth)
{
    Dwarf_Die die;
    if (depth > DEEPEST || dwarf_child(path->die, &die) != 0) { return; }
    for (bool more = true; more && walk->entries_left > 0 && !walk->no_memory;) {
        walk->entries_left--;
        int tag = dwarf_tag(&die);
        ht_die_kind_t kind = kind_of(tag);
        uint32_t inside = kind == SCOPE ? add_scope(walk, &die, parent, depth) : parent;
        if (tag == DW_TAG_subprogram && !ht_unit_note_local(walk->shared, walk->unit, &die, path)) {
            walk->no_memory = true;
        }
        if (kind != NOTHING) { walk_children(walk, &(ht_path_t){&die, path}, inside, depth + 1); }
        Dwarf_Off here = dwarf_dieoffset(&die);
        more = dwarf_siblingof(&die, &die) == 0 && dwarf_dieoffset(&die) > here;
    }
}

static bool read_functions(ht_symbols_shared_t *shared, const ht_module_t *module, ht_unit_t *unit)
{
    Dwarf_Off first = dwarf_dieoffset(&unit->scopes_of);
    Dwarf_Off next = first;
    size_t header;
    (void)dwarf_nextcu(dwarf_cu_getdwarf(unit->scopes_of.cu),
                       first - dwarf_cuoffset(&unit->scopes_of), &next, &header, NULL, NULL, NULL);
    ht_walk_t walk = {
        .shared = shared, .module = module, .unit = unit, .entries_left = next - first + 1};
    unit->is_mangled = ht_unit_is_mangled(&unit->scopes_of);
    walk_children(&walk, &(ht_path_t){&unit->scopes_of, NULL}, HT_SPANS_NONE, 0);
    return !walk.no_memory && ht_spans_flatten(&unit->functions);
}

/* --- the lines of a unit ------------------------------------------------------------------------
 */

static bool read_lines(const ht_module_t *module, ht_unit_t *unit)
{
    size_t rows;
    if (dwarf_getsrclines(&unit->die, &unit->rows, &rows) != 0 || rows > UINT32_MAX) {
        return true;
    }
    unit->lines = calloc(rows + 1, sizeof(*unit->lines));
    if (unit->lines == NULL) { return false; }
    for (size_t i = 0; i < rows; i++) {
        Dwarf_Line *row = dwarf_onesrcline(unit->rows, i);
        Dwarf_Addr address;
        bool ends;
        if (row == NULL || dwarf_lineaddr(row, &address) != 0 ||
            dwarf_lineendsequence(row, &ends) != 0) {
            continue;
        }
        address += module->debug_bias;
        /* Rows of functions that were thrown away begin at 0, which is no code. (Of one that is
         * longer than what lies before the code, 4 KB at the desk, some would count; a chip's code
         * is far from 0.) The end of a section is not in it. */
        if (ht_module_is_code(module, address) ||
            (ends && ht_module_is_code(module, address - 1))) {
            unit->lines[unit->line_count++] = (ht_line_t){address, (uint32_t)i, ends};
        }
    }
    return true;
}

Dwarf_Line *ht_unit_line(const ht_unit_t *unit, uint64_t address)
{
    size_t first = 0;
    size_t beyond = unit->line_count;
    while (first < beyond) { /* the last row at or before the address */
        size_t middle = first + (beyond - first) / 2;
        if (unit->lines[middle].address <= address) {
            first = middle + 1;
        } else {
            beyond = middle;
        }
    }
    if (first == 0 || unit->lines[first - 1].ends) { return NULL; }
    return dwarf_onesrcline(unit->rows, unit->lines[first - 1].row);
}

uint32_t ht_unit_scope(const ht_unit_t *unit, uint64_t address)
{
    return ht_spans_find(&unit->functions, address, NULL);
}

static bool read_unit(ht_symbols_shared_t *shared, const ht_module_t *module, ht_unit_t *unit)
{
    if (unit->is_read) { return true; }
    unit->is_read = true;
    return read_functions(shared, module, unit) && read_lines(module, unit);
}

/* --- the units of a file ------------------------------------------------------------------------
 */

typedef struct {
    ht_module_t *module;
    uint32_t unit;
} ht_unit_adder_t;

static bool add_unit_range(void *context, uint64_t low, uint64_t high)
{
    const ht_unit_adder_t *adder = context;
    return ht_spans_add(&adder->module->unit_ranges, low, high, 0, adder->unit);
}

/* The ranges of a unit that has no list of its own, or a damaged one: those of its functions. */
static bool add_function_ranges(ht_symbols_shared_t *shared, ht_module_t *module, uint32_t number)
{
    ht_unit_t *unit = &module->units[number];
    if (!read_unit(shared, module, unit)) { return false; }
    for (size_t i = 0; i < unit->functions.step_count; i++) {
        const ht_span_step_t *step = &unit->functions.steps[i];
        if (step->value == HT_SPANS_NONE || i + 1 == unit->functions.step_count) { continue; }
        if (!ht_spans_add(&module->unit_ranges, step->start, step[1].start, 0, number)) {
            return false;
        }
    }
    return true;
}

static bool add_unit(ht_symbols_shared_t *shared, ht_module_t *module, const Dwarf_Die *die,
                     const Dwarf_Die *split)
{
    if (!ht_array_room((void **)&module->units, &module->unit_capacity, module->unit_count,
                       sizeof(*module->units)) ||
        module->unit_count >= HT_SPANS_NONE) {
        return false;
    }
    bool is_split = split->addr != NULL;
    ht_unit_adder_t adder = {module, (uint32_t)module->unit_count};
    module->units[module->unit_count++] =
        (ht_unit_t){.die = *die, .scopes_of = is_split ? *split : *die};
    ht_unit_t *unit = &module->units[adder.unit];
    int ranges = each_range(module, &unit->die, add_unit_range, &adder);
    bool has_list =
        dwarf_hasattr(&unit->die, DW_AT_ranges) || dwarf_hasattr(&unit->die, DW_AT_high_pc);
    return (ranges >= 0 && has_list) || add_function_ranges(shared, module, adder.unit);
}

bool ht_debug_open(ht_symbols_shared_t *shared, ht_module_t *module)
{
    if (module->debug_is_open) { return true; }
    module->debug_is_open = true;
    module->debug = dwfl_module_getdwarf(module->module, &module->debug_bias);
    if (module->debug == NULL) { return true; }
    const char *file;
    (void)dwfl_module_info(module->module, NULL, NULL, NULL, NULL, NULL, NULL, &file);
    if (file != NULL) {
        module->debug_path = ht_strings_add(&shared->strings, file, strlen(file));
        if (module->debug_path == NULL) { return false; }
    }
    Dwarf_CU *unit = NULL;
    Dwarf_Half version;
    uint8_t type;
    Dwarf_Die die, split;
    while (dwarf_get_units(module->debug, unit, &unit, &version, &type, &die, &split) == 0) {
        bool has_code = type == DW_UT_compile || type == DW_UT_skeleton;
        if (has_code && !add_unit(shared, module, &die, &split)) { return false; }
    }
    return ht_spans_flatten(&module->unit_ranges);
}

ht_unit_t *ht_debug_unit(ht_symbols_shared_t *shared, ht_module_t *module, uint64_t address)
{
    uint32_t number = ht_spans_find(&module->unit_ranges, address, NULL);
    if (number == HT_SPANS_NONE) { return NULL; }
    ht_unit_t *unit = &module->units[number];
    return read_unit(shared, module, unit) ? unit : NULL;
}

void ht_debug_close(ht_module_t *module)
{
    for (size_t i = 0; i < module->unit_count; i++) {
        free(module->units[i].scopes);
        free(module->units[i].lines);
        free(module->units[i].locals);
        ht_spans_free(&module->units[i].functions);
    }
    free(module->units);
    ht_spans_free(&module->unit_ranges);
}
