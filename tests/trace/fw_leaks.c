/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* fw_leaks TRACE JSON: a firmware that leaks in each way for an hour, traced all the time, and
 * looks for its leaks then: the device's own report goes to JSON. Then it goes on, and frees some.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail.h"
#include "heaptrail_report.h"
#include "heaptrail_trace.h"
#include "sim.h"

#define FW __attribute__((noinline, noclone))
#define MINUTE_MS 60000U

/* Read and written as it stands here: the compiler would leave out what nobody reads. */
typedef struct node {
    struct node *volatile next;
    char bytes[56];
} node_t;

static FILE *s_wire, *s_json;
static node_t *volatile s_cache;
static void *volatile s_left, *volatile s_old, *volatile s_hidden;
static volatile uintptr_t s_xored;

FW static void leak(void)
{
    node_t *volatile with = calloc(1, sizeof(node_t));
    with->next = calloc(1, 24);
    with = NULL;
}

FW static void grow(void)
{
    node_t *node = calloc(1, sizeof(*node));
    node->next = s_cache;
    s_cache = node;
}

FW static void *briefly(void)
{
    return calloc(1, 300);
}

/* The scan does not see a pointer like this: it calls lost what is freed later. */
FW static void hide(void)
{
    s_xored = (uintptr_t)malloc(77) ^ UINTPTR_MAX;
}

FW static void interior(void)
{
    s_hidden = (char *)calloc(1, 500) + 100;
}

static void worker(void *arg)
{
    (void)arg;
    s_left = malloc(1000);
    vTaskDelete(NULL);
}

static size_t to_wire(void *context, const void *bytes, size_t length)
{
    (void)context;
    return fwrite(bytes, 1, length, s_wire);
}

static void to_json(void *context, const char *text, size_t length)
{
    (void)context;
    fwrite(text, 1, length, s_json);
}

static void minutes(unsigned count, bool leaks)
{
    for (unsigned i = 0; i < count; i++) {
        if (leaks) { leak(); }
        grow();
        for (unsigned n = 0; n < 5; n++) {
            void *block = briefly();
            vTaskDelay(pdMS_TO_TICKS(100));
            free(block);
        }
        for (unsigned n = 0; n < 10; n++) {
            vTaskDelay(pdMS_TO_TICKS(MINUTE_MS / 10U - 50U));
            heaptrail_trace_poll();
        }
    }
}

/* What functions left below the stack in use must not be found there again. */
FW static void clear_stack(void)
{
    volatile char bytes[16384];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 0;
    }
}

static void firmware(void *arg)
{
    (void)arg;
    const heaptrail_trace_config_t config = {.write = to_wire};
    const heaptrail_report_t report = {.kind = HEAPTRAIL_REPORT_LEAKS, .json = true};
    if (heaptrail_trace_start(&config) != ESP_OK) { abort(); }
    xTaskCreate(worker, "worker", 4096, NULL, 5, NULL);
    s_old = briefly();
    hide();
    interior();
    minutes(60, true);
    clear_stack();
    if (heaptrail_report(&report, to_json, NULL) != ESP_OK) { abort(); }
    free((void *)(s_xored ^ UINTPTR_MAX)); /* NOLINT */
    minutes(2, false);
    while (heaptrail_trace_stop() != ESP_OK) {}
}

int main(int argc, char **argv)
{
    if (argc != 3 || (s_wire = fopen(argv[1], "wb")) == NULL ||
        (s_json = fopen(argv[2], "w")) == NULL) {
        return 2;
    }
    sim_run_result_t result = sim_run(firmware, NULL);
    bool written = fclose(s_wire) == 0 && fclose(s_json) == 0;
    return result == SIM_RUN_RETURNED && written ? 0 : 1;
}
