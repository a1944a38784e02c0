/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Any bytes, as a file: opened, read from the beginning, and from where its index says that a time
 * is. */
#define _GNU_SOURCE /* memfd_create() */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "ht_trace_file.h"

static void on_event(void *context, const ht_event_t *event)
{
    *(uint64_t *)context += event->time_us;
}

/* Returns the sum of the times. */
static uint64_t read_by(const char *path, uint64_t from_us, ht_trace_ahead_t ahead)
{
    ht_trace_error_t error = {0};
    ht_trace_reader_t *reader = ht_trace_reader_open(path, &error);
    uint64_t sum = 0;
    const ht_decoder_sink_t sink = {.event = on_event, .context = &sum};
    const ht_trace_request_t request = {.from_us = from_us, .until_us = from_us, .ahead = ahead};
    bool good = reader != NULL && ht_trace_reader_read(reader, &sink, &request, NULL, &error);
    fuzz_must(good == (error.code == HT_TRACE_OK),
              "an error without a code, or the other way round");
    fuzz_must(good || error.text[0] != '\0', "an error without words");
    ht_trace_reader_free(reader);
    return sum;
}

static void read_from(const char *path, uint64_t from_us)
{
    const uint64_t sum = read_by(path, from_us, HT_TRACE_AHEAD_NEVER);
    fuzz_must(sum == read_by(path, from_us, HT_TRACE_AHEAD_ALWAYS),
              "a thread that reads otherwise");
}

/* The same where nothing can be read twice. */
static void read_from_pipe(const uint8_t *bytes, size_t length)
{
    int ends[2];
    if (length > 60000) { return; } /* more than a pipe holds */
    fuzz_must(pipe(ends) == 0, "no pipe");
    fuzz_must(length == 0 || write(ends[1], bytes, length) == (ssize_t)length, "not written");
    close(ends[1]);
    char path[64];
    (void)snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    (void)read_by(path, 0, HT_TRACE_AHEAD_ALWAYS);
    close(ends[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    int fd = memfd_create("trace", MFD_CLOEXEC);
    fuzz_must(fd >= 0, "no file");
    fuzz_must(length == 0 || write(fd, bytes, length) == (ssize_t)length, "not written");
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    read_from(path, 0);
    read_from(path, 1);
    read_from(path, UINT64_MAX);
    close(fd);
    read_from_pipe(bytes, length);
    return 0;
}
