/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The memory errors that are still known, and one error at once. */
#include "ht_check_words.h"
#include "ht_error_text.h"
#include "ht_report.h"
#include "ht_units.h"

/* --- JSON of one error -------------------------------------------------------------------------
 */

static const char *found_key(heaptrail_found_t found)
{
    static const char *const keys[HEAPTRAIL_FOUND_COUNT] = {
        [HEAPTRAIL_FOUND_FREE] = "free",
        [HEAPTRAIL_FOUND_REALLOC] = "realloc",
        [HEAPTRAIL_FOUND_QUARANTINE] = "quarantine",
        [HEAPTRAIL_FOUND_VERIFY] = "verify",
        [HEAPTRAIL_FOUND_SCRUB] = "scrub",
        [HEAPTRAIL_FOUND_EXIT] = "exit",
    };
    return (unsigned)found < HEAPTRAIL_FOUND_COUNT ? keys[found] : NULL;
}

/* null instead of "" */
static void name_json(ht_json_t *json, const char *key, const char *name)
{
    ht_json_string(json, key, name[0] != '\0' ? name : NULL, HEAPTRAIL_TASK_NAME_MAX);
}

static void bytes_json(ht_json_t *json, const heaptrail_error_row_t *error)
{
    uint32_t bytes = error->window_bytes;
    bytes = bytes < HEAPTRAIL_WINDOW_BYTES ? bytes : HEAPTRAIL_WINDOW_BYTES;
    bool known = error->block.address != 0;
    if (known) {
        ht_json_signed(json, "offset_bytes", error->offset_bytes);
    } else {
        ht_json_null(json, "offset_bytes");
    }
    ht_json_number(json, "damaged_bytes", error->damaged_bytes);
    if (bytes != 0) {
        ht_json_signed(json, "window_offset_bytes", error->window_offset_bytes);
    } else {
        ht_json_null(json, "window_offset_bytes");
    }
    ht_json_bytes(json, "expected", error->expected, bytes);
    ht_json_bytes(json, "actual", error->actual, bytes);
}

static void caller_json(ht_json_t *json, const heaptrail_error_row_t *error)
{
    ht_json_object(json, "caller");
    ht_json_string(json, "task", error->caller_task_name, HEAPTRAIL_TASK_NAME_MAX);
    ht_json_bool(json, "in_isr", error->caller_in_isr);
    ht_place_json(json, &error->caller);
    ht_json_object_end(json);
}

void ht_error_json(ht_json_t *json, const heaptrail_error_row_t *error)
{
    ht_json_number(json, "number", error->number);
    ht_json_string(json, "kind", heaptrail_error_key(error->kind), SIZE_MAX);
    ht_json_string(json, "name", heaptrail_error_name(error->kind), SIZE_MAX);
    ht_json_string(json, "found", found_key(error->found), SIZE_MAX);
    ht_json_bool(json, "before_reset", error->before_reset);
    ht_json_bool(json, "aborted", error->aborted);
    ht_json_number(json, "repeats", error->repeats);
    ht_json_number(json, "uptime_us", error->uptime_us);
    ht_json_address(json, "address", error->address);
    ht_json_string(json, "place", ht_place_key(error->place), SIZE_MAX);
    name_json(json, "place_name", error->place_name);
    bytes_json(json, error);
    ht_story_json(json, "block", &error->block);
    caller_json(json, error);
    ht_neighbour_json(json, "left_neighbour", &error->left);
    ht_neighbour_json(json, "right_neighbour", &error->right);
    ht_json_maybe(json, "block_intact_us", error->block_checked, error->block_checked_us);
    ht_json_maybe(json, "heap_intact_us", error->heap_checked, error->heap_checked_us);
    name_json(json, "stack_task", error->stack_task_name);
    ht_json_maybe(json, "stack_margin_bytes",
                  error->stack_task_name[0] != '\0' && error->stack_margin_known,
                  error->stack_margin_bytes);
}

void heaptrail_report_error(const heaptrail_error_row_t *error, bool json, bool color,
                            heaptrail_write_fn_t write, void *context)
{
    ht_out_t out;
    if (error == NULL || write == NULL) { return; }
    ht_out_init(&out, write, context, 0, color && !json);
    if (json) {
        ht_json_t j = {.out = &out};
        ht_json_object(&j, NULL);
        ht_json_number(&j, "heaptrail", 1);
        ht_json_string(&j, "report", "error", SIZE_MAX);
        ht_error_json(&j, error);
        ht_json_object_end(&j);
        ht_out_line(&out);
    } else {
        ht_error_text(&out, error, "heaptrail: ");
    }
    ht_out_flush(&out);
}

/* --- the list ----------------------------------------------------------------------------------
 */

typedef struct {
    ht_report_t *r;
    uint32_t skip; /**< older ones that are not shown */
} errors_t;

static bool count_error(void *context, const heaptrail_error_row_t *error)
{
    (void)error;
    errors_t *e = context;
    e->r->total.rows++;
    return true;
}

static uint32_t all_errors(const heaptrail_check_status_t *status)
{
    uint32_t all = 0;
    for (uint32_t kind = 1; kind < HEAPTRAIL_ERROR_COUNT; kind++) {
        all = all > UINT32_MAX - status->errors[kind] ? UINT32_MAX : all + status->errors[kind];
    }
    return all;
}

/* "heap buffer overflow: 3; double free: 1" */
static void kinds_line(ht_out_t *out, const heaptrail_check_status_t *status)
{
    bool any = false;
    if (all_errors(status) == 0) { return; }
    ht_out_sentence(out, 2);
    for (uint32_t kind = 1; kind < HEAPTRAIL_ERROR_COUNT; kind++) {
        if (status->errors[kind] == 0) { continue; }
        ht_out_text(out, any ? "; " : "");
        ht_out_text(out, heaptrail_error_name((heaptrail_error_kind_t)kind));
        ht_out_text(out, ":" HT_HARD_SPACE);
        ht_out_number(out, status->errors[kind]);
        any = true;
    }
    ht_out_sentence_end(out);
}

static void title(ht_report_t *r, const heaptrail_check_status_t *status)
{
    ht_out_t *out = &r->out;
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    ht_out_text(out, "Memory errors: ");
    if (all_errors(status) == 0 && r->total.rows == 0) {
        ht_out_text(out, "none.");
    } else {
        ht_out_number(out, all_errors(status));
        ht_out_text(out, " since the start, ");
        ht_out_count(out, r->total.rows, "report");
        ht_out_text(out, r->total.rows == 0 ? " kept" : " kept, oldest first");
    }
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
    kinds_line(out, status);
}

static void lost_line(ht_report_t *r, uint32_t n, const char *noun, const char *what)
{
    if (n == 0) { return; }
    ht_out_style(&r->out, HT_STYLE_WARN);
    ht_out_sentence(&r->out, 0);
    r->out.indent = 2;
    ht_out_text(&r->out, "Not here: ");
    ht_out_count(&r->out, n, noun);
    ht_out_text(&r->out, what);
    ht_out_style(&r->out, HT_STYLE_PLAIN);
    ht_out_sentence_end(&r->out);
}

static void foot(ht_report_t *r, const heaptrail_check_status_t *status)
{
    if (r->total.rows != 0 && !r->part) { ht_out_line(&r->out); }
    lost_line(r, r->total.rows - r->total.shown, "older report", " (max_rows).");
    lost_line(r, status->overwritten, "older report", ", overwritten by newer ones.");
    lost_line(r, status->repeated, "error",
              " of the same kind and place as one just before, counted only.");
    if (r->total.disturbed) {
        ht_note(r, HT_STYLE_WARN, "Errors were found meanwhile: some may be missing.");
    }
    heaptrail_checks_t checks = {0};
    if (heaptrail_get_checks(&checks) == ESP_OK && !ht_check_any(&checks)) {
        ht_note(r, HT_STYLE_WARN,
                "Nothing is looked for: HEAPTRAIL_REPORT_CHECKS tells how to switch checks on.");
    }
    if (r->part && r->total.rows != 0) {
        ht_note(r, HT_STYLE_DIM, "HEAPTRAIL_REPORT_ERRORS tells all that is known of each.");
    }
}

/* In a summary an error takes two lines. */
static void brief(ht_out_t *out, const heaptrail_error_row_t *error)
{
    const heaptrail_block_story_t *block = &error->block;
    bool made = block->address != 0 && ht_place_known(&block->allocated);
    const heaptrail_origin_t *origin = made ? &block->allocated : &error->caller;
    ht_error_headline(out, error, "");
    if (!ht_place_known(origin)) { return; }
    ht_out_to(out, HT_OWN_LINE_INDENT);
    ht_out_text(out, made ? "allocated " : "called from ");
    ht_place(out, origin);
}

static bool write_error(void *context, const heaptrail_error_row_t *error)
{
    errors_t *e = context;
    ht_report_t *r = e->r;
    if (e->skip != 0) {
        e->skip--;
        return true;
    }
    if (r->total.shown == r->total.rows) { return false; } /* came meanwhile */
    r->total.shown++;
    if (r->ask->json) {
        ht_json_line(&r->json);
        ht_json_object(&r->json, NULL);
        ht_error_json(&r->json, error);
        ht_json_object_end(&r->json);
    } else if (r->part) {
        brief(&r->out, error);
    } else {
        ht_out_line(&r->out);
        ht_error_text(&r->out, error, "");
    }
    return true;
}

static void json_head(ht_report_t *r, const heaptrail_check_status_t *status)
{
    ht_json_t *json = &r->json;
    ht_json_bool(json, "ordered", true);
    ht_json_number(json, "errors", all_errors(status));
    ht_json_object(json, "by_kind");
    for (uint32_t kind = 1; kind < HEAPTRAIL_ERROR_COUNT; kind++) {
        ht_json_number(json, heaptrail_error_key((heaptrail_error_kind_t)kind),
                       status->errors[kind]);
    }
    ht_json_object_end(json);
    ht_json_number(json, "reported", status->reported);
    ht_json_number(json, "repeated", status->repeated);
    ht_json_number(json, "overwritten", status->overwritten);
    ht_json_array(json, "rows");
}

static void json_foot(ht_report_t *r, esp_err_t err)
{
    ht_json_array_end(&r->json);
    ht_json_line(&r->json);
    ht_json_number(&r->json, "rows_total", r->total.rows);
    ht_json_number(&r->json, "rows_shown", r->total.shown);
    ht_json_number(&r->json, "rows_vanished", 0);
    ht_json_bool(&r->json, "disturbed", r->total.disturbed);
    ht_json_bool(&r->json, "complete", err == ESP_OK);
}

static esp_err_t write_errors(ht_report_t *r)
{
    heaptrail_walk_t walk = {0};
    errors_t e = {.r = r, .skip = r->total.rows > r->limit ? r->total.rows - r->limit : 0};
    esp_err_t err = heaptrail_for_each_error(write_error, &e, &walk);
    r->total.disturbed = walk.disturbed;
    return err;
}

static bool any_error(void *context, const heaptrail_error_row_t *error)
{
    (void)error;
    *(bool *)context = true;
    return false;
}

bool ht_report_has_errors(void)
{
    bool any = false;
    heaptrail_check_status_t status = {0};
    if (heaptrail_check_status(&status) == ESP_OK && all_errors(&status) != 0) { return true; }
    return heaptrail_for_each_error(any_error, &any, NULL) == ESP_OK && any;
}

esp_err_t ht_report_errors(ht_report_t *r)
{
    heaptrail_check_status_t status = {0};
    errors_t e = {.r = r};
    r->total = (ht_totals_t){0};
    esp_err_t err = heaptrail_check_status(&status);
    if (err == ESP_OK) { err = heaptrail_for_each_error(count_error, &e, NULL); }
    if (r->ask->json) {
        json_head(r, &status);
        if (err == ESP_OK) { err = write_errors(r); }
        json_foot(r, err);
        return err;
    }
    title(r, &status);
    if (err == ESP_OK) { err = write_errors(r); }
    foot(r, &status);
    return err;
}
