/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The block has left the quarantine when it is freed again: the ring of recent frees knows it.
 *
 * options: quarantine=4096
 * expect: double_free size=40 found=free
 * alloc:  new_job < main
 * free:   end_job < main
 * caller: end_job < main
 */
#include "case.h"

static void *new_job(void)
{
    return malloc(40);
}

static void end_job(void *job)
{
    free(job);
}

int main(void)
{
    void *job = new_job();
    end_job(job);
    for (int i = 0; i < 20; i++) {
        free(malloc(800));
    }
    BUG(end_job(job), (void)0);
    return done();
}
