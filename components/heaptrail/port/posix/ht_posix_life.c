/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * When things happen: the first allocation, fork, the signal, the end.
 *
 * The end, in the order that makes the totals equal valgrind's "in use at exit":
 *
 *   exit()  ─ the program's atexit handlers ─ destructors of all objects ─ ours, the oldest of all:
 *             the C++ and C libraries free their own memory (freeres), nothing is recorded any
 * more, report
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "heaptrail_leaks.h"
#include "ht_leak_roots.h"
#include "ht_posix.h"
#include "ht_posix_fatal.h"
#include "ht_posix_own.h"
#include "ht_posix_stop.h"
#include "ht_posix_suppress.h"
#include "ht_posix_trace.h"

uint32_t ht_posix_phase;
uint32_t ht_posix_report_pending;
bool ht_posix_strict_aligned_alloc;
ht_posix_options_t ht_posix_options;

enum { LOCK_LOOKS = 1000, LOCK_LOOK_NS = 100000 };

static struct {
    pid_t owner; /* the process whose memory this is: a vfork child has another id */
    uint32_t ended;
} s_life;

/* Of libc.so and libstdc++.so; weak because no C program has the latter. */
void __libc_freeres(void) __attribute__((weak));
void freeres_of_libstdcxx(void) __asm__("_ZN9__gnu_cxx9__freeresEv") __attribute__((weak));
int __cxa_atexit(void (*fn)(void *), void *argument, void *object);
int __cxa_at_quick_exit(void (*fn)(void *), void *object);

/* --- birth ----------------------------------------------------------------------------------- */

/* Blocks that the first live table holds; see ht_posix_grow.c. */
#define FIRST_BLOCKS 14000U

/* Freed blocks that are remembered, those in the quarantine among them. */
#define MAX_FREED 16384U

/* A power of two, at least twice the quarantine's. */
static uint32_t freed_ring(const ht_posix_options_t *options)
{
    heaptrail_checks_t checks;
    ht_posix_options_checks(options, &checks);
    uint32_t max = MAX_FREED;
    while (max < checks.quarantine_blocks * 2U) {
        max *= 2U;
    }
    return max;
}

/* Tables for the options' sizes; without memory for them heaptrail's own small ones are used. */
static void make_tables(const ht_posix_options_t *options)
{
    ht_sizes_t sizes = {
        .max_blocks = options->blocks < FIRST_BLOCKS ? options->blocks : FIRST_BLOCKS,
        .max_origins = options->sites,
        .frame_words = options->stacks > 1 ? options->sites * 8U : options->sites,
        .max_tasks = 4096,
        .max_failures = 256,
        .max_freed = freed_ring(options),
        .stack_depth = options->stacks,
    };
    if (sizes.frame_words > 1U << 24) { sizes.frame_words = 1U << 24; }
    size_t bytes = ht_tracker_memory_bytes(&sizes);
    void *memory = bytes != 0 ? ht_posix_pages(bytes) : NULL;
    if (memory == NULL) {
        ht_posix_complain((const char *const[]){
            "no memory for tables of this size, going on with small ones", NULL});
        return;
    }
    if (ht_default_tracker.state == HT_STATE_NEW) {
        /* Not heaptrail_init(): that clears the memory, and would so touch all of it. */
        ht_tracker_init(&ht_default_tracker, &sizes, memory, HT_STATE_RUNNING);
        ht_posix_grow_init(&ht_default_tracker, options->blocks);
        ht_state_sign(&heaptrail_state);
    }
}

static bool libc_at_least(unsigned major, unsigned minor)
{
    const char *version = gnu_get_libc_version();
    char *end = NULL;
    unsigned long got = strtoul(version, &end, 10);
    unsigned long got_minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    return got > major || (got == major && got_minor >= minor);
}

void ht_posix_boot(void)
{
    uint32_t phase = HT_POSIX_NEW;
    if (!__atomic_compare_exchange_n(&ht_posix_phase, &phase, HT_POSIX_BOOTING, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        while (__atomic_load_n(&ht_posix_phase, __ATOMIC_ACQUIRE) == HT_POSIX_BOOTING) {
            sched_yield();
        }
        return;
    }
    int saved_errno = errno;
    (void)ht_port_uptime_us();
    s_life.owner = getpid();
    ht_posix_options_read(&ht_posix_options, getenv("HEAPTRAIL_OPTIONS"), ht_posix_complain);
    if (ht_posix_options.help) { ht_posix_options_help(ht_posix_complain); }
    ht_posix_strict_aligned_alloc = libc_at_least(2, 38);
    ht_posix_threads_init();
    make_tables(&ht_posix_options);
    ht_posix_checks_boot(&ht_posix_options);
    ht_posix_trace_boot(&ht_posix_options);
    errno = saved_errno;
    __atomic_store_n(&ht_posix_phase, HT_POSIX_RUNNING, __ATOMIC_RELEASE);
}

bool ht_posix_is_owner(void)
{
    return getpid() == s_life.owner;
}

/* --- fork ------------------------------------------------------------------------------------ */

static void before_fork(void)
{
    /* The child gets a table that no thread is half-way through changing. */
    ht_posix_thread_t *self = ht_posix_thread_self();
    if (self != NULL) { self->busy++; } /* a report now would wait for the lock for ever */
    (void)ht_port_lock(&ht_default_tracker.lock);
}

static void after_fork_in_parent(void)
{
    ht_port_unlock(&ht_default_tracker.lock, 0);
    ht_posix_thread_t *self = ht_posix_thread_self();
    if (self == NULL) { return; }
    self->busy--;
    if (self->busy == 0) { ht_posix_leave(self); }
}

static void after_fork_in_child(void)
{
    s_life.owner = getpid();
    s_life.ended = 0;
    ht_posix_stop_forked();
    ht_posix_grow_forked();
    ht_posix_own_forked();
    ht_posix_symbols_forked();
    ht_posix_output_forked();
    ht_posix_trace_forked();
    ht_posix_fatal_forked();
    after_fork_in_parent();
    ht_posix_checks_forked();
}

/* --- the signal ------------------------------------------------------------------------------ */

/* A scan for the report looks at what the program had, not at what heaptrail does. */
static __attribute__((noinline)) void report_from_here(const char *why)
{
    volatile uintptr_t here = 0;
    __builtin_unwind_init();
    ht_leak_stack_from = (uintptr_t)&here;
    ht_posix_report(why);
    ht_leak_stack_from = 0;
}

void ht_posix_late(ht_posix_thread_t *self)
{
    uint32_t pending =
        __atomic_fetch_and(&ht_posix_report_pending,
                           ~(HT_POSIX_PENDING_REPORT | HT_POSIX_PENDING_END), __ATOMIC_ACQ_REL);
    if ((pending & HT_POSIX_PENDING_END) != 0) { ht_posix_fatal_late(); }
    if ((pending & HT_POSIX_PENDING_STOP) != 0) { ht_posix_stop_late(); }
    if ((pending & HT_POSIX_PENDING_REPORT) == 0) { return; }
    int saved_errno = errno;
    self->busy = 1;
    report_from_here("signal");
    self->busy = 0;
    errno = saved_errno;
}

/* In a thread that is inside heaptrail or the allocator, the report waits until it comes out. */
static void on_signal(int number)
{
    (void)number;
    __atomic_fetch_or(&ht_posix_report_pending, HT_POSIX_PENDING_REPORT, __ATOMIC_RELEASE);
    ht_posix_thread_t *self = ht_posix_thread_find();
    if (self != NULL && self->busy == 0) { ht_posix_late(self); }
}

static void watch_signal(const ht_posix_options_t *options)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask);
    if (sigaction((int)options->signal, &action, NULL) != 0) {
        ht_posix_complain((const char *const[]){"cannot watch the signal", NULL});
    }
}

/* --- the end --------------------------------------------------------------------------------- */

/* freeres takes memory away that other threads may still use. */
static bool is_only_thread(void)
{
    struct stat tasks;
    return stat("/proc/self/task", &tasks) == 0 &&
           tasks.st_nlink == 3; /* ".", ".." and one thread */
}

static void mute(bool on)
{
    ht_posix_thread_t *self = ht_posix_thread_self();
    if (self != NULL) { self->busy = on; }
}

/* In a thread that is inside heaptrail, a signal's handler ends the program. */
static bool is_inside(void)
{
    const ht_posix_thread_t *self = ht_posix_thread_find();
    return self != NULL && self->busy != 0;
}

/* Does this thread have the tracker's lock? Any other gives it back. */
static bool has_lock(void)
{
    for (uint32_t looks = 0; looks < LOCK_LOOKS; looks++) {
        if (__atomic_load_n(&ht_default_tracker.lock.taken, __ATOMIC_ACQUIRE) == 0) {
            return false;
        }
        nanosleep(&(struct timespec){.tv_nsec = LOCK_LOOK_NS}, NULL);
    }
    return true;
}

static void free_libraries(void)
{
    if (freeres_of_libstdcxx != NULL) { freeres_of_libstdcxx(); }
    if (__libc_freeres != NULL) { __libc_freeres(); }
}

/* `may_free`: the C library's own buffers may be flushed and freed, as exit() is about to do. */
static void end(bool may_free)
{
    if (getpid() != s_life.owner || ht_posix_phase != HT_POSIX_RUNNING) { return; }
    if (__atomic_exchange_n(&s_life.ended, 1U, __ATOMIC_ACQ_REL) != 0) { return; }
    int saved_errno = errno;
    uint32_t when = ht_posix_options.report | ht_posix_options.leaks;
    bool inside = is_inside();
    if (inside && has_lock()) { return; } /* nothing can be told without it */
    bool wanted = (when & HT_POSIX_REPORT_EXIT) != 0;
    mute(true);
    if (wanted) { ht_posix_symbols_open(); } /* before freeres: nothing can be opened after it */
    ht_posix_checks_end(&ht_posix_options);
    bool counted = wanted || ht_posix_tracing();
    if (may_free && counted && ht_posix_options.freeres && is_only_thread()) { free_libraries(); }
    __atomic_store_n(&ht_posix_phase, HT_POSIX_FROZEN, __ATOMIC_RELEASE);
    bool searched = (ht_posix_options.leaks & HT_POSIX_REPORT_EXIT) != 0 && !inside;
    if (searched) { /* what it finds goes into the trace */
        ht_posix_trace_drain();
        report_from_here("exit");
    }
    ht_posix_trace_end(inside);
    if (wanted && !searched) { report_from_here("exit"); }
    mute(false);
    errno = saved_errno;
}

/* Not the report, nor a look for errors: nothing is known of the program any more. */
void ht_posix_end_trace(void)
{
    if (getpid() != s_life.owner || ht_posix_phase != HT_POSIX_RUNNING || !ht_posix_tracing()) {
        return;
    }
    if (__atomic_exchange_n(&s_life.ended, 1U, __ATOMIC_ACQ_REL) != 0) { return; }
    bool inside = is_inside();
    if (inside && has_lock()) { return; }
    mute(true);
    __atomic_store_n(&ht_posix_phase, HT_POSIX_FROZEN, __ATOMIC_RELEASE);
    ht_posix_trace_end(inside);
}

/* Does the scan at the end say that blocks are lost for certain? */
static bool has_leaks(void)
{
    heaptrail_suspect_summary_t found;
    return (ht_posix_options.leaks & HT_POSIX_REPORT_EXIT) != 0 &&
           heaptrail_suspects_last(&found) == ESP_OK && found.sites[HEAPTRAIL_SURE_CERTAIN] != 0;
}

/* The exit status of a program with errors or leaks: 0, or the options' one. Only for who has ended
 * it. */
static int other_status(void)
{
    if (s_life.owner != getpid()) { return 0; }
    return ht_posix_checks_status(&ht_posix_options,
                                  has_leaks() ? (int)ht_posix_options.exitcode : 0);
}

/* Ours is the last handler, so this exit() only flushes what stdio has left, as the first one would
 * do next. (glibc allows it: the handlers go on where they are, with the new status.) */
static void at_exit(void *argument)
{
    (void)argument;
    end(true);
    int status = other_status();
    if (status != 0) { exit(status); }
}

static void at_quick_exit_(void *argument)
{
    (void)argument;
    end(false);
    int status = other_status();
    if (status != 0) { syscall(SYS_exit_group, status); }
}

/* The kernel's, as glibc's own _exit() is: no function of glibc's is left to call. */
static __attribute__((noreturn)) void end_now(int status)
{
    end(false);
    int other = other_status();
    for (;;) {
        syscall(SYS_exit_group, other != 0 ? other : status);
    }
}

void _exit(int status)
{
    end_now(status);
}

void _Exit(int status)
{
    end_now(status);
}

/* ------------------------------------------------------------------------------------------------
 */

/*
 * The handler has no object (NULL), so that it is not run when the objects end, but as what it is:
 * the first one registered, the last one run, after rtld_fini.
 */
static __attribute__((constructor(101))) void start(void)
{
    if (ht_posix_phase == HT_POSIX_NEW) { ht_posix_boot(); }
    mute(true);
    const ht_posix_options_t *options = &ht_posix_options;
    ht_posix_suppress_load(options, ht_posix_complain);
    uint32_t when = options->report | options->leaks;
    if (when != HT_POSIX_REPORT_NONE && options->file[0] == '\0') { ht_posix_output_open(); }
    __cxa_atexit(at_exit, NULL, NULL);
    __cxa_at_quick_exit(at_quick_exit_, NULL);
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    bool signals = (when & HT_POSIX_REPORT_SIGNAL) != 0;
    if (signals || options->checks != HT_POSIX_CHECKS_OFF) {
        ht_posix_symbols_open(); /* neither a signal handler nor a free() can open a library */
    }
    if (signals) { watch_signal(options); }
    mute(false);
}
