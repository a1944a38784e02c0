// SPDX-License-Identifier: Apache-2.0
/** Kept for code that includes the old name. */
#pragma once

#include "esp_memory_utils.h"
