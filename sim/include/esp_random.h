// SPDX-License-Identifier: Apache-2.0
/** Random numbers: seeded (sim_config_t.seed), so runs repeat. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

uint32_t esp_random(void);
void esp_fill_random(void *buf, size_t len);

#ifdef __cplusplus
}
#endif
