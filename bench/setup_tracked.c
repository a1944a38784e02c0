/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp_heap_caps.h"
#include "heaptrail_errors.h"
#include "heaptrail_leaks.h"
#include "heaptrail_lowmem.h"
#include "heaptrail_trace.h"
#include "ht_scan.h"
#include "sim_bench.h"

static uint64_t s_memory[(4U << 20) / sizeof(uint64_t)];
static uint32_t s_live;

static bool configure(uint32_t blocks, uint32_t depth)
{
    const heaptrail_config_t config = {
        .max_blocks = blocks,
        .max_sites = 64,
        .frame_words = 1024,
        .stack_depth = depth,
        .memory = s_memory,
        .memory_bytes = sizeof(s_memory),
    };
    return heaptrail_init(&config) == ESP_OK;
}

/* Redzones of 8 and 8, looked at when a block is freed, and nothing else. */
static bool check_redzones(void)
{
    const heaptrail_checks_t checks = {
        .redzones = true, .redzone_front_bytes = 8, .redzone_tail_bytes = 8};
    return heaptrail_set_checks(&checks) == ESP_OK;
}

/* Everything that there is. */
static bool check_all(void)
{
    const heaptrail_checks_t checks = {
        .redzones = true,
        .redzone_front_bytes = 8,
        .redzone_tail_bytes = 8,
        .fill_new = true,
        .new_byte = 0xCE,
        .fill_freed = true,
        .heap_headers = true,
        .wrong_frees = true,
        .quarantine_blocks = 32,
        .quarantine_bytes = 8192,
    };
    return heaptrail_set_checks(&checks) == ESP_OK;
}

/* As the preset Development has it. */
static bool check_development(void)
{
    const heaptrail_checks_t checks = {.redzones = true,
                                       .redzone_front_bytes = 8,
                                       .redzone_tail_bytes = 8,
                                       .heap_headers = true,
                                       .wrong_frees = true};
    return heaptrail_set_checks(&checks) == ESP_OK;
}

/* As the preset Hunt has it, with the quarantine that this program has room for. */
static bool check_hunt(void)
{
    const heaptrail_checks_t checks = {.redzones = true,
                                       .redzone_front_bytes = 16,
                                       .redzone_tail_bytes = 16,
                                       .fill_new = true,
                                       .new_byte = 0xCE,
                                       .fill_freed = true,
                                       .freed_byte = 0xFE,
                                       .heap_headers = true,
                                       .wrong_frees = true,
                                       .quarantine_blocks = 32,
                                       .quarantine_bytes = 8192};
    return heaptrail_set_checks(&checks) == ESP_OK;
}

/* A low-memory watch, far from its level. */
static bool watch_memory(void)
{
    const heaptrail_lowmem_t watch = {.caps = MALLOC_CAP_8BIT | MALLOC_CAP_SPIRAM,
                                      .free_below_bytes = 4096};
    return heaptrail_lowmem_watch(&watch, NULL) == ESP_OK;
}

/* Room for all that happens: nothing is drained while it is counted. */
#define RING_EVENTS 4096U

static uint64_t s_rings[RING_EVENTS * 64U / sizeof(uint64_t)]; /* two cores, on x86 */
static size_t s_written;

static size_t write_trace(void *context, const void *bytes, size_t length)
{
    (void)context, (void)bytes;
    s_written += length;
    return length;
}

/* Hello, and the snapshot of nothing, are written before anything happens. */
static bool trace(void)
{
    const heaptrail_trace_config_t config = {.write = write_trace,
                                             .ring_events = RING_EVENTS,
                                             .memory = s_rings,
                                             .memory_bytes = sizeof(s_rings)};
    return heaptrail_trace_start(&config) == ESP_OK && heaptrail_trace_poll() == ESP_OK;
}

__attribute__((noinline)) void bench_drain(void)
{
    (void)heaptrail_trace_poll();
}

static const char *verify_trace(void)
{
    heaptrail_trace_status_t status;
    if (heaptrail_trace_poll() != ESP_OK || heaptrail_trace_status(&status) != ESP_OK) {
        return "the trace does not run";
    }
    if (status.lost_ring_full + status.pending_events != 0) { return "events were lost"; }
    return status.events > s_live && s_written > status.events ? NULL : "nothing was traced";
}

/* What is read from variables. */
static uintptr_t s_roots[(40U << 10) / sizeof(uintptr_t)];

bool bench_set_up(const char *setting, uint32_t live)
{
    s_live = live;
    bool ok = false;
    if (strcmp(setting, "stopped") == 0) {
        ok = configure(live, 1) && heaptrail_stop() == ESP_OK;
    } else if (strcmp(setting, "sites") == 0) {
        ok = configure(live, 1);
    } else if (strcmp(setting, "watched") == 0) {
        ok = configure(live, 1) && watch_memory();
    } else if (strcmp(setting, "roomy") == 0) { /* the table half full, as by default */
        ok = configure(2U * live, 1);
    } else if (strncmp(setting, "stack", 5) == 0) { /* stack8: 8 frames */
        ok = configure(live, (uint32_t)strtoul(setting + 5, NULL, 10));
    } else if (strcmp(setting, "redzones") == 0 || strcmp(setting, "scrub") == 0) {
        ok = configure(live, 1) && check_redzones();
    } else if (strcmp(setting, "checked") == 0) {
        ok = configure(live, 1) && check_all();
    } else if (strcmp(setting, "development") == 0) {
        ok = configure(live, 8) && check_development();
    } else if (strcmp(setting, "hunt") == 0) {
        ok = configure(live, 16) && check_hunt();
    } else if (strcmp(setting, "sections") == 0) {
        ok = configure(live, 32) && check_all();
    } else if (strcmp(setting, "traced") == 0 || strcmp(setting, "drain") == 0) {
        ok = configure(live, 1) && trace();
    } else if (strcmp(setting, "scan") == 0) {
        ok = configure(live, 1) && heaptrail_scan_area(s_roots, sizeof(s_roots)) == ESP_OK;
    } else if (strcmp(setting, "traced8") == 0) {
        ok = configure(live, 8) && trace();
    } else if (strcmp(setting, "full") == 0) { /* room for half of the blocks */
        ok = configure(live / 2U, 1);
    }
    return ok && heaptrail_sample() == ESP_OK;
}

__attribute__((noinline)) void bench_scrub(uint32_t blocks)
{
    uint32_t seen = 0;
    while (seen < blocks) {
        heaptrail_verified_t verified;
        heaptrail_scrub(64, &verified);
        seen += verified.blocks;
    }
}

static heaptrail_scan_summary_t s_scanned;

__attribute__((noinline)) void bench_scan(void)
{
    const heaptrail_scan_options_t options = {.passes = 1, .age_min_us = 1};
    if (heaptrail_scan(&options, NULL, NULL, &s_scanned) != ESP_OK) { s_scanned.words = 0; }
}

/* A sixteenth of the words are pointers to blocks, as many point into them; the others are numbers
 * and text. */
static void fill_words(uintptr_t *words, size_t count, uintptr_t block)
{
    for (size_t i = 0; i < count; i++) {
        words[i] = i % 16U == 0 ? block : i % 16U == 8U ? block + 4U : 0x6c6c6568U + i;
    }
}

static bool fill_block(void *context, const heaptrail_block_row_t *row)
{
    uintptr_t *previous = context;
    fill_words((uintptr_t *)row->address, row->size_bytes / sizeof(uintptr_t), *previous);
    *previous = row->address;
    return true;
}

void bench_scan_fill(void)
{
    uintptr_t last = 0;
    heaptrail_for_each_block(NULL, fill_block, &last, NULL);
    fill_words(s_roots, sizeof(s_roots) / sizeof(s_roots[0]), last);
}

static int verify_scan(void)
{
    printf("scan_words %lu\n", (unsigned long)s_scanned.words);
    printf("scan_reached %lu\n", (unsigned long)s_scanned.blocks[HEAPTRAIL_REACHABLE]);
    printf("scan_bytes_per_1000 %lu\n",
           (unsigned long)(ht_scan_memory_bytes(2000, 128) - ht_scan_memory_bytes(1000, 128)));
    return s_scanned.words != 0 && s_scanned.blocks[HEAPTRAIL_LOST] == 0 ? 0 : 1;
}

int bench_verify(const char *setting)
{
    if (strcmp(setting, "scan") == 0) { return verify_scan(); }
    heaptrail_status_t status;
    heaptrail_status(&status);
    /* Not in "sections": the validator holds the lock for long, and says so. */
    const char *wrong = strcmp(setting, "sections") != 0 ? heaptrail_check() : NULL;
    uint32_t expected = s_live;
    heaptrail_check_status_t checks;
    heaptrail_check_status(&checks);
    if (checks.reported != 0) { wrong = "a false report"; }
    if (strcmp(setting, "redzones") == 0 && checks.redzone_bytes != (size_t)s_live * 16U) {
        wrong = "blocks without redzones";
    }
    if (strcmp(setting, "checked") == 0 && checks.quarantined_blocks == 0) {
        wrong = "nothing in quarantine";
    }
    if (strcmp(setting, "stopped") == 0) {
        expected = 0;
    } else if (strcmp(setting, "full") == 0) {
        expected = status.live_blocks; /* its table is full, see below */
        if (status.loss.table_full == 0 || status.loss.unknown_frees == 0) {
            wrong = "the table was not full";
        }
    }
    if (strncmp(setting, "traced", 6) == 0 || strcmp(setting, "drain") == 0) {
        const char *lost = verify_trace();
        wrong = wrong != NULL ? wrong : lost;
    }
    if (strcmp(setting, "sections") == 0) {
        expected = status.live_blocks; /* a reset forgot some */
    }
    if (wrong == NULL && status.live_blocks != expected) {
        wrong = "not as many records as blocks";
    }
    if (wrong != NULL) { fprintf(stderr, "pairs: %s\n", wrong); }
    return wrong != NULL;
}
