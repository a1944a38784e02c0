// SPDX-License-Identifier: Apache-2.0
/** What the simulated chip has. */
#pragma once

#ifndef SOC_CPU_CORES_NUM
#define SOC_CPU_CORES_NUM 2
#endif
#define SOC_CPU_WATCHPOINTS_NUM 2
#define SOC_CPU_WATCHPOINT_MAX_REGION_SIZE 64
#define SOC_SPIRAM_SUPPORTED 1
#define SOC_RTC_FAST_MEM_SUPPORTED 1
#define SOC_MEMORY_TYPE_NO_PRIOS 3
