/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Read a trace as `heaptrail report` does, or only decode it, and say how long that took:
 * bench/host.py runs it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "ht_model.h"
#include "ht_trace_file.h"

static void count_event(void *context, const ht_event_t *event)
{
    (void)event;
    ++*(uint64_t *)context;
}

static void model_event(void *context, const ht_event_t *event)
{
    ht_model_event(context, event);
}

static void count_briefs(void *context, const ht_event_t *head, const ht_brief_t *brief,
                         size_t count)
{
    (void)head;
    (void)brief;
    *(uint64_t *)context += count;
}

static void model_briefs(void *context, const ht_event_t *head, const ht_brief_t *brief,
                         size_t count)
{
    ht_model_briefs(context, head, brief, count);
}

/* By CLOCK_PROCESS_CPUTIME_ID: of all threads. */
static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "bench_host TRACE decode|model THREADS [FROM_US UNTIL_US]\n");
        return 2;
    }
    uint64_t events = 0;
    ht_model_t *model = strcmp(argv[2], "model") == 0 ? ht_model_new(NULL) : NULL;
    const ht_decoder_sink_t sink = {.event = model != NULL ? model_event : count_event,
                                    .briefs = model != NULL ? model_briefs : count_briefs,
                                    .context = model != NULL ? (void *)model : (void *)&events};
    const bool alone = strcmp(argv[3], "1") == 0;
    const ht_trace_request_t request = {.from_us = argc > 4 ? strtoull(argv[4], NULL, 0) : 0,
                                        .until_us = argc > 5 ? strtoull(argv[5], NULL, 0) : 0,
                                        .ahead =
                                            alone ? HT_TRACE_AHEAD_NEVER : HT_TRACE_AHEAD_ALWAYS};
    ht_trace_error_t error = {0};
    ht_trace_result_t result;
    const double begin = seconds_of(CLOCK_MONOTONIC);
    const double cpu_begin = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    ht_trace_reader_t *reader = ht_trace_reader_open(argv[1], &error);
    if (reader == NULL || !ht_trace_reader_read(reader, &sink, &request, &result, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    const double seconds = seconds_of(CLOCK_MONOTONIC) - begin;
    const double cpu_seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_begin;
    const ht_trace_info_t *info = ht_trace_reader_info(reader);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"events\": %" PRIu64
           ", \"seconds\": %.4f, \"cpu_seconds\": %.4f, \"peak_kb\": %ld, \"bytes_read\": %" PRIu64
           ", \"bytes\": %" PRIu64 ", \"wire_bytes\": %" PRIu64 ", \"first_us\": %" PRIu64
           ", \"last_us\": %" PRIu64 "}\n",
           result.decoder.events, seconds, cpu_seconds, usage.ru_maxrss, result.bytes_read,
           info->bytes, result.decoder.bytes, info->first_us, info->last_us);
    ht_trace_reader_free(reader);
    ht_model_free(model);
    return 0;
}
