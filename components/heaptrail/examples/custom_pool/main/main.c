/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* A user interface with a heap of its own shows 21 screens. What did 20 of them leave behind? */
#include <stdio.h>

#include "heaptrail_report.h"
#include "ui.h"
#include "ui_pool.h"

static void to_stdout(void *context, const char *text, size_t length)
{
    (void)context;
    fwrite(text, 1, length, stdout);
}

static void report(heaptrail_report_kind_t kind, const heaptrail_mark_t *since)
{
    heaptrail_report_t ask = {.kind = kind, .width = 80};
    ask.select.heap_id = heaptrail_pool_heap_id(ui_pool);
    ask.select.since = since;
    heaptrail_report(&ask, to_stdout, NULL);
}

void app_main(void)
{
    if (!lv_mem_init(8192)) { return; }
    ui_show(0);
    heaptrail_mark_t mark = heaptrail_mark();
    for (int number = 1; number <= 20; number++) {
        ui_show(number);
    }
    report(HEAPTRAIL_REPORT_SINCE, &mark);
    report(HEAPTRAIL_REPORT_HEAPS, NULL);
    lv_mem_deinit();
    fflush(stdout);
}
