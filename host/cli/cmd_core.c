/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail core: who held the heap when the machine stopped, from a core dump or an image of RAM.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ht_cli.h"
#include "ht_core_view.h"
#include "ht_elf_find.h"
#include "ht_parse.h"
#include "ht_symbols.h"

enum { KEY_IMAGE = 0x200, KEY_SORT, KEY_WHOIS, KEY_MIN_SIZE, KEY_OLDER };
enum { FILES_MAX = 64, DEFAULT_ROWS = 5 };

typedef struct {
    ht_output_options_t output;
    const char *dump[FILES_MAX];
    size_t dump_count;
    const char *image[FILES_MAX];
    size_t image_count;
    const char *elf[FILES_MAX];
    size_t elf_count;
    const char *report; /* NULL: all of s_all */
    heaptrail_report_t ask;
    uint64_t rows;
    bool has_whois;
} options_t;

/* What is being read. */
typedef struct {
    const options_t *options;
    ht_memory_t *memory;
    char *elf; /* the firmware's; NULL: none was found, or needed */
} dump_t;

/* --- options ---------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    int value;
} choice_t;

static const choice_t s_reports[] = {
    {"status", HEAPTRAIL_REPORT_STATUS},
    {"sites", HEAPTRAIL_REPORT_SITES},
    {"tasks", HEAPTRAIL_REPORT_TASKS},
    {"heaps", HEAPTRAIL_REPORT_HEAPS},
    {"oldest", HEAPTRAIL_REPORT_OLDEST},
    {"list", HEAPTRAIL_REPORT_LIST},
    {"failures", HEAPTRAIL_REPORT_FAILURES},
    {"freed", HEAPTRAIL_REPORT_COUNT},
    {NULL, 0},
};

static const choice_t s_sorts[] = {
    {"bytes", HEAPTRAIL_SORT_BYTES},
    {"blocks", HEAPTRAIL_SORT_BLOCKS},
    {"peak", HEAPTRAIL_SORT_PEAK},
    {"total", HEAPTRAIL_SORT_TOTAL},
    {"age", HEAPTRAIL_SORT_AGE},
    {"address", HEAPTRAIL_SORT_ADDRESS},
    {NULL, 0},
};

static const struct argp_option s_options[] = {
    {"elf", 'e', "PATH", 0,
     "The firmware's ELF file, for its constants and names, or a folder that has it: it is found "
     "by "
     "SHA-256. May be given several times. Also looked at: $HEAPTRAIL_ELF_PATH, build/*.elf",
     0},
    {"image", KEY_IMAGE, "FILE[@ADDRESS]", 0,
     "A copy of memory, which began at ADDRESS; may be given again. Without ADDRESS it has to hold "
     "heaptrail_state, which says where it lay",
     0},
    {"report", 'r', "NAME", 0,
     "Only this: status, sites, tasks, heaps, oldest, list, failures, freed", 0},
    {"rows", 'n', "COUNT", 0, "Rows per report; 0: all of them. Otherwise 5, as JSON all", 0},
    {"sort", KEY_SORT, "ORDER", 0,
     "Sites and tasks by bytes, blocks, peak or total; the list of blocks by bytes, age or address",
     0},
    {"whois", KEY_WHOIS, "ADDRESS", 0, "What this address is, whose block, who lives next to it",
     0},
    {"min-size", KEY_MIN_SIZE, "BYTES", 0, "Only blocks of at least so many bytes", 0},
    {"older", KEY_OLDER, "TIME", 0, "Only blocks older than that", 0},
    {0},
};

static int choose(struct argp_state *state, const choice_t *choices, const char *option,
                  const char *name)
{
    for (; choices->name != NULL; choices++) {
        if (strcmp(choices->name, name) == 0) { return choices->value; }
    }
    argp_error(state, "--%s does not know '%s'; see --help", option, name);
    return 0;
}

static void add_file(struct argp_state *state, const char **files, size_t *count, const char *file)
{
    if (*count == FILES_MAX) { argp_error(state, "more than %d files", FILES_MAX); }
    if (*count < FILES_MAX) { files[(*count)++] = file; }
}

static void take_rows(struct argp_state *state, options_t *options, const char *text)
{
    if (!ht_parse_number(text, &options->rows) || options->rows >= UINT32_MAX) {
        argp_error(state, "--rows takes a number, not '%s'", text);
    }
    if (options->rows == 0) { options->rows = UINT32_MAX; }
}

static void take_select(struct argp_state *state, options_t *options, int key, const char *text)
{
    uint64_t value = 0;
    bool good = key == KEY_MIN_SIZE ? ht_parse_size(text, &value)
                : key == KEY_OLDER  ? ht_parse_time(text, &value)
                                    : ht_parse_address(text, &value);
    if (!good) { argp_error(state, "'%s' makes no sense here", text); }
    if (key == KEY_MIN_SIZE) { options->ask.select.size_min = (size_t)value; }
    if (key == KEY_OLDER) { options->ask.select.age_min_us = value; }
    if (key == KEY_WHOIS) {
        options->ask.address = (const void *)(uintptr_t)value;
        options->has_whois = true;
    }
}

/* Of one report, an order that it has not is a mistake; of all of them, those that have it take it.
 */
static void check_sort(struct argp_state *state, const options_t *options)
{
    heaptrail_sort_t sort = options->ask.sort;
    if (options->report == NULL || sort == HEAPTRAIL_SORT_BYTES) { return; }
    heaptrail_report_kind_t kind = options->ask.kind;
    bool good = sort >= HEAPTRAIL_SORT_AGE
                    ? kind == HEAPTRAIL_REPORT_LIST
                    : kind == HEAPTRAIL_REPORT_SITES || kind == HEAPTRAIL_REPORT_TASKS;
    if (!good) { argp_error(state, "the report '%s' has no such order", options->report); }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    options_t *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->output;
        return 0;
    case 'e':
        add_file(state, options->elf, &options->elf_count, argument);
        return 0;
    case KEY_IMAGE:
        add_file(state, options->image, &options->image_count, argument);
        return 0;
    case 'r':
        options->ask.kind = (heaptrail_report_kind_t)choose(state, s_reports, "report", argument);
        options->report = argument;
        return 0;
    case 'n':
        take_rows(state, options, argument);
        return 0;
    case KEY_SORT:
        options->ask.sort = (heaptrail_sort_t)choose(state, s_sorts, "sort", argument);
        return 0;
    case KEY_WHOIS:
    case KEY_MIN_SIZE:
    case KEY_OLDER:
        take_select(state, options, key, argument);
        return 0;
    case ARGP_KEY_ARG:
        add_file(state, options->dump, &options->dump_count, argument);
        return 0;
    case ARGP_KEY_END:
        if (options->dump_count + options->image_count == 0) {
            argp_error(state, "no dump: a core file, or --image FILE");
        }
        check_sort(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool add_image(ht_memory_t *memory, const char *argument, ht_lookup_error_t *error)
{
    char path[4096];
    uint64_t address = HT_MEMORY_ANYWHERE;
    const char *at = strrchr(argument, '@');
    size_t length = at == NULL ? strlen(argument) : (size_t)(at - argument);
    if (length >= sizeof(path) || (at != NULL && !ht_parse_address(at + 1, &address))) {
        return ht_lookup_fail(error, HT_LOOKUP_BAD_CALL,
                              "--image takes FILE or FILE@ADDRESS, not '%s'", argument);
    }
    memcpy(path, argument, length);
    path[length] = '\0';
    return ht_memory_add_image(memory, path, address, error);
}

static bool add_files(const dump_t *dump, ht_lookup_error_t *error)
{
    const options_t *options = dump->options;
    bool good = true;
    for (size_t i = 0; good && i < options->dump_count; i++) {
        good = ht_memory_add_dump(dump->memory, options->dump[i], error);
    }
    for (size_t i = 0; good && i < options->image_count; i++) {
        good = add_image(dump->memory, options->image[i], error);
    }
    return good;
}

/* The ELF file that the dump names by its SHA-256; of a dump that names none, the one that was
 * given. A wrong one is told and left alone: its constants would be taken for the dump's. */
static bool add_firmware(dump_t *dump, ht_lookup_error_t *error)
{
    uint8_t sha256[32];
    ht_elf_found_t found;
    const ht_elf_search_t search = {.paths = dump->options->elf,
                                    .path_count = dump->options->elf_count};
    const size_t known = ht_core_firmware(dump->memory, sha256);
    const ht_elf_key_t key = {known >= 4 ? HT_ELF_BY_SHA256 : HT_ELF_UNKNOWN, sha256, known};
    if (known < 4 && search.path_count == 0) { return true; }
    if (!ht_elf_find(&search, &key, &found, error)) {
        if (search.path_count != 0) {
            ht_note_stderr(dump->options->output.quiet, "%s; going on without it", error->text);
        }
        return true;
    }
    dump->elf = found.path;
    return ht_memory_add_program(dump->memory, dump->elf, 0, error);
}

/* Names for return addresses: the firmware's, and those of the files that a Linux process had. */
static void add_symbols(ht_symbols_t *symbols, const dump_t *dump)
{
    ht_lookup_error_t error;
    ht_memory_object_t object;
    if (dump->elf != NULL &&
        !ht_symbols_add(symbols, &(ht_symbols_object_t){.path = dump->elf}, &error)) {
        ht_note_stderr(dump->options->output.quiet, "%s", error.text);
    }
    for (size_t i = 0; ht_memory_object(dump->memory, i, &object); i++) {
        (void)ht_symbols_add(
            symbols,
            &(ht_symbols_object_t){
                .path = object.path, .bias = object.bias, .start = object.start, .end = object.end},
            NULL);
    }
}

static const char *base_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash == NULL ? file : slash + 1;
}

static bool name_address(void *context, uintptr_t address, char *text, size_t size)
{
    const ht_symbol_t *symbol = ht_symbols_find(context, address, HT_ADDRESS_RETURN);
    const ht_symbol_frame_t *frame = &symbol->frames[0];
    if (frame->function == NULL) { return false; }
    if (frame->file != NULL) {
        (void)snprintf(text, size, "%s (%s:%" PRIu32 ")", frame->function, base_of(frame->file),
                       frame->line);
    } else {
        (void)snprintf(text, size, "%s+0x%" PRIx64, frame->function, symbol->offset);
    }
    return true;
}

/* --- writing ---------------------------------------------------------------------------------- */

static const heaptrail_report_kind_t s_all[] = {
    HEAPTRAIL_REPORT_STATUS, HEAPTRAIL_REPORT_FAILURES, HEAPTRAIL_REPORT_HEAPS,
    HEAPTRAIL_REPORT_SITES,  HEAPTRAIL_REPORT_TASKS,    HEAPTRAIL_REPORT_LIST,
    HEAPTRAIL_REPORT_OLDEST, HEAPTRAIL_REPORT_COUNT,
};

typedef struct {
    const ht_core_t *core;
    const ht_memory_t *memory;
    const options_t *options;
    ht_out_t out;
    ht_json_t json;
    bool first;
} writer_t;

static void write_out(void *context, const char *text, size_t length)
{
    (void)fwrite(text, 1, length, context);
}

/* A report is an object of its own, so that it goes into the array as it is. */
static void write_piece(void *context, const char *text, size_t length)
{
    writer_t *writer = context;
    while (length > 0 && text[length - 1] == '\n') {
        length--;
    }
    ht_out_raw(&writer->out, text, length);
}

static esp_err_t write_report(writer_t *writer, heaptrail_report_kind_t kind)
{
    heaptrail_report_t ask = writer->options->ask;
    ask.kind = kind;
    ask.json = writer->options->output.json;
    ask.width = writer->out.width;
    ask.color = writer->out.color;
    ask.max_rows = (uint32_t)writer->options->rows;
    if (ask.max_rows == 0 && !ask.json) { ask.max_rows = DEFAULT_ROWS; }
    bool of_blocks = ask.sort >= HEAPTRAIL_SORT_AGE;
    if (of_blocks != (kind == HEAPTRAIL_REPORT_LIST)) { ask.sort = HEAPTRAIL_SORT_BYTES; }
    if (!ask.json) {
        ht_out_flush(&writer->out);
        return heaptrail_report(&ask, write_out, stdout);
    }
    ht_out_raw(&writer->out, writer->first ? "\n" : ",\n", writer->first ? 1 : 2);
    writer->first = false;
    return heaptrail_report(&ask, write_piece, writer);
}

static size_t freed_rows(const writer_t *writer)
{
    size_t rows = (size_t)writer->options->rows;
    if (rows != 0) { return rows; }
    return writer->options->output.json ? SIZE_MAX : DEFAULT_ROWS;
}

static void write_text(writer_t *writer, const heaptrail_report_kind_t *kinds, size_t count)
{
    ht_core_view_notes(&writer->out, writer->core, writer->memory);
    for (size_t i = 0; i < count; i++) {
        ht_out_line(&writer->out);
        if (kinds[i] == HEAPTRAIL_REPORT_COUNT) {
            ht_core_view_freed(&writer->out, writer->core, freed_rows(writer));
        } else {
            (void)write_report(writer, kinds[i]);
        }
    }
}

static void write_json(writer_t *writer, const heaptrail_report_kind_t *kinds, size_t count)
{
    bool freed = false;
    ht_json_object(&writer->json, NULL);
    ht_json_number(&writer->json, "heaptrail", 1);
    ht_json_string(&writer->json, "report", "core", SIZE_MAX);
    ht_core_view_notes_json(&writer->json, writer->core, writer->memory);
    ht_json_array(&writer->json, "reports");
    for (size_t i = 0; i < count; i++) {
        freed = freed || kinds[i] == HEAPTRAIL_REPORT_COUNT;
        if (kinds[i] != HEAPTRAIL_REPORT_COUNT) { (void)write_report(writer, kinds[i]); }
    }
    writer->json.comma = true;
    ht_json_array_end(&writer->json);
    if (freed) { ht_core_view_freed_json(&writer->json, writer->core, freed_rows(writer)); }
    ht_json_object_end(&writer->json);
    ht_out_line(&writer->out);
}

static int write_all(const options_t *options, const ht_memory_t *memory, const ht_core_t *core)
{
    writer_t writer = {.core = core, .memory = memory, .options = options, .first = true};
    heaptrail_report_kind_t one = options->has_whois ? HEAPTRAIL_REPORT_WHOIS : options->ask.kind;
    bool all = options->report == NULL && !options->has_whois;
    const heaptrail_report_kind_t *kinds = all ? s_all : &one;
    size_t count = all ? sizeof(s_all) / sizeof(s_all[0]) : 1;
    heaptrail_block_row_t row;
    size_t offset;
    writer.json.out = &writer.out;
    ht_output_begin(&writer.out, &options->output, stdout);
    if (options->output.json) {
        write_json(&writer, kinds, count);
    } else {
        write_text(&writer, kinds, count);
    }
    ht_out_flush(&writer.out);
    bool unknown =
        options->has_whois && heaptrail_whois(options->ask.address, &row, &offset) != ESP_OK;
    return unknown ? HT_EXIT_FOUND : HT_EXIT_OK;
}

static int complain(const ht_lookup_error_t *error)
{
    return ht_complain(error->code == HT_LOOKUP_BAD_CALL    ? HT_EXIT_USAGE
                       : error->code == HT_LOOKUP_NO_MEMORY ? HT_EXIT_MEMORY
                                                            : HT_EXIT_INPUT,
                       "%s", error->text);
}

static void tell_progress(void *context, uint64_t done, uint64_t total)
{
    ht_progress_t *progress = context;
    progress->total = total;
    ht_progress_update(progress, done);
}

static ht_core_t *open_core(const dump_t *dump, ht_lookup_error_t *error)
{
    ht_progress_t progress;
    const ht_core_progress_t how = {tell_progress, &progress};
    ht_progress_begin(&progress, &dump->options->output, "reading the live table", 0);
    ht_core_t *core = ht_core_open(dump->memory, dump->elf, &how, error);
    ht_progress_end(&progress);
    return core;
}

/* What is wrong with the files may be why nothing was found in them. */
static void tell_notes(const dump_t *dump)
{
    const char *note;
    for (size_t i = 0; (note = ht_memory_note(dump->memory, i)) != NULL; i++) {
        ht_note_stderr(dump->options->output.quiet, "%s", note);
    }
}

static int run(dump_t *dump)
{
    ht_lookup_error_t error = {HT_LOOKUP_OK, ""};
    if (!add_files(dump, &error) || !add_firmware(dump, &error)) { return complain(&error); }
    ht_core_t *core = open_core(dump, &error);
    if (core == NULL) {
        tell_notes(dump);
        return complain(&error);
    }
    ht_symbols_t *symbols = ht_symbols_new(NULL);
    if (symbols != NULL) {
        add_symbols(symbols, dump);
        if (ht_symbols_module_count(symbols) != 0) { heaptrail_set_symbols(name_address, symbols); }
    }
    ht_core_view(core);
    int code = write_all(dump->options, dump->memory, core);
    heaptrail_set_symbols(NULL, NULL);
    ht_symbols_free(symbols);
    ht_core_free(core);
    return code;
}

int ht_cmd_core(int argc, char **argv)
{
    static const struct argp_child children[] = {{&ht_output_argp, 0, "Output:", 1}, {0}};
    static const struct argp argp = {
        s_options,
        parse,
        "[DUMP...]",
        "Who held the heap when the machine stopped: reads heaptrail's tables out of a core dump "
        "or an image of memory.\vDUMP is an ELF core file (of a Linux process, or of `idf.py "
        "coredump-info --save-core'), the core dump partition as read from flash, or the console's "
        "text with a core dump in base64.",
        children,
        NULL,
        NULL};
    options_t options = {.report = NULL};
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0) { return HT_EXIT_USAGE; }
    dump_t dump = {.options = &options, .memory = ht_memory_new()};
    if (dump.memory == NULL) { return ht_complain(HT_EXIT_MEMORY, "no memory"); }
    int code = run(&dump);
    ht_memory_free(dump.memory);
    free(dump.elf);
    return code;
}
