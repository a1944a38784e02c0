/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_relay.h
 * A decoder in one thread, who listens to its allocations and frees in another one.
 *
 *   ht_decoder_t ── briefs ──► ring of batches ──► thread ── briefs ──► your sink
 *        └───────── all else: when the ring is empty, from the decoder's own thread ──► your sink
 *
 * So each function of the sink is called in the order in which it would be called without, one at a
 * time; texts and arrays stay valid as long as ever. The thread begins when there is enough to do
 * for it: a short trace has none. Where none can be made, or there is one processor, it works, too.
 */
#pragma once

#include "ht_decode.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ht_relay ht_relay_t;

/** `sink` is copied and has `briefs`. NULL: no memory. To be freed with ht_relay_free(). 170 KB. */
ht_relay_t *ht_relay_new(const ht_decoder_sink_t *sink);

/** What the decoder is to be given; valid as long as the relay. */
const ht_decoder_sink_t *ht_relay_sink(const ht_relay_t *relay);

/** All that was told has arrived, and your sink is called by nobody until the decoder goes on.
 * Blocks until then. */
void ht_relay_settle(ht_relay_t *relay);

/** Settles first. NULL is nothing. */
void ht_relay_free(ht_relay_t *relay);

#ifdef __cplusplus
}
#endif
