/* SPDX-License-Identifier: Apache-2.0 */
/** The flash cache. There is none here: always on. */
#pragma once

#include <stdbool.h>

bool spi_flash_cache_enabled(void);
