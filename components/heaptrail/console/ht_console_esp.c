/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The command at esp_console's prompt, where ESP-IDF's component `console` is in the build: without
 * it the functions are here and say so. The argtable is for esp_console's `help`, which prints it;
 * it is constant, in flash: argtable3's printing reads the headers of its entries only.
 */
#include "heaptrail_console.h"
#include "ht_config.h"

#if HT_CONFIG_CONSOLE && defined(__has_include)
#if __has_include("esp_console.h") && __has_include("argtable3/argtable3.h")
#define HT_CONSOLE_HERE 1
#endif
#endif

#ifdef HT_CONSOLE_HERE

#include <stdio.h>

#include "argtable3/argtable3.h"
#include "esp_console.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "ht_console.h"
#include "linenoise/linenoise.h"

static void to_stdout(void *context, const char *text, size_t length)
{
    (void)context;
    (void)fwrite(text, 1, length, stdout);
}

/* The idle task runs meanwhile, and with it the watchdog that watches it. */
static void give_way(void *context)
{
    (void)context;
    (void)fflush(stdout);
    if (xTaskGetSchedulerState() == taskSCHEDULER_RUNNING) { vTaskDelay(1); }
}

static int command(int argc, char **argv)
{
    const heaptrail_console_t console = {
        .write = to_stdout, .pause = give_way, .color = !linenoiseIsDumbMode()};
    int code = heaptrail_console_run(&console, argc, argv);
    (void)fflush(stdout);
    return code;
}

/* --- the argtable ------------------------------------------------------------------------------
 */

static const struct arg_hdr s_words[] = {
    {.flag = ARG_HASVALUE, .datatype = "COMMAND", .maxcount = 1, .glossary = "heaptrail help"},
    {.flag = ARG_HASVALUE,
     .datatype = "ARGUMENT",
     .maxcount = 1,
     .glossary = "of the command: heaptrail help COMMAND"},
};

static const struct arg_hdr s_options[HT_OPTS] = {
#define HT_OPTION_HEADER(id, name, letter, value, help)                                            \
    [HT_OPT_##id] = {.flag = sizeof(value) > 1U ? ARG_HASVALUE : 0,                                \
                     .shortopts = HT_OR_NULL(letter),                                              \
                     .longopts = (name),                                                           \
                     .datatype = HT_OR_NULL(value),                                                \
                     .glossary = (help),                                                           \
                     .maxcount = 1},
    HT_OPTIONS(HT_OPTION_HEADER)
#undef HT_OPTION_HEADER
};

static const struct arg_hdr s_end = {.flag = ARG_TERMINATOR};

static const struct arg_hdr *const s_argtable[] = {
    &s_words[0],
    &s_words[1],
#define HT_OPTION_ADDRESS(id, name, letter, value, help) &s_options[HT_OPT_##id],
    HT_OPTIONS(HT_OPTION_ADDRESS)
#undef HT_OPTION_ADDRESS
        & s_end,
};

esp_err_t heaptrail_console_register(void)
{
    const esp_console_cmd_t cmd = {
        .command = "heaptrail",
        .help = "Who holds the heap: live memory by call site, task and heap; leaks since a mark; "
                "failed allocations; memory errors. `heaptrail help` tells how.",
        .hint = "status|sites|tasks|heaps|list|failures|errors|mark|since|check|whois|scrub|start|"
                "stop|reset|help",
        .func = command,
        .argtable = (void *)(uintptr_t)s_argtable, /* read only, but by a pointer that is not */
    };
    return esp_console_cmd_register(&cmd);
}

static void add_completion(void *context, const char *line)
{
    linenoiseAddCompletion(context, line);
}

void heaptrail_console_completion(const char *line, struct linenoiseCompletions *completions)
{
    esp_console_get_completion(line, completions);
    heaptrail_console_complete(line, add_completion, completions);
}

#else

esp_err_t heaptrail_console_register(void)
{
    return ESP_ERR_NOT_SUPPORTED;
}

void heaptrail_console_completion(const char *line, struct linenoiseCompletions *completions)
{
    (void)line;
    (void)completions;
}

#endif
