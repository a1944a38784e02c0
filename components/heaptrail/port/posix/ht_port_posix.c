/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Threads, clock and log of the Linux port. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ht_posix.h"

/* glibc calls the destructors of a thread's keys again, this often, while they set values. We stay
 * until the last round, because other keys' destructors allocate and free. */
#define DESTRUCTOR_ROUNDS 4U

#define STATES_PER_SLAB 1024U

static struct {
    pthread_key_t key;
    uint32_t ready;
    uintptr_t next_key;
    ht_port_lock_t lock; /* of the free list */
    ht_posix_thread_t *free;
    ht_posix_thread_t *all;  /* every state there is, in use or free; only ever grows */
    ht_posix_thread_t first; /* the main thread's, so that it needs no memory */
    uint32_t first_used;
} s_threads;

/* --- states ---------------------------------------------------------------------------------- */

static void release_state(ht_posix_thread_t *state)
{
    ht_port_irq_t irq = ht_port_lock(&s_threads.lock);
    state->stack_top = 0;
    state->next = s_threads.free;
    s_threads.free = state;
    ht_port_unlock(&s_threads.lock, irq);
}

static void on_thread_exit(void *value)
{
    ht_posix_thread_t *state = value;
    if (++state->rounds < DESTRUCTOR_ROUNDS) {
        pthread_setspecific(s_threads.key, state);
        return;
    }
    state->busy++; /* no signal's report between the lock and its end */
    ht_tracker_task_gone(&ht_default_tracker, state->key);
    release_state(state);
}

void ht_posix_threads_init(void)
{
    s_threads.next_key = HT_KEY_FIRST_TASK;
    /* Among the first 32 keys of a process, so that no setspecific() allocates for it. */
    bool good = pthread_key_create(&s_threads.key, on_thread_exit) == 0;
    __atomic_store_n(&s_threads.ready, good ? 1U : 0U, __ATOMIC_RELEASE);
}

/* Lock held. */
static void list_state(ht_posix_thread_t *state)
{
    state->all_next = s_threads.all;
    __atomic_store_n(&s_threads.all, state, __ATOMIC_RELEASE);
}

static ht_posix_thread_t *take_state(void)
{
    ht_port_irq_t irq = ht_port_lock(&s_threads.lock);
    ht_posix_thread_t *state = s_threads.free;
    if (!s_threads.first_used) {
        s_threads.first_used = 1;
        state = &s_threads.first;
        list_state(state);
    } else if (state != NULL) {
        s_threads.free = state->next;
    } else {
        state = ht_posix_pages(STATES_PER_SLAB * sizeof(*state));
        for (size_t i = 0; state != NULL && i < STATES_PER_SLAB; i++) {
            list_state(&state[i]);
            if (i == 0) { continue; } /* that one is taken */
            state[i].next = s_threads.free;
            s_threads.free = &state[i];
        }
    }
    ht_port_unlock(&s_threads.lock, irq);
    return state;
}

static __attribute__((noinline)) ht_posix_thread_t *new_thread(void)
{
    int saved_errno = errno;
    ht_posix_thread_t *state = take_state();
    if (state != NULL) {
        state->key = __atomic_fetch_add(&s_threads.next_key, 1U, __ATOMIC_RELAXED);
        state->busy = 0;
        state->rounds = 0;
        state->stack_top = (uintptr_t)__builtin_thread_pointer();
        pthread_setspecific(s_threads.key, state);
    }
    errno = saved_errno;
    return state;
}

ht_posix_thread_t *ht_posix_thread_find(void)
{
    if (!__atomic_load_n(&s_threads.ready, __ATOMIC_ACQUIRE)) { return NULL; }
    return pthread_getspecific(s_threads.key);
}

ht_posix_thread_t *ht_posix_thread_self(void)
{
    if (!__atomic_load_n(&s_threads.ready, __ATOMIC_ACQUIRE)) { return NULL; }
    ht_posix_thread_t *state = pthread_getspecific(s_threads.key);
    return __builtin_expect(state != NULL, 1) ? state : new_thread();
}

/* A pthread_t is where the thread's stack ends: the thread pointer. */
uintptr_t ht_posix_thread_key(uintptr_t thread)
{
    const ht_posix_thread_t *state = __atomic_load_n(&s_threads.all, __ATOMIC_ACQUIRE);
    while (state != NULL && __atomic_load_n(&state->stack_top, __ATOMIC_RELAXED) != thread) {
        state = state->all_next;
    }
    return state != NULL ? state->key : 0;
}

bool ht_posix_thread_on_stack(uintptr_t address, uintptr_t low, uintptr_t high)
{
    const ht_posix_thread_t *state = __atomic_load_n(&s_threads.all, __ATOMIC_ACQUIRE);
    for (; state != NULL; state = state->all_next) {
        uintptr_t top = __atomic_load_n(&state->stack_top, __ATOMIC_RELAXED);
        if (address < top && top > low && top <= high) { return true; }
    }
    return false;
}

uintptr_t ht_port_task_key(void)
{
    /* Not ..._self(): frees after the last destructor round must not make a state. */
    const ht_posix_thread_t *state = ht_posix_thread_find();
    return state != NULL ? state->key : HT_KEY_STARTUP;
}

/* --- names ----------------------------------------------------------------------------------- */

/* Append "#n" to a name, cutting the name where it has to. */
static void append_number(char *name, uintptr_t number)
{
    char digits[24];
    size_t at = sizeof(digits) - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0 && at > 1);
    digits[--at] = '#';
    size_t tail = sizeof(digits) - 1 - at;
    size_t head = strnlen(name, HT_TASK_NAME_MAX - 1);
    if (head + tail > HT_TASK_NAME_MAX - 1) { head = HT_TASK_NAME_MAX - 1 - tail; }
    memcpy(name + head, digits + at, tail + 1);
}

/* Threads that nobody named have the program's name: number these, "lua#2" is the second thread. */
void ht_port_task_name(uintptr_t key, char *name)
{
    int saved_errno = errno;
    char own[HT_TASK_NAME_MAX] = "?";
    prctl(PR_GET_NAME, own);
    own[HT_TASK_NAME_MAX - 1] = '\0';
    memcpy(name, own, HT_TASK_NAME_MAX);
    static char s_program[HT_TASK_NAME_MAX]; /* under the tracker's lock, as this function is */
    if (s_program[0] == '\0') {
        memcpy(s_program, own, sizeof(s_program));
    } else if (strcmp(own, s_program) == 0) {
        append_number(name, key - HT_KEY_FIRST_TASK + 1U);
    }
    errno = saved_errno;
}

uintptr_t ht_port_stack_low(uintptr_t key)
{
    (void)key;
    return 0; /* coroutines and signals run where they like, and stacks outlive their threads */
}

/* --- clock, log, and what only a chip has ------------------------------------------------------
 */

uint32_t ht_port_tick_hz(void)
{
    return 1000;
}

uint64_t ht_port_uptime_us(void)
{
    static uint64_t s_start; /* the first caller's time: ht_posix_boot() */
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t us = (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
    uint64_t none = 0;
    __atomic_compare_exchange_n(&s_start, &none, us, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return us - __atomic_load_n(&s_start, __ATOMIC_RELAXED);
}

bool ht_port_wait_ms(uint32_t ms)
{
    const struct timespec time = {.tv_sec = ms / 1000U, .tv_nsec = (long)(ms % 1000U) * 1000000L};
    return nanosleep(&time, NULL) == 0;
}

bool ht_port_in_isr(void)
{
    return false;
}

void ht_port_log(unsigned level, const char *text)
{
    static const char *const names[] = {"error: ", "warning: ", ""};
    ht_posix_complain((const char *const[]){names[level < 2 ? level : 2], text, NULL});
}

void ht_port_find_heaps(struct ht_tracker *tracker)
{
    (void)tracker; /* glibc's arenas come and go: blocks are in "(other memory)" */
}

bool ht_port_sample_heap(uintptr_t start, ht_heap_sample_t *sample)
{
    (void)start;
    (void)sample;
    return false;
}

bool ht_port_sample_caps(uint32_t caps, ht_heap_sample_t *sample)
{
    (void)caps;
    (void)sample;
    return false;
}

bool ht_port_is_wrapped(void)
{
    return true; /* malloc() itself is ours */
}

/* --- memory errors -----------------------------------------------------------------------------
 */

uint32_t ht_port_seed(void)
{
    uint32_t seed = 0;
    int saved_errno = errno;
    /* The system call: the function is a point where a thread can be cancelled. */
    if (syscall(SYS_getrandom, &seed, sizeof(seed), GRND_NONBLOCK) != (long)sizeof(seed)) {
        seed = (uint32_t)ht_port_tick() * 0x9E3779B9U ^ (uint32_t)getpid();
    }
    errno = saved_errno;
    return seed;
}

uint32_t ht_port_image(void)
{
    return 1; /* reports end with the process */
}

bool ht_port_walk_heap(uintptr_t start, ht_port_heap_block_fn fn, void *context)
{
    (void)start;
    (void)fn;
    (void)context;
    return false;
}

bool ht_port_heap_sound(uintptr_t start)
{
    (void)start;
    return true;
}

_Noreturn void ht_port_abort(void)
{
    abort();
}
