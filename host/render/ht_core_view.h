/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_core_view.h
 * The device's own reports over a core dump: heaptrail.h's queries, answered from what was read of
 * it. So a report of a dump is worded as the device's is, in text and in JSON.
 *
 * The queries have no context: one dump at a time, by one thread.
 */
#pragma once

#include "ht_core.h"
#include "ht_report.h"

/** From now on queries are about this dump, which has to outlive them. */
void ht_core_view(const ht_core_t *core);

/** Freed blocks that are remembered, the newest first, at most `max_rows`; `json`: into the object
 * that is open. */
void ht_core_view_freed(ht_out_t *out, const ht_core_t *core, size_t max_rows);
void ht_core_view_freed_json(ht_json_t *json, const ht_core_t *core, size_t max_rows);

/** What a report of the dump's other parts cannot say: what is missing, and how ages count. */
void ht_core_view_notes(ht_out_t *out, const ht_core_t *core, const ht_memory_t *memory);
void ht_core_view_notes_json(ht_json_t *json, const ht_core_t *core, const ht_memory_t *memory);
