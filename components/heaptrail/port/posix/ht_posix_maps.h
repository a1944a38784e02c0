/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_posix_maps.h  The kernel's list of this process's mappings, read without stdio. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** A line of /proc/self/maps: "start-end rwxp offset device inode   name" */
typedef struct {
    uintptr_t start;
    uintptr_t end;
    bool readable;
    bool writable;
    bool executable;
    bool is_shared;
    bool is_file;     /**< of a file, whatever it is; not memory that is shared with children */
    bool is_device;   /**< of a path in /dev */
    bool is_stack;    /**< the first thread's */
    bool is_heap;     /**< brk's */
    bool is_kernels;  /**< the vDSO */
    const char *path; /**< of a file, its first 400 bytes at least; else NULL. For this call */
} ht_posix_mapping_t;

/** False ends the walk. */
typedef bool (*ht_posix_mapping_fn)(void *context, const ht_posix_mapping_t *mapping);

/** Each mapping, in the order of addresses. Allocates nothing, is no cancellation point, keeps
 * errno. False: the list cannot be read. */
bool ht_posix_maps(ht_posix_mapping_fn fn, void *context);
