/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The bare-metal port, with each place that takes the lock on a list: any one of them can be made
 * to take nothing, at run time, to see whether a test notices. And its clock stands still.
 */
#pragma once

#include "../port/ht_port_impl.h"

typedef struct {
    const char *file;
    const char *function;
    uint32_t counter; /* tells places of one function apart; grows down the file */
    bool off;
} lock_site_t;

extern lock_site_t __start_lock_sites[], __stop_lock_sites[]; /* board.ld */

/* Only while it is set does a place that is off take no lock. */
extern volatile bool lock_sites_live;

/* Told when a place that is off begins and ends what should have been a critical section. */
void lock_missed(void);
void unlock_missed(void);

#define LOCK_TAKEN_BY_NOBODY 0x80000000U /* no bit of mstatus that is used here */

static inline ht_port_irq_t lock_at(lock_site_t *site, ht_port_lock_t *lock)
{
    if (lock_sites_live && site->off) {
        lock_missed();
        return LOCK_TAKEN_BY_NOBODY;
    }
    return ht_port_lock(lock);
}

static inline void unlock_from(ht_port_lock_t *lock, ht_port_irq_t irq)
{
    if (irq == LOCK_TAKEN_BY_NOBODY) {
        unlock_missed();
    } else {
        ht_port_unlock(lock, irq);
    }
}

#define ht_port_lock(lock)                                                                         \
    ({                                                                                             \
        static lock_site_t lock_site_ __attribute__((section("lock_sites"), used)) = {             \
            __FILE__, __func__, __COUNTER__, false};                                               \
        lock_at(&lock_site_, (lock));                                                              \
    })
#define ht_port_unlock(lock, irq) unlock_from((lock), (irq))

/* What happens is the same in each run of an operation, stamps included; and takes as long. (And
 * ht_port_uptime_us(), by the linker's --wrap.) */
extern ht_tick_t sweep_clock;
#define ht_port_tick() sweep_clock
#define ht_port_clock() ((uint32_t)sweep_clock)

/* Not 0: a handler is no interrupt's but the one that switches tasks, and this task runs in it. */
extern uintptr_t sweep_task;
#define ht_port_task_key() (sweep_task != 0 ? sweep_task : (ht_port_task_key)())

/* The heap's own header is always looked at. */
#define ht_port_header_usual(raw, bytes) ((void)(raw), (void)(bytes), false)
