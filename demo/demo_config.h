/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file demo_config.h
 * Force-included into the example: its menuconfig values come from the command line.
 */
#pragma once

#include <stdbool.h>

extern int demo_minutes;
extern bool demo_console;
extern const char *demo_trace_to;

#define CONFIG_LEAKY_NODE_MINUTES demo_minutes
#define CONFIG_LEAKY_NODE_CONSOLE demo_console
#define CONFIG_LEAKY_NODE_TRACE_TO demo_trace_to
