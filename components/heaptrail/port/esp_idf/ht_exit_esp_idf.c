/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The last look: esp_restart() runs this in the task that called it, before anything is torn down.
 * What it finds is written out, and stays in the ring over the reset.
 */
#include "esp_system.h"
#include "ht_checked.h"
#include "ht_config.h"

#if HT_CONFIG_CHECKS

__attribute__((constructor)) static void wait_for_restart(void)
{
    (void)esp_register_shutdown_handler(ht_checked_verify_at_exit); /* no slot left: no last look */
}

#endif
