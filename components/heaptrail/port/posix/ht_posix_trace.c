/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Where the trace of a Linux program goes, and when it is written. Nothing here allocates. */
#define _GNU_SOURCE
#include "ht_posix_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "heaptrail_trace.h"
#include "ht_posix_fatal.h"
#include "ht_trace.h"

enum {
    RING_EVENTS = 1 << 16,
    FRAME_BYTES = 4096,
    HIGH_NUMBER = 900, /* where programs that close or reuse small descriptors do not look */
    FILE_MODE = 0644,
    WAIT_NS = 50000,
    WAITS_MAX = 20000 /* a second and more */
};

static struct {
    int fd; /* 0: none */
    pid_t owner;
    dev_t device;
    ino_t inode;
    const char *failure; /* why nothing more is written; NULL: nothing went wrong */
    bool on;
    size_t used;
    uint8_t buffer[65536]; /* frames that wait for a write() that is worth it */
} s_out;

/* --- writing -------------------------------------------------------------------------------------
 */

/* The program may have closed our descriptor, and opened another file under its number. */
static bool is_ours(void)
{
    struct stat what;
    return fstat(s_out.fd, &what) == 0 && what.st_dev == s_out.device && what.st_ino == s_out.inode;
}

/* How the calling thread was before it began to write. */
typedef struct {
    sigset_t signals;
    int cancel;
} calm_t;

static bool is_handled(int number)
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL &&
           action.sa_handler != SIG_IGN;
}

/*
 * Who writes comes out of it again: the others wait for it, the end of the program too. So no
 * cancellation, and no handler of the program's, which may call _exit() or siglongjmp(). A signal
 * that ends the program by itself may do so, and a fault cannot wait.
 */
static void calm_down(calm_t *before)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    sigset_t put_off;
    sigfillset(&put_off);
    for (int number = 1; number < SIGRTMIN; number++) {
        if (!is_handled(number)) { sigdelset(&put_off, number); }
    }
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        sigdelset(&put_off, faults[i]);
    }
    sigaddset(&put_off, SIGPIPE); /* of our own making: see write_quietly() */
    sigaddset(&put_off, SIGXFSZ);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before->cancel);
    pthread_sigmask(SIG_BLOCK, &put_off, &before->signals);
}

static void calm_ends(const calm_t *before)
{
    pthread_sigmask(SIG_SETMASK, &before->signals, NULL);
    pthread_setcancelstate(before->cancel, NULL);
}

/* A reader that is gone, or a limit of the program's files, must not end the program: the signal of
 * it is taken back. */
static ssize_t write_quietly(const uint8_t *bytes, size_t length)
{
    const struct timespec at_once = {0};
    sigset_t pending;
    sigset_t only;
    sigpending(&pending);
    ssize_t done = syscall(SYS_write, s_out.fd, bytes, length);
    int why = done < 0 ? errno : 0;
    int number = why == EPIPE ? SIGPIPE : SIGXFSZ;
    if ((why == EPIPE || why == EFBIG) && sigismember(&pending, number) == 0) {
        sigemptyset(&only);
        sigaddset(&only, number);
        while (sigtimedwait(&only, NULL, &at_once) < 0 && errno == EINTR) {}
    }
    errno = why;
    return done;
}

static bool write_all(const uint8_t *bytes, size_t length)
{
    if (s_out.failure == NULL && !is_ours()) {
        s_out.failure = "the program closed its descriptor";
    }
    while (s_out.failure == NULL && length > 0) {
        ssize_t done = write_quietly(bytes, length);
        if (done < 0 && errno == EAGAIN) {
            nanosleep(&(struct timespec){.tv_nsec = WAIT_NS}, NULL);
        } else if (done < 0 && errno != EINTR) {
            s_out.failure = strerrordesc_np(errno);
        } else if (done > 0) {
            bytes += done;
            length -= (size_t)done;
        }
    }
    return s_out.failure == NULL;
}

static void flush(void)
{
    write_all(s_out.buffer, s_out.used);
    s_out.used = 0;
}

/* heaptrail_trace_write_fn_t: takes everything. What cannot be written is dropped: who waits for
 * it would wait for ever. */
static size_t take(void *context, const void *bytes, size_t length)
{
    (void)context;
    if (s_out.used + length > sizeof(s_out.buffer)) { flush(); }
    memcpy(s_out.buffer + s_out.used, bytes, length);
    s_out.used += length;
    return length;
}

/* --- opening -------------------------------------------------------------------------------------
 */

static bool read_number(const char *text, int *number)
{
    int value = 0;
    if (*text == '\0') { return false; }
    for (; *text >= '0' && *text <= '9' && value < 1 << 20; text++) {
        value = value * 10 + (*text - '0');
    }
    *number = value;
    return *text == '\0';
}

/* PATH, with the process id for %p. */
static int open_path(const char *text)
{
    char path[HT_POSIX_PATH_MAX + 16];
    ht_posix_path(path, sizeof(path), text);
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
}

static int open_target(const char *text)
{
    int fd = -1;
    if (strncmp(text, "fd,", 3) == 0 && read_number(text + 3, &fd)) { return fd; }
    fd = open_path(text);
    if (fd < 0) { return -1; }
    int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_NUMBER);
    if (high < 0) { return fd; }
    close(fd);
    return high;
}

static bool begin(void)
{
    struct stat what;
    if (fstat(s_out.fd, &what) != 0) { return false; }
    s_out.owner = getpid();
    s_out.device = what.st_dev;
    s_out.inode = what.st_ino;
    heaptrail_trace_config_t config = {.write = take,
                                       .ring_events = RING_EVENTS,
                                       .frame_bytes = FRAME_BYTES,
                                       .heaps_interval_ms = UINT32_MAX};
    config.memory_bytes = heaptrail_trace_memory_bytes(&config);
    config.memory = ht_posix_pages(config.memory_bytes);
    return config.memory != NULL && heaptrail_trace_start(&config) == ESP_OK;
}

void ht_posix_trace_boot(const ht_posix_options_t *options)
{
    bool other = options->trace_pid != 0 && options->trace_pid != (uint32_t)getpid();
    if (options->trace[0] == '\0' || other) { return; }
    s_out.fd = open_target(options->trace);
    s_out.on = s_out.fd > 0 && begin();
    if (s_out.on) { ht_posix_fatal_boot(); }
    if (!s_out.on) {
        ht_posix_complain((const char *const[]){"cannot write the trace to ", options->trace, ": ",
                                                strerrordesc_np(errno), NULL});
    }
}

/* --- while the program runs
 * ------------------------------------------------------------------------
 */

bool ht_posix_tracing(void)
{
    return __atomic_load_n(&s_out.on, __ATOMIC_RELAXED);
}

static uint32_t fill(const ht_trace_t *trace)
{
    return __atomic_load_n(&trace->ring[0].head, __ATOMIC_RELAXED) -
           __atomic_load_n(&trace->ring[0].tail, __ATOMIC_ACQUIRE);
}

void ht_posix_trace_drain(void)
{
    const ht_trace_t *trace = __atomic_load_n(&ht_default_tracker.trace, __ATOMIC_RELAXED);
    if (trace == NULL || fill(trace) < RING_EVENTS / 2) { return; }
    if (getpid() != s_out.owner) { return; } /* of vfork() or clone(): the trace is the parent's */
    int saved_errno = errno;
    calm_t before;
    calm_down(&before);
    /* Refused: another thread is at it. It needs no lock that we hold. */
    while (heaptrail_trace_poll() == ESP_ERR_INVALID_STATE && fill(trace) >= RING_EVENTS / 8 * 7) {
        nanosleep(&(struct timespec){.tv_nsec = WAIT_NS}, NULL);
        if (!ht_posix_tracing()) { break; }
    }
    calm_ends(&before);
    errno = saved_errno;
}

/* A thread that is draining comes out of it: the program's other threads still run. Only if a fault
 * found this very thread in there it does not. */
static bool stop(bool inside)
{
    uint32_t waits = 0;
    while (heaptrail_trace_stop() == ESP_ERR_INVALID_STATE && ht_default_tracker.trace != NULL) {
        if (inside && ++waits > WAITS_MAX) { return false; }
        nanosleep(&(struct timespec){.tv_nsec = WAIT_NS}, NULL);
    }
    return true;
}

void ht_posix_trace_end(bool inside)
{
    if (!ht_posix_tracing()) { return; }
    int saved_errno = errno;
    calm_t before;
    calm_down(&before);
    if (stop(inside)) {
        flush();
    } else {
        s_out.failure = "the program ended in the midst of it";
    }
    calm_ends(&before);
    __atomic_store_n(&s_out.on, false, __ATOMIC_RELAXED);
    if (s_out.failure != NULL) {
        ht_posix_complain(
            (const char *const[]){"the trace is not complete: ", s_out.failure, NULL});
    }
    errno = saved_errno;
}

void ht_posix_trace_forked(void)
{
    if (!ht_posix_tracing()) { return; }
    __atomic_store_n(&s_out.on, false, __ATOMIC_RELAXED);
    ht_default_tracker.trace = NULL; /* nobody else runs here */
    s_out.used = 0;
    if (is_ours()) { close(s_out.fd); }
}
