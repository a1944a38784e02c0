/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* DWARF: what a function is called. */
#include "ht_symbols_private.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

/* The C++ library's, as its ABI has it; it also understands what Rust writes by default. */
extern char *__cxa_demangle(const char *name, char *buffer, size_t *length, int *status);

const char *ht_symbols_demangle(ht_symbols_shared_t *shared, const char *name)
{
    int status = -1;
    char *plain = NULL;
    if (name[0] == '_' && name[1] == 'Z') { plain = __cxa_demangle(name, NULL, NULL, &status); }
    const char *best = plain != NULL && status == 0 ? plain : name;
    const char *end =
        best == plain ? strstr(best, " [clone .") : NULL; /* the optimiser's business */
    size_t length = end != NULL ? (size_t)(end - best) : strlen(best);
    const char *kept = ht_strings_add(&shared->strings, best, length);
    free(plain);
    return kept;
}

/* Do its functions have linkage names, with namespaces and parameters? */
bool ht_unit_is_mangled(Dwarf_Die *unit)
{
    switch (dwarf_srclang(unit)) {
    case DW_LANG_C_plus_plus:
    case DW_LANG_C_plus_plus_03:
    case DW_LANG_C_plus_plus_11:
    case DW_LANG_C_plus_plus_14:
    case DW_LANG_Rust:
        return true;
    default:
        return false;
    }
}

/* --- functions without a linkage name -----------------------------------------------------------
 */

/* What an entry adds to the names of what is in it; NULL: nothing. */
static const char *container_name(Dwarf_Die *die)
{
    const char *name = dwarf_diename(die);
    switch (dwarf_tag(die)) {
    case DW_TAG_namespace:
        return name != NULL ? name : "(anonymous namespace)";
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_subprogram:
        return name;
    default:
        return NULL;
    }
}

/* The names of what it is in and its own, from the end of the text backwards. */
static const char *qualify(char *text, size_t room, const char *name, const ht_path_t *path)
{
    size_t at = room - 1;
    text[at] = '\0';
    for (const char *part = name;; path = path->up) {
        size_t length = part != NULL ? strlen(part) : 0;
        bool is_first = text[at] == '\0';
        if (length + 2 > at) { return name; }
        if (length > 0 && !is_first) {
            at -= 2;
            memcpy(text + at, "::", 2);
        }
        at -= length;
        if (length > 0) { memcpy(text + at, part, length); }
        if (path == NULL) { return text + at; }
        part = container_name(path->die);
    }
}

bool ht_unit_note_local(ht_symbols_shared_t *shared, ht_unit_t *unit, Dwarf_Die *function,
                        const ht_path_t *path)
{
    char text[400];
    bool is_one = unit->is_mangled && path->up != NULL && dwarf_hasattr(function, DW_AT_name) &&
                  !dwarf_hasattr(function, DW_AT_linkage_name) &&
                  !dwarf_hasattr(function, DW_AT_MIPS_linkage_name);
    if (!is_one) { return true; }
    if (!ht_array_room((void **)&unit->locals, &unit->local_capacity, unit->local_count,
                       sizeof(*unit->locals))) {
        return false;
    }
    const char *whole = qualify(text, sizeof(text), dwarf_diename(function), path);
    const char *kept =
        whole != NULL ? ht_strings_add(&shared->strings, whole, strlen(whole)) : NULL;
    unit->locals[unit->local_count++] = (ht_local_name_t){dwarf_dieoffset(function), kept};
    return kept != NULL;
}

static int compare_entries(const void *key, const void *local)
{
    Dwarf_Off wanted = *(const Dwarf_Off *)key;
    Dwarf_Off there = ((const ht_local_name_t *)local)->entry;
    return wanted < there ? -1 : wanted > there;
}

/* By the declaration that the function, or the copy of it, goes back to. */
static const char *local_name(const ht_unit_t *unit, const Dwarf_Die *function)
{
    Dwarf_Die die = *function;
    for (int i = 0; i < 4 && unit->local_count > 0; i++) {
        Dwarf_Attribute attribute;
        Dwarf_Off entry = dwarf_dieoffset(&die);
        const ht_local_name_t *found = bsearch(&entry, unit->locals, unit->local_count,
                                               sizeof(*unit->locals), compare_entries);
        if (found != NULL) { return found->name; }
        bool goes_on = dwarf_attr(&die, DW_AT_abstract_origin, &attribute) != NULL ||
                       dwarf_attr(&die, DW_AT_specification, &attribute) != NULL;
        if (!goes_on || dwarf_formref_die(&attribute, &die) == NULL) { break; }
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------------------
 */

/* C++ and Rust: what the linker calls it, because only that has the namespace and the parameters.
 * Else what the source calls it: in C the linker's is another one only where a library has aliases.
 */
static const char *linkage_name(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) == NULL &&
        dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute) == NULL) {
        return NULL;
    }
    const char *name = dwarf_formstring(&attribute);
    return name != NULL && name[0] == '_' && name[1] == 'Z' ? name : NULL;
}

const char *ht_scope_name(ht_symbols_shared_t *shared, const ht_unit_t *unit, ht_scope_t *scope)
{
    if (scope->name != NULL) { return scope->name; }
    const char *name = linkage_name(&scope->die);
    scope->is_full = name != NULL;
    if (name != NULL) {
        scope->name = ht_symbols_demangle(shared, name);
        return scope->name;
    }
    scope->name = local_name(unit, &scope->die);
    if (scope->name == NULL) {
        name = dwarf_diename(&scope->die);
        if (name != NULL) { scope->name = ht_strings_add(&shared->strings, name, strlen(name)); }
    }
    return scope->name;
}

bool ht_scope_name_in_full(ht_symbols_shared_t *shared, ht_module_t *module, const ht_unit_t *unit,
                           ht_scope_t *scope, uint64_t start)
{
    (void)ht_scope_name(shared, unit, scope);
    if (scope->is_full || !unit->is_mangled) { return true; }
    if (!ht_table_read(shared, module)) { return false; }
    const ht_function_t *function = ht_table_find(module, start);
    scope->is_full = true;
    if (function == NULL || function->low != start || strncmp(function->name, "_Z", 2) != 0) {
        return true;
    }
    scope->name = ht_symbols_demangle(shared, function->name);
    return scope->name != NULL;
}
