/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Two scopes, one inside the other: the outer one around all calls, the inner one around their
 * second half. What a site left in the inner one, and in the outer one beyond that, are the two
 * halves; and both scopes know whether the answer is certain.
 */
#include "heaptrail_repeat.h"

#include <string.h>

#include "ht_allow.h"
#include "ht_port.h"

#define CALLS_DEFAULT 16U
#define CALLS_MIN 4U
#define CALLS_MAX 1000000U
#define WARM_UP_DEFAULT 2U

/** Walks over a table that moves under them, until one is not disturbed. */
#define WALKS 8U

/* --- the rows ------------------------------------------------------------------------------------
 */

typedef struct {
    heaptrail_repeat_row_t *rows;
    uint32_t room;
    heaptrail_repeat_result_t *result;
} found_t;

static bool comes_before(const heaptrail_site_row_t *site, const heaptrail_repeat_row_t *row)
{
    if (site->since_bytes != row->bytes) { return site->since_bytes > row->bytes; }
    return site->since_blocks > row->blocks;
}

/* A site of the inner scope, in its place; the last one goes when there is no room. */
static bool insert(void *context, const heaptrail_site_row_t *site)
{
    found_t *found = context;
    heaptrail_repeat_result_t *result = found->result;
    if (site->since_blocks == 0) { return true; }
    uint32_t at = 0;
    while (at < result->row_count && !comes_before(site, &found->rows[at])) {
        at++;
    }
    bool full = result->row_count == found->room;
    if (full) { result->left_out_sites++; }
    if (at == found->room) { return true; }
    uint32_t moved = result->row_count - at - (full ? 1U : 0U);
    memmove(&found->rows[at + 1U], &found->rows[at], moved * sizeof(found->rows[0]));
    found->rows[at] = (heaptrail_repeat_row_t){
        .origin = site->origin, .blocks = site->since_blocks, .bytes = site->since_bytes};
    if (!full) { result->row_count++; }
    return true;
}

/* The same site in the outer scope: what it has more, the first half left. */
static bool complete(void *context, const heaptrail_site_row_t *site)
{
    found_t *found = context;
    if (site->since_blocks == 0) { return true; }
    for (uint32_t i = 0; i < found->result->row_count; i++) {
        heaptrail_repeat_row_t *row = &found->rows[i];
        if (row->origin.id != site->origin.id) { continue; }
        bool more = site->since_blocks > row->blocks && site->since_bytes >= row->bytes;
        row->first_blocks = more ? site->since_blocks - row->blocks : 0;
        row->first_bytes = more ? site->since_bytes - row->bytes : 0;
        return true;
    }
    found->result->once_sites++;
    return true;
}

static bool is_steady(const heaptrail_repeat_row_t *row)
{
    uint32_t more = row->blocks > row->first_blocks ? row->blocks : row->first_blocks;
    uint32_t less = row->blocks > row->first_blocks ? row->first_blocks : row->blocks;
    return less >= 2U && more - less <= (more + 3U) / 4U;
}

/* Leave the rows of sites that grow. */
static void judge(found_t *found)
{
    heaptrail_repeat_result_t *result = found->result;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < result->row_count; i++) {
        heaptrail_repeat_row_t row = found->rows[i];
        if (row.first_blocks == 0) {
            result->once_sites++;
            continue;
        }
        row.steady = is_steady(&row);
        result->bytes += row.bytes;
        found->rows[kept++] = row;
    }
    result->row_count = kept;
    uint32_t both = result->left_out_sites; /* the outer scope has them, too */
    result->once_sites -= both < result->once_sites ? both : result->once_sites;
}

/* Again, from the same beginning, if the table moved meanwhile. */
static esp_err_t walk(const heaptrail_scope_t *scope, bool all_tasks, uint32_t exceeded,
                      heaptrail_site_fn_t fn, found_t *found)
{
    ht_leaks_t leaks;
    ht_leaks_init(&leaks, scope, all_tasks, exceeded);
    heaptrail_select_t select = ht_leaks_select(&leaks);
    const heaptrail_repeat_result_t before = *found->result;
    for (uint32_t i = 0; i < WALKS; i++) {
        heaptrail_walk_t walk = {0};
        *found->result = before;
        esp_err_t err = heaptrail_for_each_site(&select, fn, found, &walk);
        if (err != ESP_OK || !walk.disturbed) { return err; }
    }
    found->result->why = "the table moved while it was read";
    return ESP_OK;
}

/* --- the calls -----------------------------------------------------------------------------------
 */

/* The two scopes around the calls. */
typedef struct {
    heaptrail_scope_t outer, inner;
    heaptrail_scope_result_t of_outer, of_inner;
} scopes_t;

/* One loop for both halves: a site with stacks is the same in both only if the call is. */
static esp_err_t run(scopes_t *scopes, heaptrail_repeat_fn_t fn, void *context, uint32_t warm_up,
                     uint32_t calls)
{
    esp_err_t err = ESP_OK;
    for (uint32_t i = 0; i < warm_up + calls && err == ESP_OK; i++) {
        if (i == warm_up) { err = heaptrail_scope_begin(&scopes->outer); }
        if (i == warm_up + calls / 2U) { err = heaptrail_scope_begin(&scopes->inner); }
        if (err == ESP_OK) { fn(context); }
    }
    return err;
}

/* The inner one waits for what is freed a little later. */
static esp_err_t end(scopes_t *scopes, const heaptrail_repeat_options_t *options)
{
    heaptrail_scope_options_t how = {.all_tasks = options->all_tasks,
                                     .settle_ms = options->settle_ms};
    esp_err_t err = heaptrail_scope_end(&scopes->inner, &how, &scopes->of_inner);
    how.settle_ms = HEAPTRAIL_SETTLE_NONE;
    esp_err_t outer = heaptrail_scope_end(&scopes->outer, &how, &scopes->of_outer);
    return err != ESP_OK ? err : outer;
}

/* --- the whole -----------------------------------------------------------------------------------
 */

static esp_err_t find(const scopes_t *scopes, const heaptrail_repeat_options_t *options,
                      found_t *found)
{
    uint32_t exceeded = scopes->of_outer.exceeded; /* twice the calls: what one half may, both may
                                                      not */
    heaptrail_repeat_result_t *result = found->result;
    bool all = options->all_tasks;
    result->why = scopes->of_outer.why;
    esp_err_t err = walk(&scopes->inner, all, exceeded, insert, found);
    if (err == ESP_OK) { err = walk(&scopes->outer, all, exceeded, complete, found); }
    if (err != ESP_OK) { return err; }
    judge(found);
    if (result->row_count == 0 && result->left_out_sites != 0 && result->why == NULL) {
        result->why = "there was no room in `rows` for all sites that hold something new";
    }
    if (result->row_count != 0) {
        result->verdict = HEAPTRAIL_SCOPE_LEAKS;
    } else {
        result->verdict = result->why != NULL ? HEAPTRAIL_SCOPE_CANNOT_TELL : HEAPTRAIL_SCOPE_CLEAN;
    }
    return ESP_OK;
}

static bool in_range(const heaptrail_repeat_options_t *options)
{
    bool calls = options->calls == 0 || (options->calls >= CALLS_MIN &&
                                         options->calls <= CALLS_MAX && options->calls % 2U == 0);
    return calls && options->warm_up <= CALLS_MAX;
}

esp_err_t heaptrail_repeat(heaptrail_repeat_fn_t fn, void *context,
                           const heaptrail_repeat_options_t *options, heaptrail_repeat_row_t *rows,
                           uint32_t room, heaptrail_repeat_result_t *result)
{
    static const heaptrail_repeat_options_t defaults;
    if (options == NULL) { options = &defaults; }
    if (result == NULL) { return ESP_ERR_INVALID_ARG; }
    *result = (heaptrail_repeat_result_t){.verdict = HEAPTRAIL_SCOPE_MISUSED};
    if (fn == NULL || rows == NULL || room == 0 || !in_range(options)) {
        result->why = "an argument is out of range";
        return ESP_ERR_INVALID_ARG;
    }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    scopes_t scopes;
    found_t found = {rows, room, result};
    result->calls = options->calls != 0 ? options->calls : CALLS_DEFAULT;
    uint32_t warm_up = options->warm_up != 0 ? options->warm_up : WARM_UP_DEFAULT;
    esp_err_t err = run(&scopes, fn, context, warm_up, result->calls);
    if (err != ESP_OK) { return err; }
    err = end(&scopes, options);
    if (err != ESP_OK) {
        result->why = scopes.of_inner.why != NULL ? scopes.of_inner.why : scopes.of_outer.why;
        return err;
    }
    return find(&scopes, options, &found);
}
