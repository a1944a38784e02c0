/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file fake_console.h
 * What the console changes, noted instead of done; and commands into s_sink.
 */
#pragma once

#include "fake.h"
#include "heaptrail_console.h"

typedef struct {
    unsigned starts, stops, resets, clears, marks, scrubs;
    heaptrail_checks_t checks; /**< set last */
    uint32_t verified_heap;
    heaptrail_verified_t verified; /**< what a check finds */
    uint32_t scrub_calls_left;     /**< until this round is complete */
    uint32_t scrub_calls;          /**< that a whole one takes */
    const char *recorded;          /**< what was kept over the reset; NULL: nothing */
    esp_err_t err;                 /**< what each of them returns */
} fake_actions_t;

extern fake_actions_t g_actions;

/** Pauses since the last command began, and the most bytes between two of them. */
extern unsigned g_pauses;
extern size_t g_most_bytes;

/** Split at blanks (no quotes) and run, in a world, into s_sink. */
int run_line(const fake_world_t *world, const char *line);

/** The same with arguments as they are, ended by a NULL; argv[0] is put in front. */
int run_words(const fake_world_t *world, const char *const *words);

/** What was written, ended by a zero. */
const char *written(void);

/** Colours for the commands from now on. */
void set_color(bool color);
