/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The text of a GNU ld map, behind the line "Linker script and memory map":
 *
 *   .flash.text     0x42000020    0x1a2b0                                       an output section
 *    .text.app_main 0x42007b1a       0x4e esp-idf/main/libmain.a(main.c.obj)    an input section
 *    .text.a_name_that_is_too_long                                              its numbers stand
 *                   0x42007b68       0x20 esp-idf/log/liblog.a(log.c.obj)       in the next line
 *                   0x42007b68                esp_log_write                     a symbol: not
 * needed *fill*         0x42007b88        0x8                                       neither
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ht_component_private.h"

#define BEGINNING "Linker script and memory map"
#define END "OUTPUT("

typedef struct {
    ht_map_t *map;
    ht_strings_t *strings;
    bool is_input;    /* the name before these numbers is an input section's */
    const char *name; /* whose numbers are in the next line; NULL: none's */
    size_t name_length;
    bool is_loaded;        /* the output section that we are in is part of the image */
    const char *last_path; /* one of the strings: the same object follows itself mostly */
    uint32_t last_number;
} ht_map_reader_t;

typedef struct {
    const char *at, *end;
} ht_line_t;

static void skip_spaces(ht_line_t *line)
{
    while (line->at < line->end && (*line->at == ' ' || *line->at == '\t')) {
        line->at++;
    }
}

/* 0x... and a space or the line's end. */
static bool take_number(ht_line_t *line, uint64_t *number)
{
    skip_spaces(line);
    if (line->end - line->at < 3 || line->at[0] != '0' || line->at[1] != 'x') { return false; }
    char *end;
    errno = 0;
    *number = strtoull(line->at, &end, 16); /* the text ends with a zero at the latest */
    if (errno != 0 || end > line->end || end == line->at || (end < line->end && *end != ' ')) {
        return false;
    }
    line->at = end;
    return true;
}

static size_t word_length(const ht_line_t *line)
{
    const char *at = line->at;
    while (at < line->end && *at != ' ' && *at != '\t') {
        at++;
    }
    return (size_t)(at - line->at);
}

/* Not part of the image, and at address 0. */
static bool is_loaded(const char *name, size_t length, uint64_t address)
{
    static const char *const others[] = {".debug",
                                         ".comment",
                                         ".stab",
                                         ".line",
                                         ".xt.",
                                         ".xtensa",
                                         ".note.GNU-stack",
                                         ".riscv.attributes",
                                         ".ARM.attributes",
                                         ".gnu.attributes"};
    for (size_t i = 0; address == 0 && i < sizeof(others) / sizeof(others[0]); i++) {
        size_t wanted = strlen(others[i]);
        if (length >= wanted && memcmp(name, others[i], wanted) == 0) { return false; }
    }
    return true;
}

static bool add_output(ht_map_reader_t *reader, uint64_t low, uint64_t bytes)
{
    ht_map_t *map = reader->map;
    reader->is_loaded = is_loaded(reader->name, reader->name_length, low);
    if (bytes == 0 || !reader->is_loaded) { return true; }
    const char *name = ht_strings_add(reader->strings, reader->name, reader->name_length);
    if (name == NULL || !ht_array_room((void **)&map->outputs, &map->output_capacity,
                                       map->output_count, sizeof(*map->outputs))) {
        return false;
    }
    map->outputs[map->output_count++] = (ht_map_section_t){name, low, bytes};
    return true;
}

/* The number of an object file: a new one unless the last line was of the same. */
static bool number_of(ht_map_reader_t *reader, const ht_line_t *path, uint32_t *number)
{
    ht_map_t *map = reader->map;
    const char *kept = ht_strings_add(reader->strings, path->at, (size_t)(path->end - path->at));
    if (kept == NULL) { return false; }
    if (kept != reader->last_path) {
        if (map->path_count >= HT_SPANS_NONE ||
            !ht_array_room((void **)&map->paths, &map->path_capacity, map->path_count,
                           sizeof(*map->paths))) {
            return false;
        }
        reader->last_path = kept;
        reader->last_number = (uint32_t)map->path_count;
        map->paths[map->path_count++] = kept;
    }
    *number = reader->last_number;
    return true;
}

static bool add_input(ht_map_reader_t *reader, uint64_t low, uint64_t bytes, ht_line_t *path)
{
    uint32_t number;
    skip_spaces(path);
    if (bytes == 0 || !reader->is_loaded) { return true; }
    if (path->at == path->end || bytes > UINT64_MAX - low) {
        reader->map->about.ignored_line_count++;
        return true;
    }
    if (!number_of(reader, path, &number) ||
        !ht_spans_add(&reader->map->spans, low, low + bytes, 0, number)) {
        return false;
    }
    reader->map->about.section_count++;
    return true;
}

/* A section's numbers, in its own line or in the next. */
static bool read_numbers(ht_map_reader_t *reader, ht_line_t line)
{
    uint64_t low, bytes;
    bool is_section = take_number(&line, &low) && take_number(&line, &bytes);
    bool good = true;
    if (is_section && reader->is_input) { good = add_input(reader, low, bytes, &line); }
    if (is_section && !reader->is_input) { good = add_output(reader, low, bytes); }
    if (!is_section && reader->is_input) { reader->map->about.ignored_line_count++; }
    reader->name = NULL;
    return good;
}

static bool read_line(ht_map_reader_t *reader, ht_line_t line)
{
    const char *start = line.at;
    skip_spaces(&line);
    if (line.at == line.end) { return true; }
    if (line.at - start > 1) { /* the numbers that were put off, or a symbol, or the script's */
        return reader->name == NULL || read_numbers(reader, line);
    }
    reader->name = NULL;
    if (*line.at == '*' || *line.at == '(') {
        return true;
    } /* a fill, or a pattern of the script */
    reader->is_input = line.at > start;
    reader->name = line.at;
    reader->name_length = word_length(&line);
    line.at += reader->name_length;
    skip_spaces(&line);
    return line.at == line.end || read_numbers(reader, line);
}

static bool begins_with(const ht_line_t *line, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(line->end - line->at) >= length && memcmp(line->at, text, length) == 0;
}

bool ht_map_read(ht_map_t *map, ht_strings_t *strings, const char *text, size_t size)
{
    *map = (ht_map_t){0};
    ht_map_reader_t reader = {.map = map, .strings = strings, .is_loaded = true};
    bool has_begun = false;
    for (const char *at = text, *end = text + size; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL) { break; } /* half a line: half a name */
        ht_line_t line = {at, newline};
        at = newline + 1;
        if (line.end > line.at && line.end[-1] == '\r') { line.end--; }
        if (begins_with(&line, END)) { map->about.is_complete = has_begun; }
        if (has_begun && !read_line(&reader, line)) { return false; }
        has_begun = has_begun || begins_with(&line, BEGINNING);
    }
    return ht_spans_flatten(&map->spans);
}

void ht_map_free(ht_map_t *map)
{
    ht_spans_free(&map->spans);
    free(map->paths);
    free(map->outputs);
    *map = (ht_map_t){0};
}
