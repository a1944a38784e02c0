/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What is done about an error: written out at once, handed to the firmware, or the end. */
#include "ht_tell.h"
#include "heaptrail_report.h"
#include "ht_checked.h"

static ht_tell_state_t s_tell;

void ht_tell_set(heaptrail_error_fn_t fn, void *context)
{
    ht_port_irq_t irq = ht_port_lock(&s_tell.lock);
    s_tell.fn = fn;
    s_tell.context = context;
    ht_port_unlock(&s_tell.lock, irq);
}

/* Whole lines, so that two cores that find an error at once do not mix within one. */
typedef struct {
    char text[128];
    size_t length;
} line_t;

static void flush(line_t *line)
{
    if (line->length != 0) { ht_port_emergency_write(line->text, line->length); }
    line->length = 0;
}

static void write_out(void *context, const char *text, size_t length)
{
    line_t *line = context;
    for (size_t i = 0; i < length; i++) {
        line->text[line->length++] = text[i];
        if (text[i] == '\n' || line->length == sizeof(line->text)) { flush(line); }
    }
}

static __attribute__((noinline)) void write_report(const heaptrail_error_row_t *row)
{
    line_t line;
    line.length = 0;
    heaptrail_report_error(row, false, false, write_out, &line);
    flush(&line);
}

static void call_firmware(const heaptrail_error_row_t *row)
{
    ht_port_irq_t irq = ht_port_lock(&s_tell.lock);
    heaptrail_error_fn_t fn = s_tell.fn;
    void *context = s_tell.context;
    ht_port_unlock(&s_tell.lock, irq);
    if (fn != NULL) { fn(context, row); }
}

void ht_tell(ht_tracker_t *tracker, ht_error_t *error)
{
    uint32_t policy = tracker->checks.policy[error->row.kind];
    if (policy == HEAPTRAIL_POLICY_CALLBACK) {
        call_firmware(&error->row);
    } else {
        write_report(&error->row);
    }
    ht_error_done(&tracker->lock, error);
    if (policy == HEAPTRAIL_POLICY_ABORT) { ht_port_abort(); }
}
