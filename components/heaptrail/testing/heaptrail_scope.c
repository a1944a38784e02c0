/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* A scope's begin and end: whether the question may be asked, and whether the answer is certain. */
#include "ht_allow.h"
#include "ht_port.h"
#include "ht_scope_open.h"

#define SETTLE_DEFAULT_MS 100U
#define SETTLE_MAX_MS 60000U
#define SETTLE_STEP_MS 5U

/** Walks over a table that moves under them, until one is not disturbed. */
#define WALKS 8U

/** Where a tick has 32 bits, a mark older than a quarter of its range tells nothing
 * (ht_tracker_sweep()). */
#define MARK_TICKS (sizeof(uintptr_t) == 4U ? (uint64_t)(UINT32_MAX / 4U) : UINT64_MAX)

typedef struct {
    uint32_t id; /* 0: free */
    uint32_t task_id;
} open_t;

static ht_port_lock_t s_lock;
static open_t s_open[HEAPTRAIL_SCOPES_MAX];
static uint32_t s_last_id;

/* --- which are open ------------------------------------------------------------------------------
 */

/* Numbers grow, and wrap. */
static bool is_newer(uint32_t a, uint32_t b)
{
    return a - b < UINT32_MAX / 2U && a != b;
}

/* A free entry, or else the oldest of the task. Lock held. */
static open_t *entry_for(uint32_t task_id)
{
    open_t *oldest = NULL;
    for (uint32_t i = 0; i < HEAPTRAIL_SCOPES_MAX; i++) {
        open_t *open = &s_open[i];
        if (open->id == 0) { return open; }
        bool mine = open->task_id == task_id;
        if (mine && (oldest == NULL || is_newer(oldest->id, open->id))) { oldest = open; }
    }
    return oldest;
}

/* @return Its number, 0 when there is no room. *first: no other scope of the task is open. */
static uint32_t open_scope(uint32_t task_id, bool *first)
{
    uint32_t id = 0;
    *first = true;
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    for (uint32_t i = 0; i < HEAPTRAIL_SCOPES_MAX; i++) {
        if (s_open[i].id != 0 && s_open[i].task_id == task_id) { *first = false; }
    }
    open_t *entry = entry_for(task_id);
    if (entry != NULL) {
        s_last_id += s_last_id == UINT32_MAX ? 2U : 1U;
        id = s_last_id;
        *entry = (open_t){id, task_id};
    }
    ht_port_unlock(&s_lock, irq);
    return id;
}

static bool close_scope(uint32_t id)
{
    bool found = false;
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    for (uint32_t i = 0; i < HEAPTRAIL_SCOPES_MAX && id != 0; i++) {
        if (s_open[i].id == id) {
            s_open[i].id = 0;
            found = true;
        }
    }
    ht_port_unlock(&s_lock, irq);
    return found;
}

/* Close what this task began later. @return How many that were. */
static uint32_t close_inner(const heaptrail_scope_t *scope)
{
    uint32_t closed = 0;
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    for (uint32_t i = 0; i < HEAPTRAIL_SCOPES_MAX; i++) {
        open_t *open = &s_open[i];
        if (open->id != 0 && open->task_id == scope->task_id && is_newer(open->id, scope->id)) {
            open->id = 0;
            closed++;
        }
    }
    ht_port_unlock(&s_lock, irq);
    return closed;
}

void ht_scope_abandon_inner(const heaptrail_scope_t *scope)
{
    (void)close_inner(scope);
}

/* --- begin ---------------------------------------------------------------------------------------
 */

static uint32_t sum(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* Blocks that may be live without a record. */
static uint32_t unrecorded(const heaptrail_loss_t *loss)
{
    return sum(sum(loss->table_full, loss->table_crowded), sum(loss->too_large, loss->filtered));
}

esp_err_t heaptrail_scope_begin(heaptrail_scope_t *scope)
{
    if (scope == NULL) { return ESP_ERR_INVALID_ARG; }
    *scope = (heaptrail_scope_t){.id = 0};
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    bool first = false;
    heaptrail_status_t status;
    scope->task_id = heaptrail_task_id();
    scope->id = open_scope(scope->task_id, &first);
    if (scope->id == 0) { return ESP_ERR_NO_MEM; }
    if (first) { ht_allow_forget_regions(scope->task_id); }
    (void)heaptrail_status(&status);
    scope->generation = status.generation;
    scope->pauses = status.pauses;
    scope->running = status.running;
    scope->unrecorded = unrecorded(&status.loss);
    scope->begun_us = status.uptime_us;
    scope->mark = heaptrail_mark();
    return ESP_OK;
}

/* --- end -----------------------------------------------------------------------------------------
 */

static const char *misuse_of(const heaptrail_scope_t *scope)
{
    if (scope->id == 0) { return "the scope was not begun"; }
    if (scope->task_id != heaptrail_task_id()) { return "another task began the scope"; }
    if (!close_scope(scope->id)) {
        return "the scope is not open: it was ended before, or its outer one was, or it was given "
               "up because more than HEAPTRAIL_SCOPES_MAX were open";
    }
    if (close_inner(scope) != 0) {
        return "a scope that was begun later is still open: ended out of order, or left so by a "
               "failed test";
    }
    return NULL;
}

/* Why the blocks of the scope cannot be told from others, or NULL. */
static const char *blindness_of(const heaptrail_scope_t *scope, bool all_tasks)
{
    heaptrail_status_t status;
    (void)heaptrail_status(&status);
    if (!all_tasks && scope->task_id == 0) {
        return "the table of tasks is full, this task has no row: raise CONFIG_HEAPTRAIL_MAX_TASKS";
    }
    uint64_t ticks = (status.uptime_us - scope->begun_us) / 1000U * heaptrail_tick_hz() / 1000U;
    return ticks >= MARK_TICKS ? "the scope is too old: its mark has aged out" : NULL;
}

/* Why something may have been missed, or NULL. */
static const char *doubt_of(const heaptrail_scope_t *scope, uint32_t *lost)
{
    heaptrail_status_t status;
    (void)heaptrail_status(&status);
    *lost = unrecorded(&status.loss) - scope->unrecorded;
    if (status.generation != scope->generation) { return "the tracker was reset in the scope"; }
    if (!scope->running || !status.running) { return "recording is stopped"; }
    if (status.pauses != scope->pauses) { return "recording was stopped in the scope"; }
    if (*lost != 0 || unrecorded(&status.loss) == UINT32_MAX) {
        return "blocks got no record: the table is full (CONFIG_HEAPTRAIL_MAX_BLOCKS), they are "
               "too large, or a filter is set";
    }
    return NULL;
}

/* @return False: the table moved under every walk. */
static bool count(ht_leaks_t *leaks, heaptrail_scope_result_t *result)
{
    for (uint32_t i = 0; i < WALKS; i++) {
        if (ht_leaks_count(leaks, result)) { return true; }
    }
    return false;
}

static uint32_t settle_ms(const heaptrail_scope_options_t *options)
{
    if (options->settle_ms == HEAPTRAIL_SETTLE_NONE) { return 0; }
    return options->settle_ms != 0 ? options->settle_ms : SETTLE_DEFAULT_MS;
}

/* Count until nothing is left, or the time is over. */
static bool settle(ht_leaks_t *leaks, uint32_t ms, heaptrail_scope_result_t *result)
{
    bool sure = count(leaks, result);
    for (uint32_t waited = 0; result->leaked_blocks != 0 && waited < ms; waited += SETTLE_STEP_MS) {
        if (!ht_port_wait_ms(SETTLE_STEP_MS)) { break; }
        sure = count(leaks, result);
    }
    return sure;
}

static void judge(const heaptrail_scope_t *scope, const heaptrail_scope_options_t *options,
                  heaptrail_scope_result_t *result)
{
    ht_leaks_t leaks;
    const char *blind = blindness_of(scope, options->all_tasks);
    if (blind != NULL) {
        *result = (heaptrail_scope_result_t){.verdict = HEAPTRAIL_SCOPE_CANNOT_TELL, .why = blind};
        return;
    }
    ht_leaks_init(&leaks, scope, options->all_tasks, 0);
    bool sure = settle(&leaks, settle_ms(options), result);
    result->why = doubt_of(scope, &result->unrecorded_blocks);
    if (result->why == NULL && !sure) { result->why = "the table moved while it was read"; }
    if (result->leaked_blocks != 0) {
        result->verdict = HEAPTRAIL_SCOPE_LEAKS;
    } else if (result->why != NULL) {
        result->verdict = HEAPTRAIL_SCOPE_CANNOT_TELL;
    }
}

esp_err_t heaptrail_scope_end(heaptrail_scope_t *scope, const heaptrail_scope_options_t *options,
                              heaptrail_scope_result_t *result)
{
    static const heaptrail_scope_options_t defaults;
    if (options == NULL) { options = &defaults; }
    if (scope == NULL || result == NULL) { return ESP_ERR_INVALID_ARG; }
    *result = (heaptrail_scope_result_t){.verdict = HEAPTRAIL_SCOPE_MISUSED};
    if (options->settle_ms > SETTLE_MAX_MS && options->settle_ms != HEAPTRAIL_SETTLE_NONE) {
        result->why = "settle_ms is more than a minute";
        return ESP_ERR_INVALID_ARG;
    }
    result->why = ht_port_in_isr() ? "ended in an interrupt handler" : misuse_of(scope);
    if (result->why != NULL) { return ESP_ERR_INVALID_STATE; }
    judge(scope, options, result);
    return ESP_OK;
}
