/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A connection is closed, but its timer was not cancelled.
 *
 * expect: write_after_free offset=20 damaged=4 size=40 found=exit
 * alloc:  connect_to < main
 * free:   disconnect < main
 */
#include "case.h"

typedef struct {
    char peer[20];
    uint32_t late;
    char buffer[16];
} connection_t;

static struct {
    void (*fn)(void *context);
    void *context;
} s_timer;

static void on_timer(void *context)
{
    ((connection_t *)context)->late = 0x7A7A7A7AU;
}

static connection_t *connect_to(const char *peer)
{
    connection_t *connection = calloc(1, sizeof(*connection));
    strcpy(connection->peer, peer);
    s_timer.fn = on_timer;
    s_timer.context = connection;
    return connection;
}

static void disconnect(connection_t *connection)
{
    if (BUG(0, 1)) { s_timer.fn = NULL; }
    free(connection);
}

int main(void)
{
    connection_t *connection = connect_to("10.0.0.7");
    s_timer.fn(s_timer.context);
    disconnect(connection);
    if (s_timer.fn != NULL) { s_timer.fn(s_timer.context); }
    return done();
}
