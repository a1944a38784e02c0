/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Receives packets from the sensors around, looks up who sent them, and counts them.
 *
 *   radio (a timer stands for its interrupt) --> queue of packets --> task "net" --> host cache
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp_log.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "freertos/task.h"
#include "freertos/timers.h"
#include "heaptrail_site.h"
#include "node.h"

#define RADIO_PERIOD_US 250000
#define QUEUE_LENGTH 8
#define HOST_COUNT 12
#define HOST_TTL_MS 60000

static const char *const TAG = "net";

typedef struct {
    uint16_t sender;
    uint16_t length;
    uint8_t bytes[];
} packet_t;

/* One resolved name. The list is short: there are a dozen sensors. */
typedef struct host {
    struct host *next;
    uint32_t address;
    TickType_t resolved_at;
    char name[40];
} host_t;

static QueueHandle_t s_queue;
static host_t *s_hosts;
static volatile uint32_t s_packets;
static uint32_t s_overruns;

/* --- radio ----------------------------------------------------------------------------------- */

/* Runs for each packet that the radio has taken from the air. Must not block. */
static void radio_received(void)
{
    static uint16_t count;
    uint16_t length = (uint16_t)(24 + count * 37 % 180);
    packet_t *packet = malloc(sizeof *packet + length);
    if (packet == NULL) {
        s_overruns++;
        return;
    }
    packet->sender = count++ % HOST_COUNT;
    packet->length = length;
    memset(packet->bytes, 0x5a, length);
    if (xQueueSend(s_queue, &packet, 0) != pdTRUE) {
        s_overruns++;
        free(packet);
    }
}

#ifdef CONFIG_IDF_TARGET_LINUX /* esp_timer is only a header there, before ESP-IDF 6.2 */
static void radio_tick(TimerHandle_t timer)
{
    (void)timer;
    radio_received();
}

static esp_err_t radio_start(void)
{
    TimerHandle_t timer =
        xTimerCreate("radio", pdMS_TO_TICKS(RADIO_PERIOD_US / 1000), pdTRUE, NULL, radio_tick);
    return timer != NULL && xTimerStart(timer, 0) == pdPASS ? ESP_OK : ESP_ERR_NO_MEM;
}
#else
static void radio_tick(void *arg)
{
    (void)arg;
    radio_received();
}

static esp_err_t radio_start(void)
{
    esp_timer_handle_t timer;
    const esp_timer_create_args_t args = {.callback = radio_tick, .name = "radio"};
    esp_err_t err = esp_timer_create(&args, &timer);
    return err != ESP_OK ? err : esp_timer_start_periodic(timer, RADIO_PERIOD_US);
}
#endif

/* --- host cache ------------------------------------------------------------------------------ */

static host_t *host_find(const char *name)
{
    for (host_t *host = s_hosts; host != NULL; host = host->next) {
        bool fresh = xTaskGetTickCount() - host->resolved_at < pdMS_TO_TICKS(HOST_TTL_MS);
        if (fresh && strcmp(host->name, name) == 0) { return host; }
    }
    return NULL;
}

static host_t *host_resolve(const char *name)
{
    host_t *host = host_find(name);
    if (host != NULL) { return host; }
    HEAPTRAIL_CALLOC_TO(host, 1, sizeof *host);
    if (host == NULL) { return NULL; }
    snprintf(host->name, sizeof host->name, "%s", name);
    host->address = 0x0a000100U + (uint32_t)strlen(name);
    host->resolved_at = xTaskGetTickCount();
    host->next = s_hosts;
    s_hosts = host;
    return host;
}

/* --- task ------------------------------------------------------------------------------------ */

static void handle(const packet_t *packet)
{
    char name[40];
    snprintf(name, sizeof name, "sensor-%02u.floor3.example.net", packet->sender);
    const host_t *host = host_resolve(name);
    if (host == NULL) {
        ESP_LOGW(TAG, "no memory to resolve %s", name);
        return;
    }
    s_packets = s_packets + 1;
    ESP_LOGD(TAG, "%u bytes from %s (%" PRIx32 ")", packet->length, host->name, host->address);
}

static void net_task(void *arg)
{
    (void)arg;
    packet_t *packet;
    for (;;) {
        if (xQueueReceive(s_queue, &packet, portMAX_DELAY) == pdTRUE) {
            handle(packet);
            free(packet);
        }
    }
}

uint32_t net_packets(void)
{
    return s_packets;
}

esp_err_t net_start(void)
{
    s_queue = xQueueCreate(QUEUE_LENGTH, sizeof(packet_t *));
    if (s_queue == NULL || xTaskCreate(net_task, "net", 4096, NULL, 7, NULL) != pdPASS) {
        return ESP_ERR_NO_MEM;
    }
    return radio_start();
}
