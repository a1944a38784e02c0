/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file fuzz.h What the fuzzers' entry points share. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ht_decode.h"

typedef struct {
    uint64_t hash; /**< of everything that was said, in its order; pieces of text are one text */
    ht_decoder_status_t status;
} fuzz_outcome_t;

/** Decode, in pieces of that size (0: at once), into a model and a keeper, which must add up. */
fuzz_outcome_t fuzz_decode(const uint8_t *bytes, size_t length, size_t piece);

/** Else say why, and abort. */
void fuzz_must(bool holds, const char *words);

/** libFuzzer's, AFL++'s and replay.c's entry point. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
