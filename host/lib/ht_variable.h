/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The variable's name for an allocation that no macro named, from the source line of the call:
 *
 *   ctx->rx = heap_caps_malloc(n, MALLOC_CAP_DMA);    "ctx->rx"
 *   return strdup(name);                              "return"
 *   list_add(list, malloc(16));                       "argument of list_add"
 *
 * This reads the source as text and is no compiler. So a name is *derived* and has to be shown as
 * that, and where the text leaves doubt there is none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ht_variables ht_variables_t;

typedef enum {
    HT_VARIABLE_NONE,     /**< nothing that is certain enough */
    HT_VARIABLE_ASSIGNED, /**< what holds the block: a variable, member, element, *out */
    HT_VARIABLE_RETURNED, /**< to the caller; the text is "return" */
    HT_VARIABLE_ARGUMENT, /**< handed to a function; the text is "argument of NAME" */
} ht_variable_kind_t;

/** A derived name. */
typedef struct {
    ht_variable_kind_t kind;
    const char *text; /**< NULL with HT_VARIABLE_NONE; lives as long as the context, equal texts are
                         one pointer */
} ht_variable_t;

/** How often there was what. */
typedef struct {
    size_t asked, derived;
    size_t files, unreadable_files; /**< sources that were needed, and those that are not at hand */
} ht_variables_counts_t;

/** NULL: no memory. */
ht_variables_t *ht_variables_new(void);
void ht_variables_free(ht_variables_t *variables);

/**
 * Sources are elsewhere than where they were compiled: a path that begins with `from` is looked for
 * with `to` instead of that. The first that fits and is readable counts, then the path as it is.
 * `from` has to end where a folder does. False: no memory, or `from` is empty.
 */
bool ht_variables_substitute(ht_variables_t *variables, const char *from, const char *to);

/**
 * The name for a call.
 * @param file    as debug information has it; NULL gives none.
 * @param line    of the call, from 1; with a statement of several lines any of them.
 * @param column  of the call, in bytes from 1; 0: not known.
 * @param callee  the function that was called as the source calls it, "malloc" or "operator new";
 * NULL: not known. Ask for calls of allocating functions only: what another one returns is not the
 * block. Cost: a file is read and split into words when it is first needed.
 */
ht_variable_t ht_variables_find(ht_variables_t *variables, const char *file, uint32_t line,
                                uint32_t column, const char *callee);

void ht_variables_counts(const ht_variables_t *variables, ht_variables_counts_t *counts);

#ifdef __cplusplus
}
#endif
