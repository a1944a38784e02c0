/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Threads get their names late, often after their first allocation: by the two functions that are
 * stood in for here. (Who writes to /proc/self/task/N/comm is not seen.)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ht_posix.h"

/* Nothing where this thread is inside heaptrail: a signal's handler may have called. Nor in a child
 * of vfork(), which has the memory, but a name of its own. */
static void tell(uintptr_t key, const char *name)
{
    ht_posix_thread_t *self = ht_posix_thread_find();
    if (key == 0 || self == NULL || self->busy != 0 || !ht_posix_is_owner()) { return; }
    self->busy = 1;
    ht_tracker_task_named(&ht_default_tracker, key, name);
    ht_posix_leave(self);
}

int pthread_setname_np(pthread_t thread, const char *name)
{
    static int (*s_real)(pthread_t, const char *);
    int (*real)(pthread_t, const char *) = __atomic_load_n(&s_real, __ATOMIC_RELAXED);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_setname_np");
        __atomic_store_n(&s_real, real, __ATOMIC_RELAXED);
    }
    int error = real != NULL ? real(thread, name) : ENOSYS;
    if (error == 0) { tell(ht_posix_thread_key((uintptr_t)thread), name); }
    return error;
}

/* The kernel takes five words, as glibc hands them over, whatever they mean. */
int prctl(int option, ...)
{
    unsigned long word[4];
    va_list more;
    va_start(more, option);
    for (int i = 0; i < 4; i++) {
        word[i] = va_arg(more, unsigned long);
    }
    va_end(more);
    long result = syscall(SYS_prctl, option, word[0], word[1], word[2], word[3]);
    const ht_posix_thread_t *self = ht_posix_thread_find();
    if (option == PR_SET_NAME && result == 0 && self != NULL) {
        tell(self->key, (const char *)word[0]);
    }
    return (int)result;
}
