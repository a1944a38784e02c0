/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_posix_elf.h
 * Loaded objects and their dynamic symbols, read without locks and without allocating.
 *
 * dladdr() and dlsym() take the dynamic linker's lock: called from inside malloc() they could close
 * a circle of locks that the program alone would never close. _dl_find_object() (glibc 2.35) takes
 * none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A loaded object. */
typedef struct {
    uintptr_t base;  /**< what its addresses are relative to */
    uintptr_t start; /**< of its mapping */
    uintptr_t end;
    const char *path; /**< "" for the program itself */
    const void *dynamic;
} ht_elf_object_t;

/** A function: where it is. */
typedef struct {
    const char *name;
    uintptr_t start;
    size_t size;
} ht_elf_symbol_t;

/** The object that an address lies in. */
bool ht_elf_object(uintptr_t address, ht_elf_object_t *object);

/** A function that an object defines, by name: O(1), by the object's hash table. */
bool ht_elf_symbol_named(const ht_elf_object_t *object, const char *name, ht_elf_symbol_t *symbol);

/** The exported function that an address lies in. O(symbols). */
bool ht_elf_symbol_at(const ht_elf_object_t *object, uintptr_t address, ht_elf_symbol_t *symbol);
