/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What a failed scope says, and how a test fails by it. */
#include "heaptrail_test.h"

#include "ht_allow.h"
#include "ht_report.h"
#include "ht_scope_open.h"
#include "ht_test_line.h"

static heaptrail_scope_options_t s_options;

/* --- sentences -----------------------------------------------------------------------------------
 */

static void blocks_and_bytes(ht_out_t *out, uint32_t blocks, size_t bytes)
{
    ht_out_count(out, blocks, "block");
    ht_out_text(out, ", ");
    ht_out_size(out, bytes);
}

/* What is wrong, without the names. */
static void verdict(ht_out_t *out, const heaptrail_scope_result_t *result)
{
    static const char *const words[] = {
        [HEAPTRAIL_SCOPE_CLEAN] = "nothing left behind",
        [HEAPTRAIL_SCOPE_LEAKS] = " left behind",
        [HEAPTRAIL_SCOPE_CANNOT_TELL] = "cannot tell what was left behind: ",
        [HEAPTRAIL_SCOPE_MISUSED] = "scope misused: ",
    };
    if (result->verdict == HEAPTRAIL_SCOPE_LEAKS) {
        blocks_and_bytes(out, result->leaked_blocks, result->leaked_bytes);
    }
    ht_out_text(out, words[result->verdict]);
    bool failed = result->verdict == HEAPTRAIL_SCOPE_CANNOT_TELL ||
                  result->verdict == HEAPTRAIL_SCOPE_MISUSED;
    if (failed) { ht_out_text(out, result->why != NULL ? result->why : "?"); }
}

static void begin(ht_out_t *out)
{
    ht_out_sentence(out, 0);
    out->indent = 2;
}

static void exceeded_line(ht_out_t *out, const heaptrail_allowance_t *allowance)
{
    const heaptrail_site_t site = {allowance->file, allowance->function, allowance->variable,
                                   allowance->line, 0};
    begin(out);
    ht_out_text(out, "More than the ");
    if (allowance->max_blocks != 0) { ht_out_count(out, allowance->max_blocks, "block"); }
    if (allowance->max_blocks != 0 && allowance->max_bytes != 0) { ht_out_text(out, ", "); }
    if (allowance->max_bytes != 0) { ht_out_size(out, allowance->max_bytes); }
    ht_out_text(out, " allowed");
    if (site.file != NULL) {
        ht_out_text(out, " of ");
        ht_out_name(out, site.file, SIZE_MAX);
        if (site.line != 0) {
            ht_out_text(out, ":");
            ht_out_number(out, site.line);
        }
    }
    const char *const names[] = {site.function, site.variable, allowance->task};
    const char *const before[] = {", function ", ", variable ", ", task "};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i] == NULL) { continue; }
        ht_out_text(out, before[i]);
        ht_out_name(out, names[i], SIZE_MAX);
    }
    ht_out_text(out, ": all of them count.");
    ht_out_sentence_end(out);
}

static void exceeded_lines(ht_out_t *out, uint32_t exceeded)
{
    heaptrail_allowance_t allowance;
    for (uint32_t i = 0; exceeded >> i != 0; i++) {
        if ((exceeded >> i & 1U) != 0 && ht_allowance_at(i, &allowance)) {
            exceeded_line(out, &allowance);
        }
    }
}

HT_APART static void heading(const heaptrail_scope_result_t *result, heaptrail_write_fn_t write,
                             void *context)
{
    ht_out_t out;
    ht_out_init(&out, write, context, 0, false);
    begin(&out);
    ht_out_text(&out, "heaptrail: ");
    verdict(&out, result);
    ht_out_text(&out, ".");
    if (result->allowed_blocks != 0) {
        ht_out_text(&out, " Allowed: ");
        blocks_and_bytes(&out, result->allowed_blocks, result->allowed_bytes);
        ht_out_text(&out, ".");
    }
    if (result->verdict == HEAPTRAIL_SCOPE_LEAKS && result->why != NULL) {
        ht_out_text(&out, " There may be more: ");
        ht_out_text(&out, result->why);
        ht_out_text(&out, ".");
    }
    ht_out_sentence_end(&out);
    exceeded_lines(&out, result->exceeded);
    ht_out_flush(&out);
}

esp_err_t heaptrail_scope_report(const heaptrail_scope_t *scope,
                                 const heaptrail_scope_options_t *options,
                                 const heaptrail_scope_result_t *result, heaptrail_write_fn_t write,
                                 void *context)
{
    if (scope == NULL || result == NULL || write == NULL ||
        (unsigned)result->verdict > HEAPTRAIL_SCOPE_MISUSED) {
        return ESP_ERR_INVALID_ARG;
    }
    heading(result, write, context);
    if (result->verdict != HEAPTRAIL_SCOPE_LEAKS) { return ESP_OK; }
    ht_leaks_t leaks;
    ht_leaks_init(&leaks, scope, options != NULL && options->all_tasks, result->exceeded);
    heaptrail_report_t report = {
        .kind = HEAPTRAIL_REPORT_SINCE,
        .sort = HEAPTRAIL_SORT_GROWTH,
        .max_rows = options != NULL ? options->max_rows : 0,
        .select = ht_leaks_select(&leaks),
    };
    return heaptrail_report(&report, write, context);
}

/* --- the line that names a failure ---------------------------------------------------------------
 */

typedef struct {
    heaptrail_site_row_t top;
    uint32_t sites;
} top_t;

static bool keep_top(void *context, const heaptrail_site_row_t *row)
{
    top_t *top = context;
    if (row->since_blocks == 0) { return true; }
    if (top->sites == 0 || row->since_bytes > top->top.since_bytes) { top->top = *row; }
    top->sites++;
    return true;
}

/* ": net.c:115 host_resolve() host [calloc], and 2 sites more" */
static void name_top(ht_out_t *out, const heaptrail_scope_t *scope, bool all_tasks,
                     const heaptrail_scope_result_t *result)
{
    top_t top = {.sites = 0};
    ht_leaks_t leaks;
    ht_leaks_init(&leaks, scope, all_tasks, result->exceeded);
    heaptrail_select_t select = ht_leaks_select(&leaks);
    if (heaptrail_for_each_site(&select, keep_top, &top, NULL) != ESP_OK || top.sites == 0) {
        return;
    }
    ht_out_text(out, ": ");
    ht_place(out, &top.top.origin);
    if (top.sites > 1U) {
        ht_out_text(out, ", and ");
        ht_out_count(out, top.sites - 1U, "more site");
    }
}

HT_APART static void message(ht_test_line_t *line, const heaptrail_scope_t *scope, bool all_tasks,
                             const heaptrail_scope_result_t *result)
{
    ht_out_t out;
    ht_out_init(&out, ht_test_to_line, line, HT_TEST_PLACE_COLUMNS, false);
    verdict(&out, result);
    if (result->verdict == HEAPTRAIL_SCOPE_LEAKS) { name_top(&out, scope, all_tasks, result); }
    ht_out_flush(&out);
}

/* --- tests ---------------------------------------------------------------------------------------
 */

void heaptrail_test_set_options(const heaptrail_scope_options_t *options)
{
    s_options = options != NULL ? *options : (heaptrail_scope_options_t){.settle_ms = 0};
}

bool heaptrail_test_end(heaptrail_scope_t *scope, const heaptrail_scope_options_t *options,
                        const heaptrail_test_framework_t *framework, const char *file,
                        uint32_t line)
{
    static const heaptrail_scope_t no_scope;
    heaptrail_scope_result_t result = {.verdict = HEAPTRAIL_SCOPE_MISUSED, .why = "no scope"};
    if (options == NULL) { options = &s_options; }
    (void)heaptrail_scope_end(scope, options, &result);
    if (result.verdict == HEAPTRAIL_SCOPE_CLEAN) { return true; }
    const heaptrail_scope_t *ended = scope != NULL ? scope : &no_scope;
    (void)heaptrail_scope_report(ended, options, &result, ht_test_writer(framework),
                                 framework != NULL ? framework->context : NULL);
    ht_test_line_t text = {.used = 0};
    message(&text, ended, options->all_tasks, &result);
    ht_test_fail(framework, file, line, &text);
    return false;
}

/* One for all tasks: frameworks run one test at a time. */
static heaptrail_scope_t s_around;

void heaptrail_test_set_up(void)
{
    heaptrail_scope_result_t ignored;
    if (s_around.id != 0) { /* a test whose tear-down never came */
        ht_scope_abandon_inner(&s_around);
        const heaptrail_scope_options_t at_once = {.settle_ms = HEAPTRAIL_SETTLE_NONE};
        (void)heaptrail_scope_end(&s_around, &at_once, &ignored);
    }
    (void)heaptrail_scope_begin(&s_around);
}

bool heaptrail_test_tear_down_with(const heaptrail_test_framework_t *framework, bool failed,
                                   const char *file, uint32_t line)
{
    heaptrail_scope_t around = s_around;
    s_around = (heaptrail_scope_t){.id = 0}; /* before `fail`, which may not return */
    ht_scope_abandon_inner(&around);
    if (failed) {
        heaptrail_scope_result_t ignored;
        const heaptrail_scope_options_t at_once = {.settle_ms = HEAPTRAIL_SETTLE_NONE};
        (void)heaptrail_scope_end(&around, &at_once, &ignored);
        return true;
    }
    return heaptrail_test_end(&around, NULL, framework, file, line);
}

/* --- blocks --------------------------------------------------------------------------------------
 */

heaptrail_test_block_t heaptrail_test_block(const heaptrail_scope_options_t *options,
                                            const heaptrail_test_framework_t *framework,
                                            const char *file, uint32_t line)
{
    heaptrail_test_block_t block = {
        .options = options, .framework = framework, .file = file, .line = line};
    (void)heaptrail_scope_begin(&block.scope);
    return block;
}

void heaptrail_test_block_end(heaptrail_test_block_t *block)
{
    (void)heaptrail_test_end(&block->scope, block->options, block->framework, block->file,
                             block->line);
}

heaptrail_allowed_region_t heaptrail_test_allowed(void)
{
    heaptrail_allowed_region_t region;
    (void)heaptrail_allow_region_begin(&region);
    return region;
}

void heaptrail_test_allowed_end(heaptrail_allowed_region_t *region)
{
    (void)heaptrail_allow_region_end(region);
}
