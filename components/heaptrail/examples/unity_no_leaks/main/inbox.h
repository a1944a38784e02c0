/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file inbox.h  The code under test: messages "topic:text", and a task that reads some. */
#pragma once

#include <stdbool.h>

typedef struct {
    char *topic;
    char *text;
} message_t;

/** Parse "topic:text". The message's strings are the caller's, see message_release(). False: it is
 * none, and there is nothing to release. */
bool message_parse(message_t *message, const char *line);
void message_release(message_t *message);

/** The number of a topic, 0 .. 7; -1: there are too many. Topics are kept for ever. */
int topic_number(const char *topic);

/** Parse a line in a task of its own. @return What message_parse() said. */
bool inbox_parse_in_task(const char *line);
