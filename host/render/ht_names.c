/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_names.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heaptrail.h"
#include "ht_format.h"
#include "ht_strings.h"

struct ht_names {
    ht_model_view_t view;
    ht_name_sources_t sources;
    ht_place_t *place;
    bool *known;
    bool has_derived;
    ht_strings_t strings;
};

ht_names_t *ht_names_new(const ht_model_view_t *view, ht_name_sources_t sources)
{
    ht_names_t *names = calloc(1, sizeof(*names));
    if (names == NULL) { return NULL; }
    names->view = *view;
    names->sources = sources;
    names->place = calloc(view->origins + 1U, sizeof(*names->place));
    names->known = calloc(view->origins + 1U, sizeof(*names->known));
    if (names->place == NULL || names->known == NULL) {
        ht_names_free(names);
        return NULL;
    }
    return names;
}

void ht_names_free(ht_names_t *names)
{
    if (names == NULL) { return; }
    ht_strings_free(&names->strings);
    free(names->place);
    free(names->known);
    free(names);
}

static const char *or_null(const char *text)
{
    return text != NULL && *text != '\0' ? text : NULL;
}

/* --- a place ------------------------------------------------------------------------------------
 */

static void place_of_site(ht_place_t *place, const ht_site_row_t *site)
{
    place->file = or_null(site->file);
    place->function = or_null(site->function);
    place->variable = or_null(site->variable);
    place->line = site->line;
    place->is_site = place->file != NULL || place->function != NULL;
}

const ht_symbol_t *ht_names_address(ht_names_t *names, uint64_t address)
{
    if (names->sources.symbols == NULL) { return NULL; }
    return ht_symbols_find(names->sources.symbols, address, HT_ADDRESS_RETURN);
}

const char *ht_names_module(ht_names_t *names, const ht_symbol_t *symbol)
{
    return ht_symbols_path(names->sources.symbols, symbol->module);
}

static const char *base_name(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* "malloc" of HEAPTRAIL_METHOD_MALLOC; the source says "new", with brackets or without. */
static const char *callee(uint32_t method)
{
    bool is_new = method == HEAPTRAIL_METHOD_NEW || method == HEAPTRAIL_METHOD_NEW_ARRAY;
    if (method == HEAPTRAIL_METHOD_UNKNOWN) { return NULL; }
    return is_new ? "operator new" : heaptrail_method_name((heaptrail_method_t)method);
}

static void derive_variable(ht_names_t *names, ht_place_t *place, const ht_symbol_frame_t *frame,
                            uint32_t method)
{
    if (names->sources.variables == NULL || place->variable != NULL) { return; }
    ht_variable_t variable = ht_variables_find(names->sources.variables, frame->file, frame->line,
                                               frame->column, callee(method));
    place->variable = variable.text;
    place->is_derived = variable.kind != HT_VARIABLE_NONE;
    names->has_derived |= place->is_derived;
}

static void place_of_symbol(ht_names_t *names, ht_place_t *place, const ht_symbol_t *symbol,
                            uint32_t method)
{
    const ht_symbol_frame_t *frame = &symbol->frames[0];
    const char *path = ht_names_module(names, symbol);
    place->library = base_name(path);
    if (names->sources.components != NULL) {
        bool firmware = names->view.objects == 0;
        place->component =
            ht_components_find(names->sources.components, symbol, firmware ? NULL : path).component;
    }
    if (place->is_site) { return; }
    place->file = frame->file;
    place->function = frame->function;
    place->line = frame->line;
    derive_variable(names, place, frame, method);
}

static void work_out(ht_names_t *names, ht_row_t row)
{
    const ht_origin_row_t *origin = &names->view.origin[row];
    ht_place_t *place = &names->place[row];
    if (origin->site != 0) { place_of_site(place, &names->view.site[origin->site]); }
    const ht_symbol_t *symbol =
        origin->depth != 0 ? ht_names_address(names, origin->frames[0]) : NULL;
    if (symbol != NULL) { place_of_symbol(names, place, symbol, origin->method); }
    if (place->component == NULL && origin->depth != 0 && names->sources.components != NULL) {
        place->component =
            ht_components_at(names->sources.components, origin->frames[0] - 1U).component;
    }
    if (place->component == NULL && place->file != NULL && names->sources.components != NULL) {
        place->component = ht_components_of_path(names->sources.components, place->file).component;
    }
}

const ht_place_t *ht_names_place(ht_names_t *names, ht_row_t origin)
{
    origin = origin < names->view.origins ? origin : 0;
    if (!names->known[origin]) {
        work_out(names, origin);
        names->known[origin] = true;
    }
    return &names->place[origin];
}

uint32_t ht_names_unnamed(ht_names_t *names)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < names->view.origins; i++) {
        const ht_place_t *place = ht_names_place(names, i);
        bool unnamed = place->function == NULL && place->file == NULL;
        count += names->view.origin[i].depth != 0 && unnamed ? 1U : 0U;
    }
    return count;
}

const ht_origin_row_t *ht_names_origin(const ht_names_t *names, ht_row_t origin)
{
    return &names->view.origin[origin < names->view.origins ? origin : 0];
}

bool ht_names_has_derived(const ht_names_t *names)
{
    return names->has_derived;
}

/* --- patterns -----------------------------------------------------------------------------------
 */

bool ht_name_matches(const char *pattern, const char *name)
{
    if (name == NULL) { return false; }
    if (strpbrk(pattern, "*?[") == NULL) { return strstr(name, pattern) != NULL; }
    return fnmatch(pattern, name, 0) == 0;
}

/* All of a path, or what is behind one of its slashes. */
static bool matches_path(const char *pattern, const char *path)
{
    bool is_shell = strpbrk(pattern, "*?[") != NULL;
    size_t length = strlen(pattern);
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/' ? 1 : 0;
        bool same = is_shell ? fnmatch(pattern, at, 0) == 0
                             : strncmp(pattern, at, length) == 0 &&
                                   (at[length] == '\0' || at[length - 1U] == '/');
        if (same && length != 0) { return true; }
    }
    return false;
}

static bool frame_matches(const ht_symbol_frame_t *frame, ht_name_kind_t kind, const char *pattern)
{
    if (kind == HT_NAME_FUNCTION) { return ht_name_matches(pattern, frame->function); }
    return frame->file != NULL && matches_path(pattern, frame->file);
}

static bool any_frame_matches(ht_names_t *names, const ht_origin_row_t *origin, ht_name_kind_t kind,
                              const char *pattern)
{
    for (uint32_t i = 0; i < origin->depth; i++) {
        const ht_symbol_t *symbol = ht_names_address(names, origin->frames[i]);
        if (symbol == NULL) { return false; }
        for (size_t f = 0; f < symbol->frame_count; f++) {
            if (frame_matches(&symbol->frames[f], kind, pattern)) { return true; }
        }
    }
    return false;
}

bool ht_names_match(ht_names_t *names, ht_row_t origin, ht_name_kind_t kind, const char *pattern)
{
    const ht_place_t *place = ht_names_place(names, origin);
    switch (kind) {
    case HT_NAME_COMPONENT:
        return ht_name_matches(pattern, place->component);
    case HT_NAME_LIBRARY:
        return ht_name_matches(pattern, place->library);
    case HT_NAME_FILE:
        return (place->file != NULL && matches_path(pattern, place->file)) ||
               any_frame_matches(names, &names->view.origin[origin], kind, pattern);
    case HT_NAME_FUNCTION:
    default:
        return ht_name_matches(pattern, place->function) ||
               any_frame_matches(names, &names->view.origin[origin], kind, pattern);
    }
}

bool ht_names_match_site(ht_names_t *names, ht_row_t origin, const char *pattern)
{
    char text[512];
    const ht_place_t *place = ht_names_place(names, origin);
    const ht_origin_row_t *row = &names->view.origin[origin];
    if (pattern[0] == '#') { return strtoul(pattern + 1, NULL, 10) == row->index; }
    if (place->file == NULL) {
        snprintf(text, sizeof(text), "0x%llx",
                 row->depth != 0 ? (unsigned long long)row->frames[0] : 0ULL);
        return row->depth != 0 && strcmp(text, pattern) == 0;
    }
    snprintf(text, sizeof(text), "%s:%u", place->file, (unsigned)place->line);
    return matches_path(pattern, text) || matches_path(pattern, place->file) ||
           (place->function != NULL && strcmp(place->function, pattern) == 0);
}

/* --- tasks and heaps ----------------------------------------------------------------------------
 */

static const char *keep(ht_names_t *names, const char *text)
{
    const char *kept = ht_strings_add(&names->strings, text, strlen(text));
    return kept != NULL ? kept : "?";
}

const char *ht_names_task(ht_names_t *names, ht_row_t task)
{
    char text[40];
    const ht_task_row_t *row = &names->view.task[task];
    if (task == 0) { return "(unknown task)"; }
    if (row->name[0] != '\0') { return row->name; }
    switch (row->defined ? row->type : UINT32_MAX) {
    case HT_TRACE_TASK_ISR:
        return "(ISR)";
    case HT_TRACE_TASK_STARTUP:
        return "(start-up)";
    case HT_TRACE_TASK_OTHERS:
        return "(other tasks)";
    default:
        snprintf(text, sizeof(text), "task %u", (unsigned)row->index);
        return keep(names, text);
    }
}

const char *ht_names_heap(ht_names_t *names, ht_row_t heap)
{
    char text[40];
    const ht_heap_row_t *row = &names->view.heap[heap];
    if (heap == 0) { return names->view.heaps == 1 ? "heap" : "(no heap)"; }
    if (row->name[0] != '\0') { return row->name; }
    snprintf(text, sizeof(text), "heap %u", (unsigned)row->index);
    return keep(names, text);
}
