/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_errors.h
 * What corrupts the heap: which errors are looked for, what is found, and what is done about it.
 *
 *   [ front redzone ][ block: what the firmware asked for ][ tail redzone ]
 *     canary bytes     the firmware's                        canary bytes, from the very next byte
 *
 * Redzones are looked at when a block is freed or reallocated, on demand (heaptrail_verify()), by
 * the background scrubber and at exit. Freed blocks may wait in a quarantine, filled, so that a
 * write to them is seen. A free() that is wrong is reported and not carried out. The program goes
 * on, unless the policy says otherwise: a damaged redzone is written anew, so it is reported once.
 *
 * Context: as in heaptrail.h. What changes the checks or asks about memory is not for ISRs; the
 * checks themselves run wherever the firmware allocates and frees.
 */
#pragma once

#include "heaptrail.h"
#include "heaptrail_error_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An error, just found. In the context of the call that found it: a task or an ISR. No lock held.
 */
typedef void (*heaptrail_error_fn_t)(void *context, const heaptrail_error_row_t *error);

/** Called for each error. Return false to end the query. */
typedef bool (*heaptrail_error_row_fn_t)(void *context, const heaptrail_error_row_t *row);

/** Read the checks. ISR-safe. */
esp_err_t heaptrail_get_checks(heaptrail_checks_t *checks);

/**
 * Change the checks, for blocks from now on. A smaller quarantine is emptied down to its size.
 *
 * Redzones may be turned off and on; their sizes stay from the first time they are on, by Kconfig
 * or here.
 *
 * @return ESP_OK; ESP_ERR_INVALID_ARG (the log names the field); ESP_ERR_INVALID_STATE (redzones
 *         have been on with other sizes, and the log says so; or called from an ISR);
 *         ESP_ERR_NOT_SUPPORTED (redzones or a quarantine without the link-time wraps).
 */
esp_err_t heaptrail_set_checks(const heaptrail_checks_t *checks);

/** What is done about errors of a kind; HEAPTRAIL_ERROR_NONE: of every kind. ISR-safe. */
esp_err_t heaptrail_set_policy(heaptrail_error_kind_t kind, heaptrail_policy_t policy);

/** Who is called under HEAPTRAIL_POLICY_CALLBACK; NULL: nobody. */
void heaptrail_set_error_callback(heaptrail_error_fn_t fn, void *context);

/** Look at the live block at `address` (its first byte), or at a quarantined one. O(1) for a live
 * one. ESP_ERR_NOT_FOUND: no such block. `verified` may be NULL. */
esp_err_t heaptrail_verify(const void *address, heaptrail_verified_t *verified);

/** Look at all blocks of a heap (heaptrail_heap_row_t::id; 0: of all heaps), at the quarantine and
 * at the heap's own bookkeeping. O(table + quarantine + heap). `verified` may be NULL. */
esp_err_t heaptrail_verify_heap(uint32_t heap_id, heaptrail_verified_t *verified);

/**
 * Look at the next `blocks` blocks: for an idle hook or a timer of your own. Goes round and round,
 * over the live blocks and the quarantine. 0: as many as are due for a round in scrub_round_ms.
 * O(blocks) in constant slices. `verified` may be NULL. ESP_ERR_INVALID_STATE: another task is at
 * it.
 */
esp_err_t heaptrail_scrub(uint32_t blocks, heaptrail_verified_t *verified);

/** Give the quarantined blocks back to the heap, looking at each. */
esp_err_t heaptrail_release_quarantine(void);

/** Errors that are still in the ring, oldest first; those of the run before a reset come first. */
esp_err_t heaptrail_for_each_error(heaptrail_error_row_fn_t fn, void *context,
                                   heaptrail_walk_t *walk);

/** Forget the errors in the ring and zero their counters. */
esp_err_t heaptrail_clear_errors(void);

/** What an address is: block, redzone, quarantined, freed, stack ... and who lives next to it.
 * O(table). Never fails for an address; HEAPTRAIL_PLACE_UNKNOWN is an answer. */
esp_err_t heaptrail_explain_address(const void *address, heaptrail_address_row_t *row);

/** Counters of the checks. */
esp_err_t heaptrail_check_status(heaptrail_check_status_t *status);

/* --- why an allocation failed ---------------------------------------------------------------- */

/** Explain a request as if it failed now. Walks the heaps and the table; not from an ISR.
 * ESP_ERR_INVALID_STATE: another sites, tasks or heaps query is under way. */
esp_err_t heaptrail_explain_request(size_t size, uint32_t caps, heaptrail_explanation_t *row);

/** The explanation of the newest failure that could be explained when it happened.
 * ESP_ERR_NOT_FOUND: none was. */
esp_err_t heaptrail_last_explanation(heaptrail_explanation_t *row);

/* --- names ----------------------------------------------------------------------------------- */

/** "heap buffer overflow", "double free" ...; never NULL. Any context. */
const char *heaptrail_error_name(heaptrail_error_kind_t kind);

/** "overflow", "double_free" ...: the same for JSON and option names. */
const char *heaptrail_error_key(heaptrail_error_kind_t kind);

#ifdef __cplusplus
}
#endif
