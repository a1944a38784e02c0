/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_memory.h
 * The memory of a machine that stopped, out of files: core dumps, images of RAM, and the program
 * itself for what no dump holds, its constants.
 *
 *   dump   [ RAM ]   [ stacks ]        what was there: always asked first
 *   file   [ code, constants, ... ]    what the program's file says lies there
 *
 * A context is used by one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ht_lookup_error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ht_memory ht_memory_t;

/** An address that is not known: ht_memory_add_image(). */
#define HT_MEMORY_ANYWHERE UINT64_MAX

/** NULL: no memory. Free it with ht_memory_free(); NULL is fine there. */
ht_memory_t *ht_memory_new(void);
void ht_memory_free(ht_memory_t *memory);

/**
 * Add a core dump: an ELF core file of 32 or 64 bits (of a Linux process, with the files that it
 * had mapped; of `idf.py coredump-info`), the core dump partition of a chip as it is in flash, or
 * the console's text with a core dump in base64. What is cut short is used as far as it goes, and
 * said by ht_memory_note().
 */
bool ht_memory_add_dump(ht_memory_t *memory, const char *path, ht_lookup_error_t *error);

/**
 * Add a file that is a copy of the memory at `address`. HT_MEMORY_ANYWHERE: the file holds
 * heaptrail_state, which says where it lies.
 */
bool ht_memory_add_image(ht_memory_t *memory, const char *path, uint64_t address,
                         ht_lookup_error_t *error);

/** Add what an ELF file loads, moved by `bias`: read where no dump has anything. */
bool ht_memory_add_program(ht_memory_t *memory, const char *path, uint64_t bias,
                           ht_lookup_error_t *error);

/** Bytes at an address. False: not all of them are there, and `bytes` means nothing. O(ranges). */
bool ht_memory_read(const ht_memory_t *memory, uint64_t address, void *bytes, size_t length);

/** The lowest address above `address` at which something begins. UINT64_MAX: none. O(ranges). */
uint64_t ht_memory_next(const ht_memory_t *memory, uint64_t address);

/**
 * Where in the dumps (not the program's file) `wanted` lies, at a multiple of `align`, from `from`
 * on in the order of the dumps' ranges. False: nowhere. O(bytes).
 */
bool ht_memory_find(const ht_memory_t *memory, const void *wanted, size_t length, uint64_t align,
                    uint64_t from, uint64_t *address);

/** Bytes of the dumps, and of everything. */
uint64_t ht_memory_dump_bytes(const ht_memory_t *memory);
uint64_t ht_memory_bytes(const ht_memory_t *memory);

/** SHA-256 of the firmware's ELF file as the dump says, in hexadecimal, maybe shortened; NULL: it
 * does not say. */
const char *ht_memory_firmware_sha(const ht_memory_t *memory);

/** What is wrong with the files although they could be used, sentence by sentence. NULL: no more.
 */
const char *ht_memory_note(const ht_memory_t *memory, size_t number);

/** A mapped file of a Linux core, and where it lay. False: there is no such number. */
typedef struct {
    const char *path;
    uint64_t start, end; /**< of the whole file's mappings */
    uint64_t bias;       /**< what is added to the file's addresses */
} ht_memory_object_t;
bool ht_memory_object(const ht_memory_t *memory, size_t number, ht_memory_object_t *object);

/** The value of a symbol of an ELF file. False: no such file, or no such symbol. */
bool ht_memory_symbol(const char *path, const char *name, uint64_t *value);

#ifdef __cplusplus
}
#endif
