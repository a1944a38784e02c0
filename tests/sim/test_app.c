// SPDX-License-Identifier: Apache-2.0
/* The smallest firmware: unchanged ESP-IDF code under heaptrail_sim_main. */
#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include <stdlib.h>

static void rounds(void *arg)
{
    (void)arg;
    for (int i = 1;; i++) {
        void *p = malloc(100);
        vTaskDelay(pdMS_TO_TICKS(1000));
        ESP_LOGI("app", "round %d", i);
        free(p);
    }
}

void app_main(void);
void app_main(void)
{
    xTaskCreate(rounds, "rounds", 4096, NULL, 5, NULL);
}
