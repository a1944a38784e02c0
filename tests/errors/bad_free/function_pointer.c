/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A handler is taken for the context that was allocated for it.
 *
 * expect: bad_free place=read_only found=free
 * caller: unsubscribe < main
 */
#include "case.h"

typedef struct {
    void (*handler)(void *context);
    void *context;
} subscription_t;

static void on_event(void *context)
{
    memset(context, 0, 4);
}

static void unsubscribe(subscription_t *subscription)
{
    void *handler = *(void **)&subscription->handler;
    free(BUG(handler, subscription->context));
    subscription->context = NULL;
}

int main(void)
{
    static subscription_t subscription;
    subscription = (subscription_t){on_event, malloc(16)};
    subscription.handler(subscription.context);
    unsubscribe(&subscription);
    return done();
}
