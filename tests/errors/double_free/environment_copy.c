/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A copy from strdup() is remembered in two places.
 *
 * expect: double_free size=14 found=free
 * alloc:  settle < main
 * free:   unsettle < main
 * caller: unsettle < main
 */
#include "case.h"

typedef struct {
    char *home, *work;
} settings_t;

static void settle(settings_t *settings)
{
    settings->home = strdup("/home/station");
    settings->work = BUG(settings->home, strdup("/home/station"));
}

static void unsettle(settings_t *settings)
{
    free(settings->home);
    free(settings->work);
}

int main(void)
{
    settings_t settings;
    settle(&settings);
    unsettle(&settings);
    return done();
}
