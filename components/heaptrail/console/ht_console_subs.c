/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The sub-commands, and the entry. */
#include <string.h>

#include "ht_console.h"

#define BIT(opt) (1U << HT_OPT_##opt)
#define ROWS (BIT(ROWS) | BIT(ALL))
#define BLOCKS (BIT(TASK) | BIT(SITE) | BIT(HEAP) | BIT(CAPS) | BIT(MIN) | BIT(OLDER))

static const ht_choice_t s_counts[] = {
    {"bytes", HEAPTRAIL_SORT_BYTES},   {"blocks", HEAPTRAIL_SORT_BLOCKS},
    {"growth", HEAPTRAIL_SORT_GROWTH}, {"peak", HEAPTRAIL_SORT_PEAK},
    {"total", HEAPTRAIL_SORT_TOTAL},   {NULL, 0}};
static const ht_choice_t s_rows[] = {{"bytes", HEAPTRAIL_SORT_BYTES},
                                     {"age", HEAPTRAIL_SORT_AGE},
                                     {"address", HEAPTRAIL_SORT_ADDRESS},
                                     {"none", HEAPTRAIL_SORT_NONE},
                                     {NULL, 0}};

const ht_sub_t ht_subs[] = {
    {.name = "status",
     .kind = HEAPTRAIL_REPORT_STATUS,
     .run = ht_do_report,
     .help = "the tracker about itself, and what was lost",
     .examples = "heaptrail status --json"},
    {.name = "sites",
     .options = ROWS | BIT(SORT) | BLOCKS | BIT(SINCE),
     .orders = s_counts,
     .kind = HEAPTRAIL_REPORT_SITES,
     .run = ht_do_report,
     .help = "who holds the heap: live memory by call site",
     .examples = "heaptrail sites -n 5\nheaptrail sites --task wifi --sort blocks\n"
                 "heaptrail sites --caps SPIRAM --older 1h"},
    {.name = "tasks",
     .options = ROWS | BIT(SORT) | BLOCKS | BIT(SINCE),
     .orders = s_counts,
     .kind = HEAPTRAIL_REPORT_TASKS,
     .run = ht_do_report,
     .help = "live memory by task, of deleted ones too",
     .examples = "heaptrail tasks\nheaptrail tasks --sort total --all"},
    {.name = "heaps",
     .options = ROWS,
     .kind = HEAPTRAIL_REPORT_HEAPS,
     .run = ht_do_report,
     .help = "each heap: live, free, largest block, fragmentation",
     .examples = "heaptrail heaps"},
    {.name = "list",
     .options = ROWS | BIT(SORT) | BLOCKS | BIT(SINCE),
     .orders = s_rows,
     .kind = HEAPTRAIL_REPORT_LIST,
     .run = ht_do_report,
     .help = "live blocks, one a row",
     .more = "In an order, every three rows take a walk over the table; --sort none takes one for "
             "all.",
     .examples = "heaptrail list --sort age -n 10\nheaptrail list --site 12 --min 4k\n"
                 "heaptrail list --all --sort none --json"},
    {.name = "failures",
     .options = ROWS | BIT(SINCE),
     .kind = HEAPTRAIL_REPORT_FAILURES,
     .run = ht_do_report,
     .help = "allocations that failed, and why they could not be served",
     .examples = "heaptrail failures -n 1"},
    {.name = "errors",
     .options = ROWS | BIT(CLEAR),
     .kind = HEAPTRAIL_REPORT_ERRORS,
     .run = ht_do_errors,
     .help = "memory errors: what was damaged, and whose block it was",
     .examples = "heaptrail errors\nheaptrail errors --clear"},
    {.name = "mark",
     .word = "[NAME]",
     .word_is = HT_WORD_NONE,
     .options = BIT(LIST) | BIT(REMOVE),
     .run = ht_do_mark,
     .help = "take a mark: `since` asks what came after it and stays",
     .more =
         "Eight are kept; a ninth takes the place of the oldest. Without a name it is a number.",
     .examples = "heaptrail mark\nheaptrail mark before-ota\nheaptrail mark --list"},
    {.name = "since",
     .word = "[MARK]",
     .word_is = HT_WORD_MARK,
     .options = ROWS | BIT(SORT) | BLOCKS,
     .orders = s_counts,
     .kind = HEAPTRAIL_REPORT_SINCE,
     .run = ht_do_report,
     .help = "what was allocated after a mark and is still there, by site",
     .more = "Without a name: since the newest mark.",
     .examples = "heaptrail since\nheaptrail since before-ota --sort growth"},
    {.name = "leaks",
     .options = ROWS | BIT(TASK) | BIT(SITE) | BIT(NO_SCAN),
     .kind = HEAPTRAIL_REPORT_LEAKS,
     .run = ht_do_report,
     .help = "who may leak, how sure that is, and what speaks for it, by site",
     .more = "Scans variables, stacks and blocks twice, while the others run; takes memory from "
             "the heap meanwhile. --task: what that task left behind, without a scan.",
     .examples = "heaptrail leaks\nheaptrail leaks --no-scan -n 5\nheaptrail leaks --task ota"},
    {.name = "check",
     .word = "[HEAP]",
     .word_is = HT_WORD_HEAP,
     .run = ht_do_check,
     .help = "look at all redzones, freed blocks and heaps now",
     .more = "Returns 1 if there are errors.",
     .examples = "heaptrail check\nheaptrail check DRAM"},
    {.name = "whois",
     .word = "ADDRESS",
     .kind = HEAPTRAIL_REPORT_WHOIS,
     .run = ht_do_whois,
     .help = "what an address is, whose, and who lives next to it",
     .more =
         "Hexadecimal with 0x, with a letter in it, or with eight digits; else decimal. Returns 1 "
         "if it is in no live block.",
     .examples = "heaptrail whois 0x3fc9a0b4"},
    {.name = "scrub",
     .word = "[TIME|off]",
     .word_is = HT_WORD_OFF,
     .run = ht_do_scrub,
     .help = "a round of the scrubber now; with a time: how long its rounds take",
     .more = "The scrubber runs where CONFIG_HEAPTRAIL_CHECKS is on.",
     .examples = "heaptrail scrub\nheaptrail scrub 10s\nheaptrail scrub off"},
    {.name = "recorder",
     .run = ht_do_recorder,
     .help = "send what the flight recorder kept over the reset",
     .more = "Frames of a trace, to this console, for `heaptrail record` at the desk; with --json "
             "only how many. Needs CONFIG_HEAPTRAIL_TRACE_RECORDER_BYTES. Returns 1 if there are "
             "none.",
     .examples = "heaptrail recorder\nheaptrail recorder --json"},
    {.name = "start", .run = ht_do_start, .help = "record new allocations"},
    {.name = "stop", .run = ht_do_stop, .help = "record nothing new"},
    {.name = "reset",
     .options = BIT(YES),
     .run = ht_do_reset,
     .help = "forget every block, counter and mark",
     .examples = "heaptrail reset --yes"},
    {.name = "help",
     .word = "[COMMAND]",
     .word_is = HT_WORD_SUB,
     .run = ht_do_help,
     .help = "how to use a sub-command"},
};

const uint32_t ht_sub_count = sizeof(ht_subs) / sizeof(ht_subs[0]);

static int summary(ht_con_t *con)
{
    int code = ht_do_report(con);
    if (!con->json) {
        ht_out_t out;
        ht_con_open(con, &out);
        ht_out_style(&out, HT_STYLE_DIM);
        ht_out_sentence(&out, 0);
        ht_out_text(&out, "Next: heaptrail sites, or heaptrail help");
        ht_out_style(&out, HT_STYLE_PLAIN);
        ht_out_sentence_end(&out);
    }
    return code;
}

int heaptrail_console_run(const heaptrail_console_t *console, int argc, char *const *argv)
{
    if (console == NULL || console->write == NULL) { return HEAPTRAIL_CONSOLE_USAGE; }
    ht_con_t con = {.io = console,
                    .color = console->color,
                    .width = console->width,
                    .code = HEAPTRAIL_CONSOLE_USAGE};
    if (!ht_con_parse(&con, argv != NULL ? argc : 0, argv)) { return con.code; }
    if (ht_con_has(&con, HT_OPT_HELP)) { return ht_con_help(&con, con.sub); }
    return con.sub != NULL ? con.sub->run(&con) : summary(&con);
}
