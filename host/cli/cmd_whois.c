/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail whois: whose address is this, and whose was it? */
#include <stdlib.h>
#include <string.h>

#include "ht_desk_cli.h"
#include "ht_parse.h"
#include "ht_strings.h"
#include "ht_units.h"

/* A block that had the address. Rows of origins and tasks are looked up when all is read: a task's
 * index may be given to another one, so its row is kept. */
typedef struct {
    uint64_t address, size, made_us, ended_us;
    uint32_t origin, task, ended_by; /* indices of the trace */
    bool ended, by_realloc, carried, pool;
} life_t;

typedef struct {
    ht_desk_options_t desk;
    uint64_t address;
    bool has_address;
    life_t *life;
    size_t lives, capacity;
    bool no_memory;
} whois_t;

/* --- the history --------------------------------------------------------------------------------
 */

static void begin_life(whois_t *whois, life_t life)
{
    uint64_t past = whois->address - life.address;
    if (past >= life.size && past != 0) { return; }
    if (!ht_array_room((void **)&whois->life, &whois->capacity, whois->lives,
                       sizeof(*whois->life))) {
        whois->no_memory = true;
        return;
    }
    whois->life[whois->lives++] = life;
}

/* The one that began last counts: what lay at the same address before has ended. */
static life_t *living(const whois_t *whois, uint64_t address, bool pool)
{
    for (size_t i = whois->lives; i-- > 0;) {
        life_t *life = &whois->life[i];
        if (life->address == address && life->pool == pool) { return life->ended ? NULL : life; }
    }
    return NULL;
}

static void end_life(whois_t *whois, const ht_event_t *event, uint64_t address, bool pool)
{
    life_t *life = living(whois, address, pool);
    if (life == NULL) { return; }
    life->ended = true;
    life->ended_us = event->time_us;
    life->ended_by = event->task;
    life->by_realloc = event->kind == HT_EVENT_FREE && event->free.by_realloc;
}

static void put_back(whois_t *whois, uint64_t address)
{
    for (size_t i = whois->lives; i-- > 0;) {
        life_t *life = &whois->life[i];
        if (life->address == address && !life->pool) {
            life->ended = life->ended && !life->by_realloc;
            return;
        }
    }
}

static void pool_block(whois_t *whois, const ht_event_t *event)
{
    if (event->pool.freed) {
        end_life(whois, event, event->pool.address, true);
        return;
    }
    begin_life(whois, (life_t){.address = event->pool.address,
                               .size = event->pool.size,
                               .made_us = event->time_us,
                               .origin = event->pool.origin,
                               .task = event->task,
                               .pool = true});
}

/* News only if nobody saw it made. */
static void snapshot_block(whois_t *whois, const ht_event_t *event)
{
    uint64_t age = event->block.age_us;
    if (living(whois, event->block.address, event->block.pool) != NULL) { return; }
    begin_life(whois, (life_t){.address = event->block.address,
                               .size = event->block.size,
                               .made_us = event->time_us > age ? event->time_us - age : 0,
                               .origin = event->block.origin,
                               .task = event->block.task,
                               .carried = true,
                               .pool = event->block.pool});
}

static void relabel(whois_t *whois, const ht_event_t *event)
{
    life_t *life = living(whois, event->relabel.address, false);
    if (life != NULL) { life->origin = event->relabel.origin; }
}

static void watch(void *context, const ht_event_t *event)
{
    whois_t *whois = context;
    switch (event->kind) {
    case HT_EVENT_BOOT:
        whois->lives = 0;
        return;
    case HT_EVENT_ALLOC:
        begin_life(whois, (life_t){.address = event->alloc.address,
                                   .size = event->alloc.size,
                                   .made_us = event->time_us,
                                   .origin = event->alloc.origin,
                                   .task = event->task});
        return;
    case HT_EVENT_FREE:
        end_life(whois, event, event->free.address, false);
        return;
    case HT_EVENT_PUT_BACK:
        put_back(whois, event->block.address);
        return;
    case HT_EVENT_RELABEL:
        relabel(whois, event);
        return;
    case HT_EVENT_POOL_BLOCK:
        pool_block(whois, event);
        return;
    case HT_EVENT_SNAPSHOT_BLOCK:
        snapshot_block(whois, event);
        return;
    default:
        return;
    }
}

/* --- at the end ---------------------------------------------------------------------------------
 */

typedef struct {
    uint64_t address;
    bool found, has_before, has_behind;
    ht_live_row_t block, before, behind;
} place_t;

/* The block that has it, a pool's before the one that the pool lies in; and its neighbours. */
static bool see_block(void *context, const ht_live_row_t *row)
{
    place_t *place = context;
    uint64_t past = place->address - row->address;
    if (past < row->size || past == 0) {
        bool inner = !place->found || row->pool;
        if (inner) { place->block = *row; }
        place->found = true;
    } else if (row->pool) {
        return true;
    } else if (row->address < place->address) {
        bool nearer = !place->has_before || row->address > place->before.address;
        if (nearer) { place->before = *row; }
        place->has_before = true;
    } else {
        bool nearer = !place->has_behind || row->address < place->behind.address;
        if (nearer) { place->behind = *row; }
        place->has_behind = true;
    }
    return true;
}

static ht_row_t row_of_origin(const ht_model_view_t *view, uint32_t index)
{
    for (uint32_t i = 0; i < view->origins; i++) {
        if (view->origin[i].index == index) { return i; }
    }
    return 0;
}

/* The task that had the index then. */
static ht_row_t row_of_task(const ht_model_view_t *view, uint32_t index, uint64_t time_us)
{
    ht_row_t row = 0;
    for (uint32_t i = 1; i < view->tasks; i++) {
        if (view->task[i].index != index) { continue; }
        if (row == 0 || view->task[i].began_us <= time_us) { row = i; }
    }
    return row;
}

static ht_row_t origin_of(const ht_model_view_t *view, const ht_live_row_t *block)
{
    return block->flow == UINT32_MAX ? 0 : view->flow[block->flow].origin;
}

static ht_row_t task_of(const ht_model_view_t *view, const ht_live_row_t *block)
{
    return block->flow == UINT32_MAX ? 0 : view->flow[block->flow].task;
}

/* --- text ---------------------------------------------------------------------------------------
 */

enum { WORDS = 2, BODY = 15 };

static void begin_line(ht_out_t *out, const char *words)
{
    ht_out_to(out, WORDS);
    ht_out_style(out, HT_STYLE_DIM);
    ht_out_text(out, words);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_to(out, BODY);
}

static void by_task(ht_desk_t *desk, ht_row_t task, uint64_t time_us)
{
    ht_out_t *out = &desk->r.out;
    ht_out_sentence(out, BODY);
    ht_out_text(out, "by task ");
    ht_out_name(out, ht_names_task(desk->names, task), SIZE_MAX);
    ht_out_text(out, ", ");
    ht_desk_moment(desk, time_us);
    if (time_us < desk->view.last_us) {
        ht_out_text(out, ", ");
        ht_out_time(out, desk->view.last_us - time_us);
        ht_out_text(out, " before the end");
    }
    ht_out_sentence_end(out);
}

static void origin_lines(ht_desk_t *desk, const char *words, ht_row_t origin)
{
    begin_line(&desk->r.out, words);
    ht_names_write(desk->names, &desk->r.out, origin);
    ht_names_write_stack(desk->names, &desk->r.out, origin, BODY, desk->frames);
}

static void neighbour(ht_desk_t *desk, const char *words, const ht_live_row_t *block, uint64_t gap,
                      const char *gap_words)
{
    ht_out_t *out = &desk->r.out;
    begin_line(out, words);
    ht_out_sentence(out, BODY);
    ht_out_text(out, ht_text_grouped(block->size).s);
    ht_out_text(out, " bytes at ");
    ht_out_address(out, block->address);
    ht_out_text(out, ", by task ");
    ht_out_name(out, ht_names_task(desk->names, task_of(&desk->view, block)), SIZE_MAX);
    ht_out_text(out, "; ");
    ht_out_text(out, gap_words);
    ht_out_text(out, " ");
    ht_out_count(out, gap, "byte");
    ht_out_text(out, " away");
    ht_out_sentence_end(out);
    ht_out_to(out, BODY);
    ht_names_write(desk->names, out, origin_of(&desk->view, block));
}

static void title(ht_desk_t *desk, uint64_t address, const place_t *place)
{
    ht_out_t *out = &desk->r.out;
    ht_desk_title(desk);
    ht_out_address(out, address);
    if (!place->found) {
        ht_out_text(out, " is in no live block");
    } else {
        uint64_t past = address - place->block.address;
        if (past == 0) {
            ht_out_text(out, " is a live block of ");
        } else {
            ht_out_text(out, " is ");
            ht_out_count(out, past, "byte");
            ht_out_text(out, " into a live block of ");
        }
        ht_out_count(out, place->block.size, "byte");
        if (past != 0) {
            ht_out_text(out, " at ");
            ht_out_address(out, place->block.address);
        }
        ht_out_text(out, place->block.pool ? " of a pool" : "");
    }
    ht_desk_title_end(desk);
}

static void history_line(ht_desk_t *desk, const life_t *life)
{
    ht_out_t *out = &desk->r.out;
    ht_row_t task = row_of_task(&desk->view, life->task, life->made_us);
    ht_out_to(out, WORDS);
    ht_out_right(out, 12, ht_text_time(life->made_us).s);
    ht_out_text(out, "  ");
    ht_names_write(desk->names, out, row_of_origin(&desk->view, life->origin));
    ht_out_sentence(out, 16);
    ht_out_count(out, life->size, "byte");
    ht_out_text(out, " at ");
    ht_out_address(out, life->address);
    ht_out_text(out, ", by task ");
    ht_out_name(out, ht_names_task(desk->names, task), SIZE_MAX);
    if (!life->ended) {
        ht_out_text(out, "; not freed");
    } else {
        ht_row_t by = row_of_task(&desk->view, life->ended_by, life->ended_us);
        ht_out_text(out, life->by_realloc ? "; resized after " : "; freed after ");
        ht_out_time(out, life->ended_us - life->made_us);
        ht_out_text(out, by == task ? " by the same" : " by task ");
        if (by != task) { ht_out_name(out, ht_names_task(desk->names, by), SIZE_MAX); }
    }
    ht_out_sentence_end(out);
}

static void history(const whois_t *whois, ht_desk_t *desk)
{
    ht_out_t *out = &desk->r.out;
    size_t shown = desk->top == 0 || whois->lives < desk->top ? whois->lives : desk->top;
    ht_out_line(out);
    ht_desk_title(desk);
    ht_out_text(out, "Blocks that had it, newest first: ");
    ht_out_text(out, ht_text_grouped(whois->lives).s);
    ht_desk_title_end(desk);
    for (size_t i = 0; i < shown; i++) {
        history_line(desk, &whois->life[whois->lives - 1U - i]);
    }
    if (shown < whois->lives) {
        ht_out_style(out, HT_STYLE_DIM);
        ht_out_number(out, whois->lives - shown);
        ht_out_text(out, " older ones not shown: --top 0");
        ht_out_style(out, HT_STYLE_PLAIN);
        ht_out_line(out);
    }
}

static void write_text(const whois_t *whois, ht_desk_t *desk, const place_t *place)
{
    ht_output_begin(&desk->r.out, &whois->desk.output, stdout);
    title(desk, whois->address, place);
    if (place->found) {
        origin_lines(desk, "allocated", origin_of(&desk->view, &place->block));
        by_task(desk, task_of(&desk->view, &place->block), place->block.time_us);
    }
    uint64_t start = place->found ? place->block.address : whois->address;
    uint64_t end = place->found ? start + place->block.size : start;
    if (place->has_before) {
        uint64_t gap = start - place->before.address - place->before.size;
        neighbour(desk, "before it", &place->before, gap, "ends");
    }
    if (place->has_behind) {
        neighbour(desk, "behind it", &place->behind, place->behind.address - end, "begins");
    }
    if (whois->lives != 0) { history(whois, desk); }
    ht_out_line(&desk->r.out);
    ht_loss_text(desk);
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static void block_tree(ht_desk_t *desk, json_t *object, const char *key, bool there,
                       const ht_live_row_t *block)
{
    if (!there) {
        json_object_set_new(object, key, json_null());
        return;
    }
    json_t *tree = ht_tree_object(object, key);
    ht_tree_address(tree, "address", block->address);
    ht_tree_number(tree, "size_bytes", block->size);
    ht_tree_number(tree, "time_us", block->time_us);
    ht_tree_number(tree, "age_us", desk->view.last_us - block->time_us);
    ht_tree_text(tree, "task", ht_names_task(desk->names, task_of(&desk->view, block)));
    ht_tree_number(tree, "core", block->core);
    ht_tree_bool(tree, "pool", block->pool);
    ht_names_tree(desk->names, tree, origin_of(&desk->view, block));
}

static bool write_json(const whois_t *whois, ht_desk_t *desk, const place_t *place)
{
    const ht_model_view_t *view = &desk->view;
    json_t *tree = ht_tree_report("whois");
    ht_tree_address(tree, "address", whois->address);
    ht_tree_number(tree, "time_us", view->last_us);
    block_tree(desk, tree, "block", place->found, &place->block);
    block_tree(desk, tree, "left", place->has_before, &place->before);
    block_tree(desk, tree, "right", place->has_behind, &place->behind);
    ht_tree_number(tree, "rows_total", whois->lives);
    json_t *rows = ht_tree_array(tree, "rows");
    size_t shown = desk->top == 0 || whois->lives < desk->top ? whois->lives : desk->top;
    for (size_t i = 0; i < shown; i++) {
        const life_t *life = &whois->life[whois->lives - 1U - i];
        json_t *row = ht_tree_row(rows);
        ht_row_t by = row_of_task(view, life->ended_by, life->ended_us);
        ht_tree_address(row, "address", life->address);
        ht_tree_number(row, "size_bytes", life->size);
        ht_tree_number(row, "time_us", life->made_us);
        ht_tree_text(row, "task",
                     ht_names_task(desk->names, row_of_task(view, life->task, life->made_us)));
        ht_tree_maybe(row, "freed_us", life->ended, life->ended_us);
        ht_tree_text(row, "freed_by", life->ended ? ht_names_task(desk->names, by) : NULL);
        ht_tree_bool(row, "by_realloc", life->by_realloc);
        ht_names_tree(desk->names, row, row_of_origin(view, life->origin));
    }
    ht_loss_tree(desk, ht_tree_object(tree, "loss"));
    return ht_tree_write(tree, stdout);
}

/* --- the verb -----------------------------------------------------------------------------------
 */

enum { KEY_TOP = 0x500 };

static const struct argp_option s_options[] = {
    {"top", KEY_TOP, "N", 0, "Earlier blocks to show; 0: all (default 10)", 0}, {0}};

static void argument(struct argp_state *state, whois_t *whois, char *text)
{
    if (!whois->has_address) {
        whois->has_address = true;
        if (!ht_parse_address(text, &whois->address)) {
            argp_error(state, "'%s' is no address", text);
        }
    } else {
        ht_take_trace(state, text, &whois->desk);
    }
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    whois_t *whois = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &whois->desk.session;
        state->child_inputs[1] = &whois->desk.naming;
        state->child_inputs[2] = &whois->desk.output;
        return 0;
    case KEY_TOP:
        ht_take_count(state, "--top", text, &whois->desk.top);
        return 0;
    case ARGP_KEY_ARG:
        argument(state, whois, text);
        return 0;
    case ARGP_KEY_END:
        if (whois->desk.session.path == NULL) {
            argp_error(state, "which address, in which trace?");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int answer(const whois_t *whois, ht_desk_t *desk)
{
    place_t place = {.address = whois->address};
    ht_model_each_block(desk->model, see_block, &place);
    bool good = !whois->no_memory;
    if (good && whois->desk.output.json) {
        good = write_json(whois, desk, &place);
    } else if (good) {
        write_text(whois, desk, &place);
    }
    if (!good) { return ht_complain(HT_EXIT_MEMORY, "no memory"); }
    return place.found || whois->lives != 0 ? HT_EXIT_OK : HT_EXIT_FOUND;
}

int ht_cmd_whois(int argc, char **argv)
{
    static const struct argp_child children[] = {{&ht_session_argp, 0, "Which part of it:", 1},
                                                 {&ht_naming_argp, 0, "Names:", 2},
                                                 {&ht_output_argp, 0, "Output:", 3},
                                                 {0}};
    static const struct argp argp = {
        s_options,
        parse,
        "ADDRESS TRACE",
        "Which block has an address, which ones had it before, and what lies beside it.\vExits "
        "with 1 if no block of the trace ever had it.",
        children,
        NULL,
        NULL};
    whois_t whois = {.desk = {.top = 10, .frames = 6}};
    ht_desk_cli_t cli;
    argp_parse(&argp, argc, argv, 0, NULL, &whois);
    int code = ht_desk_cli_open_watched(&cli, &whois.desk, watch, &whois);
    if (code == HT_EXIT_OK) { code = answer(&whois, &cli.desk); }
    ht_desk_cli_close(&cli);
    free(whois.life);
    return code;
}
