/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The formats, and what they share. */
#include "ht_export.h"

#include <string.h>

const ht_export_format_t ht_export_formats[] = {
    {"heaptrack", "heaptrack_gui, heaptrack_print", false, false, NULL, &ht_export_heaptrack},
    {"pprof", "pprof, Grafana, Pyroscope (gzip)", true, false, ht_export_pprof, NULL},
    {"perfetto", "ui.perfetto.dev: counters and events over time", false, true, NULL,
     &ht_export_perfetto},
    {"folded", "flamegraph.pl and its like: a line per stack", true, false, ht_export_folded, NULL},
    {"dhat", "valgrind's dh_view.html", false, false, NULL, &ht_export_dhat},
    {"massif", "ms_print, massif-visualizer: the heap over time", false, true, NULL,
     &ht_export_massif},
    {"speedscope", "speedscope.app", true, false, ht_export_speedscope, NULL},
    {"callgrind", "kcachegrind, callgrind_annotate", false, false, ht_export_callgrind, NULL},
    {"csv", "a spreadsheet: a row per stack, task and heap", false, false, ht_export_csv, NULL},
    {"csv-events", "a spreadsheet: a row per block that comes or goes", false, false, NULL,
     &ht_export_csv_events},
    {NULL, NULL, false, false, NULL, NULL},
};

void ht_export_text(FILE *file, const char *text, const char *bad)
{
    for (; text != NULL && *text != '\0'; text++) {
        bool ends = (unsigned char)*text < 0x20U || *text == 0x7f || strchr(bad, *text) != NULL;
        (void)fputc(ends ? '_' : *text, file);
    }
}

void ht_export_count(ht_export_sum_t *sum, const ht_step_t *step)
{
    if (step->kind == HT_STEP_FREED || step->kind == HT_STEP_VANISHED) {
        sum->blocks--;
        sum->bytes -= step->size;
        sum->lifetimes_us += step->time_us - step->made_us;
        sum->made_us -= step->made_us;
        return;
    }
    sum->blocks++;
    sum->bytes += step->size;
    sum->total_blocks++;
    sum->total_bytes += step->size;
    sum->made_us += step->made_us;
    if (sum->bytes > sum->max_bytes) {
        sum->max_bytes = sum->bytes;
        sum->max_blocks = sum->blocks;
    }
}
