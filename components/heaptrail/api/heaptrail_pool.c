/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Pools of the default tracker: arguments, origins, and who measures them. */
#include "heaptrail_pool.h"

#include "ht_default.h"
#include "ht_log.h"
#include "ht_pool.h"
#include "ht_pool_measure.h"

/* A pool is the number of its row, and above it how often that row has been given away. */
#define ROW_BITS 8U

typedef struct {
    heaptrail_pool_measure_fn_t measure;
    void *context;
    uint32_t turn;
} row_t;

static row_t s_row[HT_HEAPS_MAX + 1];

/* The row of a pool, {0} if it is none (any more). */
static ht_heap_id_t row_of(const ht_tracker_t *tracker, heaptrail_pool_t pool)
{
    ht_heap_id_t id = {pool & ((1U << ROW_BITS) - 1U)};
    bool is = ht_pool_exists(tracker, id) && s_row[id.index].turn == pool >> ROW_BITS;
    return is ? id : (ht_heap_id_t){0};
}

static const char *wrong_field(const heaptrail_pool_config_t *config)
{
    if (config->name == NULL || config->name[0] == '\0') { return "name"; }
    if (config->start == NULL) { return "start"; }
    if (config->size_bytes == 0 || (uintptr_t)config->start > UINTPTR_MAX - config->size_bytes) {
        return "size_bytes";
    }
    return NULL;
}

esp_err_t heaptrail_pool_add(const heaptrail_pool_config_t *config, heaptrail_pool_t *pool)
{
    if (pool != NULL) { *pool = 0; }
    if (config == NULL || pool == NULL) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    bool overlaps = false;
    const char *wrong = wrong_field(config);
    ht_heap_id_t id = {0};
    if (wrong == NULL) {
        id = ht_pool_add(ht_default(), (uintptr_t)config->start, config->size_bytes, config->name,
                         &overlaps);
        if (overlaps) { wrong = "start (it overlaps another pool)"; }
    }
    if (wrong != NULL) {
        ht_log_name(HEAPTRAIL_LOG_ERROR, "heaptrail_pool_add: invalid field", wrong);
        return ESP_ERR_INVALID_ARG;
    }
    if (id.index == 0) {
        ht_log(HEAPTRAIL_LOG_ERROR, "heaptrail_pool_add: 15 heaps and pools are the most");
        return ESP_ERR_NO_MEM;
    }
    row_t *row = &s_row[id.index];
    row->turn = (row->turn + 1U) & (UINT32_MAX >> ROW_BITS);
    row->context = config->context;
    row->measure = config->measure;
    *pool = row->turn << ROW_BITS | id.index;
    return ESP_OK;
}

uint32_t heaptrail_pool_heap_id(heaptrail_pool_t pool)
{
    return row_of(&ht_default_tracker, pool).index;
}

esp_err_t heaptrail_pool_remove(heaptrail_pool_t pool)
{
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    ht_tracker_t *tracker = ht_default();
    ht_heap_id_t id = row_of(tracker, pool);
    uint32_t ended;
    if (id.index == 0) { return ESP_ERR_NOT_FOUND; }
    s_row[id.index].measure = NULL;
    return ht_pool_remove(tracker, id, &ended) ? ESP_OK : ESP_ERR_NOT_FOUND;
}

bool ht_pool_measure(uint32_t row, size_t *free_bytes, size_t *largest_bytes)
{
    heaptrail_pool_room_t room = {0};
    heaptrail_pool_measure_fn_t measure = s_row[row].measure;
    if (measure == NULL || !measure(s_row[row].context, &room)) { return false; }
    *free_bytes = room.free_bytes;
    *largest_bytes = room.largest_free_bytes;
    return true;
}

/* --- blocks ------------------------------------------------------------------------------------
 */

static ht_origin_id_t origin_of(ht_tracker_t *tracker, const heaptrail_site_ref_t *ref,
                                uintptr_t caller)
{
    uintptr_t frames[HT_STACK_DEPTH_MAX];
    ht_origin_key_t key = {
        .site = ref != NULL ? ref->site : NULL, .frames = frames, .method = HEAPTRAIL_METHOD_POOL};
    uint32_t least = key.site != NULL ? 0 : 1;
    frames[0] = caller;
    key.depth = least;
    if (tracker->stack_depth > 1) {
        key.depth = ht_port_stack(frames, tracker->stack_depth, caller);
    }
    ht_origin_id_t id = ht_origin_intern(&tracker->origins, &tracker->lock, &key);
    if (id.index == 0 && key.depth > least) { /* no room for the stack */
        key.depth = least;
        id = ht_origin_intern(&tracker->origins, &tracker->lock, &key);
    }
    return id;
}

static void failed(ht_tracker_t *tracker, ht_origin_id_t origin, size_t size)
{
    ht_failure_t failure = {.size = size, .origin = origin};
    ht_tracker_fail(tracker, &failure);
}

/* Each allocation of a pool that was described wrongly would say it. */
static void log_stray_once(void)
{
    static volatile uint32_t s_said; /* two at once say it twice */
    if (s_said != 0 || ht_port_in_isr()) { return; }
    s_said = 1;
    ht_log(HEAPTRAIL_LOG_WARN,
           "heaptrail_pool_alloc: a block outside its pool, or not at a multiple of 4, is not "
           "recorded");
}

static void made(ht_tracker_t *tracker, ht_heap_id_t id, const heaptrail_site_ref_t *ref,
                 uintptr_t caller, void *block, size_t size)
{
    if (tracker->state != HT_STATE_RUNNING) { return; }
    ht_origin_id_t origin = origin_of(tracker, ref, caller);
    uintptr_t address = (uintptr_t)block;
    if (block == NULL) {
        failed(tracker, origin, size);
    } else if (address % 4U != 0 || !ht_pool_holds(tracker, id, address, size)) {
        log_stray_once();
    } else {
        (void)ht_pool_make(tracker, id, address, size, origin);
    }
}

#define CALLER(caller)                                                                             \
    ((caller) != NULL ? (uintptr_t)(caller) : (uintptr_t)__builtin_return_address(0))

void *heaptrail_pool_alloc(heaptrail_pool_t pool, heaptrail_site_ref_t *ref, const void *caller,
                           void *block, size_t size)
{
    ht_tracker_t *tracker = ht_default();
    ht_heap_id_t id = row_of(tracker, pool);
    if (id.index != 0) { made(tracker, id, ref, CALLER(caller), block, size); }
    return block;
}

esp_err_t heaptrail_pool_free(heaptrail_pool_t pool, const void *block)
{
    ht_tracker_t *tracker = ht_default();
    ht_heap_id_t id = row_of(tracker, pool);
    if (block == NULL) { return ESP_OK; }
    if (id.index == 0) { return ESP_ERR_NOT_FOUND; }
    bool aligned = (uintptr_t)block % 4U == 0;
    return aligned && ht_pool_end(tracker, id, (uintptr_t)block) ? ESP_OK : ESP_ERR_NOT_FOUND;
}

void *heaptrail_pool_realloc(heaptrail_pool_t pool, heaptrail_site_ref_t *ref, const void *caller,
                             const void *old, void *block, size_t size)
{
    bool ends = block != NULL || size == 0;
    if (old != NULL && ends) { (void)heaptrail_pool_free(pool, old); }
    if (block == NULL && size == 0) { return NULL; }
    return heaptrail_pool_alloc(pool, ref, (const void *)CALLER(caller), block, size);
}

static esp_err_t sweep(heaptrail_pool_t pool, heaptrail_pool_dead_fn_t dead, void *context,
                       uint32_t *ended)
{
    if (ended != NULL) { *ended = 0; }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    ht_tracker_t *tracker = ht_default();
    ht_heap_id_t id = row_of(tracker, pool);
    if (id.index == 0) { return ESP_ERR_NOT_FOUND; }
    uint32_t count = ht_pool_sweep(tracker, id, dead, context);
    if (ended != NULL) { *ended = count; }
    return ESP_OK;
}

esp_err_t heaptrail_pool_clear(heaptrail_pool_t pool, uint32_t *ended)
{
    return sweep(pool, NULL, NULL, ended);
}

esp_err_t heaptrail_pool_sweep(heaptrail_pool_t pool, heaptrail_pool_dead_fn_t dead, void *context,
                               uint32_t *ended)
{
    return dead == NULL ? ESP_ERR_INVALID_ARG : sweep(pool, dead, context, ended);
}
