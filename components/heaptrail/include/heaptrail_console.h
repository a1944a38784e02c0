/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_console.h
 * The command `heaptrail`: the reports and switches of heaptrail.h at a prompt.
 *
 *     heaptrail_console_register();       once, beside the other commands of the firmware
 *     heaptrail sites -n 5 --task wifi    at esp_console's prompt: UART, USB or the linux target
 *
 * docs/console.md has every sub-command. Nothing here allocates (but esp_console does, for each
 * line that is typed), and no lock is held while text is written. Tasks only, not from an ISR.
 */
#pragma once

#include "heaptrail.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a command returns. */
typedef enum {
    HEAPTRAIL_CONSOLE_OK = 0,    /**< done */
    HEAPTRAIL_CONSOLE_NO = 1,    /**< done, and the answer is no: errors found, address unknown */
    HEAPTRAIL_CONSOLE_USAGE = 2, /**< the arguments are wrong: nothing was done */
    HEAPTRAIL_CONSOLE_FAILED = 3 /**< not possible now, or not in this firmware */
} heaptrail_console_code_t;

/** Named marks that are kept. */
#define HEAPTRAIL_CONSOLE_MARKS 8
/** Bytes of a mark's name, with its zero. */
#define HEAPTRAIL_CONSOLE_NAME_MAX 16

/** After so many bytes (and at most a line more) `pause` is called. */
#define HEAPTRAIL_CONSOLE_CHUNK_BYTES 512

/** Where a command's output goes. */
typedef struct {
    heaptrail_write_fn_t write;   /**< may block */
    void *context;                /**< of `write` and `pause` */
    void (*pause)(void *context); /**< let others run (and the watchdog see it); NULL: no need */
    bool color;                   /**< the terminal shows ANSI colours: what --color=auto means */
    uint16_t width;               /**< its columns; 0: 100 */
} heaptrail_console_t;

/**
 * Register `heaptrail` with esp_console, with help, hint and arguments (argtable3, for
 * esp_console's `help`). Before or after esp_console_new_repl_*(). Its output goes to the calling
 * task's stdout in chunks: after each one the task sleeps for a tick. Needs about 2.5 KB of that
 * task's stack, besides what its stdout needs: esp_console's 4096 bytes are enough.
 *
 * @return ESP_OK; ESP_ERR_NO_MEM; ESP_ERR_NOT_SUPPORTED: CONFIG_HEAPTRAIL_CONSOLE is off, or
 *         ESP-IDF's component `console` is not in the build.
 */
esp_err_t heaptrail_console_register(void);

/**
 * Run one command, on any shell. `argv[0]` is the command's own name; a NULL ends `argv` at latest.
 * Several tasks may do so at once.
 *
 * @return A heaptrail_console_code_t. Whatever the arguments are, there is a message; of a NULL
 *         `console` or `write` HEAPTRAIL_CONSOLE_USAGE without one.
 */
int heaptrail_console_run(const heaptrail_console_t *console, int argc, char *const *argv);

/** A way that a line may go on: the whole line, valid during the call only. */
typedef void (*heaptrail_complete_fn_t)(void *context, const char *line);

/**
 * How a line that begins with "heaptrail " may go on: sub-commands, options, their values, names of
 * tasks, heaps and marks. Lines of more than 120 bytes are not completed.
 */
void heaptrail_console_complete(const char *line, heaptrail_complete_fn_t fn, void *context);

struct linenoiseCompletions;

/**
 * The same for linenoise, after the names of all commands from esp_console_get_completion(). Behind
 * esp_console_new_repl_*(), which sets its own:
 *
 *     linenoiseSetCompletionCallback(heaptrail_console_completion);
 *
 * Does nothing where heaptrail_console_register() is not supported.
 */
void heaptrail_console_completion(const char *line, struct linenoiseCompletions *completions);

#ifdef __cplusplus
}
#endif
