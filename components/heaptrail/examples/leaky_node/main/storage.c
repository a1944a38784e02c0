/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The node's log on flash: mounted once, then uploaded as a snapshot every now and then.
 *
 * Mounting reads every segment of the log and keeps an index entry of each. Reading is fast only in
 * large pieces, so as many segments as memory allows are read ahead, and parsed afterwards.
 * (The flash itself is not part of this example: flash_read() stands for it.)
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "esp_heap_caps.h"
#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_site.h"
#include "node.h"

#define SEGMENT_BYTES 8192
#define SEGMENTS_MAX 96
#define RESERVE_BYTES 24576 /* left to the other tasks while mounting */
#define SNAPSHOT_BYTES 49152
#define SNAPSHOT_PIECE_BYTES 2048
#define SNAPSHOT_PERIOD_MS 300000

#define FLASH_MEMORY                                                                               \
    (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT) /* the flash driver needs internal RAM */
#define DMA_MEMORY (MALLOC_CAP_INTERNAL | MALLOC_CAP_DMA)

static const char *const TAG = "storage";

/* What is in one segment of the log. Lives as long as the log is mounted. */
typedef struct {
    uint32_t number;
    uint32_t records;
    uint32_t first_sequence;
    uint32_t used[32]; /* one bit for each 8 bytes of the segment */
} segment_t;

static segment_t *s_index[SEGMENTS_MAX];
static size_t s_segments;

static void flash_read(uint32_t number, uint8_t *bytes, size_t length)
{
    memset(bytes, (int)(number & 0xff), length);
    vTaskDelay(pdMS_TO_TICKS(5));
}

static void parse(segment_t *segment, const uint8_t *bytes)
{
    segment->records = 100U + bytes[0];
    segment->first_sequence = segment->number * 100U;
    memset(segment->used, 0xff, sizeof segment->used);
}

static bool may_read_ahead(void)
{
    return heap_caps_get_free_size(FLASH_MEMORY) > RESERVE_BYTES + SEGMENT_BYTES;
}

static void mount(void)
{
    static uint8_t *buffers[SEGMENTS_MAX];
    while (s_segments < SEGMENTS_MAX && may_read_ahead()) {
        uint8_t *buffer = heap_caps_malloc(SEGMENT_BYTES, FLASH_MEMORY);
        segment_t *segment;
        HEAPTRAIL_CALLOC_TO(segment, 1, sizeof *segment);
        if (buffer == NULL || segment == NULL) {
            heap_caps_free(buffer);
            free(segment);
            break;
        }
        segment->number = (uint32_t)s_segments;
        flash_read(segment->number, buffer, SEGMENT_BYTES);
        buffers[s_segments] = buffer;
        s_index[s_segments++] = segment;
    }
    for (size_t i = 0; i < s_segments; i++) {
        parse(s_index[i], buffers[i]);
        heap_caps_free(buffers[i]);
    }
    ESP_LOGI(TAG, "mounted, %u segments", (unsigned)s_segments);
}

/* The whole snapshot in one DMA transfer if there is room for it, else piece by piece. */
static esp_err_t upload_snapshot(void)
{
    uint8_t *dma_buffer;
    size_t length = SNAPSHOT_BYTES;
    HEAPTRAIL_HEAP_CAPS_MALLOC_TO(dma_buffer, length, DMA_MEMORY);
    if (dma_buffer == NULL) {
        ESP_LOGE(TAG, "no DMA buffer of %u bytes although %u are free: sending in pieces",
                 (unsigned)length, (unsigned)heap_caps_get_free_size(DMA_MEMORY));
        length = SNAPSHOT_PIECE_BYTES;
        dma_buffer = heap_caps_malloc(length, DMA_MEMORY);
    }
    if (dma_buffer == NULL) { return ESP_ERR_NO_MEM; }
    for (size_t sent = 0; sent < SNAPSHOT_BYTES; sent += length) {
        memset(dma_buffer, 0, length);
        vTaskDelay(pdMS_TO_TICKS(10));
    }
    heap_caps_free(dma_buffer);
    return ESP_OK;
}

static void storage_task(void *arg)
{
    (void)arg;
    vTaskDelay(pdMS_TO_TICKS(2000)); /* let the others take what they need first */
    mount();
    for (;;) {
        vTaskDelay(pdMS_TO_TICKS(SNAPSHOT_PERIOD_MS));
        esp_err_t err = upload_snapshot();
        if (err != ESP_OK) { ESP_LOGE(TAG, "snapshot: %s", esp_err_to_name(err)); }
    }
}

esp_err_t storage_start(void)
{
    return xTaskCreate(storage_task, "storage", 4096, NULL, 4, NULL) == pdPASS ? ESP_OK
                                                                               : ESP_ERR_NO_MEM;
}
