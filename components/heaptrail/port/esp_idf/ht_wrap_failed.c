/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Allocations that failed for good. ESP-IDF has one slot for a callback, overwritten without a
 * word. We take it before anyone else, and keep the firmware's own callback behind ours.
 */
#include "esp_heap_caps.h"
#include "ht_default.h"
#include "ht_port_wrap.h"

#define CALLER ((uintptr_t)__builtin_return_address(0))

static volatile esp_alloc_failed_hook_t s_next; /* the firmware's callback */

/*
 * A realloc() that was refused because of its pointer returns NULL too, but the heap did not fail.
 * ESP-IDF takes it for a failure: heap_caps_realloc_default() tries other memory, and in the end
 * the callback is called, all of it by the same task. One slot: two tasks that are refused at the
 * same time may leave a failure too many.
 */
static volatile uintptr_t s_refused_by; /* 1 + the task's key; 0: nobody */
static const void *volatile s_refused_block;

HT_PORT_HOT void ht_port_note_refused(const void *block)
{
    s_refused_block = block;
    s_refused_by = ht_port_task_key() + 1U;
}

HT_PORT_HOT bool ht_port_is_refused(const void *block)
{
    return s_refused_by != 0 && s_refused_block == block && s_refused_by == ht_port_task_key() + 1U;
}

static HT_PORT_HOT bool take_refused(void)
{
    bool refused = s_refused_by != 0 && s_refused_by == ht_port_task_key() + 1U;
    if (refused) { s_refused_by = 0; }
    return refused;
}

static HT_PORT_HOT void on_failed(size_t size, uint32_t caps, const char *function)
{
    if (take_refused()) { return; }
    ht_tracker_t *tracker = ht_default();
    const ht_scope_t *scope = ht_scope_current(tracker);
    ht_on_fail(size, scope != NULL ? scope->alignment : 0, caps, HEAPTRAIL_METHOD_UNKNOWN, CALLER);
    esp_alloc_failed_hook_t next = s_next;
    if (next != NULL) { next(size, caps, function); }
}

esp_err_t __wrap_heap_caps_register_failed_alloc_callback(esp_alloc_failed_hook_t callback)
{
    if (callback == NULL) { return ESP_ERR_INVALID_ARG; }
    s_next = callback;
    return ESP_OK;
}

void ht_port_take_failed_slot(void)
{
    __real_heap_caps_register_failed_alloc_callback(on_failed);
}
