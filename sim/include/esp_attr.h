// SPDX-License-Identifier: Apache-2.0
/** Placement attributes: the host has one kind of memory, so all but one place nothing. */
#pragma once

#include "sdkconfig.h"

#define ROMFN_ATTR
#ifdef SIM_IRAM_SECTIONS /* as on a chip, to see whether two of them meet on one function */
#define SIM_ATTR_TEXT_(number) #number
#define SIM_ATTR_TEXT(number) SIM_ATTR_TEXT_(number)
#define IRAM_ATTR __attribute__((section(".iram1." SIM_ATTR_TEXT(__COUNTER__))))
#else
#define IRAM_ATTR
#endif
#define FORCE_IRAM_ATTR
#define DRAM_ATTR
#define IRAM_DATA_ATTR
#define IRAM_BSS_ATTR
#define NOLOAD_ATTR
#define WORD_ALIGNED_ATTR __attribute__((aligned(4)))
#define DMA_ATTR WORD_ALIGNED_ATTR DRAM_ATTR
#define DRAM_DMA_ALIGNED_ATTR WORD_ALIGNED_ATTR DRAM_ATTR
#define PACKED_ATTR __attribute__((packed))
#define FORCE_INLINE_ATTR static inline __attribute__((always_inline))
#define DRAM_STR(str) (str)
#define RTC_DATA_ATTR
#define RTC_NOINIT_ATTR
#define RTC_RODATA_ATTR
#define RTC_SLOW_ATTR
#define RTC_IRAM_ATTR
#define RTC_FAST_ATTR
#define EXT_RAM_BSS_ATTR
#define EXT_RAM_NOINIT_ATTR
/** Kept over a warm reset: see sim_noinit() in sim.h. */
#ifndef __NOINIT_ATTR
#define __NOINIT_ATTR __attribute__((section("sim_noinit_data")))
#endif
#define COREDUMP_DRAM_ATTR
#define COREDUMP_IRAM_DATA_ATTR
#define COREDUMP_RTC_DATA_ATTR
#define NOINLINE_ATTR __attribute__((noinline))
#define NOCLONE_ATTR __attribute__((noclone))
#define NONSTRING_ATTR
#define IDF_DEPRECATED(REASON) __attribute__((deprecated(REASON)))
