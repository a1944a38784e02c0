// SPDX-License-Identifier: Apache-2.0
/** Words that stand for a chip's state in the bare build; a benchmark may set them. */
#pragma once

#include <stdint.h>

extern volatile uint32_t sim_bare_int_mask[2];
extern volatile uint32_t sim_bare_isr_nesting[2];
extern volatile uint32_t sim_bare_core_id;
extern volatile uint32_t sim_bare_tick;
extern void *volatile sim_bare_current_task[2];
