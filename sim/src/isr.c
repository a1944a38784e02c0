// SPDX-License-Identifier: Apache-2.0
/* Simulated interrupts. Deterministic mode: they fire at counted opportunities. Parallel mode: a
 * host thread sends SIGUSR1 to the threads that run. Never while the thread has interrupts masked:
 * then they wait for the end of the section. */
#include "heap_private.h"
#include "kernel.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define ISR_MAX 8

static struct {
    sim_isr_t fn;
    void *arg;
} s_isrs[ISR_MAX];
static int s_count;
static uint64_t s_opportunities;
static uint64_t s_fired;
static uint64_t s_fire_at; /* 0: none */
static uint64_t s_next_period_us;
static pthread_t s_signal_thread;
static bool s_signals_on;

void k_isr_reset(void)
{
    s_count = 0;
    s_opportunities = s_fired = s_fire_at = s_next_period_us = 0;
}

bool sim_isr_attach(sim_isr_t fn, void *arg)
{
    bool room = s_count < ISR_MAX;
    if (room) {
        s_isrs[s_count].fn = fn;
        s_isrs[s_count].arg = arg;
        __atomic_store_n(&s_count, s_count + 1, __ATOMIC_RELEASE);
    }
    return room;
}

void sim_isr_detach_all(void)
{
    __atomic_store_n(&s_count, 0, __ATOMIC_RELEASE);
}

void sim_isr_fire_at(uint64_t n)
{
    s_fire_at = n ? s_opportunities + n : 0;
}

uint64_t sim_isr_opportunities(void)
{
    return s_opportunities;
}

uint64_t sim_isr_fired(void)
{
    return __atomic_load_n(&s_fired, __ATOMIC_RELAXED);
}

bool sim_interrupts_masked(void)
{
    return k_ctx.masked != 0;
}

/* In interrupt context; the code that was interrupted sees its errno unchanged. */
static void run_isr(sim_isr_t fn, void *arg)
{
    int saved_errno = errno;
    k_ctx.isr_depth++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    fn(arg);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    k_ctx.isr_depth--;
    errno = saved_errno;
}

static void run_attached(void)
{
    int count = __atomic_load_n(&s_count, __ATOMIC_ACQUIRE);
    __atomic_fetch_add(&s_fired, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < count; i++) {
        run_isr(s_isrs[i].fn, s_isrs[i].arg);
    }
}

static bool period_over(void)
{
    if (k.config.isr_period_us == 0 || k_clock() < s_next_period_us) { return false; }
    s_next_period_us = k_clock() + k.config.isr_period_us;
    return true;
}

void k_opportunity(void)
{
    if (k.config.parallel || k_ctx.isr_depth) { return; }
    s_opportunities++;
    bool ordered = s_fire_at != 0 && s_opportunities == s_fire_at;
    if (s_count == 0 ||
        !(ordered || k_chance(K_RANDOM_ISR, k.config.isr_per_mille) || period_over())) {
        return;
    }
    k_note(s_opportunities ^ 0x4953520000000000u);
    run_attached();
}

void sim_isr_fire_now(sim_isr_t fn, void *arg)
{
    if (k_ctx.masked || k_ctx.isr_depth) {
        k_ctx.later_fn = fn;
        k_ctx.later_arg = arg;
        return;
    }
    run_isr(fn, arg);
    k_point();
}

void k_deliver_deferred(void)
{
    while (k_ctx.isr_depth == 0 && (k_ctx.isr_pending || k_ctx.later_fn)) {
        sim_isr_t fn = k_ctx.later_fn;
        bool attached = k_ctx.isr_pending;
        k_ctx.later_fn = NULL;
        k_ctx.isr_pending = false;
        if (fn) { run_isr(fn, k_ctx.later_arg); }
        if (attached) { run_attached(); }
    }
}

/* --- parallel mode: signals
 * ----------------------------------------------------------------------- */

static void on_signal(int number)
{
    (void)number;
    if (k_ctx.task == NULL) { return; }
    if (k_ctx.masked || k_ctx.isr_depth) {
        k_ctx.isr_pending = true;
        return;
    }
    run_attached();
}

static void send_signals(void)
{
    pthread_mutex_lock(&k.lock);
    for (int slot = 0; slot < k.slot_count; slot++) {
        if (k.slots[slot]) { pthread_kill(k.slots[slot]->thread, SIGUSR1); }
    }
    pthread_mutex_unlock(&k.lock);
}

static void *signal_main(void *arg)
{
    (void)arg;
    long ns = (long)(k.config.isr_period_us % 1000000u) * 1000;
    struct timespec period = {(time_t)(k.config.isr_period_us / 1000000u), ns};
    while (__atomic_load_n(&s_signals_on, __ATOMIC_ACQUIRE)) {
        nanosleep(&period, NULL);
        send_signals();
    }
    return NULL;
}

void k_isr_signals_start(void)
{
    if (!k.config.parallel || k.config.isr_period_us == 0) { return; }
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    s_signals_on = true;
    if (pthread_create(&s_signal_thread, NULL, signal_main, NULL) != 0) {
        sim_panic("no thread for simulated interrupts");
    }
}

void k_isr_signals_stop(void)
{
    if (__atomic_load_n(&s_signals_on, __ATOMIC_ACQUIRE)) {
        __atomic_store_n(&s_signals_on, false, __ATOMIC_RELEASE);
        pthread_join(s_signal_thread, NULL);
    }
}
