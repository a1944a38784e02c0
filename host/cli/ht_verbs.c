/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The verbs: one row each, in the order in which `heaptrail help` tells them. */
#include <string.h>

#include "ht_cli.h"

const ht_verb_t ht_verbs[] = {
    {"help", "what a verb does: heaptrail help VERB", ht_cmd_help},
    {"core", "who held the heap when the machine stopped: reads a core dump", ht_cmd_core},
    {0},
};
