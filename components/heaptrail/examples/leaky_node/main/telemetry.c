/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Publishes a sample every five seconds to sites/<site>/rooms/<room>/node-<number>/sample.
 *
 * The broker's transport is not part of this example: broker_publish() stands for it, with the
 * behaviour of a real one on Wi-Fi, which now and then roams and times out.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "heaptrail_site.h"
#include "json.h"
#include "node.h"

#define PUBLISH_PERIOD_MS 5000
#define SPARE_EVERY 50 /* samples between two of the spare sensor */
#define ROAM_EVERY 24  /* publishes between two changes of the access point: two minutes */

static const char *const TAG = "telemetry";

static SemaphoreHandle_t s_lock;
static sample_t s_last;

/* The payload that the broker did not take, for the next time. One is enough: the newest counts. */
static char *s_retry;

static esp_err_t broker_publish(const char *topic, const char *payload)
{
    static uint32_t published;
    ESP_LOGD(TAG, "%s <- %s", topic, payload);
    vTaskDelay(pdMS_TO_TICKS(20));
    return ++published % ROAM_EVERY == 0 ? ESP_ERR_TIMEOUT : ESP_OK;
}

static void keep_for_retry(char *payload)
{
    free(s_retry);
    s_retry = payload;
}

static char *sample_to_json(const sample_t *sample)
{
    json_t json;
    json_begin(&json);
    bool spare = sample->sequence % SPARE_EVERY == SPARE_EVERY - 1U;
    json_add_string(&json, "unit", spare ? "sensor \"north\\spare\"" : "sensor \"north\"");
    json_add_number(&json, "sequence", (long)sample->sequence);
    json_add_number(&json, "temperature", sample->temperature_centi);
    json_add_number(&json, "humidity", (long)sample->humidity_permille);
    json_add_number(&json, "packets", (long)sample->packets_received);
    return json_end(&json);
}

static esp_err_t publish_sample(const sample_t *sample, unsigned room)
{
    char name[64];
    char *topic;
    snprintf(name, sizeof name, "sites/vienna/rooms/%u/node-0042/sample", room);
    HEAPTRAIL_STRDUP_TO(topic, name); /* the transport keeps it until the broker has answered */
    char *payload = sample_to_json(sample);
    if (topic == NULL || payload == NULL) {
        free(topic);
        free(payload);
        return ESP_ERR_NO_MEM;
    }
    if (s_retry != NULL && broker_publish(topic, s_retry) == ESP_OK) { keep_for_retry(NULL); }
    esp_err_t err = broker_publish(topic, payload);
    if (err == ESP_ERR_TIMEOUT) {
        keep_for_retry(payload);
        return err;
    }
    free(payload);
    free(topic);
    return err;
}

static sample_t measure(void)
{
    static uint32_t sequence;
    uint32_t n = sequence++;
    return (sample_t){
        .sequence = n,
        .temperature_centi = 2150 + (int32_t)(n * 7 % 90),
        .humidity_permille = 430 + n * 3 % 25,
        .packets_received = net_packets(),
    };
}

static void telemetry_task(void *arg)
{
    (void)arg;
    TickType_t next = xTaskGetTickCount();
    for (;;) {
        sample_t sample = measure();
        xSemaphoreTake(s_lock, portMAX_DELAY);
        s_last = sample;
        xSemaphoreGive(s_lock);
        esp_err_t err = publish_sample(&sample, 100 + sample.sequence % 12);
        if (err != ESP_OK) {
            ESP_LOGW(TAG, "sample %u: %s, trying again with the next one",
                     (unsigned)sample.sequence, esp_err_to_name(err));
        }
        vTaskDelayUntil(&next, pdMS_TO_TICKS(PUBLISH_PERIOD_MS));
    }
}

sample_t telemetry_last(void)
{
    xSemaphoreTake(s_lock, portMAX_DELAY);
    sample_t sample = s_last;
    xSemaphoreGive(s_lock);
    return sample;
}

esp_err_t telemetry_start(void)
{
    s_lock = xSemaphoreCreateMutex();
    if (s_lock == NULL) { return ESP_ERR_NO_MEM; }
    return xTaskCreate(telemetry_task, "telemetry", 4096, NULL, 5, NULL) == pdPASS ? ESP_OK
                                                                                   : ESP_ERR_NO_MEM;
}
