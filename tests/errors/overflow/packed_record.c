/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A log of packed records of 7 bytes: the fence is one record too far.
 *
 * expect: overflow offset=28 damaged=7 size=28 found=free
 * alloc:  open_log < main
 * caller: close_log < main
 */
#include "case.h"

typedef struct __attribute__((packed)) {
    uint16_t id;
    uint32_t time;
    uint8_t level;
} record_t;

typedef struct {
    record_t *records;
    size_t count, room;
} log_t;

static void open_log(log_t *log, size_t room)
{
    *log = (log_t){malloc(room * sizeof(record_t)), 0, room};
}

static void append(log_t *log, uint16_t id)
{
    if (log->count > log->room - BUG(0, 1)) { return; }
    log->records[log->count++] = (record_t){id, 0x22334455, 2};
}

static void close_log(log_t *log)
{
    free(log->records);
}

int main(void)
{
    log_t log;
    open_log(&log, 4);
    for (uint16_t id = 0; id < 12; id += 2) {
        append(&log, id);
    }
    close_log(&log);
    return done();
}
