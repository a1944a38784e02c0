/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What ht_symbols.c is made of, one concern per file:
 *
 *   ht_symbols.c         the context: modules, which one an address is in, the answers that were
 * given ht_symbols_open.c    an ELF file: is it sound, what of it is code, where is its debug
 * information ht_symbols_table.c   the ELF file's symbol tables ht_symbols_unit.c    DWARF: which
 * unit, which function, inlined from where ht_symbols_frames.c  an address's frames from all of
 * these
 *
 * Addresses in here are those of the ELF file ("module addresses"), without the bias it was loaded
 * with.
 */
#pragma once

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>

#include "ht_spans.h"
#include "ht_strings.h"
#include "ht_symbols.h"

/* A function, or an inlined copy of one. */
typedef struct {
    Dwarf_Die die;
    uint32_t parent;  /* the scope that it is in (inlined into), or HT_SPANS_NONE */
    const char *name; /* once somebody asked */
    bool is_full;     /* with namespaces and parameters, or there is no such name */
} ht_scope_t;

/* A row of the table of lines that is of code in the file. */
typedef struct {
    uint64_t address;
    uint32_t row; /* for dwarf_onesrcline() */
    bool ends;    /* no code from here on */
} ht_line_t;

/* A function of C++ that has no linkage name: in unnamed namespaces, in functions. */
typedef struct {
    Dwarf_Off entry; /* of its declaration */
    const char *name;
} ht_local_name_t;

/* The entries that an entry is in, the innermost first; on the stack of who walks. */
typedef struct ht_path {
    Dwarf_Die *die;
    const struct ht_path *up;
} ht_path_t;

typedef struct {
    Dwarf_Die die;       /* has the ranges and the lines */
    Dwarf_Die scopes_of; /* has the functions: another file's with -gsplit-dwarf, else the same */
    bool is_read;
    ht_scope_t *scopes;
    size_t scope_count, scope_capacity;
    ht_spans_t functions; /* addresses to scopes */
    ht_line_t *lines;     /* ascending */
    size_t line_count;
    Dwarf_Lines *rows;
    bool is_mangled;         /* of a language that has linkage names */
    ht_local_name_t *locals; /* ascending */
    size_t local_count, local_capacity;
    const char *name; /* once somebody asked */
} ht_unit_t;

typedef struct {
    uint64_t low, high; /* high excluded */
} ht_section_t;

typedef struct {
    const char *name;
    const char
        *file; /* without a folder; NULL: not known, of functions that other files can call */
    uint64_t low, size; /* size 0: up to what comes next */
} ht_function_t;

typedef struct {
    const char *path;
    uint64_t bias, start, end; /* start and end: as loaded; 0: what the sections say */
    bool is_readable;
    uint16_t machine;
    const uint8_t *build_id;
    size_t build_id_size;
    ht_section_t *sections; /* what is loaded, as the section headers have it; code in front */
    size_t section_count, section_capacity, code_count;
    Dwfl *session;
    Dwfl_Module *module;
    /* the symbol tables */
    bool table_is_read;
    ht_function_t *functions;
    size_t function_count, function_capacity;
    ht_function_t *variables; /* the same of data */
    size_t variable_count, variable_capacity;
    ht_spans_t data;       /* addresses to variables */
    ht_spans_t sized;      /* addresses to functions that have a size */
    ht_spans_t beginnings; /* addresses to the function or label that began last */
    /* DWARF */
    bool debug_is_open;
    const char *debug_path;
    Dwarf *debug;
    Dwarf_Addr debug_bias; /* a debug file's addresses and this are the module's */
    ht_unit_t *units;
    size_t unit_count, unit_capacity;
    ht_spans_t unit_ranges; /* addresses to units */
} ht_module_t;

/* What all of a context's modules share. */
typedef struct {
    ht_strings_t strings;
    Dwfl_Callbacks callbacks;
    char *debug_path;
    bool use_debuginfod;
} ht_symbols_shared_t;

/* ht_symbols_open.c */
bool ht_module_open(ht_symbols_shared_t *shared, ht_module_t *module,
                    const ht_symbols_object_t *object, ht_lookup_error_t *error);
void ht_module_close(ht_module_t *module);
/* The section that an address is in, or NULL. */
const ht_section_t *ht_module_section(const ht_module_t *module, uint64_t address);
bool ht_module_is_code(const ht_module_t *module, uint64_t address);
/* Elfutils' callback that finds a separate debug file. */
int ht_module_find_debug(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
                         const char *file, const char *link, GElf_Word crc, char **found);

/* ht_symbols_table.c. False: no memory. */
bool ht_table_read(ht_symbols_shared_t *shared, ht_module_t *module);
/* The function, or the variable, at an address, or NULL. */
const ht_function_t *ht_table_find(const ht_module_t *module, uint64_t address);
const ht_function_t *ht_table_find_variable(const ht_module_t *module, uint64_t address);

/* ht_symbols_unit.c. False: no memory. Debug information that is damaged is as if it was not there.
 */
bool ht_debug_open(ht_symbols_shared_t *shared, ht_module_t *module);
void ht_debug_close(ht_module_t *module);
/* The unit at an address, read, or NULL. */
ht_unit_t *ht_debug_unit(ht_symbols_shared_t *shared, ht_module_t *module, uint64_t address);
/* The innermost scope at an address, or HT_SPANS_NONE. */
uint32_t ht_unit_scope(const ht_unit_t *unit, uint64_t address);
/* The row of the table of lines at an address, or NULL. */
Dwarf_Line *ht_unit_line(const ht_unit_t *unit, uint64_t address);

/* ht_symbols_frames.c: fills all of `symbol` that depends on the module. False: no memory. */
bool ht_frames_find(ht_symbols_shared_t *shared, ht_module_t *module, uint64_t address,
                    ht_symbol_t *symbol);

/* ht_symbols_name.c */
/* A name as people write it. NULL: no memory. */
const char *ht_symbols_demangle(ht_symbols_shared_t *shared, const char *name);
/* What a function is called, or NULL. */
const char *ht_scope_name(ht_symbols_shared_t *shared, const ht_unit_t *unit, ht_scope_t *scope);
/* The same of one that has code of its own, from `start` on: the symbol table may know more. False:
 * no memory. */
bool ht_scope_name_in_full(ht_symbols_shared_t *shared, ht_module_t *module, const ht_unit_t *unit,
                           ht_scope_t *scope, uint64_t start);
bool ht_unit_is_mangled(Dwarf_Die *unit);
/* Keep the name of a function that has no linkage name, if it is one. False: no memory. */
bool ht_unit_note_local(ht_symbols_shared_t *shared, ht_unit_t *unit, Dwarf_Die *function,
                        const ht_path_t *path);
