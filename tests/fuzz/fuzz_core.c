/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Any bytes, as a core dump in each of its forms, and as an image of memory that says where it lay.
 * What is read of it makes sense in itself: who shows it indexes its tables with its numbers. */
#define _GNU_SOURCE /* memfd_create() */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "ht_core.h"

static void check_blocks(const ht_core_t *core)
{
    for (size_t i = 0; i < core->block_count; i++) {
        const heaptrail_block_row_t *block = &core->blocks[i];
        fuzz_must(block->origin.id < core->site_count, "a block of no site");
        fuzz_must(block->task_id < core->task_count, "a block of no task");
        fuzz_must(block->heap_id < core->heap_count, "a block in no heap");
        fuzz_must(block->origin.frame_count <= HEAPTRAIL_FRAMES_MAX, "too many frames");
        fuzz_must(memchr(block->task_name, 0, sizeof(block->task_name)) != NULL, "a name's end");
    }
}

static void check_rest(const ht_core_t *core)
{
    for (size_t i = 0; i < core->failure_count; i++) {
        fuzz_must(core->failures[i].number != 0, "a failure without a number");
    }
    for (size_t i = 0; i < core->freed_count; i++) {
        fuzz_must(core->freed[i].freed_by.frame_count <= HEAPTRAIL_FRAMES_MAX, "too many frames");
    }
    for (size_t i = 0; i < core->heap_count; i++) {
        fuzz_must(memchr(core->heaps[i].name, 0, sizeof(core->heaps[i].name)) != NULL,
                  "a name's end");
    }
}

static void open_core(const ht_memory_t *memory)
{
    ht_lookup_error_t error = {HT_LOOKUP_OK, ""};
    uint8_t sha256[32];
    fuzz_must(ht_core_firmware(memory, sha256) <= sizeof(sha256), "too long a sum");
    ht_core_t *core = ht_core_open(memory, NULL, NULL, &error);
    fuzz_must((core == NULL) == (error.code != HT_LOOKUP_OK), "an error without a code");
    if (core == NULL) {
        fuzz_must(error.text[0] != '\0', "an error without words");
        return;
    }
    check_blocks(core);
    check_rest(core);
    ht_core_free(core);
}

static void try_as(const char *path, bool image)
{
    ht_lookup_error_t error = {HT_LOOKUP_OK, ""};
    ht_memory_t *memory = ht_memory_new();
    fuzz_must(memory != NULL, "no memory");
    bool good = image ? ht_memory_add_image(memory, path, HT_MEMORY_ANYWHERE, &error)
                      : ht_memory_add_dump(memory, path, &error);
    fuzz_must(good || error.text[0] != '\0', "an error without words");
    if (good) { open_core(memory); }
    ht_memory_free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    int fd = memfd_create("core", MFD_CLOEXEC);
    fuzz_must(fd >= 0, "no file");
    fuzz_must(length == 0 || write(fd, bytes, length) == (ssize_t)length, "not written");
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    try_as(path, false);
    try_as(path, true);
    close(fd);
    return 0;
}
