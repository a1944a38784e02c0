/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_leak_roots.h  What users registered as roots of the reachability scan. */
#pragma once

#include "ht_scan.h"

/** Where the stack in use of the scan's caller begins. Set before by a caller that has called much
 * itself since the program called it; else (0) by the scan, while it runs. */
extern uintptr_t ht_leak_stack_from;

/** Give all of them to a scan. */
void ht_leak_roots_give(ht_scan_t *scan);

/** Hide the memory of the trace and the flight recorder: each event has an address. */
void ht_trace_hide(ht_scan_t *scan);
