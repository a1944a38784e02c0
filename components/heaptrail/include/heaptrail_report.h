/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_report.h
 * The questions of heaptrail.h, answered as text for people and as JSON for programs.
 *
 * A report is written piece by piece through a callback, with no lock held, and allocates nothing.
 * It needs about 1.5 KB of stack, FAILURES and SUMMARY 2 KB (x86: a third more). Not from an ISR,
 * but for heaptrail_report_error(). Large reports call the callback often: a callback that may
 * block (a UART) is the place to yield.
 *
 * HEAPTRAIL_REPORT_LEAKS takes memory from the heap while it is made, as heaptrail_scan() does, and
 * waits between its passes.
 *
 * HEAPTRAIL_REPORT_HEAPS and _SUMMARY call heaptrail_sample() first, which walks every heap, unless
 * the newest measurement is at most a second old. The other reports measure nothing.
 */
#pragma once

#include "heaptrail_errors.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a report is about. */
typedef enum {
    HEAPTRAIL_REPORT_STATUS,   /**< the tracker about itself, and what was lost */
    HEAPTRAIL_REPORT_SITES,    /**< live by call site */
    HEAPTRAIL_REPORT_TASKS,    /**< live by task */
    HEAPTRAIL_REPORT_HEAPS,    /**< by heap and capability: live, free, largest, fragmentation */
    HEAPTRAIL_REPORT_OLDEST,   /**< the oldest live blocks */
    HEAPTRAIL_REPORT_FAILURES, /**< allocations that failed, and why they could not be served */
    HEAPTRAIL_REPORT_SINCE,    /**< what a window left behind, by site: needs `since` */
    HEAPTRAIL_REPORT_WHOIS,    /**< what `address` is, whose, and who lives next to it */
    HEAPTRAIL_REPORT_SUMMARY,  /**< status, errors, failures, heaps, sites and tasks in one */
    HEAPTRAIL_REPORT_ERRORS,   /**< memory errors: what was damaged, and whose block it was */
    HEAPTRAIL_REPORT_CHECKS,   /**< what is looked for, what is not, and how to change that */
    HEAPTRAIL_REPORT_EXPLAIN,  /**< why the last allocation failed, and who holds that memory */
    HEAPTRAIL_REPORT_LIST,     /**< live blocks, one a row, in the order of `sort` */
    HEAPTRAIL_REPORT_LOWMEM,   /**< low-memory watches: who made them fire, who held what then */
    HEAPTRAIL_REPORT_LEAKS,    /**< who may leak, how sure that is, and what speaks for it: scans
                                    (heaptrail_leaks.h). `select.task_id`: what that task left
                                    behind, without a scan */
    HEAPTRAIL_REPORT_COUNT
} heaptrail_report_kind_t;

/** The order of a report's rows. */
typedef enum {
    HEAPTRAIL_SORT_BYTES,  /**< most live bytes first */
    HEAPTRAIL_SORT_BLOCKS, /**< most live blocks first */
    HEAPTRAIL_SORT_GROWTH, /**< most live bytes since the mark first */
    HEAPTRAIL_SORT_PEAK,   /**< highest peak first */
    HEAPTRAIL_SORT_TOTAL,  /**< most allocations ever first */
    /* Only of HEAPTRAIL_REPORT_LIST, which also takes HEAPTRAIL_SORT_BYTES: the largest first. */
    HEAPTRAIL_SORT_AGE,     /**< the oldest first */
    HEAPTRAIL_SORT_ADDRESS, /**< the lowest first */
    HEAPTRAIL_SORT_NONE     /**< as the tracker has them: in one pass, however many they are */
} heaptrail_sort_t;

/** Which report, and how. All zero: the status, as text of 100 columns. */
typedef struct {
    heaptrail_report_kind_t kind;
    heaptrail_sort_t sort; /**< of sites, tasks and the list of blocks */
    uint32_t max_rows;     /**< UINT32_MAX: all; 0: 20, in a summary 5 per section, as JSON all. A
                                summary has all heaps, whatever it says here */
    bool json;             /**< JSON instead of text */
    bool color;            /**< ANSI colours in text: only for a terminal */
    bool ids;              /**< text with the numbers of sites and tasks, as `select` takes them */
    uint16_t width;        /**< columns of the terminal; 0: 100 */
    heaptrail_select_t select; /**< `since` etc. */
    const void *address;       /**< for HEAPTRAIL_REPORT_WHOIS */
    uint32_t evidence; /**< for HEAPTRAIL_REPORT_LEAKS: HEAPTRAIL_EVIDENCE_*; 0: all. Without
                            HEAPTRAIL_EVIDENCE_UNREACHABLE nothing is scanned */
} heaptrail_report_t;

/**
 * Write a report. ESP_ERR_INVALID_ARG: a NULL pointer, an unknown kind, a sort that is not one of
 * this kind, SINCE without a mark; ESP_ERR_INVALID_STATE: another sites, tasks or heaps query is
 * under way; of LEAKS, what heaptrail_scan() returns; ESP_ERR_NOT_FOUND: whois of an address in no
 * live block, EXPLAIN without an explained failure (the report says so too).
 */
esp_err_t heaptrail_report(const heaptrail_report_t *report, heaptrail_write_fn_t write,
                           void *context);

/** The same to standard output, as text: for the console and for a quick look in code. */
esp_err_t heaptrail_print(heaptrail_report_kind_t kind);

/**
 * One error, at once: as text of 100 columns, or as a JSON object. For a callback of
 * heaptrail_set_error_callback(), say. In any context, also in an ISR: takes no lock, allocates
 * nothing, asks the tracker nothing, needs about 800 bytes of stack (x86: 1.1 KB), and calls
 * `write` often. Calls the function of heaptrail_set_symbols(), if one is set. `error` or `write`
 * NULL: does nothing.
 */
void heaptrail_report_error(const heaptrail_error_row_t *error, bool json, bool color,
                            heaptrail_write_fn_t write, void *context);

/**
 * Names for addresses: text for one return address (function, file:line), or false. Set on
 * platforms that can know (Linux); on a chip addresses stay addresses, for the host to name.
 */
typedef bool (*heaptrail_symbol_fn_t)(void *context, uintptr_t address, char *text, size_t size);
/** Who names addresses; NULL: nobody. For all reports from now on. */
void heaptrail_set_symbols(heaptrail_symbol_fn_t fn, void *context);

#ifdef __cplusplus
}
#endif
