/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_allow.h"

#include <assert.h>
#include <string.h>

#include "ht_log.h"
#include "ht_port.h"
#include "ht_site_match.h"

#define NONE UINT32_MAX

static_assert(HEAPTRAIL_ALLOWANCES_MAX <= 32, "heaptrail_scope_result_t::exceeded has 32 bits");

/* What a task allocated later than `from` and not later than `until`. */
typedef struct {
    heaptrail_mark_t from;
    heaptrail_mark_t until;
    uint32_t task_id;
} region_t;

static ht_port_lock_t s_lock;
static heaptrail_allowance_t s_allowances[HEAPTRAIL_ALLOWANCES_MAX];
static uint32_t s_allowance_count;
static region_t s_regions[HEAPTRAIL_ALLOWED_REGIONS_MAX];
static uint32_t s_region_count;

/* --- allowances ----------------------------------------------------------------------------------
 */

static ht_site_match_t match_of(const heaptrail_allowance_t *a)
{
    return (ht_site_match_t){a->file, a->line, a->function, a->variable, a->caller, a->caller_end};
}

/* What is wrong with it, or NULL. */
static const char *fault_of(const heaptrail_allowance_t *a)
{
    const ht_site_match_t match = match_of(a);
    const char *fault = ht_site_match_fault(&match);
    if (fault != NULL) { return fault; }
    if (a->task != NULL && a->task[0] == '\0') { return "an empty name"; }
    return a->task != NULL || ht_site_match_names(&match) ? NULL : "nothing that names a block";
}

esp_err_t heaptrail_allow_leak(const heaptrail_allowance_t *allowance)
{
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    const char *fault = allowance == NULL ? "NULL" : fault_of(allowance);
    if (fault != NULL) {
        ht_log_name(HEAPTRAIL_LOG_ERROR, "heaptrail_allow_leak", fault);
        return ESP_ERR_INVALID_ARG;
    }
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    bool room = s_allowance_count < HEAPTRAIL_ALLOWANCES_MAX;
    if (room) { s_allowances[s_allowance_count++] = *allowance; }
    ht_port_unlock(&s_lock, irq);
    return room ? ESP_OK : ESP_ERR_NO_MEM;
}

void heaptrail_allow_none(void)
{
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    s_allowance_count = 0;
    ht_port_unlock(&s_lock, irq);
}

bool ht_allowance_at(uint32_t number, heaptrail_allowance_t *allowance)
{
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    bool found = number < s_allowance_count;
    if (found) { *allowance = s_allowances[number]; }
    ht_port_unlock(&s_lock, irq);
    return found;
}

/* A row has the beginning of a long task name. */
static bool is_task(const char *name, const char *wanted)
{
    return strncmp(name, wanted, HEAPTRAIL_TASK_NAME_MAX - 1U) == 0;
}

static bool matches(const heaptrail_allowance_t *a, const heaptrail_block_row_t *row)
{
    const ht_site_match_t match = match_of(a);
    return ht_site_matches(&match, &row->origin) &&
           (a->task == NULL || is_task(row->task_name, a->task));
}

/* The first allowance that takes the block, or NONE. */
static uint32_t allowance_of(const heaptrail_block_row_t *row)
{
    heaptrail_allowance_t allowance;
    for (uint32_t i = 0; ht_allowance_at(i, &allowance); i++) {
        if (matches(&allowance, row)) { return i; }
    }
    return NONE;
}

/* --- regions -------------------------------------------------------------------------------------
 */

static bool region_at(uint32_t number, region_t *region)
{
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    bool found = number < s_region_count;
    if (found) { *region = s_regions[number]; }
    ht_port_unlock(&s_lock, irq);
    return found;
}

static bool is_in_region(const region_t *region, const heaptrail_block_row_t *row)
{
    return region->task_id == row->task_id && heaptrail_is_since(row, &region->from) &&
           !heaptrail_is_since(row, &region->until);
}

static bool is_in_any_region(const heaptrail_block_row_t *row)
{
    region_t region;
    for (uint32_t i = 0; region_at(i, &region); i++) {
        if (is_in_region(&region, row)) { return true; }
    }
    return false;
}

typedef struct {
    region_t region;
    bool found;
} search_t;

static bool find_in_region(void *context, const heaptrail_block_row_t *row)
{
    search_t *search = context;
    search->found = is_in_region(&search->region, row);
    return !search->found;
}

static bool has_blocks(const region_t *region)
{
    search_t search = {*region, false};
    heaptrail_select_t select = {.since = &search.region.from};
    (void)heaptrail_for_each_block(&select, find_in_region, &search, NULL);
    return search.found;
}

/* The newest region of the task grows if nothing was left between it and this one: so a region in a
 * loop needs one entry. */
static bool extend(const region_t *added)
{
    region_t last = {.task_id = 0};
    region_t each;
    uint32_t at = NONE;
    for (uint32_t i = 0; region_at(i, &each); i++) {
        if (each.task_id == added->task_id) {
            last = each;
            at = i;
        }
    }
    region_t between = {last.until, added->from, added->task_id};
    if (at == NONE || has_blocks(&between)) { return false; }
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    bool same = at < s_region_count && s_regions[at].task_id == added->task_id;
    if (same) { s_regions[at].until = added->until; }
    ht_port_unlock(&s_lock, irq);
    return same;
}

esp_err_t heaptrail_allow_region_begin(heaptrail_allowed_region_t *region)
{
    if (region == NULL) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    region->task_id = heaptrail_task_id();
    region->mark = heaptrail_mark();
    return ESP_OK;
}

esp_err_t heaptrail_allow_region_end(heaptrail_allowed_region_t *region)
{
    if (region == NULL) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr() || region->task_id != heaptrail_task_id()) {
        return ESP_ERR_INVALID_STATE;
    }
    const region_t added = {region->mark, heaptrail_mark(), region->task_id};
    if (!has_blocks(&added) || extend(&added)) { return ESP_OK; }
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    bool room = s_region_count < HEAPTRAIL_ALLOWED_REGIONS_MAX;
    if (room) { s_regions[s_region_count++] = added; }
    ht_port_unlock(&s_lock, irq);
    if (!room) {
        ht_log(HEAPTRAIL_LOG_ERROR, "heaptrail: too many allowed regions left something, one is "
                                    "not allowed (HEAPTRAIL_ALLOWED_REGIONS_MAX)");
    }
    return room ? ESP_OK : ESP_ERR_NO_MEM;
}

void ht_allow_forget_regions(uint32_t task_id)
{
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s_region_count; i++) {
        if (s_regions[i].task_id != task_id) { s_regions[kept++] = s_regions[i]; }
    }
    s_region_count = kept;
    ht_port_unlock(&s_lock, irq);
}

/* --- leaks ---------------------------------------------------------------------------------------
 */

static bool is_leak(void *context, const heaptrail_block_row_t *row)
{
    const ht_leaks_t *leaks = context;
    if (is_in_any_region(row)) { return false; }
    uint32_t allowance = allowance_of(row);
    return allowance == NONE || (leaks->exceeded >> allowance & 1U) != 0;
}

void ht_leaks_init(ht_leaks_t *leaks, const heaptrail_scope_t *scope, bool all_tasks,
                   uint32_t exceeded)
{
    *leaks = (ht_leaks_t){.scope = scope, .all_tasks = all_tasks, .exceeded = exceeded};
    leaks->choice = (heaptrail_choice_t){is_leak, leaks, "that are not allowed"};
}

/* With nothing allowed every block is a leak, and the report need not say so. */
heaptrail_select_t ht_leaks_select(const ht_leaks_t *leaks)
{
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    bool allowing = s_allowance_count != 0 || s_region_count != 0;
    ht_port_unlock(&s_lock, irq);
    return (heaptrail_select_t){
        .since = &leaks->scope->mark,
        .task_id = leaks->all_tasks ? 0 : leaks->scope->task_id,
        .choice = allowing ? &leaks->choice : NULL,
    };
}

typedef struct {
    heaptrail_scope_result_t *result;
    uint32_t blocks[HEAPTRAIL_ALLOWANCES_MAX];
    size_t bytes[HEAPTRAIL_ALLOWANCES_MAX];
} count_t;

static bool count_block(void *context, const heaptrail_block_row_t *row)
{
    count_t *count = context;
    uint32_t allowance = is_in_any_region(row) ? NONE - 1U : allowance_of(row);
    if (allowance == NONE) {
        count->result->leaked_blocks++;
        count->result->leaked_bytes += row->size_bytes;
        return true;
    }
    count->result->allowed_blocks++;
    count->result->allowed_bytes += row->size_bytes;
    if (allowance < HEAPTRAIL_ALLOWANCES_MAX) {
        count->blocks[allowance]++;
        count->bytes[allowance] += row->size_bytes;
    }
    return true;
}

/* All blocks of an allowance with too many of them are leaks: nobody knows which ones are the
 * allowed ones. */
static void take_back(count_t *count, uint32_t number)
{
    heaptrail_allowance_t allowance;
    heaptrail_scope_result_t *result = count->result;
    if (!ht_allowance_at(number, &allowance)) { return; }
    bool exceeded = (allowance.max_blocks != 0 && count->blocks[number] > allowance.max_blocks) ||
                    (allowance.max_bytes != 0 && count->bytes[number] > allowance.max_bytes);
    if (!exceeded) { return; }
    result->exceeded |= 1U << number;
    result->allowed_blocks -= count->blocks[number];
    result->allowed_bytes -= count->bytes[number];
    result->leaked_blocks += count->blocks[number];
    result->leaked_bytes += count->bytes[number];
}

bool ht_leaks_count(ht_leaks_t *leaks, heaptrail_scope_result_t *result)
{
    heaptrail_walk_t walk = {0};
    count_t count = {.result = result};
    heaptrail_select_t select = ht_leaks_select(leaks);
    select.choice = NULL; /* what is allowed is counted, too */
    *result = (heaptrail_scope_result_t){.verdict = HEAPTRAIL_SCOPE_CLEAN};
    (void)heaptrail_for_each_block(&select, count_block, &count, &walk);
    for (uint32_t i = 0; i < HEAPTRAIL_ALLOWANCES_MAX; i++) {
        take_back(&count, i);
    }
    leaks->exceeded = result->exceeded;
    return !walk.disturbed;
}
