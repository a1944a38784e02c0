/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "esp_log.h"
#include "esp_timer.h"
#include "ht_caps.h"
#include "ht_port.h"
#include "ht_port_wrap.h"

uint32_t ht_port_tick_hz(void)
{
    return configTICK_RATE_HZ;
}

uint64_t ht_port_uptime_us(void)
{
    return (uint64_t)esp_timer_get_time();
}

HT_PORT_HOT void ht_port_task_name(uintptr_t key, char *name)
{
    const char *from = ht_port_task_label(key);
    unsigned i = 0;
    for (; from != NULL && from[i] != '\0' && i + 1U < HT_TASK_NAME_MAX; i++) {
        name[i] = from[i];
    }
    name[i] = '\0';
}

HT_PORT_HOT uintptr_t ht_port_stack_low(uintptr_t key)
{
    return HT_PORT_STACK_TELLS_TASK ? ht_port_stack_start(key) : 0;
}

bool ht_port_in_isr(void)
{
    return xPortInIsrContext() != 0;
}

/* The ordinary log takes a lock of libc's, which aborts in an interrupt, and waits where nobody
 * may. */
static bool may_wait(void)
{
    return !ht_port_in_isr() && xPortCanYield() &&
           xTaskGetSchedulerState() != taskSCHEDULER_SUSPENDED;
}

bool ht_port_wait_ms(uint32_t ms)
{
    if (!may_wait() || xTaskGetSchedulerState() != taskSCHEDULER_RUNNING) { return false; }
    vTaskDelay(pdMS_TO_TICKS(ms) + 1U);
    return true;
}

static void log_early(unsigned level, const char *tag, const char *text)
{
    if (level == 0) {
        ESP_EARLY_LOGE(tag, "%s", text);
    } else if (level == 1) {
        ESP_EARLY_LOGW(tag, "%s", text);
    } else {
        ESP_EARLY_LOGI(tag, "%s", text);
    }
}

void ht_port_log(unsigned level, const char *text)
{
    static const char *const tag = "heaptrail";
    if (!may_wait()) {
        log_early(level, tag, text);
    } else if (level == 0) {
        ESP_LOGE(tag, "%s", text);
    } else if (level == 1) {
        ESP_LOGW(tag, "%s", text);
    } else {
        ESP_LOGI(tag, "%s", text);
    }
}

#pragma weak ht_port_wrap_marker

bool ht_port_is_wrapped(void)
{
    const char *volatile marker =
        &ht_port_wrap_marker; /* volatile: the compiler knows no NULL object */
    return marker != NULL;
}

/*
 * IRAM takes aligned 32-bit stores only. A volatile store is one that the compiler neither merges
 * into memset() nor drops. Bytes of the last word behind the block stay: they may be a redzone's.
 */
HT_PORT_HOT void ht_port_clear(void *block, size_t bytes, uint32_t caps)
{
    bool words_only =
        (caps & (MALLOC_CAP_EXEC | MALLOC_CAP_32BIT)) != 0 && (caps & MALLOC_CAP_8BIT) == 0;
    if (!words_only) {
        memset(block, 0, bytes);
        return;
    }
    volatile uint32_t *word = block;
    for (size_t i = bytes / 4U; i != 0; i--) {
        *word++ = 0;
    }
    if (bytes % 4U != 0) { *word &= ~0U << 8U * (bytes % 4U); }
}
