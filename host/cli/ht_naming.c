/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_naming.h"

#include <stdlib.h>
#include <string.h>

#include "ht_elf_find.h"

/* --- options ------------------------------------------------------------------------------------
 */

enum { KEY_ELF = 0x300, KEY_ROM_ELF, KEY_MAP, KEY_SOURCE, KEY_NO_SYMBOLS, KEY_DEBUGINFOD };

static const struct argp_option s_options[] = {
    {"elf", KEY_ELF, "PATH", 0,
     "The program's ELF file, or a folder that has it: it is found by SHA-256 or build-id. May be "
     "given several times. Also looked at: $HEAPTRAIL_ELF_PATH, build/*.elf",
     0},
    {"rom-elf", KEY_ROM_ELF, "FILE", 0,
     "The ELF file of the chip's ROM, for addresses that the program's has not. May be given "
     "several "
     "times",
     0},
    {"map", KEY_MAP, "FILE", 0, "The linker's map, for components", 0},
    {"source", KEY_SOURCE, "FROM=TO", 0,
     "Sources compiled in FROM are now in TO (for variables' names)", 0},
    {"no-symbols", KEY_NO_SYMBOLS, NULL, 0, "Addresses only", 0},
    {"debuginfod", KEY_DEBUGINFOD, NULL, 0, "Ask the servers of $DEBUGINFOD_URLS, too", 0},
    {0},
};

static void add_path(struct argp_state *state, const char *option, const char **paths,
                     size_t *count, const char *path)
{
    if (*count == HT_NAMING_PATHS) {
        argp_error(state, "%s: at most %d times", option, HT_NAMING_PATHS);
        return;
    }
    paths[(*count)++] = path;
}

static error_t parse_naming(int key, char *argument, struct argp_state *state)
{
    ht_naming_options_t *options = state->input;
    switch (key) {
    case KEY_ELF:
        add_path(state, "--elf", options->elf, &options->elfs, argument);
        return 0;
    case KEY_ROM_ELF:
        add_path(state, "--rom-elf", options->rom, &options->roms, argument);
        return 0;
    case KEY_MAP:
        options->map = argument;
        return 0;
    case KEY_SOURCE:
        if (strchr(argument, '=') == NULL || argument[0] == '=') {
            argp_error(state, "--source takes FROM=TO, not '%s'", argument);
        }
        add_path(state, "--source", options->source, &options->sources, argument);
        return 0;
    case KEY_NO_SYMBOLS:
        options->none = true;
        return 0;
    case KEY_DEBUGINFOD:
        options->debuginfod = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp ht_naming_argp = {s_options, parse_naming, NULL, NULL, NULL, NULL, NULL};

/* --- files --------------------------------------------------------------------------------------
 */

typedef struct {
    ht_naming_t *naming;
    const ht_naming_options_t *options;
    const ht_output_options_t *output;
    const ht_model_view_t *view;
} run_t;

/* Look for a file; `path` is to be freed. */
static bool find_elf(const run_t *run, ht_elf_key_t key, char **path, ht_lookup_error_t *error)
{
    ht_elf_search_t search = {.paths = run->options->elf, .path_count = run->options->elfs};
    ht_elf_found_t found = {0};
    bool good = ht_elf_find(&search, &key, &found, error);
    *path = found.path;
    return good;
}

/* Read it; `elf`: it has to be of that file. */
static void check_map(const run_t *run, const char *elf)
{
    ht_lookup_error_t error;
    if (run->options->map == NULL || run->naming->from.components == NULL) { return; }
    if (!ht_components_read_map(run->naming->from.components, run->options->map, NULL, &error)) {
        ht_note_stderr(run->output->quiet, "--map: %s", error.text);
        return;
    }
    if (elf != NULL && !ht_components_check_map(run->naming->from.components, elf, &error)) {
        ht_note_stderr(run->output->quiet, "--map: %s", error.text);
    }
}

static ht_elf_key_t key_of(const ht_hello_row_t *hello)
{
    if (hello->elf_sha256_bytes >= 4U) {
        return (ht_elf_key_t){HT_ELF_BY_SHA256, hello->elf_sha256, hello->elf_sha256_bytes};
    }
    if (hello->build_id_bytes != 0) {
        return (ht_elf_key_t){HT_ELF_BY_BUILD_ID, hello->build_id, hello->build_id_bytes};
    }
    return (ht_elf_key_t){HT_ELF_UNKNOWN, NULL, 0};
}

/* One file is all there is. */
static void open_firmware(const run_t *run)
{
    ht_lookup_error_t error;
    char *path = NULL;
    ht_elf_key_t key = key_of(run->view->hello);
    /* Whatever file may be there is no answer unless it was given. */
    bool good = key.kind != HT_ELF_UNKNOWN || run->options->elfs != 0;
    if (!good) {
        check_map(run, NULL);
        return;
    }
    good = find_elf(run, key, &path, &error) &&
           ht_symbols_add(run->naming->from.symbols, &(ht_symbols_object_t){.path = path}, &error);
    if (!good && run->options->elfs != 0) {
        ht_note_stderr(run->output->quiet, "%s; going on with addresses", error.text);
    }
    check_map(run, good ? path : NULL);
    free(path);
}

/* Nothing tells which one it must be. Before the program's own file: the last one is asked first.
 */
static void open_roms(const run_t *run)
{
    ht_lookup_error_t error;
    for (size_t i = 0; i < run->options->roms; i++) {
        const ht_symbols_object_t rom = {.path = run->options->rom[i]};
        if (!ht_symbols_add(run->naming->from.symbols, &rom, &error)) {
            ht_note_stderr(run->output->quiet, "--rom-elf: %s", error.text);
        }
    }
}

/* The object where it was, else a copy of it among what was given. */
static bool open_object(const run_t *run, const ht_object_row_t *object, ht_lookup_error_t *error)
{
    char *path = NULL;
    ht_symbols_object_t add = {.path = object->path,
                               .bias = (uint64_t)object->bias,
                               .start = object->start,
                               .end = object->end,
                               .build_id = object->build_id_bytes != 0 ? object->build_id : NULL,
                               .build_id_size = object->build_id_bytes};
    if (ht_symbols_add(run->naming->from.symbols, &add, error)) { return true; }
    ht_elf_key_t key = {HT_ELF_BY_BUILD_ID, object->build_id, object->build_id_bytes};
    bool good =
        run->options->elfs != 0 && object->build_id_bytes != 0 && find_elf(run, key, &path, error);
    add.path = path;
    good = good && ht_symbols_add(run->naming->from.symbols, &add, error);
    free(path);
    return good;
}

static void open_process(const run_t *run)
{
    ht_lookup_error_t error, first;
    uint32_t missing = 0;
    for (uint32_t i = 0; i < run->view->objects; i++) {
        if (open_object(run, &run->view->object[i], &error)) { continue; }
        if (missing == 0) { first = error; }
        missing++;
    }
    if (missing == 0) { return; }
    ht_note_stderr(run->output->quiet, "%u of %u files of the process are not usable: %s",
                   (unsigned)missing, (unsigned)run->view->objects, first.text);
}

/* --- sources ------------------------------------------------------------------------------------
 */

static bool add_source(ht_variables_t *variables, const char *pair)
{
    const char *equals = strchr(pair, '=');
    char *from = strndup(pair, (size_t)(equals - pair));
    bool good = from != NULL && ht_variables_substitute(variables, from, equals + 1);
    free(from);
    return good;
}

static bool open_sources(const run_t *run)
{
    ht_name_sources_t *from = &run->naming->from;
    const ht_symbols_options_t options = {.use_debuginfod = run->options->debuginfod};
    from->components = ht_components_new();
    if (from->components == NULL) { return false; }
    if (run->options->none) { return true; }
    from->symbols = ht_symbols_new(&options);
    from->variables = ht_variables_new();
    if (from->symbols == NULL || from->variables == NULL) { return false; }
    for (size_t i = 0; i < run->options->sources; i++) {
        if (!add_source(from->variables, run->options->source[i])) { return false; }
    }
    return true;
}

/* --- the whole ----------------------------------------------------------------------------------
 */

static void make_hint(const run_t *run)
{
    char sha[17] = "";
    const ht_hello_row_t *hello = run->view->hello;
    /* With a file, some addresses (the ROM's) are still in none, and looking at all takes time. */
    if (run->naming->from.symbols != NULL || run->options->none || run->view->objects != 0) {
        return;
    }
    uint32_t unnamed = ht_names_unnamed(run->naming->names);
    if (unnamed == 0) { return; }
    for (size_t i = 0; i < hello->elf_sha256_bytes && i < 8U; i++) {
        snprintf(&sha[2U * i], 3, "%02x", hello->elf_sha256[i]);
    }
    if (asprintf(&run->naming->hint,
                 "%u site%s addresses only. Names come from the program's ELF file%s%s%s: give it, "
                 "or a folder that has it, with --elf.",
                 (unsigned)unnamed, unnamed == 1 ? " has" : "s have",
                 sha[0] != '\0' ? " (SHA-256 " : "", sha, sha[0] != '\0' ? "...)" : "") < 0) {
        run->naming->hint = NULL;
    }
}

int ht_naming_open(ht_naming_t *naming, const ht_naming_options_t *options,
                   const ht_output_options_t *output, const ht_model_view_t *view)
{
    *naming = (ht_naming_t){0};
    run_t run = {naming, options, output, view};
    if (!open_sources(&run)) { return ht_complain(HT_EXIT_MEMORY, "no memory"); }
    if (naming->from.symbols != NULL && view->objects != 0) {
        open_process(&run);
        check_map(&run, NULL);
    } else if (naming->from.symbols != NULL) {
        open_roms(&run);
        open_firmware(&run);
    }
    /* No file: addresses are all there is, and nobody is to look them up. */
    if (naming->from.symbols != NULL && ht_symbols_module_count(naming->from.symbols) == 0) {
        ht_symbols_free(naming->from.symbols);
        naming->from.symbols = NULL;
    }
    naming->names = ht_names_new(view, naming->from);
    if (naming->names == NULL) { return ht_complain(HT_EXIT_MEMORY, "no memory"); }
    make_hint(&run);
    return HT_EXIT_OK;
}

void ht_naming_look_up_all(ht_naming_t *naming, const ht_output_options_t *output,
                           const ht_model_view_t *view)
{
    ht_progress_t progress;
    ht_progress_begin(&progress, output, "names", view->origins);
    for (uint32_t i = 0; i < view->origins; i++) {
        (void)ht_names_place(naming->names, i);
        ht_progress_update(&progress, i);
    }
    ht_progress_end(&progress);
}

void ht_naming_close(ht_naming_t *naming)
{
    ht_names_free(naming->names);
    ht_symbols_free(naming->from.symbols);
    ht_components_free(naming->from.components);
    ht_variables_free(naming->from.variables);
    free(naming->hint);
    *naming = (ht_naming_t){0};
}
