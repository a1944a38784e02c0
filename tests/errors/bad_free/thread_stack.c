/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A request lies on the stack of its thread; a helper frees every request.
 *
 * expect: bad_free place=stack found=free caller_task=#2
 * caller: finish < worker
 */
#include <pthread.h>

#include "case.h"

typedef struct {
    char text[64];
} request_t;

static void finish(request_t *request)
{
    free(request);
}

static void *worker(void *unused)
{
    request_t local;
    request_t *request = BUG(&local, malloc(sizeof(*request)));
    strcpy(request->text, "GET /");
    finish(request);
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, worker, NULL);
    pthread_join(thread, NULL);
    return done();
}
