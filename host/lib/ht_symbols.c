/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The context: the modules, which of them an address is in, the answers that were given. */
#include "ht_symbols.h"

#include <stdlib.h>
#include <string.h>

#include "ht_symbols_private.h"

static const ht_symbol_frame_t s_nothing;

struct ht_symbols {
    ht_symbols_shared_t shared;
    ht_module_t *modules;
    size_t module_count, module_capacity;
    ht_symbol_t **answers; /* hash table, open addressing; a power of two, at most 3/4 full */
    size_t answer_slots, answer_count;
    ht_symbol_t no_memory; /* what is said when there is none */
};

ht_symbols_t *ht_symbols_new(const ht_symbols_options_t *options)
{
    ht_symbols_t *symbols = calloc(1, sizeof(*symbols));
    if (symbols == NULL) { return NULL; }
    const char *path = options != NULL ? options->debug_path : NULL;
    symbols->shared.callbacks = (Dwfl_Callbacks){.find_elf = dwfl_build_id_find_elf,
                                                 .find_debuginfo = ht_module_find_debug,
                                                 .section_address = dwfl_offline_section_address};
    symbols->shared.use_debuginfod = options != NULL && options->use_debuginfod;
    if (path != NULL) {
        symbols->shared.debug_path = strdup(path);
        symbols->shared.callbacks.debuginfo_path = &symbols->shared.debug_path;
        if (symbols->shared.debug_path == NULL) {
            free(symbols);
            return NULL;
        }
    }
    (void)elf_version(EV_CURRENT);
    return symbols;
}

void ht_symbols_free(ht_symbols_t *symbols)
{
    if (symbols == NULL) { return; }
    for (size_t i = 0; i < symbols->module_count; i++) {
        ht_module_close(&symbols->modules[i]);
    }
    free(symbols->modules);
    free(symbols->answers);
    free(symbols->shared.debug_path);
    ht_strings_free(&symbols->shared.strings);
    free(symbols);
}

/* --- modules ------------------------------------------------------------------------------------
 */

bool ht_symbols_add(ht_symbols_t *symbols, const ht_symbols_object_t *object,
                    ht_lookup_error_t *error)
{
    if (error != NULL) { *error = (ht_lookup_error_t){.code = HT_LOOKUP_OK}; }
    if (object->path == NULL || object->path[0] == '\0' || object->end < object->start) {
        return ht_lookup_fail(error, HT_LOOKUP_BAD_CALL,
                              "no path, or a range that ends before it begins");
    }
    ht_module_t module = {.bias = object->bias, .start = object->start, .end = object->end};
    module.path = ht_strings_add(&symbols->shared.strings, object->path, strlen(object->path));
    if (module.path == NULL || !ht_array_room((void **)&symbols->modules, &symbols->module_capacity,
                                              symbols->module_count, sizeof(*symbols->modules))) {
        return ht_lookup_fail(error, HT_LOOKUP_NO_MEMORY, "no memory");
    }
    bool good = ht_module_open(&symbols->shared, &module, object, error);
    if (good || module.end > module.start) {
        symbols->modules[symbols->module_count++] = module;
    } else {
        ht_module_close(&module);
    }
    return good;
}

size_t ht_symbols_module_count(const ht_symbols_t *symbols)
{
    return symbols->module_count;
}

/* The addresses of the sections. */
static void span_of(const ht_module_t *module, uint64_t *start, uint64_t *end)
{
    *start = UINT64_MAX;
    *end = 0;
    for (size_t i = 0; i < module->section_count; i++) {
        if (module->sections[i].low < *start) { *start = module->sections[i].low; }
        if (module->sections[i].high > *end) { *end = module->sections[i].high; }
    }
    *start += module->bias;
    *end += module->bias;
}

bool ht_symbols_module(ht_symbols_t *symbols, size_t number, ht_symbols_module_t *module)
{
    if (number >= symbols->module_count) { return false; }
    ht_module_t *known = &symbols->modules[number];
    if (known->is_readable) {
        (void)ht_debug_open(&symbols->shared, known);
        (void)ht_table_read(&symbols->shared, known);
    }
    *module = (ht_symbols_module_t){.path = known->path,
                                    .debug_path = known->debug_path,
                                    .bias = known->bias,
                                    .start = known->start,
                                    .end = known->end,
                                    .readable = known->is_readable,
                                    .has_lines = known->unit_count > 0,
                                    .function_count = known->function_count,
                                    .machine = known->machine,
                                    .build_id = known->build_id,
                                    .build_id_size = known->build_id_size};
    if (known->end == known->start) { span_of(known, &module->start, &module->end); }
    return true;
}

static bool contains(const ht_module_t *module, uint64_t address)
{
    if (module->end > module->start) { return address >= module->start && address < module->end; }
    return ht_module_section(module, address - module->bias) != NULL;
}

static size_t module_at(const ht_symbols_t *symbols, uint64_t address)
{
    for (size_t i = symbols->module_count; i-- > 0;) {
        if (contains(&symbols->modules[i], address)) { return i; }
    }
    return HT_SYMBOLS_NO_MODULE;
}

const char *ht_symbols_path(const ht_symbols_t *symbols, size_t number)
{
    return number < symbols->module_count ? symbols->modules[number].path : NULL;
}

bool ht_symbols_variable(ht_symbols_t *symbols, uint64_t address, ht_symbol_variable_t *variable)
{
    size_t number = module_at(symbols, address);
    if (number == HT_SYMBOLS_NO_MODULE) { return false; }
    ht_module_t *module = &symbols->modules[number];
    if (!module->is_readable || !ht_table_read(&symbols->shared, module)) { return false; }
    const ht_function_t *found = ht_table_find_variable(module, address - module->bias);
    if (found == NULL) { return false; }
    *variable = (ht_symbol_variable_t){.name = ht_symbols_demangle(&symbols->shared, found->name),
                                       .offset = address - module->bias - found->low,
                                       .size = found->size};
    return variable->name != NULL;
}

/* --- answers ------------------------------------------------------------------------------------
 */

/* An address asked for as a return address and as an exact one has two answers: the number that is
 * looked for is the code's, but which was asked for is part of the key. */
typedef struct {
    uint64_t address;
    ht_address_kind_t kind;
} ht_question_t;

typedef struct {
    ht_symbol_t symbol; /* first: what the user sees of it */
    ht_address_kind_t kind;
} ht_answer_t;

static size_t slot_of(const ht_symbols_t *symbols, ht_question_t question)
{
    size_t mask = symbols->answer_slots - 1;
    uint64_t product = (question.address * 2 + question.kind) * 0x9E3779B97F4A7C15U;
    size_t slot = (size_t)(product >> 32) & mask;
    for (const ht_symbol_t *there; (there = symbols->answers[slot]) != NULL;
         slot = (slot + 1) & mask) {
        const ht_answer_t *answer = (const ht_answer_t *)there;
        if (there->address == question.address && answer->kind == question.kind) { break; }
    }
    return slot;
}

static bool enlarge(ht_symbols_t *symbols)
{
    size_t old_slots = symbols->answer_slots;
    ht_symbol_t **old = symbols->answers;
    size_t slots = old_slots != 0 ? 2 * old_slots : 1024;
    ht_symbol_t **larger = calloc(slots, sizeof(ht_symbol_t *));
    if (larger == NULL) { return false; }
    symbols->answers = larger;
    symbols->answer_slots = slots;
    for (size_t i = 0; i < old_slots; i++) {
        if (old[i] == NULL) { continue; }
        ht_question_t question = {old[i]->address, ((const ht_answer_t *)old[i])->kind};
        larger[slot_of(symbols, question)] = old[i];
    }
    free(old);
    return true;
}

/* Answer a question that was not asked before. */
static bool answer_to(ht_symbols_t *symbols, ht_question_t question, ht_symbol_t *symbol)
{
    uint64_t inside = question.address - (question.kind == HT_ADDRESS_RETURN ? 1 : 0);
    *symbol = (ht_symbol_t){.address = question.address,
                            .module = module_at(symbols, inside),
                            .module_address = inside};
    if (symbol->module != HT_SYMBOLS_NO_MODULE) {
        ht_module_t *module = &symbols->modules[symbol->module];
        symbol->module_address = inside - module->bias;
        if (!ht_frames_find(&symbols->shared, module, symbol->module_address, symbol)) {
            return false;
        }
        if (symbol->source != HT_SYMBOL_UNKNOWN) { symbol->offset += question.address - inside; }
    }
    if (symbol->frame_count == 0) {
        symbol->frames = &s_nothing;
        symbol->frame_count = 1;
    }
    return true;
}

static const ht_symbol_t *say_nothing(ht_symbols_t *symbols, ht_question_t question)
{
    symbols->no_memory = (ht_symbol_t){.address = question.address,
                                       .frames = &s_nothing,
                                       .frame_count = 1,
                                       .module = HT_SYMBOLS_NO_MODULE,
                                       .module_address = question.address};
    return &symbols->no_memory;
}

const ht_symbol_t *ht_symbols_find(ht_symbols_t *symbols, uint64_t address, ht_address_kind_t kind)
{
    ht_question_t question = {address, kind};
    if (symbols->answer_count + 1 > symbols->answer_slots / 4 * 3 && !enlarge(symbols)) {
        return say_nothing(symbols, question);
    }
    size_t slot = slot_of(symbols, question);
    if (symbols->answers[slot] != NULL) { return symbols->answers[slot]; }
    ht_answer_t *answer = ht_strings_room(&symbols->shared.strings, sizeof(*answer));
    if (answer == NULL || !answer_to(symbols, question, &answer->symbol)) {
        return say_nothing(symbols, question);
    }
    answer->kind = kind;
    symbols->answers[slot] = &answer->symbol;
    symbols->answer_count++;
    return &answer->symbol;
}
