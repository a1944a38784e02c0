// SPDX-License-Identifier: Apache-2.0
/** Control of the stand-in: configuration, running, faults, interrupts, clock, counters.
 *  Everything here is for tests and programs on the desk; nothing of it exists on a chip.
 *  Unless noted: call from the test's own thread, or from a simulated task. */
#pragma once

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The heaps. Addresses are the chip's, plus sim_region_t.start's common shift when the host could
 *  not give them. */
typedef enum {
    SIM_REGION_DRAM,  /**< 0x3FC98000, 320 KB D/IRAM: default, DMA */
    SIM_REGION_DRAM2, /**< 0x3FCE9710, 22 KB D/IRAM recycled from the ROM's stack */
    SIM_REGION_DRAM3, /**< 0x3FCF0000, 32 KB DRAM, second choice */
    SIM_REGION_IRAM,  /**< 0x40374000, 16 KB: EXEC and 32BIT only, no byte access */
    SIM_REGION_RTC,   /**< 0x600FE000, 8 KB RTC fast memory, last choice */
    SIM_REGION_PSRAM, /**< 0x3C000000, 8 MB */
    SIM_REGION_COUNT
} sim_region_id_t;

/** A region that is not there. */
#define SIM_REGION_NONE ((size_t)-1)

typedef struct {
    uint64_t seed;              /**< of every random choice; 0 means 1 */
    bool parallel;              /**< true: two threads really run at once */
    uint32_t preempt_per_mille; /**< chance of a forced task switch at a scheduling point */
    uint32_t isr_per_mille;     /**< chance that the attached interrupts fire at an opportunity */
    uint32_t isr_period_us;     /**< parallel: host signal period; else virtual period; 0 none */
    uint32_t api_cost_us;       /**< virtual time that one scheduling point takes; 0 none */
    uint64_t time_limit_us;     /**< virtual end of the run; 0 none */
    size_t region_bytes[SIM_REGION_COUNT]; /**< 0: the default size; SIM_REGION_NONE: absent */
} sim_config_t;

/** Everything 0 but api_cost_us = 1. */
void sim_config_default(sim_config_t *config);
/** Boot state with this configuration: heaps empty and zeroed, no tasks, clock 0, no faults. The
 *  failed-allocation callback and the idle hooks are those that constructors registered.
 *  Before the first call, static constructors find the default configuration.
 *  Never from a simulated task. */
void sim_init(const sim_config_t *config);
/** sim_init with the configuration in force. */
void sim_reset(void);
const sim_config_t *sim_config(void);

typedef enum {
    SIM_RUN_RETURNED,   /**< the function, or every task, returned */
    SIM_RUN_TIME_LIMIT, /**< time_limit_us was reached */
    SIM_RUN_DEADLOCK,   /**< every task waits for ever */
    SIM_RUN_STOPPED,    /**< sim_stop */
    SIM_RUN_ALL_ENDED   /**< the task sim_run created was deleted before it returned */
} sim_run_result_t;

/** Starts the scheduler, runs `fn(arg)` in a task "main" (priority 1, core 0) and stops the
 *  scheduler when it returns. Other tasks stay frozen where they are; a second sim_run goes on with
 *  them; sim_reset ends them. */
sim_run_result_t sim_run(void (*fn)(void *), void *arg);
/** As sim_run, but goes on until every task has ended, deadlock, or the time limit. */
sim_run_result_t sim_run_all(void (*fn)(void *), void *arg);
/** Freezes the scheduler at the next scheduling point; from tasks. */
void sim_stop(void);

/* --- faults ----------------------------------------------------------------------------------- */

/** What counts: attempts at heap_caps_*_base whose caps contain all of `caps` (0: every attempt).*/
typedef struct {
    uint32_t caps;
    uint64_t nth;       /**< this attempt fails, counted from 1 at sim_fault_set; 0: none */
    uint64_t every;     /**< each every-th fails; 0: none */
    uint32_t per_mille; /**< seeded chance of failure */
    size_t min_bytes;   /**< smaller requests never fail */
} sim_fault_t;

void sim_fault_set(const sim_fault_t *fault);
void sim_fault_clear(void);
/** Attempts counted since sim_fault_set. */
uint64_t sim_fault_attempts(void);
uint64_t sim_fault_failed(void);

/* --- interrupts ------------------------------------------------------------------------------- */

typedef void (*sim_isr_t)(void *arg);
/** At most 8; all of them run, in order, at each interrupt. False when full. */
bool sim_isr_attach(sim_isr_t fn, void *arg);
void sim_isr_detach_all(void);
/** Fires once at the n-th opportunity from now; n = 1 is the next. Deterministic mode. */
void sim_isr_fire_at(uint64_t n);
/** Runs `fn` in interrupt context now, or at the end of the section that masks interrupts. */
void sim_isr_fire_now(sim_isr_t fn, void *arg);
/** Opportunities passed since sim_init: outermost entry to and exit from critical sections and
 *  interrupt masks, and kernel calls. Deterministic mode. */
uint64_t sim_isr_opportunities(void);
uint64_t sim_isr_fired(void);
/** True while interrupts are masked on this thread. Any context. */
bool sim_interrupts_masked(void);

/* --- clock ------------------------------------------------------------------------------------ */

uint64_t sim_clock_us(void);
/** Adds to the virtual clock; tasks whose time has come run at the next scheduling point. */
void sim_clock_advance_us(uint64_t us);
/** Manual: the clock moves by sim_clock_advance_us only (a run with nothing ready is a deadlock).
 */
void sim_clock_set_manual(bool manual);

/* --- counters and places ---------------------------------------------------------------------- */

typedef struct {
    const char *name;
    uintptr_t start; /**< 0: absent */
    size_t bytes;
    uint64_t allocations; /**< successful ones, realloc to a new block included */
    uint64_t frees;
    uint64_t failures; /**< attempts on this region that found no room */
} sim_region_t;

void sim_region_get(sim_region_id_t id, sim_region_t *out);
/** The region that holds `p`, or SIM_REGION_COUNT. O(regions), any context. */
sim_region_id_t sim_region_of(const void *p);
/** Switches between tasks since sim_init. */
uint64_t sim_switches(void);
/** A hash over every scheduling decision, interrupt and allocation result since sim_init: two
 *  deterministic runs are the same run if their hashes are equal. */
uint64_t sim_trace_hash(void);
/** Seeded random number; the stream of the configuration's seed. Any context. */
uint32_t sim_random(void);

/* --- devices and resets ----------------------------------------------------------------------- */

/** A device writes `bytes` bytes by DMA, and its driver invalidates the cache: in memory behind the
 *  cache (PSRAM) what the CPU wrote to the rest of the first and the last line is lost; it reads
 *  SIM_STALE_BYTE then. Elsewhere a plain copy. Any context. */
void sim_dma_receive(void *buf, size_t bytes, const void *data);
#define SIM_STALE_BYTE 0xEE
/** Bytes of a cache line at `p`; 0 where no cache lies between. */
size_t sim_cache_line_at(const void *p);
/** The firmware's __NOINIT_ATTR variables, all of them. sim_reset() leaves them alone, as a warm
 * reset does: after power-on a chip finds anything there, so fill it as you like. NULL: there are
 * none. */
void *sim_noinit(size_t *bytes);
/** The first word of the SHA-256 that esp_app_get_description() gives: another firmware image. */
void sim_set_app_image(uint32_t first_word);
/** What spi_flash_cache_enabled() says; true at first. */
void sim_set_flash_cache(bool enabled);
/** Called instead of writing to standard output by esp_rom_printf(), in any context; NULL restores.
 */
typedef void (*sim_rom_output_fn_t)(const char *text, size_t length);
void sim_set_rom_output(sim_rom_output_fn_t fn);

typedef struct {
    const void *addr;
    size_t size;
    int trigger;
    bool set;
} sim_watchpoint_t;
/** What the firmware set with esp_cpu_set_watchpoint. */
bool sim_watchpoint_get(int number, sim_watchpoint_t *out);
/** Called instead of exit by esp_restart and instead of abort by esp_system_abort; may longjmp.
 *  NULL restores. */
typedef void (*sim_panic_fn_t)(const char *reason, bool restart);
void sim_set_panic_handler(sim_panic_fn_t fn);
/** Exit code of the process at esp_restart. */
#define SIM_EXIT_RESTART 64
#define SIM_EXIT_DEADLOCK 65

/* --- newlib's allocator on the chip: what malloc and friends of firmware code resolve to ---------
 */

void *sim_malloc(size_t size);
void *sim_calloc(size_t n, size_t size);
void *sim_realloc(void *p, size_t size);
void sim_free(void *p);
void sim_cfree(void *p);
void *sim_memalign(size_t alignment, size_t size);
void *sim_aligned_alloc(size_t alignment, size_t size);
int sim_posix_memalign(void **out, size_t alignment, size_t size);
char *sim_strdup(const char *s);
char *sim_strndup(const char *s, size_t n);
int sim_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif
