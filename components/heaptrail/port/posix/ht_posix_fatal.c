/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A traced program that a signal ends: what lies in the ring is written first.
 *
 *   the program's action   the kernel's        who asks sigaction() gets
 *   SIG_DFL                on_fatal()          SIG_DFL
 *   anything else          the program's       the program's
 *
 * So sigaction() and signal() are stood in for: a handler that takes itself away and raises the
 * signal again, as most do, comes here. After it the signal does what it always does: same status,
 * same core. In a thread that is inside heaptrail or the allocator, one that came from elsewhere
 * waits until it comes out; the second one does not.
 */
#define _GNU_SOURCE
#include "ht_posix_fatal.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ht_posix.h"

enum { STACK_BYTES = 1 << 16 };

static const int s_faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
static const int s_others[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,   SIGPIPE, SIGALRM,
                               SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF};

/* glibc's own, under the names that are left. */
int __sigaction(int number, const struct sigaction *action, struct sigaction *old);
__sighandler_t ssignal(int number, __sighandler_t handler);

static struct {
    uint32_t on;
    int waiting; /* the signal that ends the program when a thread comes out of heaptrail */
} s_fatal;

static bool is_in(int number, const int *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == number) { return true; }
    }
    return false;
}

static bool is_fault(int number)
{
    return is_in(number, s_faults, sizeof(s_faults) / sizeof(s_faults[0]));
}

static bool is_watched(int number)
{
    return __atomic_load_n(&s_fatal.on, __ATOMIC_RELAXED) != 0 &&
           (is_fault(number) || is_in(number, s_others, sizeof(s_others) / sizeof(s_others[0])));
}

/* --- the end -------------------------------------------------------------------------------------
 */

static void set_default(int number)
{
    const struct sigaction action = {.sa_handler = SIG_DFL};
    (void)__sigaction(number, &action, NULL);
}

/* An instruction that faults does so again when the handler is left; a call of abort() goes on. */
static bool comes_again(int number, const siginfo_t *info)
{
    bool repeats = number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL;
    return repeats && info->si_code > 0 && info->si_code != SI_KERNEL;
}

static void on_fatal(int number, siginfo_t *info, void *context)
{
    (void)context;
    int saved_errno = errno;
    const ht_posix_thread_t *self = ht_posix_thread_find();
    int nobody = 0;
    if (!is_fault(number) && self != NULL && self->busy != 0 &&
        __atomic_compare_exchange_n(&s_fatal.waiting, &nobody, number, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED)) {
        __atomic_fetch_or(&ht_posix_report_pending, HT_POSIX_PENDING_END, __ATOMIC_RELEASE);
    } else {
        ht_posix_end_trace();
        set_default(number);
        if (!comes_again(number, info)) { syscall(SYS_tgkill, getpid(), gettid(), number); }
    }
    errno = saved_errno;
}

void ht_posix_fatal_late(void)
{
    int number = __atomic_load_n(&s_fatal.waiting, __ATOMIC_ACQUIRE);
    ht_posix_end_trace();
    set_default(number);
    kill(getpid(), number);
}

/* --- on, where the program leaves it to the system -----------------------------------------------
 */

static void watch(int number)
{
    /* A stack that overflowed needs another one; a program's own may be too small for the rest. */
    int stack = number == SIGSEGV || number == SIGBUS ? SA_ONSTACK : 0;
    struct sigaction action = {.sa_sigaction = on_fatal,
                               .sa_flags = SA_SIGINFO | SA_RESTART | stack};
    sigfillset(&action.sa_mask);
    (void)__sigaction(number, &action, NULL);
}

static void watch_if_default(int number)
{
    struct sigaction now;
    if (__sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL) { watch(number); }
}

static void make_stack(void)
{
    stack_t now;
    const stack_t own = {.ss_sp = ht_posix_pages(STACK_BYTES), .ss_size = STACK_BYTES};
    bool free = sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_DISABLE) != 0;
    if (free && own.ss_sp != NULL) { (void)sigaltstack(&own, NULL); }
}

void ht_posix_fatal_boot(void)
{
    make_stack();
    s_fatal.on = 1;
    for (size_t i = 0; i < sizeof(s_faults) / sizeof(s_faults[0]); i++) {
        watch_if_default(s_faults[i]);
    }
    for (size_t i = 0; i < sizeof(s_others) / sizeof(s_others[0]); i++) {
        watch_if_default(s_others[i]);
    }
}

void ht_posix_fatal_forked(void)
{
    __atomic_store_n(&s_fatal.on, 0U, __ATOMIC_RELAXED);
    s_fatal.waiting = 0;
}

/* --- what the program sees -----------------------------------------------------------------------
 */

static bool is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == on_fatal;
}

int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    struct sigaction before;
    bool to_default = action != NULL && (action->sa_flags & SA_SIGINFO) == 0 &&
                      action->sa_handler == SIG_DFL && is_watched(number);
    int result = __sigaction(number, to_default ? NULL : action, &before);
    if (result != 0) { return result; }
    if (to_default) { watch(number); }
    if (old != NULL) {
        *old = is_ours(&before) ? (struct sigaction){.sa_handler = SIG_DFL} : before;
    }
    return result;
}

__sighandler_t signal(int number, __sighandler_t handler)
{
    struct sigaction before;
    bool known = __sigaction(number, NULL, &before) == 0;
    __sighandler_t old = ssignal(number, handler);
    if (handler == SIG_DFL && old != SIG_ERR && is_watched(number)) { watch(number); }
    return known && old != SIG_ERR && is_ours(&before) ? SIG_DFL : old;
}
