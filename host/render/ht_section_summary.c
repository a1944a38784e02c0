/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The summary, and what was lost. */
#include <inttypes.h>
#include <stdio.h>

#include "ht_desk.h"
#include "ht_format.h"
#include "ht_units.h"

/* --- text ---------------------------------------------------------------------------------------
 */

static const char *or_else(const char *text, const char *otherwise)
{
    return text != NULL && *text != '\0' ? text : otherwise;
}

static void title(ht_desk_t *desk)
{
    const ht_hello_row_t *hello = desk->view.hello;
    ht_out_t *out = &desk->r.out;
    char boot[16];
    ht_desk_title(desk);
    ht_out_name(out, or_else(hello->app_name, or_else(hello->program, "A trace")), SIZE_MAX);
    if (or_else(hello->app_version, NULL) != NULL) {
        ht_out_text(out, " ");
        ht_out_name(out, hello->app_version, SIZE_MAX);
    }
    if (or_else(hello->chip, NULL) != NULL) {
        ht_out_text(out, " on ");
        ht_out_name(out, hello->chip, SIZE_MAX);
    }
    if (or_else(hello->idf_version, NULL) != NULL) {
        ht_out_text(out, ", ESP-IDF ");
        ht_out_name(out, hello->idf_version, SIZE_MAX);
    }
    snprintf(boot, sizeof(boot), "0x%04" PRIx32, desk->view.boot);
    ht_out_text(out, ": boot ");
    ht_out_text(out, boot);
    if (desk->about.boots > 1) {
        ht_out_text(out, ", number ");
        ht_out_number(out, desk->about.boot);
        ht_out_text(out, " of ");
        ht_out_number(out, desk->about.boots);
        ht_out_text(out, " in the trace");
    }
    ht_desk_title_end(desk);
}

static void label(ht_out_t *out, const char *name)
{
    ht_out_sentence(out, 2);
    ht_out_style(out, HT_STYLE_DIM);
    ht_out_text(out, name);
    ht_out_style(out, HT_STYLE_PLAIN);
    out->indent = 12;
    for (size_t i = ht_name_length(name, 10); i < 10U; i++) {
        ht_out_text(out, HT_HARD_SPACE);
    }
}

static void time_line(ht_desk_t *desk)
{
    const ht_model_view_t *view = &desk->view;
    ht_out_t *out = &desk->r.out;
    label(out, "time");
    ht_out_time(out, view->last_us - view->window_us);
    if (view->window_us != view->first_us || view->window_us > 1000000U) {
        ht_out_text(out, ", from ");
        ht_out_time(out, view->window_us);
        ht_out_text(out, " to ");
        ht_out_time(out, view->last_us);
        ht_out_text(out, " after boot");
    }
    ht_out_text(out, "; ");
    ht_out_count(out, view->events - view->events_before, "event");
    ht_out_sentence_end(out);
}

static void live_line(ht_desk_t *desk)
{
    const ht_model_view_t *view = &desk->view;
    ht_out_t *out = &desk->r.out;
    label(out, "live");
    ht_out_size(out, view->live_bytes);
    ht_out_text(out, " in ");
    ht_out_count(out, view->live_blocks, "block");
    ht_out_text(out, " at the end");
    if (view->carried_blocks != 0) {
        ht_out_text(out, "; ");
        ht_out_count(out, view->carried_blocks, "block");
        ht_out_text(out, view->carried_blocks == 1 ? " was" : " were");
        ht_out_text(out, " there before");
    }
    if (view->pool_blocks != 0) {
        ht_out_text(out, "; ");
        ht_out_size(out, view->pool_bytes);
        ht_out_text(out, " in ");
        ht_out_count(out, view->pool_blocks, "block");
        ht_out_text(out, " in pools");
    }
    ht_out_sentence_end(out);
}

static void ever_line(ht_desk_t *desk)
{
    const ht_model_view_t *view = &desk->view;
    ht_out_t *out = &desk->r.out;
    label(out, "ever");
    ht_out_size(out, view->total_bytes);
    ht_out_text(out, " in ");
    ht_out_count(out, view->total_blocks, "allocation");
    ht_out_text(out, ", ");
    ht_out_count(out, view->freed_blocks, "free");
    ht_out_text(out, ", ");
    ht_out_text(out, ht_text_grouped(view->temporary_blocks).s);
    ht_out_text(out, " temporary (");
    ht_out_text(out, ht_text_percent(view->temporary_blocks, view->total_blocks).s);
    ht_out_text(out, ")");
    ht_out_sentence_end(out);
    label(out, "peak");
    ht_out_size(out, view->peak_bytes);
    ht_out_text(out, " in ");
    ht_out_count(out, view->peak_blocks, "block");
    ht_out_text(out, ", ");
    ht_desk_moment(desk, view->peak_time_us);
    ht_out_sentence_end(out);
}

static void curve_line(ht_desk_t *desk)
{
    const ht_series_t *series = desk->view.series;
    ht_out_t *out = &desk->r.out;
    /* Half of the samples fit into 80 columns. */
    uint64_t value[HT_SERIES_POINTS];
    uint32_t step = desk->r.out.width < 80U ? 2U : 1U, count = 0;
    for (uint32_t i = 0; i < series->count; i += step) {
        value[count++] = series->total[i];
    }
    if (count < 4U) { return; }
    label(out, "over time");
    ht_desk_curve(desk, value, count);
    ht_out_sentence_end(out);
}

static void marks_line(ht_desk_t *desk)
{
    const ht_model_view_t *view = &desk->view;
    ht_out_t *out = &desk->r.out;
    if (view->mark_rows == 0) { return; }
    label(out, "marks");
    for (uint32_t i = 0; i < view->mark_rows && i < 10U; i++) {
        ht_out_text(out, i == 0 ? "" : ", ");
        ht_out_name(out, view->mark[i].name, SIZE_MAX);
        ht_out_text(out, " ");
        ht_desk_moment(desk, view->mark[i].time_us);
    }
    if (view->marks > 10U) {
        ht_out_text(out, " and ");
        ht_out_number(out, view->marks - 10U);
        ht_out_text(out, " more");
    }
    ht_out_sentence_end(out);
}

static void trouble_line(ht_desk_t *desk, const char *name, uint64_t count)
{
    ht_out_t *out = &desk->r.out;
    label(out, name);
    if (count != 0) { ht_out_style(out, HT_STYLE_BAD); }
    ht_out_text(out, ht_text_grouped(count).s);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

bool ht_summary_text(ht_desk_t *desk)
{
    title(desk);
    time_line(desk);
    live_line(desk);
    ever_line(desk);
    curve_line(desk);
    marks_line(desk);
    if (desk->view.failures != 0) { trouble_line(desk, "failures", desk->view.failures); }
    if (desk->view.errors != 0) { trouble_line(desk, "errors", desk->view.errors); }
    if (desk->about.names_hint != NULL) {
        ht_desk_note(desk, HT_STYLE_WARN, desk->about.names_hint);
    }
    return ht_loss_text(desk);
}

/* --- losses -------------------------------------------------------------------------------------
 */

static void lost_line(ht_desk_t *desk, uint64_t count, const char *noun, const char *words)
{
    ht_out_t *out = &desk->r.out;
    ht_out_sentence(out, 0);
    out->indent = 2;
    ht_out_style(out, HT_STYLE_WARN);
    ht_out_text(out, "Lost: ");
    ht_out_count(out, count, noun);
    ht_out_text(out, words);
    ht_out_text(out, ".");
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

/* What lives on the device and is not known here. */
static void unknown_line(ht_desk_t *desk)
{
    const ht_model_view_t *view = &desk->view;
    ht_out_t *out = &desk->r.out;
    if (view->unknown_blocks == 0) { return; }
    ht_out_sentence(out, 0);
    out->indent = 2;
    ht_out_style(out, HT_STYLE_WARN);
    ht_out_text(out, "Not known: ");
    ht_out_count(out, view->unknown_blocks, "block");
    ht_out_text(out, " of ");
    ht_out_size(out, view->unknown_bytes);
    ht_out_text(out, " that live on the device: made before this trace begins, or their "
                     "allocation was lost.");
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

static void consequences(ht_desk_t *desk)
{
    const ht_model_view_t *view = &desk->view;
    const struct {
        uint64_t count;
        const char *noun, *words;
    } lines[] = {
        {view->vanished_blocks, "free",
         ": so many blocks were gone in a later snapshot, or their address was given out again"},
        {view->unknown_frees, "allocation", ": so many blocks were freed that were not seen made"},
        {desk->about.damage_bytes, "byte", " of the file that could not be decoded"},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (lines[i].count != 0) { lost_line(desk, lines[i].count, lines[i].noun, lines[i].words); }
    }
    unknown_line(desk);
    if (view->mismatches == 0) { return; }
    ht_out_t *out = &desk->r.out;
    ht_out_sentence(out, 0);
    ht_out_style(out, HT_STYLE_BAD);
    ht_out_text(out, "The device counted other live blocks or bytes than this trace gives, before "
                     "anything was lost: ");
    ht_out_count(out, view->mismatches, "time");
    ht_out_text(out, ".");
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

static bool is_lossless(const ht_desk_t *desk)
{
    const ht_model_view_t *view = &desk->view;
    return view->losses == 0 && view->vanished_blocks == 0 && view->unknown_frees == 0 &&
           view->mismatches == 0 && view->bad_indices == 0 && view->unknown_blocks == 0 &&
           desk->about.damage_bytes == 0;
}

bool ht_loss_text(ht_desk_t *desk)
{
    const ht_model_view_t *view = &desk->view;
    for (uint32_t i = 0; i < view->losses; i++) {
        lost_line(desk, view->loss[i].count, ht_loss_noun(view->loss[i].cause),
                  ht_loss_words(view->loss[i].cause));
    }
    consequences(desk);
    if (is_lossless(desk)) { ht_desk_note(desk, HT_STYLE_GOOD, "Nothing was lost."); }
    return true;
}

bool ht_loss_tree(ht_desk_t *desk, json_t *object)
{
    const ht_model_view_t *view = &desk->view;
    json_t *causes = ht_tree_object(object, "causes");
    for (uint32_t i = 0; i < view->losses; i++) {
        json_t *cause = ht_tree_object(causes, ht_loss_key(view->loss[i].cause));
        ht_tree_number(cause, "count", view->loss[i].count);
        ht_tree_number(cause, "times", view->loss[i].times);
        ht_tree_number(cause, "first_us", view->loss[i].first_us);
        ht_tree_number(cause, "last_us", view->loss[i].last_us);
    }
    ht_tree_number(object, "vanished_blocks", view->vanished_blocks);
    ht_tree_number(object, "unknown_frees", view->unknown_frees);
    ht_tree_number(object, "mismatches", view->mismatches);
    ht_tree_number(object, "unknown_blocks", view->unknown_blocks);
    ht_tree_number(object, "unknown_bytes", view->unknown_bytes);
    ht_tree_number(object, "damaged_bytes", desk->about.damage_bytes);
    ht_tree_number(object, "lost_frames", desk->about.lost_frames);
    ht_tree_bool(object, "complete", is_lossless(desk));
    return true;
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static void counters_tree(json_t *object, const char *key, const ht_counters_t *counters)
{
    json_t *tree = ht_tree_object(object, key);
    ht_tree_number(tree, "live_blocks", counters->live_blocks);
    ht_tree_number(tree, "live_bytes", counters->live_bytes);
    ht_tree_number(tree, "total_blocks", counters->total_blocks);
    ht_tree_number(tree, "total_bytes", counters->total_bytes);
    ht_tree_number(tree, "total_frees", counters->freed_blocks);
    ht_tree_number(tree, "failures", counters->failures);
}

static void marks_tree(ht_desk_t *desk, json_t *object)
{
    json_t *array = ht_tree_array(object, "marks");
    for (uint32_t i = 0; i < desk->view.mark_rows; i++) {
        const ht_mark_row_t *mark = &desk->view.mark[i];
        json_t *row = ht_tree_row(array);
        ht_tree_number(row, "number", mark->number);
        ht_tree_text(row, "mark", mark->name);
        ht_tree_number(row, "time_us", mark->time_us);
        counters_tree(row, "device", &mark->device);
        counters_tree(row, "trace", &mark->ours);
        ht_tree_bool(row, "differs", mark->differs);
    }
}

static void curve_tree(ht_desk_t *desk, json_t *object)
{
    const ht_series_t *series = desk->view.series;
    json_t *curve = ht_tree_object(object, "live_over_time");
    ht_tree_number(curve, "first_us", series->first_us);
    ht_tree_number(curve, "step_us", series->step_us);
    json_t *array = ht_tree_array(curve, "live_bytes");
    for (uint32_t i = 0; i < series->count; i++) {
        json_array_append_new(array, json_integer((json_int_t)series->total[i]));
    }
}

bool ht_summary_tree(ht_desk_t *desk, json_t *object)
{
    const ht_model_view_t *view = &desk->view;
    ht_tree_name(object, "app", view->hello->app_name);
    ht_tree_name(object, "app_version", view->hello->app_version);
    ht_tree_name(object, "program", view->hello->program);
    ht_tree_name(object, "chip", view->hello->chip);
    ht_tree_name(object, "idf_version", view->hello->idf_version);
    ht_tree_number(object, "boot", desk->about.boot);
    ht_tree_number(object, "boots", desk->about.boots);
    ht_tree_number(object, "from_us", view->window_us);
    ht_tree_number(object, "to_us", view->last_us);
    ht_tree_number(object, "events", view->events - view->events_before);
    ht_tree_number(object, "live_blocks", view->live_blocks);
    ht_tree_number(object, "live_bytes", view->live_bytes);
    ht_tree_number(object, "pool_blocks", view->pool_blocks);
    ht_tree_number(object, "pool_bytes", view->pool_bytes);
    ht_tree_number(object, "total_blocks", view->total_blocks);
    ht_tree_number(object, "total_bytes", view->total_bytes);
    ht_tree_number(object, "total_frees", view->freed_blocks);
    ht_tree_number(object, "carried_blocks", view->carried_blocks);
    ht_tree_number(object, "temporary_blocks", view->temporary_blocks);
    ht_tree_number(object, "peak_bytes", view->peak_bytes);
    ht_tree_number(object, "peak_blocks", view->peak_blocks);
    ht_tree_number(object, "peak_time_us", view->peak_time_us);
    ht_tree_number(object, "failures", view->failures);
    ht_tree_number(object, "errors", view->errors);
    ht_tree_text(object, "names_hint", desk->about.names_hint);
    marks_tree(desk, object);
    curve_tree(desk, object);
    return true;
}
