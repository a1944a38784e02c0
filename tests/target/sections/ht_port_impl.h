/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The bare-metal port, with each place that takes the lock on a list: any one of them can be made
 * to take nothing, at run time, to see whether a test notices.
 */
#pragma once

#include "../port/ht_port_impl.h"

typedef struct {
    const char *file;
    const char *function;
    uint32_t line;
    uint32_t counter; /* tells places in one line apart; grows down the file */
    bool off;
    volatile bool used;
} lock_site_t;

extern lock_site_t __start_lock_sites[], __stop_lock_sites[]; /* board.ld */

/* Only while it is set does a place that is off take no lock, and is noted who takes it. */
extern volatile bool lock_sites_live;

#define LOCK_TAKEN_BY_NOBODY 0x80000000U /* no bit of mstatus that is used here */

static inline ht_port_irq_t lock_at(lock_site_t *site, ht_port_lock_t *lock)
{
    if (lock_sites_live) {
        site->used = true;
        if (site->off) { return LOCK_TAKEN_BY_NOBODY; }
    }
    return ht_port_lock(lock);
}

static inline void unlock_from(ht_port_lock_t *lock, ht_port_irq_t irq)
{
    if (irq != LOCK_TAKEN_BY_NOBODY) { ht_port_unlock(lock, irq); }
}

#define ht_port_lock(lock)                                                                         \
    ({                                                                                             \
        static lock_site_t lock_site_ __attribute__((section("lock_sites"), used)) = {             \
            __FILE__, __func__, __LINE__, __COUNTER__, false, false};                              \
        lock_at(&lock_site_, (lock));                                                              \
    })
#define ht_port_unlock(lock, irq) unlock_from((lock), (irq))
