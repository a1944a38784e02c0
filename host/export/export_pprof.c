/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* pprof's profile.proto, in gzip: Go's four heap values first, so that its viewers know them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "ht_export.h"
#include "pprof.pb-c.h"

typedef Heaptrail__Pprof__Profile profile_pb_t;
typedef Heaptrail__Pprof__ValueType value_type_pb_t;
typedef Heaptrail__Pprof__Sample sample_pb_t;
typedef Heaptrail__Pprof__Label label_pb_t;
typedef Heaptrail__Pprof__Mapping mapping_pb_t;
typedef Heaptrail__Pprof__Location location_pb_t;
typedef Heaptrail__Pprof__Line line_pb_t;
typedef Heaptrail__Pprof__Function function_pb_t;

typedef struct {
    const char *name, *unit;
    ht_profile_value_t value;
    bool bytes;
} type_t;

static const type_t s_types[] = {
    {"alloc_objects", "count", HT_VALUE_TOTAL, false},
    {"alloc_space", "bytes", HT_VALUE_TOTAL, true},
    {"inuse_objects", "count", HT_VALUE_LIVE, false},
    {"inuse_space", "bytes", HT_VALUE_LIVE, true},
    {"peak_objects", "count", HT_VALUE_PEAK, false},
    {"peak_space", "bytes", HT_VALUE_PEAK, true},
    {"temporary_objects", "count", HT_VALUE_TEMPORARY, false},
};
#define PIECE_BYTES ((size_t)1 << 20)
#define TYPES (sizeof(s_types) / sizeof(s_types[0]))

/* The message under way. All its memory is in the pool, but for the lists that grow. */
typedef struct {
    const ht_export_t *export;
    ht_strings_t pool;
    profile_pb_t message;
    size_t string_capacity;
    bool failed; /* no memory */
} build_t;

static void *room(build_t *build, size_t bytes)
{
    void *memory = ht_strings_room(&build->pool, bytes == 0 ? 1 : bytes);
    build->failed = build->failed || memory == NULL;
    return memory;
}

/* Room for `count` pointers to structures of `bytes` each, and these: all in one. NULL: failed. */
static void **list(build_t *build, size_t count, size_t bytes)
{
    bytes = (bytes + 15U) & ~(size_t)15U;
    void **pointers = room(build, count * sizeof(void *));
    char *structures = room(build, count * bytes);
    if (build->failed) { return NULL; }
    for (size_t i = 0; i < count; i++) {
        pointers[i] = structures + i * bytes;
    }
    return pointers;
}

/* --- strings ---------------------------------------------------------------------------------- */

/* The number of a string. Equal ones may come twice; names come from tables, where they are once.
 */
static int64_t string_number(build_t *build, const char *text)
{
    profile_pb_t *message = &build->message;
    if (text == NULL || text[0] == '\0') { return 0; }
    if (!ht_array_room((void **)&message->string_table, &build->string_capacity,
                       message->n_string_table, sizeof(char *))) {
        build->failed = true;
        return 0;
    }
    message->string_table[message->n_string_table] = (char *)(uintptr_t)text;
    return (int64_t)message->n_string_table++;
}

static value_type_pb_t *value_type(build_t *build, const char *name, const char *unit)
{
    value_type_pb_t *type = room(build, sizeof(*type));
    if (type == NULL) { return NULL; }
    heaptrail__pprof__value_type__init(type);
    type->type = string_number(build, name);
    type->unit = string_number(build, unit);
    return type;
}

static void add_types(build_t *build)
{
    static const unsigned shown[HT_VALUES] = {
        [HT_VALUE_TOTAL] = 1, [HT_VALUE_LIVE] = 3, [HT_VALUE_PEAK] = 5, [HT_VALUE_TEMPORARY] = 6};
    profile_pb_t *message = &build->message;
    message->sample_type = room(build, TYPES * sizeof(value_type_pb_t *));
    for (size_t i = 0; !build->failed && i < TYPES; i++) {
        message->sample_type[message->n_sample_type++] =
            value_type(build, s_types[i].name, s_types[i].unit);
    }
    message->period_type = value_type(build, "space", "bytes");
    message->period = 1; /* nothing is sampled */
    if (build->failed) { return; }
    message->default_sample_type = message->sample_type[shown[build->export->options.what]]->type;
}

/* --- where ------------------------------------------------------------------------------------ */

static const char *hex(build_t *build, const uint8_t *bytes, size_t size)
{
    char *text = room(build, 2 * size + 1);
    for (size_t i = 0; text != NULL && i < size; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    return text;
}

static mapping_pb_t *init_mapping(void *memory, size_t id, uint64_t start, uint64_t limit)
{
    mapping_pb_t *mapping = memory;
    heaptrail__pprof__mapping__init(mapping);
    mapping->id = id;
    mapping->memory_start = start;
    mapping->memory_limit = limit;
    mapping->has_functions = mapping->has_filenames = mapping->has_line_numbers = true;
    mapping->has_inline_frames = true; /* so that no viewer looks for symbols again */
    return mapping;
}

/* The objects of a process; of a firmware one, for all addresses. */
static void add_mappings(build_t *build)
{
    const ht_model_view_t *view = &build->export->profile->view;
    const ht_hello_row_t *hello = view->hello;
    size_t count = view->objects == 0 ? 1 : view->objects;
    void **mapping = list(build, count, sizeof(mapping_pb_t));
    if (mapping == NULL) { return; }
    for (size_t i = 0; i < view->objects; i++) {
        const ht_object_row_t *object = &view->object[i];
        mapping_pb_t *to = init_mapping(mapping[i], i + 1, object->start, object->end);
        to->filename = string_number(build, object->path);
        to->build_id = string_number(build, hex(build, object->build_id, object->build_id_bytes));
    }
    if (view->objects == 0) {
        uint64_t limit = view->pointer_bytes == 4 ? UINT32_MAX : UINT64_MAX;
        mapping_pb_t *to = init_mapping(mapping[0], 1, 0, limit);
        to->filename = string_number(build, ht_profile_name(build->export->profile));
        if (hello->elf_sha256_bytes != 0) {
            to->build_id =
                string_number(build, hex(build, hello->elf_sha256, hello->elf_sha256_bytes));
        }
    }
    build->message.mapping = (mapping_pb_t **)mapping;
    build->message.n_mapping = count;
}

static uint64_t mapping_of(const build_t *build, uint64_t address)
{
    for (size_t i = 0; i < build->message.n_mapping; i++) {
        const mapping_pb_t *mapping = build->message.mapping[i];
        if (address - mapping->memory_start < mapping->memory_limit - mapping->memory_start) {
            return mapping->id;
        }
    }
    return 0;
}

static void add_functions(build_t *build)
{
    const ht_profile_t *profile = build->export->profile;
    void **function = list(build, profile->functions, sizeof(function_pb_t));
    for (size_t i = 0; function != NULL && i < profile->functions; i++) {
        function_pb_t *to = function[i];
        heaptrail__pprof__function__init(to);
        to->id = i + 1;
        to->name = string_number(build, profile->function[i].name);
        to->system_name = to->name;
        to->filename = string_number(build, profile->function[i].file);
    }
    build->message.function = (function_pb_t **)function;
    build->message.n_function = function == NULL ? 0 : profile->functions;
}

static void add_lines(build_t *build, location_pb_t *to, const ht_profile_location_t *from)
{
    void **line = list(build, from->count, sizeof(line_pb_t));
    for (uint32_t i = 0; line != NULL && i < from->count; i++) {
        const ht_profile_frame_t *frame = &build->export->profile->frame[from->first + i];
        line_pb_t *of = line[i];
        heaptrail__pprof__line__init(of);
        of->function_id = frame->function + 1U;
        of->line = frame->line;
    }
    to->line = (line_pb_t **)line;
    to->n_line = line == NULL ? 0 : from->count;
}

static void add_locations(build_t *build)
{
    const ht_profile_t *profile = build->export->profile;
    void **location = list(build, profile->locations, sizeof(location_pb_t));
    for (size_t i = 0; location != NULL && i < profile->locations; i++) {
        const ht_profile_location_t *from = &profile->location[i];
        location_pb_t *to = location[i];
        heaptrail__pprof__location__init(to);
        to->id = i + 1;
        to->address = from->address;
        to->mapping_id = from->address == 0 ? 1 : mapping_of(build, from->address);
        add_lines(build, to, from);
    }
    build->message.location = (location_pb_t **)location;
    build->message.n_location = location == NULL ? 0 : profile->locations;
}

/* --- samples ---------------------------------------------------------------------------------- */

typedef struct {
    int64_t task, heap; /* the keys of labels */
    int64_t *tasks, *heaps;
} labels_t;

static int64_t *names(build_t *build, size_t count)
{
    return room(build, count * sizeof(int64_t));
}

static labels_t labels_of(build_t *build)
{
    const ht_model_view_t *view = &build->export->profile->view;
    labels_t labels = {string_number(build, "task"), string_number(build, "heap"),
                       names(build, view->tasks), names(build, view->heaps)};
    for (size_t i = 0; !build->failed && i < view->tasks; i++) {
        labels.tasks[i] = string_number(build, view->task[i].name);
    }
    for (size_t i = 0; !build->failed && i < view->heaps; i++) {
        labels.heaps[i] = string_number(build, view->heap[i].name);
    }
    return labels;
}

static void add_labels(build_t *build, sample_pb_t *sample, const ht_profile_row_t *row,
                       const labels_t *labels)
{
    const int64_t pairs[2][2] = {{labels->task, labels->tasks[row->task]},
                                 {labels->heap, labels->heaps[row->heap]}};
    void **label = list(build, 2, sizeof(label_pb_t));
    for (size_t i = 0; label != NULL && i < 2; i++) {
        label_pb_t *to = label[sample->n_label];
        if (pairs[i][1] == 0) { continue; }
        heaptrail__pprof__label__init(to);
        to->key = pairs[i][0];
        to->str = pairs[i][1];
        sample->n_label++;
    }
    sample->label = (label_pb_t **)label;
}

static void fill_sample(build_t *build, sample_pb_t *sample, const ht_profile_row_t *row)
{
    const ht_profile_stack_t *stack = &build->export->profile->stack[row->origin];
    sample->location_id = room(build, stack->count * sizeof(uint64_t));
    sample->value = room(build, TYPES * sizeof(int64_t));
    if (build->failed) { return; }
    for (uint32_t i = 0; i < stack->count; i++) {
        sample->location_id[i] = stack->location[i] + 1U;
    }
    for (size_t i = 0; i < TYPES; i++) {
        const ht_profile_amount_t *amount = &row->value[s_types[i].value];
        sample->value[i] = (int64_t)(s_types[i].bytes ? amount->bytes : amount->blocks);
    }
    sample->n_location_id = stack->count;
    sample->n_value = TYPES;
}

static void add_samples(build_t *build)
{
    const ht_profile_t *profile = build->export->profile;
    labels_t labels = labels_of(build);
    void **sample = list(build, profile->rows, sizeof(sample_pb_t));
    for (size_t i = 0; !build->failed && i < profile->rows; i++) {
        heaptrail__pprof__sample__init(sample[i]);
        fill_sample(build, sample[i], &profile->row[i]);
        add_labels(build, sample[i], &profile->row[i], &labels);
    }
    build->message.sample = (sample_pb_t **)sample;
    build->message.n_sample = build->failed ? 0 : profile->rows;
}

static void add_times(build_t *build)
{
    const ht_model_view_t *view = &build->export->profile->view;
    if (view->hello->has_wall_clock) {
        build->message.time_nanos =
            (int64_t)((view->hello->wall_clock_us + view->window_us) * 1000U);
    }
    build->message.duration_nanos = (int64_t)((view->last_us - view->window_us) * 1000U);
}

/* --- gzip ------------------------------------------------------------------------------------- */

/* Compress a piece. False: deflate() failed. */
static bool write_piece(FILE *file, z_stream *zip, int flush)
{
    uint8_t out[65536];
    do {
        zip->next_out = out;
        zip->avail_out = sizeof(out);
        if (deflate(zip, flush) == Z_STREAM_ERROR) { return false; }
        (void)fwrite(out, 1, sizeof(out) - zip->avail_out, file);
    } while (zip->avail_out == 0);
    return true;
}

static bool write_gzip(FILE *file, uint8_t *bytes, size_t size)
{
    z_stream zip = {.next_in = bytes};
    bool good = true;
    /* 15 bits of window, and 16: with gzip's header. */
    if (deflateInit2(&zip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        return false;
    }
    for (size_t at = 0; good && at < size;) {
        size_t piece = size - at < PIECE_BYTES ? size - at : PIECE_BYTES;
        zip.next_in = bytes + at;
        zip.avail_in = (uInt)piece;
        at += piece;
        good = write_piece(file, &zip, at == size ? Z_FINISH : Z_NO_FLUSH);
    }
    (void)deflateEnd(&zip);
    return good;
}

bool ht_export_pprof(const ht_export_t *export)
{
    build_t build = {.export = export};
    heaptrail__pprof__profile__init(&build.message);
    if (ht_array_room((void **)&build.message.string_table, &build.string_capacity, 0,
                      sizeof(char *))) {
        build.message.string_table[build.message.n_string_table++] = (char *)(uintptr_t) "";
        add_types(&build);
        add_mappings(&build);
        add_functions(&build);
        add_locations(&build);
        add_samples(&build);
        add_times(&build);
    } else {
        build.failed = true;
    }
    size_t size = build.failed ? 0 : heaptrail__pprof__profile__get_packed_size(&build.message);
    uint8_t *bytes = malloc(size + 1);
    bool good = !build.failed && bytes != NULL;
    if (good) {
        (void)heaptrail__pprof__profile__pack(&build.message, bytes);
        good = write_gzip(export->file, bytes, size);
    }
    free(bytes);
    free(build.message.string_table);
    ht_strings_free(&build.pool);
    return good;
}
