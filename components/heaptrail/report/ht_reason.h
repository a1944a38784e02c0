/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_reason.h
 * Why an allocation failed, who holds that memory, and who pins the hole it could have had.
 */
#pragma once

#include "ht_report.h"

/** The explanation that is kept, if it is of this failure; 0: of any. */
bool ht_explanation_of(uint32_t failure_number, heaptrail_explanation_t *row);

/** True when there is one at all. */
bool ht_explanation_exists(void);

/** "fragmentation, not exhaustion: ...": part of a sentence. */
void ht_verdict(ht_out_t *out, const heaptrail_explanation_t *row);

/** The state of that memory, its holders and the pins, from column `indent` on. */
void ht_explain_text(ht_out_t *out, const heaptrail_explanation_t *row, uint32_t indent);

/** The fields into the object that is open. */
void ht_explain_json(ht_json_t *json, const heaptrail_explanation_t *row);

/** The same as a value, null if none is kept. */
void ht_explanation_json(ht_json_t *json, const char *key);

/** The body for failure `number`, if it is the one that is explained. */
void ht_explanation_text(ht_out_t *out, uint32_t number, uint32_t indent);
