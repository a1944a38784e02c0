/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "heaptrail_report.h"
#include "heaptrail_site.h"

char *config, *lost;

void app_main(void)
{
    HEAPTRAIL_MALLOC_TO(config, 300);
    for (int i = 0; i < 10; i++) {
        HEAPTRAIL_STRDUP_TO(lost, "forgotten");
    }
    heaptrail_print(HEAPTRAIL_REPORT_SITES);
}
