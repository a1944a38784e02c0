/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_leaks.h
 * Which blocks are leaked: those that nothing points to any more; and all that speaks for a leak
 * where something does.
 *
 *     heaptrail_print(HEAPTRAIL_REPORT_LEAKS);              (heaptrail_report.h)
 *     heaptrail_suspects_find(NULL, &summary);              the same in code, by call site
 *     heaptrail_scan(NULL, print_leak, NULL, &summary);     block by block
 *
 * The scan starts at all variables, at every task's stack and registers, and at what you register
 * here, and follows every word that could be a pointer. A block that it does not come to is lost:
 * no program text can free it any more. A word that only looks like a pointer hides a leak; it
 * never makes one. docs/leaks.md tells what else can be mistaken, and how that is kept small.
 *
 * While a scan runs, the other tasks go on: it reads memory without a lock, and copies the table in
 * constant slices. So a block whose only pointer moves from a place that is not read yet to one
 * that was, is missed in that pass. Therefore a block is lost only if several passes say so, and if
 * it is old enough. With `stop` nothing else runs, and one pass is exact.
 *
 * All functions from tasks only. One scan at a time.
 */
#pragma once

#include "esp_err.h"
#include "heaptrail_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What the scan says of a block; the words are Valgrind's. */
typedef enum {
    HEAPTRAIL_REACHABLE = 0,   /**< a chain of pointers to starts of blocks leads to it */
    HEAPTRAIL_POSSIBLY_LOST,   /**< only one with a pointer into the middle of a block does */
    HEAPTRAIL_INDIRECTLY_LOST, /**< only lost blocks point to it */
    HEAPTRAIL_LOST,            /**< nothing does */
    HEAPTRAIL_REACH_COUNT
} heaptrail_reach_t;

/** How to scan. All zero is good. */
typedef struct {
    uint32_t passes;      /**< that have to agree, 1 .. 16; 0: 2, with `stop` 1 */
    uint32_t pause_ms;    /**< between two passes; 0: 100 */
    uint64_t age_min_us;  /**< younger blocks are not judged; 0: 1 s (Linux: none) */
    uint32_t slice_words; /**< give way after reading so many words; 0: 4096 */
    bool stop;            /**< suspend all other tasks: exact, and as long as it takes. Linux:
                               always, in one pass */
    bool all;     /**< hand out possibly and indirectly lost blocks, too, not only lost ones */
    void *memory; /**< to work in, aligned as a pointer; NULL: from the heap, given back */
    size_t memory_bytes; /**< at least heaptrail_scan_memory_bytes(); 0 with NULL */
} heaptrail_scan_options_t;

/** A block that is lost in some way. */
typedef struct {
    heaptrail_reach_t reach;
    heaptrail_block_row_t block;
    uintptr_t leader;         /**< of an indirectly lost one: the lost block that leads to it */
    uint32_t indirect_blocks; /**< of a lost one: what would be freed with it */
    size_t indirect_bytes;
} heaptrail_leak_row_t;

/** What the scan found, and what it could not tell. */
typedef struct {
    uint32_t blocks[HEAPTRAIL_REACH_COUNT];
    size_t bytes[HEAPTRAIL_REACH_COUNT];
    uint32_t young_blocks;    /**< lost, but too young to be judged: counted as reachable */
    uint32_t unsure_blocks;   /**< lost in the last pass and not in each before: the same */
    uint32_t left_out_blocks; /**< no room in the memory of the scan */
    uint32_t gone_blocks;     /**< not reached, and freed before they were told: in no class */
    uint32_t running_threads; /**< Linux: did not stop, so that their registers were not read */
    size_t unread_bytes;      /**< Linux: of blocks, in pages that the program protected: what only
                                   they hold is counted as lost */
    bool disturbed; /**< the table moved records whenever it was copied: some were missed */
    uint32_t passes;
    uint64_t words;   /**< read in the last pass */
    uint64_t took_us; /**< all passes, pauses included */
} heaptrail_scan_summary_t;

/** Return false to end the walk. Called in the caller's context, with no lock held. */
typedef bool (*heaptrail_leak_fn_t)(void *context, const heaptrail_leak_row_t *row);

/** Bytes that a scan of what is live now works in, with some to spare: about 10 per block, 20 on
 * 64-bit platforms. O(1). */
size_t heaptrail_scan_memory_bytes(void);

/**
 * Scan, and hand out what is lost, in the order of addresses, but what is indirectly lost right
 * after the block that it is lost with.
 *
 * Costs about 8,000 instructions a pass for each KiB of variables, stacks and reachable blocks, if
 * every eighth word is a pointer and blocks are 64 bytes. Never
 * more than 300 at a time with interrupts masked. Stack: about 600 bytes.
 *
 * @param options NULL: all zero.
 * @param fn      NULL: only the summary is wanted.
 * @param context Handed to `fn`.
 * @param summary May be NULL.
 * @return ESP_OK; ESP_ERR_INVALID_ARG; ESP_ERR_INVALID_SIZE (memory too small); ESP_ERR_NO_MEM;
 *         ESP_ERR_INVALID_STATE (in an ISR, the scheduler does not run, the tracker is new, another
 *         scan runs); ESP_ERR_NOT_SUPPORTED (this platform cannot tell its variables or stacks).
 */
esp_err_t heaptrail_scan(const heaptrail_scan_options_t *options, heaptrail_leak_fn_t fn,
                         void *context, heaptrail_scan_summary_t *summary);

/**
 * The same, when nothing else will run again: in a panic handler, with interrupts off, after the
 * other core was stalled. Takes no lock, waits for nobody, allocates nothing, whatever was
 * interrupted, in the midst of heaptrail or of FreeRTOS too; and nothing may come after it but the
 * restart. Needs the flash cache, and as much stack as heaptrail_scan(). `fn` runs in the same
 * place: it prints with what such a place allows. The tasks are those that the tracker knows.
 *
 * @param options With memory: set aside as a variable, sized by heaptrail_scan_memory_bytes() in
 *                time. `passes`, `pause_ms`, `slice_words` and `stop` are not looked at: one pass.
 * @param fn      NULL: only the summary is wanted.
 * @param context Handed to `fn`.
 * @param summary May be NULL.
 * @return ESP_OK; ESP_ERR_INVALID_ARG (no memory); ESP_ERR_INVALID_SIZE; ESP_ERR_INVALID_STATE (the
 *         tracker is new); ESP_ERR_NOT_SUPPORTED (not ESP-IDF on a chip, or the stack that this
 *         runs on is none that is known).
 */
esp_err_t heaptrail_scan_frozen(const heaptrail_scan_options_t *options, heaptrail_leak_fn_t fn,
                                void *context, heaptrail_scan_summary_t *summary);

/* --- by site
 * ------------------------------------------------------------------------------------- */

/** What is lost of the blocks of a site. */
typedef struct {
    heaptrail_origin_t origin;
    uint32_t lost_blocks;
    uint32_t with_blocks; /**< of any site, that would be freed with these */
    uint32_t possible_blocks;
    uint32_t indirect_blocks; /**< of this site, lost with those of any */
    size_t lost_bytes;
    size_t with_bytes;
    size_t possible_bytes;
    size_t indirect_bytes;
} heaptrail_leak_site_t;

/** Return false to end the walk. Called in the caller's context, with no lock held. */
typedef bool (*heaptrail_leak_site_fn_t)(void *context, const heaptrail_leak_site_t *row);

/**
 * heaptrail_scan(), and keep the sums of each site until heaptrail_leaks_forget(): 32 bytes
 * per site that was ever seen (48 on 64-bit), from the heap. Returns what heaptrail_scan() does;
 * ESP_ERR_INVALID_STATE also while another task has kept some.
 */
esp_err_t heaptrail_leaks_find(const heaptrail_scan_options_t *options,
                               heaptrail_scan_summary_t *summary);

/** Sites with blocks that are lost in some way, in the order they were first seen. O(sites). */
esp_err_t heaptrail_for_each_leak_site(heaptrail_leak_site_fn_t fn, void *context);

/** Give the sums back. Harmless where there are none. */
void heaptrail_leaks_forget(void);

/* --- growth --------------------------------------------------------------------------------------
 */

/**
 * Read what lives of each site now, and how much memory is free: of each site the floor is kept,
 * the least that lived, in 8 to 16 steps that cover the whole run. Called each
 * CONFIG_HEAPTRAIL_GROWTH_PERIOD_MS by the idle task of core 0 (chips); call it yourself where that
 * is 0, or on Linux. More often than the steps are long does no harm.
 *
 * Reads one word of each of CONFIG_HEAPTRAIL_GROWTH_SITES sites, with no lock: about 60
 * instructions each. Never waits. From tasks and idle hooks.
 *
 * @return ESP_OK; ESP_ERR_NOT_SUPPORTED (no room: the option is 0); ESP_ERR_INVALID_STATE (in an
 *         ISR, the tracker is new, or another task is at it).
 */
esp_err_t heaptrail_growth_sample(void);

/**
 * Keep the floors elsewhere, and of more or fewer sites than CONFIG_HEAPTRAIL_GROWTH_SITES. What
 * was seen so far is forgotten.
 *
 * @param memory Aligned to 2, stays heaptrail's; NULL: back to the static memory.
 * @param bytes  32 for each site.
 * @return ESP_OK; ESP_ERR_INVALID_ARG (alignment; bytes without memory, fewer than 32);
 *         ESP_ERR_INVALID_STATE (in an ISR, the tracker is new, or another task reads it just now).
 */
esp_err_t heaptrail_growth_memory(void *memory, size_t bytes);

/** What the floor of a site does. */
typedef struct {
    bool rises;  /**< it goes up, again and again, and has not stopped */
    bool steady; /**< nearly all the time, five times at least, for five minutes at least */
    int64_t bytes_per_hour;
    uint32_t steps;           /**< of the history, that this was judged by */
    uint32_t rising_permille; /**< of all pairs of steps: those that rise */
    uint64_t span_us;         /**< from the first step to the last */
    size_t from_bytes;        /**< the floor in the first */
    size_t to_bytes;          /**< and in the last */
} heaptrail_growth_t;

/** Of one site (heaptrail_origin_t::id). ESP_ERR_NOT_FOUND: it has no history;
 * ESP_ERR_INVALID_STATE: as heaptrail_growth_sample(), or nothing was sampled yet. */
esp_err_t heaptrail_growth_of_site(uint32_t site_id, heaptrail_growth_t *growth);

/* --- what a task leaves behind -------------------------------------------------------------------
 */

/** A task is about to be deleted and still has blocks: `task->live_blocks`, `task->live_bytes`. Its
 * stack and control block are not among them: they are whoever made it's. */
typedef void (*heaptrail_task_left_fn_t)(void *context, const heaptrail_task_row_t *task);

/**
 * Be told by vTaskDelete(), before it does anything, in the context and on the stack of who calls
 * it: of the task itself, often. Which blocks: heaptrail_for_each_block() with this `task_id`;
 * later HEAPTRAIL_EVIDENCE_TASK_GONE. Blocks that another task will free are told, too.
 *
 * Chips, with CONFIG_HEAPTRAIL_WRAP; on other platforms nobody is told. Set it before tasks are
 * deleted; NULL: nobody is told.
 */
void heaptrail_set_task_left(heaptrail_task_left_fn_t fn, void *context);

/* --- one ranking
 * ------------------------------------------------------------------------------------- */

/** How sure it is that a site leaks. */
typedef enum {
    HEAPTRAIL_SURE_FOLLOWS = 0, /**< it does not itself: its blocks are only lost with others */
    HEAPTRAIL_SURE_POSSIBLE,    /**< evidence that has innocent causes, too */
    HEAPTRAIL_SURE_LIKELY,  /**< a floor that rises steadily; or one that rises, and another kind
                                 of evidence */
    HEAPTRAIL_SURE_CERTAIN, /**< nothing points to blocks of it any more */
    HEAPTRAIL_SURE_COUNT
} heaptrail_sure_t;

/** @{ */
/** Kinds of evidence: bits. */
#define HEAPTRAIL_EVIDENCE_UNREACHABLE 1U /**< the scan: lost, indirectly lost, possibly lost */
#define HEAPTRAIL_EVIDENCE_GROWTH 2U      /**< the floor of its live bytes rises */
#define HEAPTRAIL_EVIDENCE_TASK_GONE 4U   /**< the task that allocated is gone, its block is not */
#define HEAPTRAIL_EVIDENCE_OVERDUE 8U     /**< blocks much older than those of the site become */
#define HEAPTRAIL_EVIDENCE_ALL 15U
/** @} */

/** What to look for. All zero is good. */
typedef struct {
    uint32_t evidence; /**< HEAPTRAIL_EVIDENCE_*; 0: all. Without UNREACHABLE nothing is scanned */
    uint32_t site_id;  /**< only this site; 0: any */
    uint32_t task_id;  /**< of TASK_GONE only what this task left; 0: any */
    uint32_t overdue_times; /**< overdue: so many times the usual life; 0: 10 */
    uint32_t frees_min;     /**< to know a usual life, so many must have ended; 0: 16 */
    const heaptrail_scan_options_t *scan; /**< NULL: all zero */
    void *memory; /**< to work in, and for what is found; aligned to 8. NULL: from the heap */
    size_t memory_bytes; /**< see heaptrail_suspects_memory_bytes(); 0 with NULL */
} heaptrail_suspect_options_t;

/** A site that may leak, and what speaks for it. */
typedef struct {
    heaptrail_origin_t origin;
    uint32_t rank; /**< 0: the surest */
    heaptrail_sure_t sure;
    uint32_t evidence; /**< HEAPTRAIL_EVIDENCE_*: which of the following say something */
    uint32_t live_blocks;
    size_t live_bytes;
    /* UNREACHABLE */
    uint32_t lost_blocks;
    uint32_t with_blocks; /**< of any site, that would be freed with these */
    uint32_t possible_blocks;
    uint32_t indirect_blocks; /**< of this site, lost with those of any */
    size_t lost_bytes;
    size_t with_bytes;
    size_t possible_bytes;
    size_t indirect_bytes;
    /* GROWTH */
    heaptrail_growth_t growth;
    /* TASK_GONE */
    uint32_t left_blocks;
    size_t left_bytes;
    uint32_t left_tasks;                     /**< that left them: 1, or 2 for more than one */
    uint32_t left_task_id;                   /**< one of them */
    char left_task[HEAPTRAIL_TASK_NAME_MAX]; /**< its name */
    /* OVERDUE */
    uint32_t overdue_blocks;
    size_t overdue_bytes;
    uint64_t overdue_age_us; /**< of the oldest of them */
    uint64_t usual_life_us;  /**< 19 of 20 blocks that ended were younger than this */
    uint32_t overdue_times;  /**< how many times that the oldest is */
} heaptrail_suspect_t;

/** When memory runs out, if the site's floors go on rising as they do. */
typedef struct {
    uint32_t caps;           /**< of which memory (MALLOC_CAP_*); 0: of none that is known */
    size_t free_bytes;       /**< of it, now */
    uint64_t bytes_per_hour; /**< that it has less */
    uint64_t left_us;        /**< from now on; 0: less than a sample's period */
} heaptrail_exhaustion_t;

/** About all suspects. */
typedef struct {
    uint32_t sites[HEAPTRAIL_SURE_COUNT]; /**< how many of each */
    esp_err_t scanned; /**< ESP_OK: `scan` says what the scan found; ESP_ERR_NOT_FOUND: there was to
                            be none; else why there is none, as heaptrail_scan() */
    heaptrail_scan_summary_t scan;
    uint32_t growth_steps;    /**< of the history of floors; 0: there is none */
    uint64_t growth_span_us;  /**< that it covers */
    uint32_t growth_left_out; /**< sites without a history: CONFIG_HEAPTRAIL_GROWTH_SITES */
    uint64_t bytes_per_hour;  /**< all rising floors together, without the heap's own bytes */
    uint32_t
        suppressed_sites; /**< suspects passed over (heaptrail_suppress_leaks()), in no count */
    bool disturbed;       /**< the table moved records meanwhile: some were missed */
    heaptrail_exhaustion_t exhaustion;
} heaptrail_suspect_summary_t;

/** Return false to end the walk. Called in the caller's context, with no lock held. */
typedef bool (*heaptrail_suspect_fn_t)(void *context, const heaptrail_suspect_t *suspect);

/** Bytes for a search of what is known now, its scan included, with some to spare: 144 per site (on
 * 64-bit platforms 208) and heaptrail_scan_memory_bytes(). Set aside in time, they find who leaks
 * when the heap has nothing left. O(1). */
size_t heaptrail_suspects_memory_bytes(void);

/**
 * Gather the evidence of each site, and keep it until heaptrail_suspects_forget(): 112 bytes
 * per site that was ever seen (160 on 64-bit), from the heap, and while it scans what
 * heaptrail_leaks_find() takes; or all of that in `options->memory`, and nothing from the heap.
 * Where the scan is not possible, or has no room there, the rest is gathered without it. While a
 * trace runs, what was found goes into it, too (heaptrail_trace.h); if its ring is full this waits
 * up to half a second for who drains it.
 *
 * Costs the scan; then a walk over the table, about 40 instructions for each block, 1,500 for each
 * site that has a history, and 50,000 for each of those that rise. Stack: about 1.2 KB.
 *
 * @return ESP_OK; ESP_ERR_NO_MEM; ESP_ERR_INVALID_ARG (also of `memory`), ESP_ERR_INVALID_SIZE
 *         (`memory` has no room for the sites; of `scan`); ESP_ERR_INVALID_STATE (in an ISR, the
 * tracker is new, another task has kept some or scans; or there is to be a scan and the scheduler
 * does not run).
 */
esp_err_t heaptrail_suspects_find(const heaptrail_suspect_options_t *options,
                                  heaptrail_suspect_summary_t *summary);

/** All that were found, the surest first, of those the largest. ESP_ERR_INVALID_STATE: there are
 * none kept. O(suspects). */
esp_err_t heaptrail_for_each_suspect(heaptrail_suspect_fn_t fn, void *context);

/** Give the memory back. Harmless where there is none, or while another task gathers; what another
 * task has kept is given back, too: call it only after a heaptrail_suspects_find() of your own. */
void heaptrail_suspects_forget(void);

/** What the last heaptrail_suspects_find() said, whoever called it. Stays after
 * heaptrail_suspects_forget(). ESP_ERR_INVALID_ARG; ESP_ERR_NOT_FOUND: there was none, or the last
 * one failed or is under way. Not from another task than those that find: it may be written. */
esp_err_t heaptrail_suspects_last(heaptrail_suspect_summary_t *summary);

/* --- suppressions --------------------------------------------------------------------------------
 */

/** Sites that are no suspects, whatever speaks for it. Fields that are NULL or 0 match all; the
 * others must match, and something has to be given. Where no macro recorded names, `caller` or `fn`
 * does. */
typedef struct heaptrail_suppression {
    const char *file; /**< the end of the path in the site: "net.c", "main/net.c" */
    uint32_t line;    /**< with file */
    const char *function;
    const char *variable;
    /** Code: a return address in [caller, caller_end) is in the site's stack; two functions of a
     * file, or linker symbols, will do. */
    uintptr_t caller, caller_end;
    /** Asked last, of suspects only, in the context of heaptrail_suspects_find(). NULL: not asked.
     */
    bool (*fn)(void *context, const heaptrail_origin_t *origin);
    void *context;
    struct heaptrail_suppression *next; /**< heaptrail's */
} heaptrail_suppression_t;

/**
 * Put one on the list. It stays where it is, and must stay valid (a static variable, as a rule). Of
 * tests' scopes heaptrail_allow_leak() is the like. Suspects that are passed over are counted.
 * O(list). Not the same one from two tasks at a time.
 *
 * @return ESP_OK; ESP_ERR_INVALID_ARG: NULL, nothing that names a site, a line without a file, a
 *         caller without its end (the log says which); ESP_ERR_INVALID_STATE: in an ISR, or it is
 *         on the list.
 */
esp_err_t heaptrail_suppress_leaks(heaptrail_suppression_t *suppression);

/** Empty the list. Not while another task looks for suspects. */
void heaptrail_suppress_none(void);

/* --- what the scan cannot see by itself --------------------------------------------------------
 */

/** Pointers of yours that are not kept as such: XORed, tagged, in hardware's registers. Calls
 * `visit` with each. */
typedef void (*heaptrail_pointers_fn_t)(void *context, void (*visit)(void *scan, const void *block),
                                        void *scan);

/**
 * This block, and what it leads to, is no leak, whoever points to it: a DMA descriptor that only
 * hardware knows, memory that is kept for the whole run. Room for
 * CONFIG_HEAPTRAIL_SCAN_ROOTS of these three together.
 *
 * @return ESP_OK; ESP_ERR_INVALID_ARG (NULL); ESP_ERR_NO_MEM (no room).
 */
esp_err_t heaptrail_not_leak(const void *block);

/** Memory that no variable, stack or block of the heap is, and that holds pointers: RAM of a
 * coprocessor, a region that the linker script sets aside. */
esp_err_t heaptrail_scan_area(const void *start, size_t bytes);

/** Pointers that a function knows. It must not allocate or free. */
esp_err_t heaptrail_scan_pointers(heaptrail_pointers_fn_t fn, void *context);

/** Take back what was registered with this pointer (a block, a start, a context). Returns
 * ESP_ERR_NOT_FOUND where there is none. */
esp_err_t heaptrail_scan_forget(const void *registered);

#ifdef __cplusplus
}
#endif
