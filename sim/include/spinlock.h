// SPDX-License-Identifier: Apache-2.0
/** Spinlock type. An all-zero lock is NOT valid, as on the chip: entering it aborts. */
#pragma once

#include <stdint.h>

#define SPINLOCK_FREE 0xB33FFFFFu
#define SPINLOCK_WAIT_FOREVER (-1)
#define SPINLOCK_NO_WAIT 0
#define SPINLOCK_OWNER_ID_0 0xCDCDu
#define SPINLOCK_OWNER_ID_1 0xABABu
#define SPINLOCK_INITIALIZER                                                                       \
    {                                                                                              \
        .owner = SPINLOCK_FREE, .count = 0                                                         \
    }

typedef struct {
    uint32_t owner;
    uint32_t count;
} spinlock_t;

static inline void spinlock_initialize(spinlock_t *lock)
{
    lock->owner = SPINLOCK_FREE;
    lock->count = 0;
}
