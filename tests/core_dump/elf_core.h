/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file elf_core.h  Memory of a dead 64-bit Linux process: its core file, and the files it had
 * mapped, which a core leaves out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_CORE_FILES_MAX 256

typedef struct {
    uint64_t start, end, offset;
    const char *path;
} elf_core_file_t;

typedef struct {
    const unsigned char *bytes;
    size_t size;
    elf_core_file_t file[ELF_CORE_FILES_MAX];
    size_t file_count;
} elf_core_t;

/** Open a core file. NULL, or what is wrong. Stays open until the program ends. */
const char *elf_core_open(elf_core_t *core, const char *path);

/** Memory at an address, from the core or else from the mapped file. False: neither has all of it.
 * A state_read_fn_t. */
bool elf_core_read(void *core, uint64_t address, void *bytes, size_t length);

/** Where in the process `length` bytes at an address that is a multiple of `align` are `wanted`,
 * from `from` on. 0: nowhere in the core. */
uint64_t elf_core_find(const elf_core_t *core, const void *wanted, size_t length, uint64_t align,
                       uint64_t from);
