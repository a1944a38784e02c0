/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file demo_config.h
 * Force-included into the example: its menuconfig value comes from the command line.
 */
#pragma once

extern int demo_minutes;

#define CONFIG_LEAKY_NODE_MINUTES demo_minutes
