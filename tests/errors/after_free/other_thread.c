/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A thread frees the job that it was given; who gave it sets its result.
 *
 * expect: write_after_free offset=0 damaged=8 size=64 found=exit task=main freed_task=#2
 * alloc:  main
 * free:   finish < worker
 */
#include <pthread.h>

#include "case.h"

typedef struct {
    uint64_t result;
    char input[56];
} job_t;

static void finish(job_t *job)
{
    free(job);
}

static void *worker(void *job)
{
    finish(job);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    job_t *job = malloc(sizeof(*job));
    if (BUG(0, 1)) { job->result = 0x3333333333333333U; }
    pthread_create(&thread, NULL, worker, job);
    pthread_join(thread, NULL);
    if (BUG(1, 0)) { job->result = 0x3333333333333333U; }
    return done();
}
