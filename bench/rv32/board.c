/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * QEMU's "virt" machine as the board of the benchmark: a gigabyte of RAM, where the stand-in's
 * heaps find their places, and the hart's own count of instructions.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sim_bench.h"

#define RAM_START 0x80000000U
#define RAM_BYTES 0x40000000U
#define PROGRAM_BYTES 0x08000000U /* code, data and stack, as the linker was told */

/* The heaps' memory is free RAM: nothing to map, only a place to refuse. */
void *mmap(void *address, size_t bytes, int protection, int flags, int file, long offset)
{
    (void)protection, (void)flags, (void)file, (void)offset;
    uintptr_t offset_in_ram = (uintptr_t)address - RAM_START;
    bool fits = offset_in_ram >= PROGRAM_BYTES && offset_in_ram < RAM_BYTES &&
                bytes <= RAM_BYTES - offset_in_ram;
    return fits ? address : MAP_FAILED;
}

int munmap(void *address, size_t bytes)
{
    (void)address, (void)bytes;
    return 0;
}

int madvise(void *address, size_t bytes, int advice)
{
    (void)address, (void)bytes, (void)advice;
    return 0;
}

/* For the scan: the only task. */
eTaskState eTaskGetState(TaskHandle_t task)
{
    (void)task;
    return eRunning;
}

/* A low-memory watch has a timer; far from its level it never starts. */
__attribute__((weak)) esp_err_t esp_timer_create(const esp_timer_create_args_t *arguments,
                                                 esp_timer_handle_t *timer)
{
    (void)arguments, (void)timer;
    return ESP_OK;
}

__attribute__((weak)) esp_err_t esp_timer_start_once(esp_timer_handle_t timer, uint64_t us)
{
    (void)timer, (void)us;
    printf("a watch fired\n");
    return ESP_FAIL;
}

__attribute__((weak)) esp_err_t esp_timer_delete(esp_timer_handle_t timer)
{
    (void)timer;
    return ESP_OK;
}

static uint32_t s_begin;

static inline uint32_t instructions(void)
{
    uint32_t count;
    __asm__ volatile("rdinstret %0" : "=r"(count)::"memory");
    return count;
}

__attribute__((noinline)) void bench_begin(void)
{
    s_begin = instructions();
}

/* A run is far shorter than 2^32 instructions. */
__attribute__((noinline)) void bench_end(void)
{
    printf("instructions %lu\n", (unsigned long)(instructions() - s_begin));
}
