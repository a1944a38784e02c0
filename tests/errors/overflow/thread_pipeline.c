/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * One thread makes the message and damages it, another one frees it.
 *
 * expect: overflow offset=5 damaged=1 size=5 found=free task=#2 caller_task=#3
 * alloc:  compose < producer
 * caller: deliver < consumer
 */
#include <pthread.h>

#include "case.h"

static char *s_message;

static char *compose(const char *text)
{
    char *message = malloc(strlen(text) + BUG(0, 1));
    strcpy(message, text);
    return message;
}

static void *producer(void *unused)
{
    s_message = compose("hello");
    return unused;
}

static void deliver(char *message)
{
    free(message);
}

static void *consumer(void *unused)
{
    deliver(s_message);
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, producer, NULL);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, consumer, NULL);
    pthread_join(thread, NULL);
    return done();
}
