/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * So many blocks were freed since that nobody remembers this one: all that is known is that no
 * block begins there.
 *
 * options: quarantine=0
 * expect: bad_free place=other found=free
 * caller: end_job < main
 */
#include "case.h"

static void end_job(void *job)
{
    free(job);
}

int main(void)
{
    void *job = malloc(40);
    void *behind = malloc(40);
    end_job(job);
    for (int i = 0; i < 100000; i++) {
        free(malloc(800));
    }
    BUG(end_job(job), (void)0);
    free(behind);
    return done();
}
