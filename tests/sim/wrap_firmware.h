// SPDX-License-Identifier: Apache-2.0
/** Firmware code for test_wrap: compiled with heaptrail_sim_firmware(). */
#pragma once

#define FIRMWARE_BLOCKS 16

/** Fills `blocks` with one block of each libc function; all but one allocate once, the last one is
 *  also reallocated. Returns the number of blocks. */
int firmware_allocate(void **blocks);
void firmware_free(void **blocks, int count);
