/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_suspect.h
 * What speaks for a leak, as words and as JSON.
 */
#pragma once

#include "heaptrail_leaks.h"
#include "ht_report.h"

/** "certain", "likely", "possible", "follows". */
const char *ht_sure_word(heaptrail_sure_t sure);

/** How it is coloured. */
ht_style_t ht_sure_style(heaptrail_sure_t sure);

/** "Leaks, by call site: 1 certain, 1 likely, 0 possible", of how many of each there are. */
void ht_sure_counts(ht_out_t *out, const uint32_t *sites);

/** "1.2 KiB in 3 blocks, and with them ...; possibly lost: ...; reachable: ...": of each class,
 * what is lost first. */
void ht_reach_words(ht_out_t *out, const uint32_t *blocks, const size_t *bytes);

/** "3 blocks are too young to be judged", a line; nothing if there are none. */
void ht_unknown_line(ht_out_t *out, uint64_t count, const char *noun, const char *one,
                     const char *many);

/** "nothing points to 5 blocks (200 B); floor rises 1.17 KiB/h for 58 min": part of a sentence. */
void ht_suspect_words(ht_out_t *out, const heaptrail_suspect_t *suspect);

/** "8BIT|INTERNAL memory is full in 4 h 25 min: 271 KiB are free, 61.3 KiB/h less". */
void ht_exhaustion_words(ht_out_t *out, const heaptrail_exhaustion_t *exhaustion);

/** The fields of a suspect but its place, into the object that is open. */
void ht_suspect_json(ht_json_t *json, const heaptrail_suspect_t *suspect);

/** An object, or null. */
void ht_exhaustion_json(ht_json_t *json, const heaptrail_exhaustion_t *exhaustion);
