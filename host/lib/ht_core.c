/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_core.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ht_core_private.h"

enum { HEADER_BYTES = 32, VERSION = 2 };

static const char s_magic[8] = {'h', 'e', 'a', 'p', 't', 'r', 'l', 0x1a};

void ht_core_say(ht_core_reader_t *reader, const char *format, ...)
{
    char *text = NULL;
    ht_core_t *core = &reader->core;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) { return; }
    if (!ht_array_room((void **)&core->notes, &reader->note_capacity, core->note_count,
                       sizeof(char *))) {
        free(text);
        return;
    }
    core->notes[core->note_count++] = text;
}

void ht_core_free(ht_core_t *core)
{
    if (core == NULL) { return; }
    ht_core_reader_t *reader = (ht_core_reader_t *)core;
    for (size_t i = 0; i < core->note_count; i++) {
        free(core->notes[i]);
    }
    free(core->notes);
    free(core->sites);
    free(core->tasks);
    free(core->heaps);
    free(core->blocks);
    free(core->failures);
    free(core->freed);
    ht_strings_free(&reader->strings);
    free(reader);
}

/* --- numbers ---------------------------------------------------------------------------------- */

static uint64_t little(const uint8_t *bytes, size_t length)
{
    uint64_t value = 0;
    for (size_t i = length; i > 0; i--) {
        value = value << 8 | bytes[i - 1];
    }
    return value;
}

bool ht_core_number(const ht_core_reader_t *reader, uint64_t address, size_t bytes, uint64_t *value)
{
    uint8_t raw[8];
    *value = 0;
    if (bytes > sizeof(raw) || !ht_memory_read(reader->memory, address, raw, bytes)) {
        return false;
    }
    *value = little(raw, bytes);
    return true;
}

bool ht_core_has(const ht_core_reader_t *reader, unsigned table, unsigned field)
{
    return reader->field[table][field].bytes != 0;
}

size_t ht_core_row_bytes(const ht_core_reader_t *reader, unsigned table)
{
    return reader->field[table][0].bytes;
}

uint64_t ht_core_row(const ht_core_reader_t *reader, unsigned table, uint64_t row, unsigned field)
{
    uint64_t value;
    const ht_core_field_t *place = &reader->field[table][field];
    if (place->bytes == 0) { return 0; }
    (void)ht_core_number(reader, row + place->offset, place->bytes, &value);
    return value;
}

uint64_t ht_core_tracker(const ht_core_reader_t *reader, unsigned field)
{
    return ht_core_row(reader, TRACKER, reader->state, field);
}

bool ht_core_tracker_at(const ht_core_reader_t *reader, unsigned field, uint64_t *address)
{
    *address = reader->state + reader->field[TRACKER][field].offset;
    return ht_core_has(reader, TRACKER, field);
}

uint64_t ht_core_age_us(const ht_core_reader_t *reader, uint64_t tick)
{
    bool narrow = reader->core.info.pointer_bytes == 4;
    uint64_t age = narrow ? (uint32_t)(reader->now - tick) : reader->now - tick;
    uint64_t half = narrow ? UINT32_MAX >> 1 : UINT64_MAX >> 1;
    uint32_t hz = reader->core.info.tick_hz;
    if (age > half || hz == 0) { return 0; } /* not of the past: its clock was a little ahead */
    return age / hz * 1000000U + age % hz * 1000000U / hz;
}

/* --- rows ------------------------------------------------------------------------------------- */

ht_core_walk_t ht_core_walk(uint64_t base, uint64_t count, size_t row_bytes)
{
    return (ht_core_walk_t){.base = base,
                            .row = UINT64_MAX,
                            .count = row_bytes == 0 ? 0 : count,
                            .row_bytes = row_bytes};
}

/* The first row at or after `row` that memory may have. */
static uint64_t skip_gap(const ht_core_reader_t *reader, const ht_core_walk_t *walk, uint64_t row)
{
    uint64_t next = ht_memory_next(reader->memory, walk->base + row * walk->row_bytes);
    if (next == UINT64_MAX) { return walk->count; }
    uint64_t first = (next - walk->base + walk->row_bytes - 1) / walk->row_bytes;
    return first > row ? first : row + 1;
}

bool ht_core_next(const ht_core_reader_t *reader, ht_core_walk_t *walk)
{
    uint8_t bytes[4096];
    size_t length = walk->row_bytes < sizeof(bytes) ? walk->row_bytes : sizeof(bytes);
    for (uint64_t row = walk->row + 1; row < walk->count; row = skip_gap(reader, walk, row)) {
        walk->at = walk->base + row * walk->row_bytes;
        if (ht_memory_read(reader->memory, walk->at, bytes, length)) {
            walk->row = row;
            walk->visited++;
            return true;
        }
    }
    return false;
}

uint64_t ht_core_limit(ht_core_reader_t *reader, uint64_t count, size_t row_bytes, const char *noun)
{
    uint64_t most = row_bytes == 0 ? 0 : ht_memory_bytes(reader->memory) / row_bytes;
    if (count <= most) { return count; }
    ht_core_say(reader,
                "The number of %s is damaged, or the dump is small: %" PRIu64 ", of which %" PRIu64
                " would fit into it.",
                noun, count, most);
    return most;
}

void ht_core_walked(ht_core_reader_t *reader, const ht_core_walk_t *walk, const char *noun)
{
    if (walk->visited == walk->count) { return; }
    ht_core_say(reader, "%" PRIu64 " of %" PRIu64 " %s are not in the dump.",
                walk->count - walk->visited, walk->count, noun);
}

/* --- the header and the table of fields ------------------------------------------------------- */

static bool take_header(ht_core_reader_t *reader, const uint8_t *header, ht_lookup_error_t *error)
{
    ht_core_info_t *info = &reader->core.info;
    unsigned version = (unsigned)little(header + 8, 2);
    if (memcmp(header, s_magic, sizeof(s_magic)) != 0) {
        return ht_lookup_fail(error, HT_LOOKUP_NOT_FOUND,
                              "heaptrail_state at 0x%" PRIx64 " is empty or damaged: nothing had "
                              "been recorded, or the ELF file is another firmware's",
                              reader->state);
    }
    reader->version = version;
    if (version == 0 || version > VERSION) {
        return ht_lookup_fail(
            error, HT_LOOKUP_FOREIGN,
            "heaptrail_state has version %u, this program reads up to %u: a newer "
            "heaptrail is needed",
            version, (unsigned)VERSION);
    }
    info->address = reader->state;
    info->pointer_bytes = header[12];
    reader->bucket_slots = header[13];
    info->state_bytes = (uint32_t)little(header + 16, 4);
    info->tick_hz = (uint32_t)little(header + 20, 4);
    info->image = (uint32_t)little(header + 24, 4);
    if ((info->pointer_bytes != 4 && info->pointer_bytes != 8) || reader->bucket_slots == 0) {
        return ht_lookup_fail(error, HT_LOOKUP_DAMAGED,
                              "heaptrail_state at 0x%" PRIx64 ": its header is damaged (pointers "
                              "of %u bytes)",
                              reader->state, info->pointer_bytes);
    }
    return true;
}

static void take_field(ht_core_reader_t *reader, const uint8_t *entry)
{
    unsigned id = (unsigned)little(entry, 2);
    if (id >> 8 >= TABLES) { return; } /* of a newer heaptrail */
    reader->field[id >> 8][id & 0xffU] =
        (ht_core_field_t){(uint16_t)little(entry + 2, 2), (uint32_t)little(entry + 4, 4)};
}

static bool read_fields(ht_core_reader_t *reader, uint64_t table, size_t count,
                        ht_lookup_error_t *error)
{
    uint8_t entry[8];
    for (size_t i = 0; i < count; i++) {
        if (!ht_memory_read(reader->memory, table + 8 * i, entry, sizeof(entry))) {
            return ht_lookup_fail(error, HT_LOOKUP_NOT_FOUND,
                                  "the table of fields at 0x%" PRIx64 " is not in the dump: it is "
                                  "a constant of the firmware, so give its ELF file with --elf",
                                  table + 8 * i);
        }
        take_field(reader, entry);
    }
    reader->record_bytes = 4U * reader->core.info.pointer_bytes;
    size_t wanted = ht_core_row_bytes(reader, RECORD);
    if (wanted != reader->record_bytes || !ht_core_has(reader, TRACKER, TRACKER_BUCKETS)) {
        return ht_lookup_fail(error, HT_LOOKUP_MISMATCH,
                              "the table of fields at 0x%" PRIx64 " makes no sense: is the ELF "
                              "file that of the firmware that wrote the dump?",
                              table);
    }
    return true;
}

static bool read_header(ht_core_reader_t *reader, ht_lookup_error_t *error)
{
    uint8_t header[HEADER_BYTES];
    uint64_t self;
    uint64_t table;
    if (!ht_memory_read(reader->memory, reader->state, header, sizeof(header))) {
        return ht_lookup_fail(error, HT_LOOKUP_NOT_FOUND,
                              "heaptrail_state, at 0x%" PRIx64 ", is not in the dump: set "
                              "CONFIG_HEAPTRAIL_COREDUMP or CONFIG_ESP_COREDUMP_CAPTURE_DRAM",
                              reader->state);
    }
    if (!take_header(reader, header, error)) { return false; }
    unsigned pointer = reader->core.info.pointer_bytes;
    if (!ht_core_number(reader, reader->state + HEADER_BYTES, pointer, &self) ||
        !ht_core_number(reader, reader->state + HEADER_BYTES + pointer, pointer, &table)) {
        return ht_lookup_fail(error, HT_LOOKUP_DAMAGED, "the header of heaptrail_state is cut");
    }
    if (self != reader->state) {
        return ht_lookup_fail(error, HT_LOOKUP_DAMAGED,
                              "heaptrail_state lies at 0x%" PRIx64 ", and says 0x%" PRIx64
                              ": the image's address is wrong",
                              reader->state, self);
    }
    return read_fields(reader, table, (size_t)little(header + 14, 2), error);
}

/* --- finding it ------------------------------------------------------------------------------- */

/* The magic is in the firmware's constants too: the state is the one that knows where it lies. */
static bool search(ht_core_reader_t *reader)
{
    uint64_t at = 0;
    while (ht_memory_find(reader->memory, s_magic, sizeof(s_magic), 4, at, &at)) {
        uint64_t self = 0;
        uint64_t pointer = 0;
        (void)ht_core_number(reader, at + 12, 1, &pointer);
        if ((pointer == 4 || pointer == 8) &&
            ht_core_number(reader, at + HEADER_BYTES, (size_t)pointer, &self) && self == at) {
            reader->state = at;
            return true;
        }
        at++;
    }
    return false;
}

/* The ports of Linux have no image, or an invented one. */
#define IMAGE_NONE_MAX 1U

/* "0123abcd...", as far as it is hexadecimal. */
static size_t parse_hex(const char *text, uint8_t *bytes, size_t most)
{
    size_t count = 0;
    unsigned byte;
    for (; count < most && sscanf(text + 2 * count, "%2x", &byte) == 1 &&
           strspn(text + 2 * count, "0123456789abcdef") >= 2;
         count++) {
        bytes[count] = (uint8_t)byte;
    }
    return count;
}

size_t ht_core_firmware(const ht_memory_t *memory, uint8_t sha256[32])
{
    ht_core_reader_t reader = {.memory = memory};
    uint64_t image = 0;
    const char *told = ht_memory_firmware_sha(memory);
    if (told != NULL) { return parse_hex(told, sha256, 32); }
    if (!search(&reader) || !ht_core_number(&reader, reader.state + 24, 4, &image) ||
        image <= IMAGE_NONE_MAX) {
        return 0;
    }
    for (size_t i = 0; i < 4; i++) {
        sha256[i] = (uint8_t)(image >> 8 * i);
    }
    return 4;
}

static bool has_magic(const ht_core_reader_t *reader, uint64_t address)
{
    char there[sizeof(s_magic)];
    return ht_memory_read(reader->memory, address, there, sizeof(there)) &&
           memcmp(there, s_magic, sizeof(there)) == 0;
}

/* Where the symbol says; a program that was moved (PIE, a shared library) is searched for. */
static bool find_state(ht_core_reader_t *reader, const char *program, ht_lookup_error_t *error)
{
    uint64_t address;
    bool known = program != NULL && ht_memory_symbol(program, "heaptrail_state", &address);
    if (known && has_magic(reader, address)) {
        reader->state = address;
        return true;
    }
    if (search(reader)) {
        if (known && reader->core.info.pointer_bytes == 4) {
            ht_core_say(reader, "%s has heaptrail_state elsewhere: it is another program's.",
                        program);
        }
        return true;
    }
    if (known) {
        reader->state = address; /* read_header() says what is there instead */
        return true;
    }
    return ht_lookup_fail(error, HT_LOOKUP_NOT_FOUND,
                          "no heaptrail_state in the dump: the program had no heaptrail in it, or "
                          "the dump has not all of its memory (CONFIG_HEAPTRAIL_COREDUMP)");
}

static bool read_rows(ht_core_reader_t *reader)
{
    reader->now = ht_core_tracker(reader, TRACKER_LAST_TICK);
    reader->core.info.has_counters = ht_core_has(reader, TASK, 6) && ht_core_has(reader, HEAP, 9);
    return ht_core_read_origins(reader) && ht_core_read_tasks(reader) &&
           ht_core_read_heaps(reader) && ht_core_read_failures(reader) &&
           ht_core_read_blocks(reader) && ht_core_read_freed(reader);
}

ht_core_t *ht_core_open(const ht_memory_t *memory, const char *program,
                        const ht_core_progress_t *progress, ht_lookup_error_t *error)
{
    ht_core_reader_t *reader = calloc(1, sizeof(*reader));
    if (reader == NULL) {
        (void)ht_lookup_fail(error, HT_LOOKUP_NO_MEMORY, "no memory");
        return NULL;
    }
    reader->memory = memory;
    if (progress != NULL) { reader->progress = *progress; }
    bool good = find_state(reader, program, error) && read_header(reader, error);
    if (good && !read_rows(reader)) {
        good = ht_lookup_fail(error, HT_LOOKUP_NO_MEMORY, "no memory for the dump's tables");
    }
    if (!good) {
        ht_core_free(&reader->core);
        return NULL;
    }
    ht_core_count(reader);
    return &reader->core;
}
