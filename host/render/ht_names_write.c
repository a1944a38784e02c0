/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Places as text, by the device's own renderer, and as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heaptrail.h"
#include "ht_names.h"
#include "ht_report.h"

enum { NAME_BYTES = 512 };

/* "Frame::allocate(int) const" to "Frame::allocate": the renderer puts "()" behind it. The last
 * bracket that is not inside another one, for "(anonymous namespace)::f(int)" and
 * "operator()(int)".
 */
static void without_parameters(const char *function, char text[static NAME_BYTES])
{
    size_t length = strlen(function);
    length = length < NAME_BYTES ? length : NAME_BYTES - 1U;
    memcpy(text, function, length);
    text[length] = '\0';
    char *close = strrchr(text, ')');
    if (close == NULL || strchr(close, ':') != NULL) { return; }
    int depth = 0;
    for (char *at = close; at > text; at--) {
        depth += *at == ')' ? 1 : *at == '(' ? -1 : 0;
        if (depth == 0) {
            *at = '\0';
            return;
        }
    }
}

/* A derived name is shown in brackets. */
static void variable_text(const ht_place_t *place, char text[static NAME_BYTES])
{
    snprintf(text, NAME_BYTES, place->is_derived ? "(%s)" : "%s", place->variable);
}

typedef struct {
    heaptrail_site_t site;
    heaptrail_origin_t origin;
    char function[NAME_BYTES], variable[NAME_BYTES];
} words_t;

/* `words` as the device's renderer takes them. A name without a file is no site for it. */
static void words_of(const ht_origin_row_t *row, const ht_place_t *place, words_t *words)
{
    memset(words, 0, sizeof(*words));
    words->origin.id = row->index;
    words->origin.method = (heaptrail_method_t)row->method;
    words->origin.caps = row->caps;
    words->origin.frames = (const uintptr_t *)row->frames;
    words->origin.frame_count = row->depth;
    if (place->file == NULL) { return; }
    words->site.file = place->file;
    words->site.line = place->line;
    words->site.method = row->method;
    if (place->function != NULL) {
        without_parameters(place->function, words->function);
        words->site.function = words->function;
    }
    if (place->variable != NULL) {
        variable_text(place, words->variable);
        words->site.variable = words->variable;
    }
    words->origin.site = &words->site;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* "host_resolve (net.c:115)", "libc.so.6+0x891f5" */
static bool frame_text(const ht_symbol_frame_t *frame, const ht_symbol_t *symbol,
                       const char *module, char *text, size_t size)
{
    char function[NAME_BYTES];
    if (frame->function == NULL && module == NULL) { return false; }
    if (frame->function == NULL) {
        snprintf(text, size, "%s+0x%llx", base_name(module),
                 (unsigned long long)symbol->module_address);
        return true;
    }
    without_parameters(frame->function, function);
    if (frame->file == NULL) {
        snprintf(text, size, "%s()", function);
    } else {
        snprintf(text, size, "%s() (%s:%u)%s", function, base_name(frame->file),
                 (unsigned)frame->line, frame->is_inlined ? ", inlined" : "");
    }
    return true;
}

/* The device's renderer asks: for a place that has a name, and no file. */
static bool name_address(void *context, uintptr_t address, char *text, size_t size)
{
    const ht_symbol_t *symbol = ht_names_address(context, address);
    if (symbol == NULL) { return false; }
    return frame_text(&symbol->frames[0], symbol, ht_names_module(context, symbol), text, size);
}

void ht_names_write(ht_names_t *names, ht_out_t *out, ht_row_t row)
{
    words_t words;
    words_of(ht_names_origin(names, row), ht_names_place(names, row), &words);
    heaptrail_set_symbols(name_address, names);
    ht_place(out, &words.origin);
    heaptrail_set_symbols(NULL, NULL);
}

/* --- stacks -------------------------------------------------------------------------------------
 */

typedef struct {
    ht_out_t *out;
    uint32_t indent, left;
    bool skip; /* the innermost frame: it is the place itself */
} lines_t;

static bool from_line(lines_t *stack, const char *text)
{
    if (stack->skip) {
        stack->skip = false;
        return true;
    }
    if (stack->left == 0) { return false; }
    stack->left--;
    ht_out_sentence(stack->out, stack->indent + 2U);
    ht_out_style(stack->out, HT_STYLE_DIM);
    ht_out_text(stack->out, "from" HT_HARD_SPACE);
    ht_out_name(stack->out, text, SIZE_MAX);
    ht_out_style(stack->out, HT_STYLE_PLAIN);
    ht_out_sentence_end(stack->out);
    return true;
}

/* All functions at an address, inlined ones first. False: no room for more. */
static bool address_lines(ht_names_t *names, lines_t *stack, uint64_t address)
{
    char text[2 * NAME_BYTES];
    const ht_symbol_t *symbol = ht_names_address(names, address);
    for (size_t i = 0; i < symbol->frame_count; i++) {
        if (!frame_text(&symbol->frames[i], symbol, ht_names_module(names, symbol), text,
                        sizeof(text))) {
            snprintf(text, sizeof(text), "0x%08llx", (unsigned long long)address);
        }
        if (!from_line(stack, text)) { return false; }
    }
    return true;
}

void ht_names_write_stack(ht_names_t *names, ht_out_t *out, ht_row_t row, uint32_t indent,
                          uint32_t frames)
{
    const ht_origin_row_t *origin = ht_names_origin(names, row);
    const ht_place_t *place = ht_names_place(names, row);
    if (origin->depth == 0 || frames == 0) { return; }
    if (ht_names_address(names, origin->frames[0]) == NULL) {
        words_t words;
        words_of(origin, place, &words);
        words.origin.frame_count =
            words.origin.frame_count < frames ? words.origin.frame_count : frames;
        ht_place_frames(out, &words.origin, indent);
        return;
    }
    lines_t stack = {.out = out, .indent = indent, .left = frames, .skip = !place->is_site};
    for (uint32_t i = 0; i < origin->depth && address_lines(names, &stack, origin->frames[i]);
         i++) {}
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static void symbol_tree(ht_names_t *names, json_t *array, uint64_t address)
{
    char text[2 * NAME_BYTES];
    const ht_symbol_t *symbol = ht_names_address(names, address);
    if (symbol == NULL) { return; }
    bool known =
        frame_text(&symbol->frames[0], symbol, ht_names_module(names, symbol), text, sizeof(text));
    json_array_append_new(array, known ? ht_tree_string(text) : json_null());
}

static void frames_tree(ht_names_t *names, json_t *object, const ht_origin_row_t *origin)
{
    json_t *frames = ht_tree_array(object, "frames");
    for (uint32_t i = 0; i < origin->depth; i++) {
        char text[24];
        snprintf(text, sizeof(text), "0x%08llx", (unsigned long long)origin->frames[i]);
        json_array_append_new(frames, json_string(text));
    }
    if (origin->depth == 0 || ht_names_address(names, origin->frames[0]) == NULL) { return; }
    json_t *symbols = ht_tree_array(object, "symbols");
    for (uint32_t i = 0; i < origin->depth; i++) {
        symbol_tree(names, symbols, origin->frames[i]);
    }
}

void ht_tree_caps(json_t *object, const char *key, uint32_t caps)
{
    char text[256];
    heaptrail_caps_name(caps, text, sizeof(text));
    ht_tree_text(object, key, caps == 0 ? NULL : text);
}

void ht_names_tree(ht_names_t *names, json_t *object, ht_row_t row)
{
    const ht_origin_row_t *origin = ht_names_origin(names, row);
    const ht_place_t *place = ht_names_place(names, row);
    ht_tree_number(object, "site_id", origin->index);
    ht_tree_text(object, "file", place->file);
    ht_tree_maybe(object, "line", place->file != NULL, place->line);
    ht_tree_text(object, "function", place->function);
    ht_tree_text(object, "variable", place->variable);
    ht_tree_bool(object, "variable_derived", place->is_derived);
    ht_tree_text(object, "component", place->component);
    ht_tree_text(object, "library", place->library);
    ht_tree_text(object, "method", heaptrail_method_name((heaptrail_method_t)origin->method));
    ht_tree_caps(object, "caps", origin->caps);
    frames_tree(names, object, origin);
}
