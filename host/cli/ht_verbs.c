/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The verbs: one row each, in the order in which `heaptrail help` tells them. */
#include <string.h>

#include "ht_cli.h"

const ht_verb_t ht_verbs[] = {
    {"help", "what a verb does: heaptrail help VERB", ht_cmd_help},
    {"report", "what a trace says: leaks, peak, growth, failures, ...", ht_cmd_report},
    {"diff", "what one trace has more than another", ht_cmd_diff},
    {"check", "whether a trace keeps limits: for CI", ht_cmd_check},
    {"whois", "whose address is this, and whose was it", ht_cmd_whois},
    {"info", "what a trace is of, and what is in it", ht_cmd_info},
    {"record", "a device's trace into a file, its console onto the screen", ht_cmd_record},
    {"run", "a Linux program, its trace into a file", ht_cmd_run},
    {"export", "a trace for other viewers: heaptrack, pprof, Perfetto, ...", ht_cmd_export},
    {"core", "who held the heap when the machine stopped: reads a core dump", ht_cmd_core},
    {0},
};
