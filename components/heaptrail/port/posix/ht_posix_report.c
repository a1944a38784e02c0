/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Where reports go, and what is around them. Nothing here allocates. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "heaptrail_leaks.h"
#include "ht_posix.h"
#include "ht_posix_stop.h"

/* The copy of standard error gets a number that programs do not use: dup2(x, 3) must not hit it. */
static const int s_high_numbers[] = {1000, 250, 60, 10};

static struct {
    int fd; /* 0: none */
    dev_t device;
    ino_t inode;
} s_copy;

typedef struct {
    int fd;
    size_t used;
    char buffer[4096];
} output_t;

/* Where reports of errors go, while the program runs. */
static struct {
    int fd; /* of the options' file; 0: not opened yet, -1: cannot be */
    dev_t device;
    ino_t inode;
} s_errors;

/* One report at a time: s_output is not on the stack, because a signal's stack may be small. */
static output_t s_output;
static ht_port_lock_t s_output_lock;

/* A copy of a descriptor, out of the program's way; -1: none could be made. */
static int high_copy(int fd)
{
    int copy = -1;
    for (size_t i = 0; i < sizeof(s_high_numbers) / sizeof(s_high_numbers[0]) && copy < 0; i++) {
        copy = fcntl(fd, F_DUPFD_CLOEXEC, s_high_numbers[i]);
    }
    return copy;
}

void ht_posix_output_open(void)
{
    int saved_errno = errno;
    struct stat what;
    if (s_copy.fd <= 0) { s_copy.fd = high_copy(STDERR_FILENO); }
    if (s_copy.fd > 0 && fstat(s_copy.fd, &what) == 0) {
        s_copy.device = what.st_dev;
        s_copy.inode = what.st_ino;
    }
    errno = saved_errno;
}

static bool is_file(int fd, dev_t device, ino_t inode)
{
    struct stat what;
    return fstat(fd, &what) == 0 && what.st_dev == device && what.st_ino == inode;
}

static bool is_original(int fd)
{
    return is_file(fd, s_copy.device, s_copy.inode);
}

/* Standard error as it was at the start; -1 if the program closed that, or put something else
 * there. */
static int original_stderr(void)
{
    if (s_copy.fd > 0 && is_original(s_copy.fd)) { return s_copy.fd; }
    if (s_copy.fd > 0 && is_original(STDERR_FILENO)) { return STDERR_FILENO; }
    return -1;
}

/* --- pieces of text ----------------------------------------------------------------------------
 */

static void flush(output_t *output)
{
    const char *at = output->buffer;
    while (output->used > 0) {
        ssize_t written = write(output->fd, at, output->used);
        if (written < 0 && errno == EINTR) { continue; }
        if (written <= 0) { break; } /* a full disk or a closed pipe: the program must not suffer */
        at += written;
        output->used -= (size_t)written;
    }
    output->used = 0;
}

static void put(void *context, const char *text, size_t length)
{
    output_t *output = context;
    while (length > 0) {
        size_t room = sizeof(output->buffer) - output->used;
        size_t part = length < room ? length : room;
        memcpy(output->buffer + output->used, text, part);
        output->used += part;
        text += part;
        length -= part;
        if (output->used == sizeof(output->buffer)) { flush(output); }
    }
}

static void put_text(output_t *output, const char *text)
{
    put(output, text, strlen(text));
}

static void put_number(output_t *output, uint64_t number)
{
    char digits[24];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    put(output, digits + at, sizeof(digits) - at);
}

void ht_posix_complain(const char *const *parts)
{
    int saved_errno = errno;
    struct iovec pieces[96];
    int count = 0;
    pieces[count++] = (struct iovec){(void *)(uintptr_t) "heaptrail: ", 11};
    for (; *parts != NULL && count < 95; parts++) {
        pieces[count++] = (struct iovec){(void *)(uintptr_t)*parts, strlen(*parts)};
    }
    pieces[count++] = (struct iovec){(void *)(uintptr_t) "\n", 1};
    ssize_t written = writev(STDERR_FILENO, pieces, count);
    (void)written; /* where would we say that it failed? */
    errno = saved_errno;
}

/* --- the report ----------------------------------------------------------------------------------
 */

void ht_posix_path(char *path, size_t size, const char *text)
{
    size_t length = 0;
    for (const char *p = text; *p != '\0' && length + 1 < size; p++) {
        if (p[0] != '%' || p[1] != 'p') {
            path[length++] = *p;
            continue;
        }
        p++;
        char digits[16];
        size_t at = sizeof(digits);
        for (unsigned pid = (unsigned)getpid(); pid != 0; pid /= 10U) {
            digits[--at] = (char)('0' + pid % 10U);
        }
        for (; at < sizeof(digits) && length + 1 < size; at++) {
            path[length++] = digits[at];
        }
    }
    path[length] = '\0';
}

static int open_output(const ht_posix_options_t *options)
{
    if (options->file[0] == '\0') { return original_stderr(); }
    char path[HT_POSIX_PATH_MAX];
    ht_posix_path(path, sizeof(path), options->file);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) {
        ht_posix_complain((const char *const[]){"cannot write to the report's file ", path, NULL});
    }
    return fd;
}

static void put_program(output_t *output)
{
    extern char *program_invocation_short_name;
    const char *name = program_invocation_short_name;
    for (const char *c = name != NULL ? name : "?"; *c != '\0'; c++) {
        bool plain = (unsigned char)*c >= ' ' && *c != '"' && *c != '\\';
        put(output, plain ? c : "?", 1);
    }
}

static void put_totals(output_t *output, const heaptrail_status_t *status, const char *why)
{
    uint64_t lost =
        (uint64_t)status->loss.table_full + status->loss.table_crowded + status->loss.too_large;
    const struct {
        const char *before;
        uint64_t number;
    } fields[] = {
        {",\"in_use_bytes\":", status->live_bytes},
        {",\"in_use_blocks\":", status->live_blocks},
        {",\"allocs\":", status->total_blocks},
        {",\"frees\":", status->total_frees},
        {",\"allocated_bytes\":", status->total_bytes},
        {",\"failed\":", status->failures},
        {",\"not_followed\":", lost},
        {",\"unknown_frees\":", status->loss.unknown_frees},
        {",\"errors\":", ht_posix_checks_errors()},
    };
    put_text(output, "{\"heaptrail\":\"totals\",\"why\":\"");
    put_text(output, why);
    put_text(output, "\",\"program\":\"");
    put_program(output);
    put_text(output, "\",\"pid\":");
    put_number(output, (uint64_t)getpid());
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        put_text(output, fields[i].before);
        put_number(output, fields[i].number);
    }
    put_text(output, "}\n");
}

static void put_totals_text(output_t *output, const heaptrail_status_t *status, const char *why)
{
    put_text(output, "heaptrail: ");
    put_program(output);
    put_text(output, ", process ");
    put_number(output, (uint64_t)getpid());
    put_text(output, strcmp(why, "exit") == 0 ? ": in use at exit: " : ": in use now: ");
    put_number(output, status->live_bytes);
    put_text(output, " bytes in ");
    put_number(output, status->live_blocks);
    put_text(output, " blocks; allocated in all: ");
    put_number(output, status->total_bytes);
    put_text(output, " bytes in ");
    put_number(output, status->total_blocks);
    put_text(output, " blocks, freed: ");
    put_number(output, status->total_frees);
    put_text(output, " blocks");
    uint32_t errors = ht_posix_checks_errors();
    if (errors != 0) {
        put_text(output, "; memory errors: ");
        put_number(output, errors);
    }
    put_text(output, "\n");
}

static bool use_color(const ht_posix_options_t *options, int fd)
{
    return options->color == HT_POSIX_COLOR_ALWAYS ||
           (options->color == HT_POSIX_COLOR_AUTO && isatty(fd) == 1);
}

static void put_report(output_t *output, const ht_posix_options_t *options, uint32_t kind)
{
    struct winsize window = {0};
    bool is_terminal = ioctl(output->fd, TIOCGWINSZ, &window) == 0;
    heaptrail_report_t report = {
        .kind = (heaptrail_report_kind_t)kind,
        .sort = (heaptrail_sort_t)options->sort,
        .max_rows = options->rows,
        .json = options->json,
        .color = use_color(options, output->fd),
        .width = is_terminal ? window.ws_col : 0,
        /* A program at its end has ended threads and old blocks, and nobody sampled its floors. */
        .evidence = HEAPTRAIL_EVIDENCE_UNREACHABLE,
    };
    if (options->symbols != HT_POSIX_SYMBOLS_NONE) { heaptrail_set_symbols(ht_posix_symbol, NULL); }
    heaptrail_report(&report, put, output);
}

/* A report that nobody reads must not end the program with SIGPIPE. */
static void block_sigpipe(sigset_t *before, bool *was_pending)
{
    sigset_t pipe, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    *was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe, before);
}

static void unblock_sigpipe(const sigset_t *before, bool was_pending)
{
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    const struct timespec now = {0};
    if (!was_pending) { sigtimedwait(&pipe, NULL, &now); } /* take away the one that we made */
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* Does the report say which errors were found? Who wants the totals only, wants them only. */
static bool shows_errors(const ht_posix_options_t *options)
{
    return options->show == HEAPTRAIL_REPORT_SUMMARY || options->show == HEAPTRAIL_REPORT_ERRORS ||
           options->show == HT_POSIX_SHOW_TOTALS;
}

static void write_report(int fd, const char *why)
{
    const ht_posix_options_t *options = &ht_posix_options;
    ht_port_irq_t irq = ht_port_lock(&s_output_lock);
    output_t *output = &s_output;
    output->fd = fd;
    output->used = 0;
    heaptrail_status_t status;
    heaptrail_status(&status);
    if (options->json) {
        put_totals(output, &status, why);
    } else {
        put_totals_text(output, &status, why);
    }
    bool is_exit = strcmp(why, "exit") == 0;
    uint32_t now = is_exit ? HT_POSIX_REPORT_EXIT : HT_POSIX_REPORT_SIGNAL;
    bool shows = (options->report & now) != 0 && options->show != HT_POSIX_SHOW_TOTALS;
    if (shows) { put_report(output, options, options->show); }
    if ((options->leaks & now) != 0) { put_report(output, options, HEAPTRAIL_REPORT_LEAKS); }
    if (!shows_errors(options) && ht_posix_checks_errors() != 0) {
        put_report(output, options, HEAPTRAIL_REPORT_ERRORS);
    }
    flush(output);
    ht_port_unlock(&s_output_lock, irq);
}

void ht_posix_report(const char *why)
{
    int fd = open_output(&ht_posix_options);
    if (fd < 0) { return; }
    sigset_t before;
    bool was_pending;
    block_sigpipe(&before, &was_pending);
    write_report(fd, why);
    unblock_sigpipe(&before, was_pending);
    if (ht_posix_options.file[0] != '\0') { close(fd); }
}

/* --- errors, as they are found -----------------------------------------------------------------
 */

/* The options' file, kept open: opened once for all pieces, and again if the program closed it. */
static int errors_file(void)
{
    struct stat what;
    if (s_errors.fd > 0 && is_file(s_errors.fd, s_errors.device, s_errors.inode)) {
        return s_errors.fd;
    }
    if (s_errors.fd < 0) { return -1; }
    int fd = open_output(&ht_posix_options);
    s_errors.fd = fd >= 0 ? high_copy(fd) : -1;
    if (fd >= 0) { close(fd); }
    if (s_errors.fd < 0 || fstat(s_errors.fd, &what) != 0) { return -1; }
    s_errors.device = what.st_dev;
    s_errors.inode = what.st_ino;
    return s_errors.fd;
}

void ht_posix_output_forked(void)
{
    if (s_errors.fd > 0 && is_file(s_errors.fd, s_errors.device, s_errors.inode)) {
        close(s_errors.fd);
    }
    s_errors.fd = 0;
    s_output_lock.taken = 0; /* a thread that is not here any more wrote a report */
}

/* A file of JSON stays one: the text of an error goes to standard error then. */
void ht_port_emergency_write(const char *text, size_t length)
{
    int saved_errno = errno;
    bool to_file = ht_posix_options.file[0] != '\0' && !ht_posix_options.json;
    int fd = to_file ? errors_file() : original_stderr();
    sigset_t before;
    bool was_pending;
    if (fd >= 0) {
        block_sigpipe(&before, &was_pending);
        while (length > 0) {
            /* Not write(): a thread can be cancelled there, but not in free(). */
            long written = syscall(SYS_write, fd, text, length);
            if (written < 0 && errno == EINTR) { continue; }
            if (written <= 0) { break; }
            text += written;
            length -= (size_t)written;
        }
        unblock_sigpipe(&before, was_pending);
    }
    errno = saved_errno;
}
