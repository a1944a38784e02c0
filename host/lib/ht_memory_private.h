/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What ht_memory.c is made of:
 *
 *   ht_memory.c        ranges of bytes by address
 *   ht_memory_elf.c    ELF files: cores, programs, symbols
 *   ht_memory_linux.c  the notes of a Linux core: which files were mapped where
 *   ht_memory_esp.c    how ESP-IDF wraps a core: flash partition, base64 on the console
 */
#pragma once

#include <libelf.h>

#include "ht_memory.h"
#include "ht_strings.h"

/* Bytes that lie at an address. */
typedef struct {
    uint64_t start;
    const uint8_t *bytes;
    size_t size;
    bool is_dump; /* else of a program's file */
} ht_memory_range_t;

/* A file in memory: mapped, or made by us. */
typedef struct {
    uint8_t *bytes;
    size_t size;
    bool is_mapped;
} ht_memory_file_t;

struct ht_memory {
    ht_memory_range_t *ranges;
    size_t range_count, range_capacity;
    ht_memory_file_t *files;
    size_t file_count, file_capacity;
    char **notes;
    size_t note_count, note_capacity;
    ht_memory_object_t *objects;
    size_t object_count, object_capacity;
    char firmware_sha[72];
};

/* Remember a sentence. */
void ht_memory_say(ht_memory_t *memory, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The bytes of a file, which live as long as `memory`. NULL: `error` says why. */
const uint8_t *ht_memory_map(ht_memory_t *memory, const char *path, size_t *size,
                             ht_lookup_error_t *error);

/* Take over bytes from malloc(). False: no memory, and they are freed. */
bool ht_memory_keep(ht_memory_t *memory, uint8_t *bytes, size_t size);

bool ht_memory_range(ht_memory_t *memory, const ht_memory_range_t *range);

/* ht_memory_elf.c: `bytes` are an ELF core. */
bool ht_memory_add_elf_core(ht_memory_t *memory, const char *path, const uint8_t *bytes,
                            size_t size, ht_lookup_error_t *error);

/* ht_memory_linux.c: the note NT_FILE of a core. */
void ht_memory_add_mapped(ht_memory_t *memory, const uint8_t *note, size_t size,
                          unsigned word_bytes);

/* ht_memory_esp.c. The ELF core inside of a partition's image or of a console's text. NULL: it is
 * neither (HT_LOOKUP_FOREIGN), or is one and damaged. */
const uint8_t *ht_memory_unwrap(ht_memory_t *memory, const char *path, const uint8_t *bytes,
                                size_t *size, ht_lookup_error_t *error);
