/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "ht_report.h"
#include "ht_units.h"

/* Names are C strings of any length. */
#define ANY SIZE_MAX

static struct {
    heaptrail_symbol_fn_t fn;
    void *context;
} s_symbols;

void heaptrail_set_symbols(heaptrail_symbol_fn_t fn, void *context)
{
    s_symbols.fn = fn;
    s_symbols.context = context;
}

bool ht_symbol_is_set(void)
{
    return s_symbols.fn != NULL;
}

bool ht_symbol(uintptr_t address, char *text, size_t size)
{
    text[0] = '\0';
    bool known = s_symbols.fn != NULL && s_symbols.fn(s_symbols.context, address, text, size);
    text[size - 1U] = '\0';
    return known && text[0] != '\0';
}

/* --- capabilities ------------------------------------------------------------------------------
 */

static void caps_text(uint32_t caps, char text[static 128])
{
    text[0] = '\0';
    if (heaptrail_caps_name(caps, text, 128) >= 128U) { memcpy(&text[124], "...", 4); }
}

void ht_caps(ht_out_t *out, uint32_t caps)
{
    char text[128];
    caps_text(caps, text);
    ht_out_text(out, caps == 0 ? "any" HT_HARD_SPACE "memory" : text);
}

void ht_caps_json(ht_json_t *json, const char *key, uint32_t caps)
{
    char text[128];
    caps_text(caps, text);
    ht_json_string(json, key, caps == 0 ? NULL : text, sizeof(text));
}

/* --- file names --------------------------------------------------------------------------------
 */

static const char *base_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : file;
}

/* The longest end of `file` that begins behind a slash and fits, with ".../" before it; if need be
 * the file's name alone. */
static const char *shortened(const char *file, uint32_t columns)
{
    const char *base = base_of(file);
    for (const char *from = file + 1; *file != '\0' && from < base; from++) {
        if (from[-1] == '/' && 4U + ht_out_name_columns(from, ANY) <= columns) { return from; }
    }
    return base;
}

static uint32_t less(uint32_t room, uint32_t columns)
{
    return room > columns ? room - columns : 0U;
}

static void file_line(ht_out_t *out, const heaptrail_site_t *site, uint32_t columns)
{
    const char *file = site->file != NULL ? site->file : "?";
    const ht_figure_t line = ht_text_number(site->line);
    uint32_t rest = (uint32_t)strlen(line.s) + 1U;
    columns = less(columns, rest);
    if (ht_out_name_columns(file, ANY) > columns) {
        const char *shorter = shortened(file, columns);
        if (shorter != file && shorter != base_of(file)) { ht_out_text(out, ".../"); }
        file = shorter;
    }
    ht_out_name(out, file, ANY);
    ht_out_text(out, ":");
    ht_out_text(out, line.s);
}

/* --- a place -----------------------------------------------------------------------------------
 */

/* malloc() and its like have the capabilities of every other malloc(). */
static bool chose_caps(const heaptrail_origin_t *origin)
{
    return origin->caps != 0 && (origin->method == HEAPTRAIL_METHOD_UNKNOWN ||
                                 origin->method >= HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC);
}

static bool has_bracket(const heaptrail_origin_t *origin)
{
    return origin->method != HEAPTRAIL_METHOD_UNKNOWN || chose_caps(origin);
}

static void bracket(ht_out_t *out, const heaptrail_origin_t *origin)
{
    if (!has_bracket(origin)) { return; }
    ht_out_text(out, " ");
    ht_out_style(out, HT_STYLE_DIM);
    ht_out_text(out, "[");
    ht_out_text(out, heaptrail_method_name(origin->method));
    if (chose_caps(origin)) {
        ht_out_text(out, "," HT_HARD_SPACE);
        ht_caps(out, origin->caps);
    }
    ht_out_text(out, "]");
    ht_out_style(out, HT_STYLE_PLAIN);
}

/* Columns of " [method, caps]". */
static uint32_t bracket_columns(const heaptrail_origin_t *origin)
{
    char none[1];
    if (!has_bracket(origin)) { return 0; }
    uint32_t columns = 3U + (uint32_t)strlen(heaptrail_method_name(origin->method));
    if (chose_caps(origin)) {
        columns += 2U + (uint32_t)heaptrail_caps_name(origin->caps, none, 1);
    }
    return columns;
}

/* Folders give way so that everything fits one line; if it cannot, so that as much as can does. */
static uint32_t file_columns(const ht_out_t *out, const heaptrail_origin_t *origin)
{
    const heaptrail_site_t *site = origin->site;
    uint32_t room = less(out->width, out->column);
    uint32_t least = (uint32_t)strlen(ht_text_number(site->line).s) + 1U;
    least += ht_out_name_columns(base_of(site->file != NULL ? site->file : "?"), ANY);
    uint32_t function = site->function == NULL ? 0 : 3U + ht_out_name_columns(site->function, ANY);
    uint32_t names = function;
    names += site->variable == NULL ? 0 : 1U + ht_out_name_columns(site->variable, ANY);
    uint32_t all = names + bracket_columns(origin);
    if (least + all <= room) { return room - all; }
    if (least + names <= room) { return room - names; }
    return least + function <= room ? room - function : room;
}

HT_APART static void site_words(ht_out_t *out, const heaptrail_origin_t *origin)
{
    const heaptrail_site_t *site = origin->site;
    uint32_t columns = file_columns(out, origin);
    ht_out_style(out, HT_STYLE_NAME);
    file_line(out, site, columns);
    ht_out_style(out, HT_STYLE_PLAIN);
    if (site->function != NULL) {
        ht_out_text(out, " ");
        ht_out_name(out, site->function, ANY);
        ht_out_text(out, "()");
    }
    if (site->variable != NULL) {
        ht_out_text(out, " ");
        ht_out_name(out, site->variable, ANY);
    }
}

HT_APART static void symbol_or_address(ht_out_t *out, uintptr_t address)
{
    char text[96];
    if (ht_symbol(address, text, sizeof(text))) {
        ht_out_name(out, text, sizeof(text));
    } else {
        ht_out_address(out, address);
    }
}

void ht_place(ht_out_t *out, const heaptrail_origin_t *origin)
{
    ht_out_sentence(out, out->column);
    if (origin->site != NULL) {
        site_words(out, origin);
    } else if (origin->frames != NULL && origin->frame_count != 0) {
        ht_out_style(out, HT_STYLE_NAME);
        symbol_or_address(out, origin->frames[0]);
        ht_out_style(out, HT_STYLE_PLAIN);
    } else {
        ht_out_text(out, "(unknown site)");
    }
    bracket(out, origin);
    ht_out_sentence_end(out);
}

/* Addresses alone need no line each, and the monitor of ESP-IDF names them where they stand. */
void ht_place_frames(ht_out_t *out, const heaptrail_origin_t *origin, uint32_t indent)
{
    uint32_t first = origin->site == NULL ? 1U : 0U;
    if (origin->frames == NULL || origin->frame_count <= first) { return; }
    bool named = ht_symbol_is_set();
    for (uint32_t i = first; i < origin->frame_count && i < HEAPTRAIL_FRAMES_MAX; i++) {
        if (named || i == first) {
            ht_out_sentence(out, indent + 2U);
            ht_out_style(out, HT_STYLE_DIM);
            ht_out_text(out, named || i != first ? "from" HT_HARD_SPACE : "stack");
        }
        ht_out_text(out, named ? "" : " ");
        symbol_or_address(out, origin->frames[i]);
        if (named || i + 1U == origin->frame_count || i + 1U == HEAPTRAIL_FRAMES_MAX) {
            ht_out_style(out, HT_STYLE_PLAIN);
            ht_out_sentence_end(out);
        }
    }
}

HT_APART static void frames_json(ht_json_t *json, const heaptrail_origin_t *origin)
{
    char text[96];
    ht_json_array(json, "frames");
    for (uint32_t i = 0;
         origin->frames != NULL && i < origin->frame_count && i < HEAPTRAIL_FRAMES_MAX; i++) {
        ht_json_address(json, NULL, origin->frames[i]);
    }
    ht_json_array_end(json);
    if (!ht_symbol_is_set()) { return; }
    ht_json_array(json, "symbols");
    for (uint32_t i = 0;
         origin->frames != NULL && i < origin->frame_count && i < HEAPTRAIL_FRAMES_MAX; i++) {
        bool known = ht_symbol(origin->frames[i], text, sizeof(text));
        ht_json_string(json, NULL, known ? text : NULL, sizeof(text));
    }
    ht_json_array_end(json);
}

void ht_place_json(ht_json_t *json, const heaptrail_origin_t *origin)
{
    const heaptrail_site_t *site = origin->site;
    ht_json_number(json, "site_id", origin->id);
    ht_json_string(json, "file", site != NULL ? site->file : NULL, ANY);
    ht_json_maybe(json, "line", site != NULL, site != NULL ? site->line : 0);
    ht_json_string(json, "function", site != NULL ? site->function : NULL, ANY);
    ht_json_string(json, "variable", site != NULL ? site->variable : NULL, ANY);
    ht_json_string(json, "method", heaptrail_method_name(origin->method), ANY);
    ht_caps_json(json, "caps", origin->caps);
    frames_json(json, origin);
}
