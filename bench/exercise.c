/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What takes the tracker's lock beside malloc and free, so that the longest critical section is
 * seen. */
#include <stdio.h>
#include <string.h>

#include "bare_port.h"
#include "esp_heap_caps.h"
#include "heaptrail.h"
#include "ht_config.h"
#include "ht_default.h"
#include "sim_bench.h"

#define CAPS (MALLOC_CAP_8BIT | MALLOC_CAP_SPIRAM)

/* More tasks than there are rows, each seen for the first time, each freeing its "TCB" at its end.
 */
static void many_tasks(void)
{
    void *before = sim_bare_current_task[0];
    void *tcb[64];
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < 64; i++) {
            tcb[i] = heap_caps_malloc(64, CAPS);
            sim_bare_current_task[0] = tcb[i];
            heap_caps_free(heap_caps_malloc(16, CAPS));
        }
        sim_bare_current_task[0] = before;
        for (unsigned i = 0; i < 64; i++) {
            heap_caps_free(tcb[i]);
        }
    }
}

/* Realloc in place, moved and failed; calloc, aligned; an allocation that fails. */
static void other_calls(void)
{
    for (unsigned i = 0; i < 64; i++) {
        void *block = heap_caps_calloc(3, 16, CAPS);
        block = heap_caps_realloc(block, 32, CAPS);
        block = heap_caps_realloc(block, 4000, CAPS);
        (void)!heap_caps_realloc(block, 1U << 30, CAPS);
        heap_caps_free(block);
        heap_caps_free(heap_caps_aligned_alloc(64, 100, CAPS));
        (void)!heap_caps_malloc(1U << 30, CAPS);
    }
}

static bool ignore_block(void *context, const heaptrail_block_row_t *row)
{
    (void)row;
    (*(unsigned *)context)++;
    return true;
}

static bool ignore_site(void *context, const heaptrail_site_row_t *row)
{
    (void)row;
    (*(unsigned *)context)++;
    return true;
}

void bench_exercise(const char *setting)
{
    if (strcmp(setting, "sections") != 0) { return; }
    unsigned rows = 0;
    many_tasks();
    other_calls();
    heaptrail_mark_t mark = heaptrail_mark();
    heaptrail_select_t since = {.since = &mark};
    heaptrail_for_each_block(NULL, ignore_block, &rows, NULL);
    heaptrail_for_each_site(&since, ignore_site, &rows, NULL);
    heaptrail_status_t status;
    heaptrail_status(&status);
    heaptrail_sample();
    heaptrail_reset();
}

int bench_sizes(void)
{
    printf("m32_record_bytes %u\n", (unsigned)sizeof(ht_record_t));
    printf("m32_redzone_bytes %u\n",
           CONFIG_HEAPTRAIL_REDZONE_FRONT + CONFIG_HEAPTRAIL_REDZONE_TAIL);
    printf("m32_bytes_per_block_all_in %.2f\n",
           (double)sizeof(ht_bucket_t) / (HT_BUCKET_SLOTS - 1));
    return 0;
}
