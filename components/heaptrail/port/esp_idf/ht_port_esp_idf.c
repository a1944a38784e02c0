/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "esp_log.h"
#include "esp_timer.h"
#include "ht_port.h"

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
    const char *from = pcTaskGetName((TaskHandle_t)key);
    unsigned i = 0;
    for (; from != NULL && from[i] != '\0' && i + 1U < HT_TASK_NAME_MAX; i++) {
        name[i] = from[i];
    }
    name[i] = '\0';
}

bool ht_port_in_isr(void)
{
    return xPortInIsrContext() != 0;
}

void ht_port_log(unsigned level, const char *text)
{
    static const char *const tag = "heaptrail";
    if (level == 0) {
        ESP_LOGE(tag, "%s", text);
    } else if (level == 1) {
        ESP_LOGW(tag, "%s", text);
    } else {
        ESP_LOGI(tag, "%s", text);
    }
}
