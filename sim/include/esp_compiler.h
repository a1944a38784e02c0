// SPDX-License-Identifier: Apache-2.0
/** Branch hints and small compiler helpers. */
#pragma once

#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif
#define ESP_STATIC_ASSERT _Static_assert
#define ESP_COMPILER_DIAGNOSTIC_PUSH_IGNORE(warning)
#define ESP_COMPILER_DIAGNOSTIC_POP(warning)
