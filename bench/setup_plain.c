/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "sim_bench.h"

bool bench_set_up(const char *setting, uint32_t live)
{
    (void)live;
    return strcmp(setting, "plain") == 0;
}

int bench_verify(const char *setting)
{
    (void)setting;
    return 0;
}

void bench_exercise(const char *setting)
{
    (void)setting;
}

void bench_scrub(uint32_t blocks)
{
    (void)blocks;
}

void bench_scan_fill(void)
{
}

void bench_scan(void)
{
}

void bench_drain(void)
{
}

int bench_sizes(void)
{
    return 0;
}
