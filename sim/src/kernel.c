// SPDX-License-Identifier: Apache-2.0
/* The scheduler: slots, ready tasks, virtual time. See kernel.h for the model. */
#include "kernel.h"

#include "heap_private.h"
#include <string.h>

k_state_all_t k = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .stopped = PTHREAD_COND_INITIALIZER,
    .slot_count = 1,
    .next_wake_us = K_FOREVER,
};
_Thread_local k_context_t k_ctx;

void k_lock(void)
{
    k_ctx.masked++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    pthread_mutex_lock(&k.lock);
}

void k_unlock(void)
{
    pthread_mutex_unlock(&k.lock);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (--k_ctx.masked == 0) { k_deliver_deferred(); }
}

void k_unlock_point(void)
{
    k_unlock();
    k_point();
}

void k_note(uint64_t what)
{
    if (!k.config.parallel) { k.trace_hash = (k.trace_hash ^ what) * 0x100000001b3u; }
}

/* --- time ------------------------------------------------------------------------------------- */

uint64_t k_clock(void)
{
    return __atomic_load_n(&k.clock_us, __ATOMIC_RELAXED);
}

uint64_t k_deadline(TickType_t ticks)
{
    if (ticks == portMAX_DELAY) { return K_FOREVER; }
    /* Counted in ticks, as on the chip: a delay of one tick ends at the next tick. */
    return (k_clock() / K_TICK_US + ticks) * K_TICK_US;
}

void k_refresh_next_wake(void)
{
    uint64_t first = K_FOREVER;
    for (int i = 0; i < K_TASKS_MAX; i++) {
        if (k.tasks[i].state == K_BLOCKED && k.tasks[i].wake_us < first) {
            first = k.tasks[i].wake_us;
        }
    }
    __atomic_store_n(&k.next_wake_us, first, __ATOMIC_RELAXED);
}

void k_wake_due(void)
{
    uint64_t now = k_clock();
    if (now < k.next_wake_us) { return; }
    for (;;) { /* earliest first: the order of equal priorities is the order of time */
        k_task_t *due = NULL;
        for (int i = 0; i < K_TASKS_MAX; i++) {
            k_task_t *t = &k.tasks[i];
            if (t->state == K_BLOCKED && t->wake_us <= now && (!due || t->wake_us < due->wake_us)) {
                due = t;
            }
        }
        if (due == NULL) { break; }
        due->timed_out = true;
        k_make_ready(due);
    }
    k_refresh_next_wake();
}

static void stop(sim_run_result_t result)
{
    if (!k.stopping) {
        k.result = result;
        __atomic_store_n(&k.stopping, true, __ATOMIC_RELAXED);
    }
}

static bool past_limit(uint64_t us)
{
    return k.config.time_limit_us != 0 && us >= k.config.time_limit_us;
}

/* Nothing is ready: jump to the next event, or stop. */
static void jump_clock(void)
{
    k_refresh_next_wake();
    uint64_t next = k.next_wake_us;
    if (next == K_FOREVER || k.manual_clock) {
        stop(k.user_count == 0 ? SIM_RUN_ALL_ENDED : SIM_RUN_DEADLOCK);
    } else if (past_limit(next)) {
        __atomic_store_n(&k.clock_us, k.config.time_limit_us, __ATOMIC_RELAXED);
        stop(SIM_RUN_TIME_LIMIT);
    } else {
        if (next > k_clock()) { __atomic_store_n(&k.clock_us, next, __ATOMIC_RELAXED); }
        k_wake_due();
    }
}

/* --- choice
 * --------------------------------------------------------------------------------------- */

static bool eligible(const k_task_t *t, int slot)
{
    return t->state == K_READY &&
           (!k.config.parallel || t->affinity == K_ANY_CORE || t->affinity == slot);
}

static k_task_t *best_ready(int slot)
{
    k_task_t *best = NULL;
    for (int i = 0; i < K_TASKS_MAX; i++) {
        k_task_t *t = &k.tasks[i];
        if (eligible(t, slot) &&
            (!best || t->priority > best->priority ||
             (t->priority == best->priority && t->ready_seq < best->ready_seq))) {
            best = t;
        }
    }
    return best;
}

/* Two cores exist: an unpinned task may be on either, and moves. */
static int nominal_core(const k_task_t *t, int slot)
{
    if (k.config.parallel) { return slot; }
    if (t->affinity != K_ANY_CORE) { return t->affinity; }
    k.next_core ^= 1;
    return k.next_core;
}

static void occupy(k_task_t *t, int slot)
{
    k.slots[slot] = t;
    __atomic_store_n(&k.want_yield[slot], false, __ATOMIC_RELAXED);
    t->state = K_RUNNING;
    t->core = nominal_core(t, slot);
    t->slice_end_us = (k_clock() / K_TICK_US + 1) * K_TICK_US;
    if (t != k.idle[0] && t != k.idle[1]) { k.idled[t->core] = false; }
    k.switches++;
    k_note(((uint64_t)t->number << 40) ^ k_clock());
    pthread_cond_signal(&t->cond);
}

/* Once each time that a core runs out of work: its idle task, for the sake of its hooks. */
static void go_idle(int core)
{
    k_task_t *idle = k.idle[core];
    if (k.running && k.booted && !k.idled[core] && idle->state == K_BLOCKED &&
        k_idle_hooks_any(core)) {
        k_make_ready(idle);
    }
}

/* Nothing is ready for this slot: a core, or both where they share one. */
static void slot_idle(int slot)
{
    go_idle(slot);
    if (k.slot_count == 1) { go_idle(1); }
}

static void fill(int slot)
{
    k_task_t *t = best_ready(slot);
    if (t) {
        occupy(t, slot);
    } else {
        slot_idle(slot);
    }
}

void k_dispatch(void)
{
    for (;;) {
        bool any = false;
        for (int slot = 0; slot < k.slot_count; slot++) {
            if (k.slots[slot] == NULL && !k.stopping) { fill(slot); }
            any = any || k.slots[slot] != NULL;
        }
        if (any) { return; }
        if (k.stopping || !k.running) {
            pthread_cond_broadcast(&k.stopped);
            return;
        }
        jump_clock();
    }
}

void k_make_ready(k_task_t *t)
{
    t->state = K_READY;
    t->waits_on = NULL;
    t->wake_us = K_FOREVER;
    t->ready_seq = ++k.next_seq;
    if (!k.running || k.stopping) { return; }
    int victim = -1;
    for (int slot = 0; slot < k.slot_count; slot++) {
        const k_task_t *now = k.slots[slot];
        if (!eligible(t, slot)) { continue; }
        if (now == NULL) {
            occupy(t, slot);
            return;
        }
        if (now->priority < t->priority &&
            (victim < 0 || now->priority < k.slots[victim]->priority)) {
            victim = slot;
        }
    }
    if (victim >= 0) { __atomic_store_n(&k.want_yield[victim], true, __ATOMIC_RELAXED); }
}

/* --- leaving and coming back
 * ---------------------------------------------------------------------- */

static int slot_of(const k_task_t *t)
{
    for (int slot = 0; slot < k.slot_count; slot++) {
        if (k.slots[slot] == t) { return slot; }
    }
    return -1;
}

static void leave_slot(const k_task_t *t)
{
    int slot = slot_of(t);
    if (slot >= 0) { k.slots[slot] = NULL; }
}

void k_exit_thread(void)
{
    k_task_t *self = k_ctx.task;
    leave_slot(self);
    k_dispatch();
    pthread_mutex_unlock(&k.lock);
    longjmp(self->leave, 1);
}

/* Stack scanners find pointers in saved registers too: they are spilled to this frame before the
 * wait, and the stack in use begins below them. */
__attribute__((noinline)) void k_wait_for_slot(k_task_t *self)
{
    volatile uintptr_t top = 0;
    __builtin_unwind_init();
    if (k_tcb(self)) { k_tcb(self)->pxTopOfStack = (void *)(uintptr_t)&top; }
    while (self->state != K_RUNNING && !self->kill) {
        pthread_cond_wait(&self->cond, &k.lock);
    }
    if (self->kill) { k_exit_thread(); }
    k_ctx.core = self->core;
}

static void switch_out(k_task_t *self)
{
    leave_slot(self);
    k_dispatch();
    k_wait_for_slot(self);
}

void k_yield(void)
{
    k_task_t *self = k_ctx.task;
    self->state = K_READY;
    self->ready_seq = ++k.next_seq;
    switch_out(self);
}

bool k_can_block(void)
{
    return k_ctx.task != NULL && k_ctx.isr_depth == 0;
}

bool k_block(const void *waits_on, uint64_t wake_us)
{
    k_task_t *self = k_ctx.task;
    if (self == NULL || k_ctx.isr_depth != 0) {
        sim_panic("blocking call %s", self ? "in an ISR" : "before the scheduler");
    }
    if (k_ctx.critical != 0 || k_ctx.masked != 1) {
        sim_panic("blocking call in a critical section, in task %s", k_tcb(self)->name);
    }
    if (k_ctx.suspended != 0) {
        sim_panic("blocking call with the scheduler suspended, in task %s", k_tcb(self)->name);
    }
    self->state = K_BLOCKED;
    self->waits_on = waits_on;
    self->wake_us = wake_us;
    self->timed_out = false;
    if (wake_us < k.next_wake_us) { __atomic_store_n(&k.next_wake_us, wake_us, __ATOMIC_RELAXED); }
    switch_out(self);
    return !self->timed_out;
}

k_task_t *k_wake_one(const void *obj)
{
    k_task_t *best = NULL;
    for (int i = 0; i < K_TASKS_MAX; i++) {
        k_task_t *t = &k.tasks[i];
        if (t->state == K_BLOCKED && t->waits_on == obj &&
            (!best || t->priority > best->priority ||
             (t->priority == best->priority && t->ready_seq < best->ready_seq))) {
            best = t;
        }
    }
    if (best) { k_make_ready(best); }
    return best;
}

void k_wake_all(const void *obj)
{
    while (k_wake_one(obj)) {}
}

/* --- scheduling points
 * ---------------------------------------------------------------------------- */

static bool random_preemption(k_task_t *self)
{
    if (!k_chance(K_RANDOM_SCHED, k.config.preempt_per_mille)) { return false; }
    int slot = slot_of(self);
    k_task_t *choice[K_TASKS_MAX];
    uint32_t count = 0;
    for (int i = 0; i < K_TASKS_MAX; i++) {
        k_task_t *t = &k.tasks[i];
        if (!eligible(t, slot)) { continue; } /* first: others may be in the making, unlocked */
        bool other_core = t->affinity != self->affinity || t->affinity == K_ANY_CORE;
        if (other_core || t->priority >= self->priority) { choice[count++] = t; }
    }
    if (count == 0) { return false; }
    k_task_t *next = choice[k_random(K_RANDOM_SCHED) % count];
    self->state = K_READY;
    self->ready_seq = ++k.next_seq;
    occupy(next, slot);
    k_wait_for_slot(self);
    return true;
}

static void end_of_slice(k_task_t *self)
{
    k_task_t *other = best_ready(slot_of(self));
    if (other && other->priority >= self->priority) {
        k_yield();
    } else {
        self->slice_end_us = (k_clock() / K_TICK_US + 1) * K_TICK_US;
    }
}

static void reschedule(k_task_t *self)
{
    k_wake_due();
    if (past_limit(k_clock())) { stop(SIM_RUN_TIME_LIMIT); }
    if (self->kill) {
        self->state = K_ZOMBIE;
        k_wake_one(&k.idle);
        k_exit_thread();
    }
    k_ctx.yield_pending = false;
    if (k.stopping) {
        k_yield();
    } else if (k.want_yield[slot_of(self)]) {
        const k_task_t *better = best_ready(slot_of(self));
        __atomic_store_n(&k.want_yield[slot_of(self)], false, __ATOMIC_RELAXED);
        if (better && better->priority > self->priority) { k_yield(); }
    } else if (k_clock() >= self->slice_end_us) {
        end_of_slice(self);
    } else if (k.config.preempt_per_mille) {
        random_preemption(self);
    }
}

static bool nothing_to_do(const k_task_t *self)
{
    int slot = k.config.parallel ? k_ctx.core : 0;
    return k.config.preempt_per_mille == 0 && !k_ctx.yield_pending &&
           !__atomic_load_n(&k.stopping, __ATOMIC_RELAXED) &&
           !__atomic_load_n(&k.want_yield[slot], __ATOMIC_RELAXED) &&
           !__atomic_load_n(&self->kill, __ATOMIC_RELAXED) &&
           k_clock() < __atomic_load_n(&k.next_wake_us, __ATOMIC_RELAXED) &&
           k_clock() < self->slice_end_us && !past_limit(k_clock());
}

void k_point(void)
{
    if (k_ctx.masked || k_ctx.isr_depth) { return; }
    if (!k.manual_clock && k.config.api_cost_us) {
        __atomic_fetch_add(&k.clock_us, k.config.api_cost_us, __ATOMIC_RELAXED);
    }
    k_opportunity();
    k_task_t *self = k_ctx.task;
    if (self == NULL || k_ctx.suspended || nothing_to_do(self)) { return; }
    k_lock();
    reschedule(self);
    k_unlock();
}

/* --- random streams -----------------------------------------------------------------------------
 */

static uint64_t s_drawn[K_RANDOM_COUNT];

/* splitmix64 (Steele, Lea, Flood 2014), addressed by position. */
uint64_t k_random(k_stream_t stream)
{
    uint64_t n = __atomic_add_fetch(&s_drawn[stream], 1, __ATOMIC_RELAXED);
    uint64_t seed = k.config.seed ? k.config.seed : 1;
    uint64_t z = seed * 0xD1342543DE82EF95u + ((uint64_t)stream << 56) + n * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

bool k_chance(k_stream_t stream, uint32_t per_mille)
{
    return per_mille != 0 && k_random(stream) % 1000 < per_mille;
}

/* --- run and reset
 * -------------------------------------------------------------------------------- */

typedef struct {
    void (*fn)(void *);
    void *arg;
    bool stop_after;
} main_task_t;

static void run_main(void *arg)
{
    main_task_t m = *(main_task_t *)arg;
    m.fn(m.arg);
    if (m.stop_after) {
        k_lock();
        stop(SIM_RUN_RETURNED);
        k_unlock();
    }
    vTaskDelete(NULL);
}

static sim_run_result_t run_until_stopped(void)
{
    k_isr_signals_start();
    k_lock();
    k.stopping = false;
    k.running = true;
    k_dispatch();
    while (!(k.stopping && k.slots[0] == NULL && k.slots[1] == NULL)) {
        pthread_cond_wait(&k.stopped, &k.lock);
    }
    k.running = false;
    k_unlock();
    k_isr_signals_stop();
    while (k_reap_one()) {}
    return k.result;
}

/* Boot state has what constructors registered, though they run only once. */
static void keep_boot_state(void)
{
    static bool s_kept;
    if (!s_kept) {
        s_kept = true;
        sim_heap_caps_keep();
        k_idle_hooks_keep();
    }
}

static sim_run_result_t run(void (*fn)(void *), void *arg, bool stop_after)
{
    if (k_ctx.task || k.running) { sim_panic("sim_run from a task, or while the scheduler runs"); }
    keep_boot_state();
    static main_task_t m; /* outlives a run that ends before its task has begun */
    m = (main_task_t){fn, arg, stop_after};
    k_boot_tasks();
    if (fn && !k_create(run_main, "main", CONFIG_ESP_MAIN_TASK_STACK_SIZE, &m, 1, 0, false)) {
        sim_panic("no memory for the main task");
    }
    return run_until_stopped();
}

sim_run_result_t sim_run(void (*fn)(void *), void *arg)
{
    return run(fn, arg, true);
}

sim_run_result_t sim_run_all(void (*fn)(void *), void *arg)
{
    return run(fn, arg, false);
}

void vTaskStartScheduler(void)
{
    run(NULL, NULL, false);
}

void sim_stop(void)
{
    k_lock();
    stop(SIM_RUN_STOPPED);
    k_unlock_point();
}

void sim_config_default(sim_config_t *config)
{
    *config = (sim_config_t){.seed = 1, .api_cost_us = 1};
}

__attribute__((constructor(102))) static void default_config(void)
{
    sim_config_default(&k.config);
}

const sim_config_t *sim_config(void)
{
    return &k.config;
}

void sim_init(const sim_config_t *config)
{
    if (k_ctx.task) { sim_panic("sim_init from a simulated task"); }
    sim_config_t wanted = *config;
    keep_boot_state();
    k_kill_all();
    k.config = wanted;
    k.slot_count = wanted.parallel ? 2 : 1;
    k.running = k.stopping = k.booted = k.manual_clock = false;
    k.next_number = k.task_count = k.user_count = 0;
    k.next_seq = k.switches = k.clock_us = 0;
    k.next_wake_us = K_FOREVER;
    k.next_core = 0;
    k.idled[0] = k.idled[1] = false;
    k.trace_hash = 0xcbf29ce484222325u;
    memset(s_drawn, 0, sizeof(s_drawn));
    k_ctx = (k_context_t){0};
    k_isr_reset();
    k_fault_reset();
    k_timers_reset();
    k_system_reset();
    k_console_reset();
    k_idle_hooks_reset();
    sim_heap_caps_reset();
    sim_heap_boot(&k.config);
}

void sim_reset(void)
{
    sim_init(&k.config);
}
