/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* An address's frames: from debug information, else from the symbol tables. */
#include "ht_symbols_private.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FRAMES 256U /* inlined into each other; what is deeper is damaged */

/* --- paths -------------------------------------------------------------------------------------
 */

/* Without "." and "x/..", so that a file has one name whichever way it was included. */
static void tidy_path(char *path)
{
    bool is_absolute = path[0] == '/';
    char *out = path;   /* what was written so far is tidy */
    char *fixed = path; /* ".." takes nothing away before this */
    for (const char *in = path; *in != '\0';) {
        size_t length = strcspn(in, "/");
        bool is_up = length == 2 && in[0] == '.' && in[1] == '.';
        if (is_up && out > fixed) {
            while (out > fixed && *--out != '/') {}
        } else if (length > 0 && !(length == 1 && in[0] == '.') && !(is_up && is_absolute)) {
            if (out > path || is_absolute) { *out++ = '/'; }
            memmove(out, in, length);
            out += length;
            if (is_up) { fixed = out; }
        }
        in += length;
        in += *in == '/';
    }
    *out = '\0';
}

/* A path, absolute if the compiler's working directory is known. */
static const char *keep_path(ht_symbols_shared_t *shared, Dwarf_Die *unit, const char *path)
{
    Dwarf_Attribute attribute;
    const char *folder = NULL;
    if (path == NULL) { return NULL; }
    if (path[0] != '/' && dwarf_attr(unit, DW_AT_comp_dir, &attribute) != NULL) {
        folder = dwarf_formstring(&attribute);
    }
    size_t folder_length = folder != NULL ? strlen(folder) : 0;
    size_t size = folder_length + strlen(path) + 2;
    char *whole = malloc(size);
    if (whole == NULL) { return NULL; }
    (void)stpcpy(stpcpy(stpcpy(whole, folder != NULL ? folder : ""), folder != NULL ? "/" : ""),
                 path);
    tidy_path(whole);
    const char *kept = ht_strings_add(&shared->strings, whole, size - 1);
    free(whole);
    return kept;
}

static const char *unit_name(ht_symbols_shared_t *shared, ht_unit_t *unit)
{
    if (unit->name == NULL) {
        unit->name = keep_path(shared, &unit->die, dwarf_diename(&unit->scopes_of));
    }
    return unit->name;
}

/* --- places -------------------------------------------------------------------------------------
 */

static void place_from_line(ht_symbols_shared_t *shared, ht_unit_t *unit, uint64_t address,
                            ht_symbol_frame_t *frame)
{
    int number;
    Dwarf_Line *line = ht_unit_line(unit, address);
    if (line == NULL) { return; }
    frame->file = keep_path(shared, &unit->die, dwarf_linesrc(line, NULL, NULL));
    if (dwarf_lineno(line, &number) == 0 && number > 0) { frame->line = (uint32_t)number; }
    if (dwarf_linecol(line, &number) == 0 && number > 0) { frame->column = (uint32_t)number; }
}

static uint32_t number_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    if (dwarf_attr(die, name, &attribute) == NULL || dwarf_formudata(&attribute, &value) != 0) {
        return 0;
    }
    return value <= UINT32_MAX ? (uint32_t)value : 0;
}

/* Where an inlined function was called. */
static void place_from_call(ht_symbols_shared_t *shared, ht_unit_t *unit, Dwarf_Die *inlined,
                            ht_symbol_frame_t *frame)
{
    Dwarf_Files *files;
    size_t count;
    uint32_t file = number_of(inlined, DW_AT_call_file);
    frame->line = number_of(inlined, DW_AT_call_line);
    frame->column = number_of(inlined, DW_AT_call_column);
    if (dwarf_getsrcfiles(&unit->die, &files, &count) == 0 && file < count) {
        frame->file = keep_path(shared, &unit->die, dwarf_filesrc(files, file, NULL, NULL));
    }
}

/* --- frames -------------------------------------------------------------------------------------
 */

static size_t depth_of(const ht_unit_t *unit, uint32_t scope)
{
    size_t depth = 0;
    for (; scope != HT_SPANS_NONE && depth < MOST_FRAMES; depth++) {
        if (dwarf_tag(&unit->scopes[scope].die) != DW_TAG_inlined_subroutine) { return depth + 1; }
        scope = unit->scopes[scope].parent;
    }
    return depth;
}

/* Where the part of a function's code begins that an address is in. */
static uint64_t start_of(const ht_module_t *module, Dwarf_Die *function, uint64_t address)
{
    Dwarf_Addr base, low, high;
    ptrdiff_t at = 0;
    address -= module->debug_bias;
    while ((at = dwarf_ranges(function, at, &base, &low, &high)) > 0) {
        if (address >= low && address < high) { return low + module->debug_bias; }
    }
    return address + module->debug_bias;
}

static ht_symbol_frame_t *new_frames(ht_symbols_shared_t *shared, size_t count)
{
    ht_symbol_frame_t *frames = ht_strings_room(&shared->strings, count * sizeof(*frames));
    if (frames != NULL) { memset(frames, 0, count * sizeof(*frames)); }
    return frames;
}

static bool frames_from_debug(ht_symbols_shared_t *shared, ht_module_t *module, ht_unit_t *unit,
                              uint64_t address, ht_symbol_t *symbol)
{
    uint32_t number = ht_unit_scope(unit, address);
    size_t depth = depth_of(unit, number);
    size_t count = depth > 0 ? depth : 1;
    ht_symbol_frame_t *frames = new_frames(shared, count);
    if (frames == NULL) { return false; }
    symbol->unit = unit_name(shared, unit);
    symbol->frames = frames;
    symbol->frame_count = count;
    place_from_line(shared, unit, address, &frames[0]);
    for (size_t i = 0; i + 1 < depth; i++) {
        ht_scope_t *inlined = &unit->scopes[number];
        frames[i].function = ht_scope_name(shared, unit, inlined);
        frames[i].is_inlined = true;
        place_from_call(shared, unit, &inlined->die, &frames[i + 1]);
        number = inlined->parent;
    }
    if (depth == 0) { return true; }
    ht_scope_t *function = &unit->scopes[number];
    uint64_t start = start_of(module, &function->die, address);
    if (!ht_scope_name_in_full(shared, module, unit, function, start)) { return false; }
    frames[depth - 1].function = ht_scope_name(shared, unit, function);
    symbol->source = HT_SYMBOL_FROM_DEBUG;
    symbol->offset = address - start;
    return true;
}

/* The function's name where debug information has none: assembler, libraries without any. */
static bool name_from_table(ht_symbols_shared_t *shared, ht_module_t *module, uint64_t address,
                            ht_symbol_t *symbol)
{
    if (!ht_table_read(shared, module)) { return false; }
    const ht_function_t *function = ht_table_find(module, address);
    if (function == NULL) { return true; }
    ht_symbol_frame_t *frame = new_frames(shared, 1);
    if (frame == NULL) { return false; }
    if (symbol->frame_count > 0) { *frame = symbol->frames[0]; }
    frame->function = ht_symbols_demangle(shared, function->name);
    if (frame->file == NULL) { frame->file = function->file; }
    symbol->frames = frame;
    symbol->frame_count = 1;
    symbol->source = HT_SYMBOL_FROM_TABLE;
    symbol->offset = address - function->low;
    return true;
}

bool ht_frames_find(ht_symbols_shared_t *shared, ht_module_t *module, uint64_t address,
                    ht_symbol_t *symbol)
{
    if (!module->is_readable || !ht_module_is_code(module, address)) { return true; }
    if (!ht_debug_open(shared, module)) { return false; }
    ht_unit_t *unit = ht_debug_unit(shared, module, address);
    if (unit != NULL && !frames_from_debug(shared, module, unit, address, symbol)) { return false; }
    if (symbol->frame_count > 0 && symbol->frames[0].function != NULL) { return true; }
    return name_from_table(shared, module, address, symbol);
}
