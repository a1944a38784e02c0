/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HIGH_NUMBER 900 /* where programs that close or reuse small descriptors do not look */

/* `name`=`value`, or `value` before or behind what is there. */
static bool put(const char *name, const char *value, const char *separator, bool in_front)
{
    const char *old = getenv(name);
    if (old == NULL || *old == '\0') { return setenv(name, value, 1) == 0; }
    char *both = NULL;
    int made = in_front ? asprintf(&both, "%s%s%s", value, separator, old)
                        : asprintf(&both, "%s%s%s", old, separator, value);
    bool done = made >= 0 && setenv(name, both, 1) == 0;
    if (made >= 0) { free(both); }
    return done;
}

/*
 * In the child. The trace is this process's only: what it starts inherits the descriptor and the
 * options, but has another process id. (It may exec() another program itself: that has the same,
 * and is traced as another run.)
 */
static bool prepare(const ht_child_plan_t *plan, int trace)
{
    char *options = NULL;
    if (asprintf(&options, "%s%sreport=none:trace=fd,%d:trace_pid=%d",
                 plan->options != NULL ? plan->options : "",
                 plan->options != NULL && *plan->options != '\0' ? ":" : "", trace,
                 (int)getpid()) < 0) {
        return false;
    }
    bool done = put("LD_PRELOAD", plan->preload, ":", true) &&
                put("HEAPTRAIL_OPTIONS", options, ":", false);
    free(options);
    return done;
}

/* The trace's descriptor, at a number that the program's own do not get. */
static int move_high(int trace)
{
    int high = fcntl(trace, F_DUPFD, HIGH_NUMBER);
    if (high < 0) { return trace; }
    close(trace);
    return high;
}

/* What we ignore for ourselves is the program's to decide. */
static void restore(const ht_child_plan_t *plan, int number)
{
    bool ignored = plan->ignored != NULL && sigismember(plan->ignored, number) == 1;
    signal(number, ignored ? SIG_IGN : SIG_DFL);
}

/* exec() failed: say why through a pipe that a successful one closes. */
static _Noreturn void become(const ht_child_plan_t *plan, int trace, int failure,
                             const struct sigaction *on_child)
{
    int reason = ENOMEM;
    sigaction(SIGCHLD, on_child, NULL);
    restore(plan, SIGINT);
    restore(plan, SIGQUIT);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    if (plan->signals != NULL) { sigprocmask(SIG_SETMASK, plan->signals, NULL); }
    if (prepare(plan, move_high(trace))) {
        execvp(plan->command[0], plan->command);
        reason = errno;
    }
    ssize_t said = write(failure, &reason, sizeof(reason));
    _exit(said == (ssize_t)sizeof(reason) ? 127 : 126);
}

static void close_both(const int pipe_of[2])
{
    close(pipe_of[0]);
    close(pipe_of[1]);
}

/* Did exec() work? */
static bool has_begun(ht_child_t *child, int failure, const char *program, char *error,
                      size_t error_size)
{
    int reason = 0;
    ssize_t got = 0;
    do {
        got = read(failure, &reason, sizeof(reason));
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof(reason)) { return true; }
    snprintf(error, error_size, "cannot run %s: %s", program, strerror(reason));
    waitpid(child->pid, &child->status, 0);
    return false;
}

bool ht_child_start(ht_child_t *child, const ht_child_plan_t *plan, char *error, size_t error_size)
{
    int trace[2];
    int failure[2];
    struct sigaction on_child;
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    *child = (ht_child_t){.pid = -1, .trace = -1};
    if (pipe(trace) != 0 || pipe2(failure, O_CLOEXEC) != 0) {
        snprintf(error, error_size, "no pipe: %s", strerror(errno));
        return false;
    }
    fcntl(trace[0], F_SETFD, FD_CLOEXEC);
    fcntl(trace[0], F_SETFL, O_NONBLOCK);
    fflush(NULL);
    sigaction(SIGCHLD, &usual, &on_child); /* ignored, it would leave nothing to wait for */
    child->pid = fork();
    if (child->pid == 0) { become(plan, trace[1], failure[1], &on_child); }
    if (child->pid < 0) {
        snprintf(error, error_size, "cannot fork: %s", strerror(errno));
        close_both(trace);
        close_both(failure);
        return false;
    }
    close(trace[1]);
    close(failure[1]);
    bool begun = has_begun(child, failure[0], plan->command[0], error, error_size);
    close(failure[0]);
    if (!begun) {
        close(trace[0]);
        return false;
    }
    child->trace = trace[0];
    return true;
}

bool ht_child_ended(ht_child_t *child)
{
    if (!child->ended && waitpid(child->pid, &child->status, WNOHANG) != 0) { child->ended = true; }
    return child->ended;
}

int ht_child_exit_code(const ht_child_t *child)
{
    if (WIFEXITED(child->status)) { return WEXITSTATUS(child->status); }
    return 128 + (WIFSIGNALED(child->status) ? WTERMSIG(child->status) : 0);
}
