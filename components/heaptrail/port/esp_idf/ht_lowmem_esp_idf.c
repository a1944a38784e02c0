/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The low-memory trigger's platform: what is free, and the task that is told, which is esp_timer's:
 * a timer can be started in any context, and its task runs above most others.
 */
#include "esp_heap_caps.h"
#include "esp_timer.h"
#include "heaptrail_lowmem.h"
#include "ht_config.h"
#include "ht_default.h"

size_t ht_port_free_bytes(uint32_t caps)
{
    return heap_caps_get_free_size(ht_port_heap_caps(caps));
}

#if CONFIG_HEAPTRAIL_LOWMEM_WATCHES > 0

static esp_timer_handle_t s_timer;

/* A sum over the heaps of a number that each keeps: no lock, no walk. */
static void poll(void *argument)
{
    (void)argument;
    (void)heaptrail_lowmem_poll();
}

bool ht_port_lowmem_start(void)
{
    if (__atomic_load_n(&s_timer, __ATOMIC_ACQUIRE) != NULL) { return true; }
    const esp_timer_create_args_t args = {.callback = poll, .name = "heaptrail_low"};
    esp_timer_handle_t timer = NULL;
    if (esp_timer_create(&args, &timer) != ESP_OK) { return false; }
    ht_port_irq_t irq = ht_port_lock(&ht_default_tracker.lock);
    bool first = s_timer == NULL;
    if (first) { __atomic_store_n(&s_timer, timer, __ATOMIC_RELEASE); }
    ht_port_unlock(&ht_default_tracker.lock, irq);
    if (!first) { (void)esp_timer_delete(timer); } /* another task was here first */
    return true;
}

/* ESP_ERR_INVALID_STATE, because it is running already, is fine: it will find everything. */
void ht_port_lowmem_wake(void)
{
    (void)esp_timer_start_once(s_timer, 1);
}

#else

bool ht_port_lowmem_start(void)
{
    return false;
}

void ht_port_lowmem_wake(void)
{
}

#endif
