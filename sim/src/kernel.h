// SPDX-License-Identifier: Apache-2.0
/** What the objects of the simulated kernel share. Not for firmware.
 *
 *  Every simulated task is a pthread. A task runs only while it occupies a slot: one slot in
 *  deterministic mode (a baton), two in parallel mode (slot = core). One host mutex guards the
 * state below; whoever holds it has simulated interrupts masked. Nothing is allocated on the host's
 * heap: tasks live in a static table, their TCBs and stacks in the simulated heap, as on the chip.
 */
#pragma once

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sim.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define K_TASKS_MAX 128
#define K_FOREVER UINT64_MAX
#define K_TICK_US (1000000u / configTICK_RATE_HZ)
#define K_ANY_CORE (-1)

typedef enum { K_UNUSED, K_READY, K_RUNNING, K_BLOCKED, K_SUSPENDED, K_DYING, K_ZOMBIE } k_state_t;

/** The task control block, in simulated memory. Its address is the handle. */
struct tskTaskControlBlock {
    void *pxTopOfStack; /* host stack in use while the task does not run */
    char list_item;     /* what FreeRTOS's lists, and k_task_t, point to: the inside of a block */
    struct k_task *host;
    uint8_t *stack;
    void *tls[configNUM_THREAD_LOCAL_STORAGE_POINTERS];
    uint32_t magic;
    char name[configMAX_TASK_NAME_LEN];
};
#define K_TCB_MAGIC 0x54434221u
/** What a new stack is full of. */
#define K_STACK_FILL_BYTE 0xa5

typedef struct k_task {
    pthread_t thread;
    pthread_cond_t cond;
    jmp_buf leave;
    k_state_t state;
    bool kill;
    bool system; /* idle and timer tasks: do not keep a run alive */
    bool thread_started;
    char *list_item; /* of its TCB */
    uint32_t stack_bytes;
    bool memory_dynamic;
    uint8_t *host_stack_low;
    uint8_t *host_stack_end;
    TaskFunction_t entry;
    void *arg;
    uint32_t number;
    unsigned priority; /* inherited one included */
    unsigned base_priority;
    int affinity;
    int core;
    uint64_t ready_seq;   /* first come, first served among equals */
    uint64_t wake_us;     /* end of a timed wait */
    const void *waits_on; /* what the task is blocked on */
    bool timed_out;
    uint64_t slice_end_us;
    uint32_t notify_value[configTASK_NOTIFICATION_ARRAY_ENTRIES];
    uint8_t notify_state[configTASK_NOTIFICATION_ARRAY_ENTRIES];
    TlsDeleteCallbackFunction_t tls_delete[configNUM_THREAD_LOCAL_STORAGE_POINTERS];
} k_task_t;

static inline TaskHandle_t k_tcb(const k_task_t *t)
{
    char *item = t->list_item;
    return item != NULL
               ? (TaskHandle_t)(void *)(item - offsetof(struct tskTaskControlBlock, list_item))
               : NULL;
}

/** State of the calling thread: a core's registers, so to say. */
typedef struct {
    k_task_t *task; /* NULL outside tasks */
    int core;
    volatile int masked; /* interrupts are masked while > 0 */
    int critical;        /* nesting of critical sections */
    int suspended;       /* nesting of vTaskSuspendAll */
    volatile int isr_depth;
    volatile bool isr_pending;
    bool yield_pending;
    sim_isr_t later_fn;
    void *later_arg;
} k_context_t;

extern _Thread_local k_context_t k_ctx;

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    sim_config_t config;
    k_task_t tasks[K_TASKS_MAX];
    k_task_t *slots[2];
    int slot_count;
    bool running;  /* between start and stop of the scheduler */
    bool stopping; /* every task parks at its next scheduling point */
    bool booted;   /* idle tasks exist */
    sim_run_result_t result;
    k_task_t *idle[2];
    bool idled[2]; /* this core's idle task has run since the core last had work */
    uint32_t next_number;
    uint32_t task_count;
    uint32_t user_count;
    uint64_t next_seq;
    int next_core;
    bool want_yield[2];    /* atomic: a better task is ready for this slot */
    uint64_t clock_us;     /* atomic */
    uint64_t next_wake_us; /* atomic; earliest wake_us of blocked tasks */
    bool manual_clock;
    uint64_t switches;
    uint64_t trace_hash;
} k_state_all_t;

extern k_state_all_t k;

/* Host mutex; simulated interrupts stay masked while it is held. Not recursive. */
void k_lock(void);
void k_unlock(void);
/** k_unlock, then a scheduling point. */
void k_unlock_point(void);
/** A scheduling point: time passes, interrupts may fire, another task may run. */
void k_point(void);
/** Only the interrupt part of k_point. */
void k_opportunity(void);
/** Runs interrupts that came while they were masked; after `masked` went to 0. */
void k_deliver_deferred(void);

/* With the lock held: */
void k_make_ready(k_task_t *task);
/** Parks the caller until made ready or `wake_us`. False: timed out. Panics where a chip would
 * hang: in ISRs, critical sections, with the scheduler suspended. */
bool k_block(const void *waits_on, uint64_t wake_us);
/** The best task waiting on `obj` becomes ready; NULL when none waits. */
k_task_t *k_wake_one(const void *obj);
void k_wake_all(const void *obj);
/** Gives the slot up; returns when scheduled again. */
void k_yield(void);
/** Parks the calling task until it occupies a slot. */
void k_wait_for_slot(k_task_t *self);
void k_wake_due(void);
void k_dispatch(void);
/** Leaves the slot for ever; does not return. Lock held on entry. */
void k_exit_thread(void) __attribute__((noreturn));
void k_refresh_next_wake(void);

uint64_t k_clock(void);
/** Absolute end of a wait of `ticks` from now. */
uint64_t k_deadline(TickType_t ticks);
/** True where blocking is possible: a task, not an ISR. */
bool k_can_block(void);
k_task_t *k_from_handle(TaskHandle_t handle);
/** As k_from_handle, NULL meaning the caller. */
k_task_t *k_from_handle_or_self(TaskHandle_t handle);
/** NULL when out of memory or of table entries. */
k_task_t *k_create(TaskFunction_t fn, const char *name, uint32_t stack_bytes, void *arg,
                   UBaseType_t priority, int affinity, bool system);
void k_boot_tasks(void);
void k_free_task_memory(k_task_t *task);
/** Takes one zombie off the table; false when there is none. */
bool k_reap_one(void);
void k_kill_all(void);
void k_note(uint64_t what);
void k_timers_reset(void);
void k_isr_reset(void);
void k_fault_reset(void);
void k_system_reset(void);
void k_console_reset(void);
void k_linenoise_reset(void);
/** Takes the registered hooks for boot state, which k_idle_hooks_reset restores. */
void k_idle_hooks_keep(void);
void k_idle_hooks_reset(void);
bool k_idle_hooks_any(int core);
/** In the idle task, without the lock. */
void k_idle_hooks_call(int core);
void k_isr_signals_start(void);
void k_isr_signals_stop(void);

/** A stream of seeded numbers; the n-th number depends on seed, stream and n only. */
typedef enum {
    K_RANDOM_SCHED,
    K_RANDOM_ISR,
    K_RANDOM_FAULT,
    K_RANDOM_USER,
    K_RANDOM_COUNT
} k_stream_t;
uint64_t k_random(k_stream_t stream);
bool k_chance(k_stream_t stream, uint32_t per_mille);
