/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_names.h
 * What places in the code are called: an origin's site as its macro recorded it, else function,
 * file and line of the call by the ELF file; a variable from the source line; component, library.
 *
 * Each origin is worked out once. Texts live as long as the names.
 */
#pragma once

#include "heaptrail_types.h"
#include "ht_component.h"
#include "ht_model.h"
#include "ht_out.h"
#include "ht_symbols.h"
#include "ht_tree.h"
#include "ht_variable.h"

/** NULL and 0: not known. */
typedef struct {
    const char *file, *function, *variable;
    uint32_t line;
    bool is_site;    /**< a macro recorded it */
    bool is_derived; /**< the variable, from the source line */
    const char *component, *library;
} ht_place_t;

/** Where names come from. NULL: not at hand. They have to outlive the names. */
typedef struct {
    ht_symbols_t *symbols;
    ht_components_t *components;
    ht_variables_t *variables;
} ht_name_sources_t;

typedef struct ht_names ht_names_t;

/** Names for a model; its rows may not move any more (no further events). NULL: no memory. */
ht_names_t *ht_names_new(const ht_model_view_t *view, ht_name_sources_t sources);
void ht_names_free(ht_names_t *names);

/** Never NULL. The first time as long as the look-up takes, then O(1). */
const ht_place_t *ht_names_place(ht_names_t *names, ht_row_t origin);

/** What an address of a stack is; NULL: no symbols. */
const ht_symbol_t *ht_names_address(ht_names_t *names, uint64_t address);

/** Its file; NULL: not known. */
const char *ht_names_module(ht_names_t *names, const ht_symbol_t *symbol);

/** The row of the model. */
const ht_origin_row_t *ht_names_origin(const ht_names_t *names, ht_row_t origin);

/** Has any frame of the origin's stack, or its site, this function, file, component? `pattern` is a
 * part of the name or, with `*`, `?` or `[`, a shell pattern for all of it. Of files, the last
 * parts of the path are enough. */
typedef enum { HT_NAME_FUNCTION, HT_NAME_FILE, HT_NAME_COMPONENT, HT_NAME_LIBRARY } ht_name_kind_t;
bool ht_names_match(ht_names_t *names, ht_row_t origin, ht_name_kind_t kind, const char *pattern);

/** "components/net/net.c:115" is a place that the pattern "net.c:115" or "net.c" means. */
bool ht_names_match_site(ht_names_t *names, ht_row_t origin, const char *pattern);

/** A name against a pattern, as above. */
bool ht_name_matches(const char *pattern, const char *name);

/** "wifi", "(ISR core 1)", "(start-up)", "task 7": as the device's reports have it. */
const char *ht_names_task(ht_names_t *names, ht_row_t task);
/** "DRAM", "(no heap)". */
const char *ht_names_heap(ht_names_t *names, ht_row_t heap);

/** How many origins have frames and nothing but addresses for them. */
uint32_t ht_names_unnamed(ht_names_t *names);

/** Was a derived variable's name given out? Then the reader wants the legend. */
bool ht_names_has_derived(const ht_names_t *names);

/* --- as text and JSON ---------------------------------------------------------------------------
 */

/** `file:line function() variable [method, caps]` from the present column on; ends the line. */
void ht_names_write(ht_names_t *names, ht_out_t *out, ht_row_t origin);

/** The stack below it, if there is more than the place says. `frames`: at most so many lines. */
void ht_names_write_stack(ht_names_t *names, ht_out_t *out, ht_row_t origin, uint32_t indent,
                          uint32_t frames);

/** Keys of a place: docs/reports.md, and `component`, `library`, `variable_derived`. */
void ht_tree_caps(json_t *object, const char *key, uint32_t caps);
void ht_names_tree(ht_names_t *names, json_t *object, ht_row_t origin);
