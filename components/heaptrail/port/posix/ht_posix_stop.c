/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "ht_posix_stop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "ht_leak_roots.h"
#include "ht_posix.h"

#define THREADS_MAX 8192U

/* Whoever has not stopped by then blocks the signal, or is not let run by the kernel. */
#define PATIENCE_US 500000U
#define LOOK_AGAIN_US 100U

/* Times that all are let go because one stopped with the tracker's lock: a thread that heaptrail
 * does not know, while it ends. */
#define TRIES 50U

enum { ASKED, STOPPED, GONE };

typedef struct {
    int tid;
    uint32_t state;
    uint32_t round; /* of the look that saw it last */
    ht_posix_still_t still;
} thread_t;

static struct {
    uint32_t turn; /* odd: stop; changes when all may go on. They sleep on it */
    int signal;    /* 0: none was taken */
    bool keeps_signal;
    struct sigaction before;
    thread_t *threads; /* stays: a thread may look for itself late */
    uint32_t count;
    uint32_t running_on;
    uint32_t depth;
    uint32_t muted; /* the holder's, before */
} s_stop;

/* --- the thread that stops
 * -------------------------------------------------------------------------
 */

static thread_t *find_thread(int tid)
{
    uint32_t count = __atomic_load_n(&s_stop.count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++) {
        if (s_stop.threads[i].tid == tid) { return &s_stop.threads[i]; }
    }
    return NULL;
}

static int own_tid(void)
{
    return (int)syscall(SYS_gettid);
}

/* Bytes below the stack pointer that a function may use. */
#define RED_ZONE_BYTES 128U

/* Not the frame that the kernel makes for a handler: its part for vectors is not written all over,
 * so that what was there before may still be. */
static bool read_context(const ucontext_t *context, ht_posix_still_t *still)
{
#if defined(__x86_64__)
    const greg_t *registers = context->uc_mcontext.gregs;
    still->sp = (uintptr_t)registers[REG_RSP] - RED_ZONE_BYTES;
    still->count = REG_RIP; /* those before it are the general ones */
    for (uint32_t i = 0; i < still->count; i++) {
        still->registers[i] = (uintptr_t)registers[i];
    }
    return true;
#elif defined(__aarch64__)
    still->sp = context->uc_mcontext.sp - RED_ZONE_BYTES;
    still->count = 31;
    for (uint32_t i = 0; i < still->count; i++) {
        still->registers[i] = context->uc_mcontext.regs[i];
    }
    return true;
#else
    (void)context;
    (void)still;
    return false;
#endif
}

/* `context`: of a signal; NULL: the registers that a caller may use go to the stack. */
static __attribute__((noinline)) void stand_still(uint32_t turn, const ucontext_t *context)
{
    volatile uintptr_t here = 0;
    thread_t *thread = find_thread(own_tid());
    if (thread == NULL || thread->state != ASKED) { return; }
    __builtin_unwind_init();
    thread->still = (ht_posix_still_t){.sp = (uintptr_t)&here};
    if (context != NULL) { (void)read_context(context, &thread->still); }
    thread->still.top = (uintptr_t)__builtin_thread_pointer();
    __atomic_store_n(&thread->state, STOPPED, __ATOMIC_RELEASE);
    while (__atomic_load_n(&s_stop.turn, __ATOMIC_ACQUIRE) == turn) {
        syscall(SYS_futex, &s_stop.turn, FUTEX_WAIT_PRIVATE, turn, NULL, NULL, 0);
    }
}

void ht_posix_stop_late(void)
{
    int saved_errno = errno;
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    /* A handler of the program's would run meanwhile. */
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &before, _NSIG / 8);
    uint32_t turn = __atomic_load_n(&s_stop.turn, __ATOMIC_ACQUIRE);
    if (turn % 2U != 0) { stand_still(turn, NULL); }
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, _NSIG / 8);
    errno = saved_errno;
}

static void on_stop(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    int saved_errno = errno;
    const ht_posix_thread_t *self = ht_posix_thread_find();
    uint32_t turn = __atomic_load_n(&s_stop.turn, __ATOMIC_ACQUIRE);
    if (turn % 2U != 0 && (self == NULL || self->busy == 0)) { stand_still(turn, context); }
    errno = saved_errno;
}

/* --- the one that stops them
 * -----------------------------------------------------------------------
 */

/* The last realtime signal that nobody handles. */
static bool take_signal(void)
{
    struct sigaction action = {.sa_sigaction = on_stop, .sa_flags = SA_RESTART | SA_SIGINFO};
    sigfillset(&action.sa_mask);
    for (int number = SIGRTMAX; s_stop.signal == 0 && number >= SIGRTMIN; number--) {
        struct sigaction now;
        if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL &&
            sigaction(number, &action, &s_stop.before) == 0) {
            s_stop.signal = number;
        }
    }
    return s_stop.signal != 0;
}

/* Not if one may still come: its default is to end the process. */
static void give_signal_back(void)
{
    s_stop.keeps_signal = s_stop.keeps_signal || s_stop.running_on != 0;
    if (s_stop.signal == 0 || s_stop.keeps_signal) { return; }
    sigaction(s_stop.signal, &s_stop.before, NULL);
    s_stop.signal = 0;
}

/* False: there are too many. */
static bool see(int tid, uint32_t round)
{
    thread_t *thread = find_thread(tid);
    if (thread == NULL) {
        if (s_stop.count == THREADS_MAX) { return false; }
        thread = &s_stop.threads[s_stop.count];
        *thread = (thread_t){.tid = tid, .state = ASKED};
        __atomic_store_n(&s_stop.count, s_stop.count + 1U, __ATOMIC_RELEASE);
        if (!take_signal() || syscall(SYS_tgkill, getpid(), tid, s_stop.signal) != 0) {
            __atomic_store_n(&thread->state, GONE, __ATOMIC_RELEASE);
        }
    }
    thread->round = round;
    return true;
}

static int tid_of(const char *name)
{
    int tid = 0;
    for (; *name >= '0' && *name <= '9'; name++) {
        tid = tid * 10 + (*name - '0');
    }
    return tid;
}

/* Ask every thread that was not asked yet. False: they cannot be listed. */
static bool look(uint32_t round)
{
    _Alignas(struct dirent64) char buffer[2048];
    int self = own_tid();
    int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY);
    long got = -1;
    bool few = true;
    while (fd >= 0 && (got = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
        for (long at = 0; at < got;) {
            const struct dirent64 *entry = (const struct dirent64 *)(void *)(buffer + at);
            int tid = tid_of(entry->d_name);
            if (tid != 0 && tid != self) { few = see(tid, round) && few; }
            at += entry->d_reclen;
        }
    }
    if (fd >= 0) { syscall(SYS_close, fd); }
    return got == 0 && few;
}

/* A thread that ended, and that nobody can wait for before the process ends: the first one. */
static bool is_zombie(int tid)
{
    char path[40] = "/proc/self/task/";
    char digits[12];
    char text[256];
    size_t at = sizeof(digits);
    for (digits[--at] = '\0'; tid != 0; tid /= 10) {
        digits[--at] = (char)('0' + tid % 10);
    }
    strcat(strcat(path, digits + at), "/stat");
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
    if (fd < 0) { return true; }
    long got = syscall(SYS_read, fd, text, sizeof(text) - 1U);
    syscall(SYS_close, fd);
    if (got <= 0) { return true; }
    text[got] = '\0';
    const char *name_end = strrchr(text, ')');
    return name_end != NULL && (name_end[2] == 'Z' || name_end[2] == 'X');
}

/* How many are there and have not stopped. */
static uint32_t count_running(uint32_t round, bool look_closely)
{
    uint32_t running = 0;
    for (uint32_t i = 0; i < s_stop.count; i++) {
        thread_t *thread = &s_stop.threads[i];
        bool there =
            thread->round == round && __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) == ASKED;
        if (there && look_closely && is_zombie(thread->tid)) {
            thread->state = GONE;
            there = false;
        }
        running += there;
    }
    return running;
}

static void pause_us(long us)
{
    const struct timespec time = {.tv_nsec = us * 1000};
    syscall(SYS_nanosleep, &time, NULL);
}

/* Until a look sees nobody new, and all have stopped. */
static bool stop_all(void)
{
    uint64_t until = ht_port_uptime_us() + PATIENCE_US;
    s_stop.count = 0;
    s_stop.running_on = 0;
    __atomic_fetch_or(&ht_posix_report_pending, HT_POSIX_PENDING_STOP, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&s_stop.turn, 1U, __ATOMIC_SEQ_CST);
    for (uint32_t round = 1;; round++) {
        uint32_t before = s_stop.count;
        if (!look(round)) { return false; }
        uint32_t running = count_running(round, round % 64U == 0);
        if (running == 0 && s_stop.count == before) { return true; }
        if (ht_port_uptime_us() > until) {
            s_stop.running_on = running;
            return true;
        }
        if (running != 0) { pause_us(LOOK_AGAIN_US); }
    }
}

static void let_all_go(void)
{
    __atomic_fetch_and(&ht_posix_report_pending, ~HT_POSIX_PENDING_STOP, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&s_stop.turn, 1U, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &s_stop.turn, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    give_signal_back();
}

static bool is_tracker_locked(void)
{
    return __atomic_load_n(&ht_default_tracker.lock.taken, __ATOMIC_ACQUIRE) != 0;
}

static bool try_to_stop(void)
{
    for (uint32_t i = 0; i < TRIES; i++) {
        bool stopped = stop_all();
        if (stopped && !is_tracker_locked()) { return true; }
        let_all_go();
        if (!stopped) { return false; }
        pause_us(1000);
    }
    return false;
}

/* The holder is muted: a report that a signal asks for meanwhile would wait for the others. */
bool ht_port_hold_others(void)
{
    if (s_stop.depth++ != 0) { return true; }
    int saved_errno = errno;
    ht_posix_thread_t *self = ht_posix_thread_self();
    if (s_stop.threads == NULL) { s_stop.threads = ht_posix_pages(THREADS_MAX * sizeof(thread_t)); }
    s_stop.muted = self != NULL ? self->busy : 0;
    if (self != NULL) { self->busy = 1; }
    bool good = s_stop.threads != NULL && try_to_stop();
    if (!good) {
        s_stop.depth = 0;
        if (self != NULL) { self->busy = s_stop.muted; }
    }
    errno = saved_errno;
    return good;
}

void ht_port_let_run(void)
{
    if (s_stop.depth == 0 || --s_stop.depth != 0) { return; }
    int saved_errno = errno;
    ht_posix_thread_t *self = ht_posix_thread_self();
    let_all_go();
    if (self != NULL && s_stop.muted == 0) { ht_posix_leave(self); }
    errno = saved_errno;
}

/* --- what is known of them ----------------------------------------------------------------------
 */

void ht_posix_each_still(ht_posix_still_fn fn, void *context)
{
    const ht_posix_still_t own = {.sp = ht_leak_stack_from,
                                  .top = (uintptr_t)__builtin_thread_pointer()};
    if (!fn(context, &own)) { return; }
    for (uint32_t i = 0; i < s_stop.count; i++) {
        const thread_t *thread = &s_stop.threads[i];
        if (thread->state == STOPPED && !fn(context, &thread->still)) { return; }
    }
}

/* After a crash other threads run on: a signal handler cannot scan. */
bool ht_port_freeze(void)
{
    return false;
}

uint32_t ht_port_running_threads(void)
{
    return s_stop.running_on;
}

void ht_posix_stop_forked(void)
{
    s_stop.count = 0;
    s_stop.depth = 0;
    s_stop.running_on = 0;
    s_stop.turn = (s_stop.turn + 1U) & ~1U;
    __atomic_fetch_and(&ht_posix_report_pending, ~HT_POSIX_PENDING_STOP, __ATOMIC_SEQ_CST);
}
