/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail info: what a trace is of, and what is in it. */
#include <stdlib.h>
#include <string.h>

#include "ht_desk_cli.h"
#include "ht_format.h"
#include "ht_units.h"

typedef struct {
    ht_desk_options_t desk;
    uint64_t count[HT_EVENT_KINDS]; /* in all boots */
    uint64_t events;
} info_t;

typedef struct {
    const char *key, *words;
} kind_t;

static const kind_t s_kinds[HT_EVENT_KINDS] = {
    [HT_EVENT_BOOT] = {"boots", "boots"},
    [HT_EVENT_HELLO] = {"hellos", "hello"},
    [HT_EVENT_ORIGIN] = {"origins", "origins defined"},
    [HT_EVENT_SITE] = {"sites", "sites defined"},
    [HT_EVENT_TASK] = {"tasks", "tasks defined"},
    [HT_EVENT_TASK_GONE] = {"tasks_deleted", "tasks deleted"},
    [HT_EVENT_HEAP] = {"heaps", "heaps defined"},
    [HT_EVENT_ALLOC] = {"allocations", "allocations"},
    [HT_EVENT_FREE] = {"frees", "frees"},
    [HT_EVENT_POOL_BLOCK] = {"pool_blocks", "pools' blocks"},
    [HT_EVENT_RELABEL] = {"relabels", "other origins"},
    [HT_EVENT_PUT_BACK] = {"failed_reallocs", "failed realloc()"},
    [HT_EVENT_HEAP_SAMPLE] = {"heap_samples", "heaps measured"},
    [HT_EVENT_MARK] = {"marks", "marks"},
    [HT_EVENT_FAILURE] = {"failures", "failed allocations"},
    [HT_EVENT_ERROR] = {"errors", "memory errors"},
    [HT_EVENT_LOSS] = {"losses", "losses told"},
    [HT_EVENT_SNAPSHOT] = {"snapshots", "snapshots"},
    [HT_EVENT_SNAPSHOT_BLOCK] = {"snapshot_blocks", "their blocks"},
    [HT_EVENT_SNAPSHOT_END] = {"snapshot_ends", "their ends"},
    [HT_EVENT_COUNTERS] = {"counters", "counters"},
    [HT_EVENT_SEARCH] = {"searches", "searches for leaks"},
    [HT_EVENT_SUSPECT] = {"suspects", "suspects found"},
    [HT_EVENT_END] = {"ends", "ends"},
};

/* A boot is not in the trace: the decoder finds it. */
static void count_event(void *context, const ht_event_t *event)
{
    info_t *info = context;
    info->count[event->kind]++;
    info->events += event->kind != HT_EVENT_BOOT ? 1U : 0U;
}

/* --- text ---------------------------------------------------------------------------------------
 */

enum { LABEL = 2, VALUE = 24 };

static void heading(ht_out_t *out, const char *words)
{
    ht_out_line(out);
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_text(out, words);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_line(out);
}

static void label(ht_out_t *out, const char *name)
{
    ht_out_to(out, LABEL);
    ht_out_style(out, HT_STYLE_DIM);
    ht_out_text(out, name);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_to(out, VALUE);
}

static void text_line(ht_out_t *out, const char *name, const char *text)
{
    if (text == NULL || *text == '\0') { return; }
    label(out, name);
    ht_out_name(out, text, SIZE_MAX);
    ht_out_line(out);
}

static void number_line(ht_out_t *out, const char *name, uint64_t number)
{
    label(out, name);
    ht_out_text(out, ht_text_grouped(number).s);
    ht_out_line(out);
}

static void hex_line(ht_out_t *out, const char *name, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    if (bytes == NULL || size == 0) { return; }
    label(out, name);
    for (size_t i = 0; i < size && i < 32U; i++) {
        const char pair[] = {digits[bytes[i] >> 4], digits[bytes[i] & 15U], '\0'};
        ht_out_text(out, pair);
    }
    ht_out_line(out);
}

/* Of a pipe, what came. (Where a piece is damaged, more is read than there is: some of it twice.)
 */
static uint64_t bytes_of(const ht_session_t *session)
{
    const uint64_t bytes = session->input.info.bytes;
    return bytes != 0 ? bytes : session->input.file_bytes;
}

static void file_lines(const info_t *info, const ht_session_t *session, ht_out_t *out)
{
    char text[64];
    const ht_decoder_status_t *decoder = &session->input.decoder;
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_name(out, info->desk.session.path, SIZE_MAX);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_text(out, ": ");
    ht_out_size(out, bytes_of(session));
    ht_out_text(out, ", ");
    ht_out_count(out, info->events, "event");
    ht_out_line(out);
    double each = info->events != 0
                      ? (double)(decoder->bytes - decoder->text_bytes) / (double)info->events
                      : 0.0;
    snprintf(text, sizeof(text), "%.2f bytes on the wire, %.2f in the file", each,
             info->events != 0 ? (double)bytes_of(session) / (double)info->events : 0.0);
    text_line(out, "an event takes", text);
    number_line(out, "frames", decoder->frames);
    const ht_trace_info_t *file = &session->input.info;
    if (file->indexed) {
        snprintf(text, sizeof(text), "%u chunks, %u checkpoints", (unsigned)file->chunks,
                 (unsigned)file->checkpoints);
        text_line(out, "index", text);
    }
    if (decoder->text_bytes != 0) {
        label(out, "other bytes between");
        ht_out_size(out, decoder->text_bytes);
        ht_out_line(out);
    }
    if (session->input.damages != 0) {
        number_line(out, "damaged places", session->input.damages);
        number_line(out, "bytes not decoded", session->input.damage_bytes);
    }
}

static void boot_lines(const ht_session_t *session, ht_out_t *out)
{
    char boot[32];
    heading(out, "Boots");
    for (size_t i = 0; i < session->boots; i++) {
        const ht_session_boot_t *row = &session->boot[i];
        snprintf(boot, sizeof(boot), "%zu  0x%04x", i + 1U, (unsigned)row->boot);
        label(out, boot);
        ht_out_text(out, "from ");
        ht_out_time(out, row->first_us);
        ht_out_text(out, " to ");
        ht_out_time(out, row->last_us);
        ht_out_text(out, ", ");
        ht_out_count(out, row->events, "event");
        ht_out_text(out, row->before_reset ? ", from before a reset" : "");
        ht_out_line(out);
    }
}

static void policy_line(ht_out_t *out, uint64_t policy)
{
    char text[64] = "";
    if ((policy & 1U) != 0) { strcat(text, "frames are complete; "); }
    strcat(text, (policy & 2U) != 0   ? "loses the oldest"
                 : (policy & 4U) != 0 ? "waits instead of losing"
                                      : "loses the newest");
    text_line(out, "when the ring is full", text);
}

static void hello_lines(const ht_model_view_t *view, ht_out_t *out)
{
    const ht_hello_row_t *hello = view->hello;
    heading(out, "Of");
    text_line(out, "application", hello->app_name);
    text_line(out, "version", hello->app_version);
    text_line(out, "compiled", hello->compiled);
    text_line(out, "program", hello->program);
    if (hello->pid != 0) { number_line(out, "process", hello->pid); }
    text_line(out, "machine", hello->chip);
    text_line(out, "ESP-IDF", hello->idf_version);
    text_line(out, "heaptrail", hello->heaptrail_version);
    hex_line(out, "ELF file's SHA-256", hello->elf_sha256, hello->elf_sha256_bytes);
    hex_line(out, "build-id", hello->build_id, hello->build_id_bytes);
    if (view->objects != 0) { number_line(out, "files in the process", view->objects); }
    if (hello->cores != 0) { number_line(out, "cores", hello->cores); }
    if (hello->stack_depth != 0) { number_line(out, "frames per stack", hello->stack_depth); }
    if (hello->max_blocks != 0) { number_line(out, "records in its table", hello->max_blocks); }
    if (hello->ring_bytes != 0) {
        label(out, "ring");
        ht_out_size(out, hello->ring_bytes);
        ht_out_line(out);
    }
    policy_line(out, hello->policy);
}

static void kind_lines(const info_t *info, ht_out_t *out)
{
    heading(out, "Events");
    for (unsigned i = 0; i < HT_EVENT_KINDS; i++) {
        if (i == HT_EVENT_BOOT || info->count[i] == 0) { continue; }
        label(out, s_kinds[i].words);
        ht_out_right(out, 12, ht_text_grouped(info->count[i]).s);
        ht_out_line(out);
    }
    ht_out_line(out);
}

static void write_text(const info_t *info, const ht_session_t *session, ht_desk_t *desk)
{
    ht_out_t *out = &desk->r.out;
    ht_output_begin(out, &info->desk.output, stdout);
    file_lines(info, session, out);
    boot_lines(session, out);
    hello_lines(&session->view, out);
    kind_lines(info, out);
    ht_loss_text(desk);
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static void hello_tree(const ht_model_view_t *view, json_t *object)
{
    const ht_hello_row_t *hello = view->hello;
    ht_tree_name(object, "app", hello->app_name);
    ht_tree_name(object, "app_version", hello->app_version);
    ht_tree_name(object, "compiled", hello->compiled);
    ht_tree_name(object, "program", hello->program);
    ht_tree_name(object, "chip", hello->chip);
    ht_tree_name(object, "idf_version", hello->idf_version);
    ht_tree_name(object, "heaptrail_version", hello->heaptrail_version);
    ht_tree_hex(object, "elf_sha256", hello->elf_sha256, hello->elf_sha256_bytes);
    ht_tree_hex(object, "build_id", hello->build_id, hello->build_id_bytes);
    ht_tree_maybe(object, "wall_clock_us", hello->has_wall_clock, hello->wall_clock_us);
    ht_tree_maybe(object, "generation", hello->has_generation, hello->generation);
    ht_tree_maybe(object, "reset_reason", hello->has_reset_reason, hello->reset_reason);
    ht_tree_maybe(object, "pid", hello->pid != 0, hello->pid);
    ht_tree_number(object, "tick_hz", hello->tick_hz);
    ht_tree_number(object, "cores", hello->cores);
    ht_tree_number(object, "stack_depth", hello->stack_depth);
    ht_tree_number(object, "max_blocks", hello->max_blocks);
    ht_tree_number(object, "ring_bytes", hello->ring_bytes);
    ht_tree_number(object, "policy", hello->policy);
    ht_tree_number(object, "objects", view->objects);
}

static void boots_tree(const ht_session_t *session, json_t *array)
{
    for (size_t i = 0; i < session->boots; i++) {
        json_t *row = ht_tree_row(array);
        ht_tree_number(row, "boot", session->boot[i].boot);
        ht_tree_bool(row, "before_reset", session->boot[i].before_reset);
        ht_tree_number(row, "events", session->boot[i].events);
        ht_tree_number(row, "first_us", session->boot[i].first_us);
        ht_tree_number(row, "last_us", session->boot[i].last_us);
    }
}

static bool write_json(const info_t *info, const ht_session_t *session, ht_desk_t *desk)
{
    const ht_decoder_status_t *decoder = &session->input.decoder;
    json_t *tree = ht_tree_report("info");
    ht_tree_text(tree, "trace", info->desk.session.path);
    ht_tree_number(tree, "file_bytes", bytes_of(session));
    ht_tree_number(tree, "wire_bytes", decoder->bytes - decoder->text_bytes);
    ht_tree_number(tree, "text_bytes", decoder->text_bytes);
    ht_tree_number(tree, "frames", decoder->frames);
    ht_tree_bool(tree, "recorded", session->input.info.kind == HT_TRACE_RECORDED);
    ht_tree_bool(tree, "indexed", session->input.info.indexed);
    ht_tree_number(tree, "chunks", session->input.info.chunks);
    ht_tree_number(tree, "checkpoints", session->input.info.checkpoints);
    ht_tree_number(tree, "events", info->events);
    boots_tree(session, ht_tree_array(tree, "boots"));
    hello_tree(&session->view, ht_tree_object(tree, "hello"));
    json_t *kinds = ht_tree_object(tree, "event_kinds");
    for (unsigned i = 0; i < HT_EVENT_KINDS; i++) {
        if (i != HT_EVENT_BOOT) { ht_tree_number(kinds, s_kinds[i].key, info->count[i]); }
    }
    ht_loss_tree(desk, ht_tree_object(tree, "loss"));
    return ht_tree_write(tree, stdout);
}

/* --- the verb -----------------------------------------------------------------------------------
 */

static error_t parse(int key, char *argument, struct argp_state *state)
{
    info_t *info = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &info->desk.output;
        return 0;
    case ARGP_KEY_ARG:
        ht_take_trace(state, argument, &info->desk);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which trace? (- is standard input)");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int ht_cmd_info(int argc, char **argv)
{
    static const struct argp_child children[] = {{&ht_output_argp, 0, "Output:", 1}, {0}};
    static const struct argp argp = {
        NULL,     parse,
        "TRACE",  "What a trace is of, how long, how many events of which kind, what is missing.",
        children, NULL,
        NULL};
    info_t info = {0};
    ht_session_t session;
    argp_parse(&argp, argc, argv, 0, NULL, &info);
    int code = ht_session_open(&session, &info.desk.session, &info.desk.output, count_event, &info);
    if (code == HT_EXIT_OK) {
        ht_desk_t desk = {.view = session.view,
                          .about = {.damage_bytes = session.input.damage_bytes,
                                    .lost_frames = session.input.decoder.lost_frames}};
        bool good = true;
        if (info.desk.output.json) {
            good = write_json(&info, &session, &desk);
        } else {
            write_text(&info, &session, &desk);
        }
        code = good ? HT_EXIT_OK : ht_complain(HT_EXIT_MEMORY, "no memory");
    }
    ht_session_close(&session);
    return code;
}
