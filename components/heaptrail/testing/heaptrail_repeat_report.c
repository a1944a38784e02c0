/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What a repetition found, in words, as JSON, and as the failure of a test. */
#include "heaptrail_repeat.h"
#include "ht_report.h"
#include "ht_test_line.h"
#include "ht_units.h"

enum { PER_CALL = 10, BLOCKS = 8, BEFORE = 8, GAP = 2 };

/** Rows of a test that fails. */
#define TEST_ROWS 6U

/* --- text ----------------------------------------------------------------------------------------
 */

static void verdict(ht_out_t *out, const heaptrail_repeat_result_t *result)
{
    switch (result->verdict) {
    case HEAPTRAIL_SCOPE_CLEAN:
        ht_out_text(out, "nothing grows with the number of calls");
        break;
    case HEAPTRAIL_SCOPE_LEAKS:
        ht_out_count(out, result->row_count, "site");
        ht_out_text(out, result->row_count == 1U ? " grows" : " grow");
        ht_out_text(out, " with each call, by ");
        ht_out_size(out, result->bytes / (result->calls / 2U));
        ht_out_text(out, " a call");
        break;
    default:
        ht_out_text(out, result->verdict == HEAPTRAIL_SCOPE_CANNOT_TELL ? "cannot tell what grows: "
                                                                        : "nothing was measured: ");
        ht_out_text(out, result->why != NULL ? result->why : "?");
        break;
    }
}

static void heading(ht_out_t *out, const heaptrail_repeat_result_t *result)
{
    ht_out_sentence(out, 0);
    out->indent = 2;
    ht_out_text(out, "heaptrail: ");
    if (result->calls != 0) {
        ht_out_count(out, result->calls, "call");
        ht_out_text(out, ", ");
    }
    verdict(out, result);
    ht_out_text(out, ".");
    if (result->verdict == HEAPTRAIL_SCOPE_LEAKS && result->why != NULL) {
        ht_out_text(out, " There may be more: ");
        ht_out_text(out, result->why);
        ht_out_text(out, ".");
    }
    ht_out_sentence_end(out);
}

static void head_of_rows(ht_out_t *out)
{
    ht_out_right(out, PER_CALL, "per call");
    ht_out_right(out, GAP + BLOCKS, "blocks");
    ht_out_right(out, GAP + BEFORE, "before");
    ht_out_text(out, "  site");
    ht_out_line(out);
}

static void row_text(ht_out_t *out, const heaptrail_repeat_row_t *row, uint32_t half)
{
    ht_out_right(out, PER_CALL, ht_text_size(row->bytes / half).s);
    ht_out_right(out, GAP + BLOCKS, ht_text_count(row->blocks).s);
    ht_out_right(out, GAP + BEFORE, ht_text_count(row->first_blocks).s);
    ht_out_text(out, "  ");
    uint32_t column = PER_CALL + GAP + BLOCKS + GAP + BEFORE + GAP;
    ht_place(out, &row->origin);
    ht_place_frames(out, &row->origin, column);
    if (row->steady) { return; }
    ht_out_to(out, column);
    ht_out_text(out, "not with every call, or not evenly: ask for more calls");
    ht_out_line(out);
}

static void note(ht_out_t *out, uint32_t sites, const char *text)
{
    if (sites == 0) { return; }
    ht_out_sentence(out, 0);
    ht_out_count(out, sites, "site");
    ht_out_text(out, text);
    ht_out_sentence_end(out);
}

static void as_text(ht_out_t *out, const heaptrail_repeat_result_t *result,
                    const heaptrail_repeat_row_t *rows)
{
    heading(out, result);
    if (result->row_count != 0) { head_of_rows(out); }
    for (uint32_t i = 0; i < result->row_count; i++) {
        row_text(out, &rows[i], result->calls / 2U);
    }
    note(out, result->left_out_sites, " had no room and may grow, too.");
    note(out, result->once_sites, " with something new that does not grow: first uses, caches.");
}

/* --- JSON ----------------------------------------------------------------------------------------
 */

static void row_json(ht_json_t *json, const heaptrail_repeat_row_t *row)
{
    ht_json_line(json);
    ht_json_object(json, NULL);
    ht_place_json(json, &row->origin);
    ht_json_number(json, "first_blocks", row->first_blocks);
    ht_json_number(json, "first_bytes", row->first_bytes);
    ht_json_number(json, "blocks", row->blocks);
    ht_json_number(json, "bytes", row->bytes);
    ht_json_bool(json, "steady", row->steady);
    ht_json_object_end(json);
}

static void as_json(ht_out_t *out, const heaptrail_repeat_result_t *result,
                    const heaptrail_repeat_row_t *rows)
{
    static const char *const verdicts[] = {
        [HEAPTRAIL_SCOPE_CLEAN] = "clean",
        [HEAPTRAIL_SCOPE_LEAKS] = "grows",
        [HEAPTRAIL_SCOPE_CANNOT_TELL] = "cannot tell",
        [HEAPTRAIL_SCOPE_MISUSED] = "nothing measured",
    };
    ht_json_t json = {.out = out};
    ht_json_object(&json, NULL);
    ht_json_number(&json, "heaptrail", 1);
    ht_json_string(&json, "report", "repeat", SIZE_MAX);
    ht_json_string(&json, "verdict", verdicts[result->verdict], SIZE_MAX);
    ht_json_string(&json, "why", result->why, SIZE_MAX);
    ht_json_number(&json, "calls", result->calls);
    ht_json_number(&json, "bytes", result->bytes);
    ht_json_number(&json, "left_out_sites", result->left_out_sites);
    ht_json_number(&json, "once_sites", result->once_sites);
    ht_json_array(&json, "rows");
    for (uint32_t i = 0; i < result->row_count; i++) {
        row_json(&json, &rows[i]);
    }
    ht_json_array_end(&json);
    ht_json_object_end(&json);
    ht_out_line(out);
}

esp_err_t heaptrail_repeat_report(const heaptrail_repeat_result_t *result,
                                  const heaptrail_repeat_row_t *rows, bool json,
                                  heaptrail_write_fn_t write, void *context)
{
    if (result == NULL || rows == NULL || write == NULL ||
        (unsigned)result->verdict > HEAPTRAIL_SCOPE_MISUSED) {
        return ESP_ERR_INVALID_ARG;
    }
    ht_out_t out;
    ht_out_init(&out, write, context, 0, false);
    (json ? as_json : as_text)(&out, result, rows);
    ht_out_flush(&out);
    return ESP_OK;
}

/* --- a test --------------------------------------------------------------------------------------
 */

HT_APART static void message(ht_test_line_t *line, const heaptrail_repeat_result_t *result,
                             const heaptrail_repeat_row_t *rows)
{
    ht_out_t out;
    ht_out_init(&out, ht_test_to_line, line, HT_TEST_PLACE_COLUMNS, false);
    verdict(&out, result);
    if (result->row_count != 0) {
        ht_out_text(&out, ": ");
        ht_place(&out, &rows[0].origin);
    }
    ht_out_flush(&out);
}

bool heaptrail_test_repeat(heaptrail_repeat_fn_t fn, void *context,
                           const heaptrail_repeat_options_t *options,
                           const heaptrail_test_framework_t *framework, const char *file,
                           uint32_t line)
{
    heaptrail_repeat_row_t rows[TEST_ROWS];
    heaptrail_repeat_result_t result;
    (void)heaptrail_repeat(fn, context, options, rows, TEST_ROWS, &result);
    if (result.verdict == HEAPTRAIL_SCOPE_CLEAN) { return true; }
    (void)heaptrail_repeat_report(&result, rows, false, ht_test_writer(framework),
                                  framework != NULL ? framework->context : NULL);
    ht_test_line_t text = {.used = 0};
    message(&text, &result, rows);
    ht_test_fail(framework, file, line, &text);
    return false;
}
