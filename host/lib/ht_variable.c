/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The context: source files, where they are, the names that were derived. */
#include "ht_variable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ht_load.h"
#include "ht_strings.h"
#include "ht_variable_private.h"

#define MOST_BYTES (64U << 20) /* of a source file */

typedef struct {
    const char *path; /* as it was asked for: one of the context's strings, so that pointers can be
                         compared */
    char *text;       /* NULL: not at hand */
    ht_source_t source;
} ht_file_t;

typedef struct {
    const char *from, *to;
} ht_substitution_t;

struct ht_variables {
    ht_strings_t strings;
    ht_file_t *files;
    size_t file_count, file_capacity;
    ht_substitution_t *substitutions;
    size_t substitution_count, substitution_capacity;
    ht_variables_counts_t counts;
};

ht_variables_t *ht_variables_new(void)
{
    return calloc(1, sizeof(ht_variables_t));
}

void ht_variables_free(ht_variables_t *variables)
{
    if (variables == NULL) { return; }
    for (size_t i = 0; i < variables->file_count; i++) {
        ht_source_free(&variables->files[i].source);
        free(variables->files[i].text);
    }
    free(variables->files);
    free(variables->substitutions);
    ht_strings_free(&variables->strings);
    free(variables);
}

bool ht_variables_substitute(ht_variables_t *variables, const char *from, const char *to)
{
    size_t length = strlen(from);
    if (length == 0 ||
        !ht_array_room((void **)&variables->substitutions, &variables->substitution_capacity,
                       variables->substitution_count, sizeof(*variables->substitutions))) {
        return false;
    }
    ht_substitution_t *added = &variables->substitutions[variables->substitution_count];
    added->from = ht_strings_add(&variables->strings, from, length);
    added->to = ht_strings_add(&variables->strings, to, strlen(to));
    if (added->from == NULL || added->to == NULL) { return false; }
    variables->substitution_count++;
    return true;
}

/* --- files --------------------------------------------------------------------------------------
 */

/* How much of the path is `from`, up to where a folder ends; 0: it begins otherwise. */
static size_t prefix_length(const char *path, const char *from)
{
    size_t length = strlen(from);
    while (length > 1 && from[length - 1] == '/') {
        length--;
    }
    bool fits = strncmp(path, from, length) == 0 && (path[length] == '/' || path[length] == '\0');
    return fits ? length : 0;
}

static char *load_substituted(const ht_variables_t *variables, const char *path, size_t *size)
{
    for (size_t i = 0; i < variables->substitution_count; i++) {
        const ht_substitution_t *substitution = &variables->substitutions[i];
        size_t length = prefix_length(path, substitution->from);
        char *elsewhere;
        if (length == 0 || asprintf(&elsewhere, "%s%s", substitution->to, path + length) < 0) {
            continue;
        }
        char *text = ht_load_file(elsewhere, MOST_BYTES, size);
        free(elsewhere);
        if (text != NULL) { return text; }
    }
    return ht_load_file(path, MOST_BYTES, size);
}

static const ht_file_t *file_of(ht_variables_t *variables, const char *name)
{
    size_t size = 0;
    const char *path = ht_strings_add(&variables->strings, name, strlen(name));
    for (size_t i = 0; i < variables->file_count; i++) {
        if (variables->files[i].path == path) { return &variables->files[i]; }
    }
    if (path == NULL || !ht_array_room((void **)&variables->files, &variables->file_capacity,
                                       variables->file_count, sizeof(*variables->files))) {
        return NULL;
    }
    ht_file_t *file = &variables->files[variables->file_count++];
    *file = (ht_file_t){.path = path, .text = load_substituted(variables, path, &size)};
    variables->counts.files++;
    if (file->text == NULL) { variables->counts.unreadable_files++; }
    if (file->text != NULL && !ht_source_read(&file->source, file->text, size)) {
        ht_source_free(&file->source);
    }
    const char *dot = strrchr(path, '.');
    file->source.is_c = dot != NULL && strcmp(dot, ".c") == 0;
    return file;
}

/* ------------------------------------------------------------------------------------------------
 */

ht_variable_t ht_variables_find(ht_variables_t *variables, const char *file, uint32_t line,
                                uint32_t column, const char *callee)
{
    const ht_variable_t nothing = {.kind = HT_VARIABLE_NONE};
    ht_call_t call;
    ht_derived_t derived;
    variables->counts.asked++;
    const ht_file_t *known = file != NULL && line != 0 ? file_of(variables, file) : NULL;
    if (known == NULL || !ht_call_find(&known->source, line, column, callee, &call)) {
        return nothing;
    }
    ht_value_derive(&known->source, &call, &derived);
    if (derived.kind == HT_VARIABLE_NONE) { return nothing; }
    const char *text = ht_strings_add(&variables->strings, derived.text, strlen(derived.text));
    if (text == NULL) { return nothing; }
    variables->counts.derived++;
    return (ht_variable_t){.kind = derived.kind, .text = text};
}

void ht_variables_counts(const ht_variables_t *variables, ht_variables_counts_t *counts)
{
    *counts = variables->counts;
}
