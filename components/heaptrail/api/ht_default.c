/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The default tracker: its static memory, its start, and the failures it hears of. */
#include "ht_default.h"

#include <string.h>

#include "heaptrail.h"
#include "ht_checked.h"
#include "ht_config.h"
#include "ht_explained.h"
#include "ht_hot_default.h"
#include "ht_log.h"
#include "ht_lowmem.h"

HT_PORT_STATE ht_state_t heaptrail_state;

/* The tables, where they are not in the state itself; components/heaptrail/linker.lf.in moves it.
 */
static uint64_t s_memory[HT_STATE_TABLES_APART ? HT_STATE_MEMORY_BYTES / sizeof(uint64_t) : 1];

static_assert(HT_STATE_FREED_MAX >=
                  CONFIG_HEAPTRAIL_RECENT_FREES + CONFIG_HEAPTRAIL_QUARANTINE_BLOCKS,
              "the ring holds what waits and what is to be remembered");

/* Measurements of the heap that failures may ask for in a second: each walks the heap. */
#define MEASURES_PER_SECOND 8U

static const ht_sizes_t s_sizes = {
    .max_blocks = CONFIG_HEAPTRAIL_MAX_BLOCKS,
    .max_origins = CONFIG_HEAPTRAIL_MAX_SITES,
    .frame_words = CONFIG_HEAPTRAIL_FRAME_WORDS,
    .max_tasks = CONFIG_HEAPTRAIL_MAX_TASKS,
    .max_failures = CONFIG_HEAPTRAIL_MAX_FAILURES,
    .stack_depth = CONFIG_HEAPTRAIL_STACK_DEPTH,
    .max_freed = HT_STATE_FREED_MAX,
};

static inline void *own_memory(void)
{
    return HT_STATE_TABLES_APART ? s_memory : heaptrail_state.memory;
}

static HT_PORT_HOT void boot(uint32_t state)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    ht_plan_t plan = ht_tracker_plan(&s_sizes, own_memory());
    ht_tracker_prepare(tracker, &plan);
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    if (tracker->state == HT_STATE_NEW) { ht_tracker_begin(tracker, &plan, state); }
    ht_port_unlock(&tracker->lock, irq);
    ht_state_sign(&heaptrail_state);
    if (HT_CONFIG_CHECKS) { ht_checked_boot(tracker); }
}

HT_PORT_HOT void ht_default_boot(void)
{
    boot(HT_CONFIG_START_AT_BOOT ? HT_STATE_RUNNING : HT_STATE_STOPPED);
}

static HT_PORT_HOT HT_PORT_LEAF void add(ht_tracker_t *tracker, void *block, size_t size,
                                         ht_origin_id_t origin, ht_tick_t now)
{
    (void)ht_hot_add(tracker, (uintptr_t)block, size, &tracker->origins.origins[origin.index],
                     HT_GUARD_NONE, now);
}

HT_PORT_HOT void ht_on_alloc_slow(void *block, size_t size, uint32_t caps, uint32_t method,
                                  uintptr_t caller)
{
    ht_tracker_t *tracker = ht_default();
    if (tracker->state == HT_STATE_RUNNING) {
        ht_origin_id_t origin = ht_scope_origin(tracker, caller, method, caps);
        add(tracker, block, size, origin, ht_port_tick());
    }
}

HT_PORT_HOT void *ht_hot_make_slow(void *block, size_t size, ht_origin_t *from, ht_tick_t now,
                                   uintptr_t sp, ht_hot_t outcome)
{
    (void)ht_hot_add_otherwise(&ht_default_tracker, outcome, (uintptr_t)block, size, from,
                               HT_GUARD_NONE, now, sp);
    return block;
}

static HT_PORT_HOT HT_PORT_LEAF void made(void *block, size_t size, ht_origin_t *from,
                                          ht_tick_t now)
{
    (void)ht_hot_make(block, size, from, now);
}

HT_PORT_HOT void ht_on_alloc(void *block, size_t size, uint32_t caps, uint32_t method,
                             uintptr_t caller)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    if (__builtin_expect(ht_hot_is_quick(tracker), 1)) {
        ht_origin_t *from = ht_origin_of_caller(&tracker->origins, &tracker->callers,
                                                &tracker->lock, caller, caps, method);
        made(block, size, from, ht_port_tick());
    } else {
        ht_hot_otherwise(tracker, block, size, caps, method, caller);
    }
}

HT_PORT_HOT void ht_on_free(void *block)
{
    /* Not one slot in use: a tracker that is new or stopped. It also spares a look-up that cannot
     * hit. */
    if (__builtin_expect(ht_unlocked_count(&ht_default_tracker) != 0, 1)) {
        ht_hot_remove(&ht_default_tracker, (uintptr_t)block);
    } else if (ht_default_tracker.state == HT_STATE_RUNNING) {
        ht_tracker_remove(&ht_default_tracker, (uintptr_t)block); /* counts it as unknown */
    }
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static ht_sizes_t sizes_of(const heaptrail_config_t *config)
{
    return (ht_sizes_t){
        .max_blocks = or_default(config->max_blocks, s_sizes.max_blocks),
        .max_origins = or_default(config->max_sites, s_sizes.max_origins),
        .frame_words = or_default(config->frame_words, s_sizes.frame_words),
        .max_tasks = or_default(config->max_tasks, s_sizes.max_tasks),
        .max_failures = or_default(config->max_failures, s_sizes.max_failures),
        .stack_depth = or_default(config->stack_depth, s_sizes.stack_depth),
        .max_freed =
            config->max_freed != 0 ? ht_freed_ring_size(config->max_freed, 0) : s_sizes.max_freed,
    };
}

size_t heaptrail_memory_bytes(const heaptrail_config_t *config)
{
    if (config == NULL) { return 0; }
    ht_sizes_t sizes = sizes_of(config);
    return ht_tracker_memory_bytes(&sizes);
}

static void log_needed(size_t bytes)
{
    char digits[24];
    size_t at = sizeof(digits) - 1;
    digits[at] = '\0';
    for (; bytes != 0 && at > 0; bytes /= 10) {
        digits[--at] = (char)('0' + bytes % 10);
    }
    ht_log_name(HEAPTRAIL_LOG_ERROR, "heaptrail_init: memory_bytes is too small, needed",
                &digits[at]);
}

static void clear(void *memory, size_t bytes)
{
    for (uint64_t *word = memory; bytes >= sizeof(*word); bytes -= sizeof(*word)) {
        *word++ = 0;
    }
}

/* Nothing fails once the tracker is claimed: memory that was refused is never looked at again. */
static esp_err_t move_tables(const ht_sizes_t *sizes, void *memory, size_t bytes)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    if (tracker->state == HT_STATE_NEW) { boot(HT_STATE_STOPPED); } /* with the checks of boot */
    if (!ht_tracker_claim(tracker)) { return ESP_ERR_INVALID_STATE; }
    clear(memory, bytes);
    ht_plan_t plan = ht_tracker_plan(sizes, memory);
    ht_tracker_prepare(tracker, &plan);
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_tracker_begin(tracker, &plan, HT_STATE_RUNNING);
    ht_port_unlock(&tracker->lock, irq);
    ht_state_sign(&heaptrail_state);
    return ESP_OK;
}

esp_err_t heaptrail_init(const heaptrail_config_t *config)
{
    if (config == NULL) { return ESP_ERR_INVALID_ARG; }
    ht_sizes_t sizes = sizes_of(config);
    const char *wrong = ht_sizes_check(&sizes);
    if (wrong != NULL && strcmp(wrong, "max_origins") == 0) { wrong = "max_sites"; }
    if (wrong == NULL && (uintptr_t)config->memory % sizeof(uint64_t) != 0) {
        wrong = "memory (alignment 8)";
    }
    if (wrong == NULL && config->memory == NULL && config->memory_bytes != 0) { wrong = "memory"; }
    if (wrong != NULL) {
        ht_log_name(HEAPTRAIL_LOG_ERROR, "heaptrail_init: invalid field", wrong);
        return ESP_ERR_INVALID_ARG;
    }
    size_t needed = ht_tracker_memory_bytes(&sizes);
    size_t given = config->memory != NULL ? config->memory_bytes : HT_STATE_MEMORY_BYTES;
    if (given < needed) {
        log_needed(needed);
        return ESP_ERR_INVALID_SIZE;
    }
    return move_tables(&sizes, config->memory != NULL ? config->memory : own_memory(), needed);
}

/* At most MEASURES_PER_SECOND: a firmware that fails in a loop must not spend its time walking the
 * heap. */
static HT_PORT_HOT bool may_measure(void)
{
    static uint32_t s_second;
    static uint32_t s_count;
    uint32_t second = (uint32_t)(ht_port_tick() / ht_port_tick_hz());
    if (__atomic_load_n(&s_second, __ATOMIC_RELAXED) != second) { /* two cores: one more at worst */
        __atomic_store_n(&s_second, second, __ATOMIC_RELAXED);
        __atomic_store_n(&s_count, 0, __ATOMIC_RELAXED);
    }
    uint32_t count = __atomic_load_n(&s_count, __ATOMIC_RELAXED);
    __atomic_store_n(&s_count, count + 1U, __ATOMIC_RELAXED);
    return count < MEASURES_PER_SECOND;
}

HT_PORT_HOT void ht_on_fail(size_t size, size_t alignment, uint32_t caps, uint32_t method,
                            uintptr_t caller)
{
    ht_tracker_t *tracker = ht_default();
    if (tracker->state != HT_STATE_RUNNING) { return; }
    ht_failure_t failure = {.size = size, .alignment = alignment, .caps = caps};
    failure.origin = ht_scope_origin(tracker, caller, method, caps);
    ht_heap_sample_t sample = {0};
    /* With the flash cache off not even ht_port_in_isr() may be called. */
    if (ht_port_can_report() && !ht_port_in_isr() && may_measure() &&
        ht_port_sample_caps(ht_port_heap_caps(caps), &sample)) {
        failure.measured = true;
        failure.free_bytes = sample.free_bytes;
        failure.largest_free_bytes = sample.largest_free_bytes;
    }
    ht_tracker_fail(tracker, &failure);
    if (failure.measured) {
        ht_lowmem_measure(tracker, &(ht_lowmem_facts_t){HEAPTRAIL_LOWMEM_FAILURE, size,
                                                        failure.origin, failure.task});
        ht_explain_failure(tracker, &failure);
    }
}
