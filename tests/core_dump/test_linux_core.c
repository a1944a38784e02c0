/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* A Linux process dies; from its core file alone a reader that knows SPEC.md only names each of its
 * blocks, with the file, line and variable of its site. Skipped where the kernel writes no core to
 * the working directory. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf_core.h"
#include "heaptrail_site.h"
#include "state_reader.h"
#ifdef CORE_DUMP_HOST
#include "ht_core.h"
#endif

#define BLOCKS 50U

#define CORE_FILE "dead.core"

static elf_core_t s_core;
static state_reader_t s_reader;

/* --- the process that dies ----------------------------------------------------------------------
 */

static void *s_block[BLOCKS];
static uint32_t s_line;

static void leave(uint32_t i)
{
    s_line = __LINE__ + 1;
    HEAPTRAIL_MALLOC_TO(s_block[i], 1000U + i);
}

/* Tell the parent what to look for, and die. */
static void die(int out)
{
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    (void)setrlimit(RLIMIT_CORE, &all);
    for (uint32_t i = 0; i < BLOCKS; i++) {
        leave(i);
    }
    bool told = write(out, s_block, sizeof(s_block)) == (ssize_t)sizeof(s_block) &&
                write(out, &s_line, sizeof(s_line)) == (ssize_t)sizeof(s_line);
    (void)signal(SIGABRT, SIG_DFL);
    if (told) { abort(); }
    _exit(1);
}

/* --- the one who looks --------------------------------------------------------------------------
 */

/* The core of the child, as core or core.PID. */
static bool find_core(pid_t child, char *path, size_t size)
{
    const char *const names[] = {"core", "core.%d"};
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, size, i == 0 ? names[0] : "core.%d", (int)child);
        if (access(path, R_OK) == 0) { return true; }
    }
    return false;
}

static bool make_core(void)
{
    int ends[2];
    char path[64];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { die(ends[1]); }
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], s_block, sizeof(s_block)), sizeof(s_block));
    assert_int_equal(read(ends[0], &s_line, sizeof(s_line)), sizeof(s_line));
    (void)close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    if (!WCOREDUMP(status) || !find_core(child, path, sizeof(path))) { return false; }
    const char *wrong = elf_core_open(&s_core, path);
    (void)rename(path, CORE_FILE);
    if (wrong != NULL) { fail_msg("%s: %s", path, wrong); }
    return true;
}

/* The magic is in the reader's own constants, too: the state is the one that knows where it lies.
 */
static const char *find_state(void)
{
    const char *wrong = "no state in the core";
    uint64_t at = 0;
    while ((at = elf_core_find(&s_core, "heaptrl\x1a", 8, 8, at)) != 0) {
        wrong = state_open(&s_reader, elf_core_read, &s_core, at);
        if (wrong == NULL) { return NULL; }
        at++;
    }
    return wrong;
}

static void read_text(uint64_t address, char *text, size_t size)
{
    size_t i = 0;
    do {
        assert_true(i < size && elf_core_read(&s_core, address + i, &text[i], 1));
    } while (text[i++] != '\0');
}

static uint64_t field(unsigned number)
{
    uint64_t value = 0;
    assert_true(state_get(&s_reader, number, &value));
    return value;
}

static void expect_site(const state_block_t *block)
{
    uint64_t site = 0;
    uint64_t value = 0;
    char text[256];
    assert_true(state_row(&s_reader, 2, field(9), block->origin, 1, &site));
    assert_true(site != 0);
    assert_true(state_row(&s_reader, 7, site, 0, 4, &value));
    assert_int_equal(value, s_line);
    assert_true(state_row(&s_reader, 7, site, 0, 1, &value));
    read_text(value, text, sizeof(text));
    assert_non_null(strstr(text, "test_linux_core.c"));
    assert_true(state_row(&s_reader, 7, site, 0, 2, &value));
    read_text(value, text, sizeof(text));
    assert_string_equal(text, "leave");
    assert_true(state_row(&s_reader, 7, site, 0, 3, &value));
    read_text(value, text, sizeof(text));
    assert_string_equal(text, "s_block[i]");
}

static void test_core_of_a_dead_process(void **state)
{
    (void)state;
    state_block_t block;
    uint32_t found = 0;
    if (!make_core()) {
        print_message("the kernel wrote no core here\n");
        skip();
    }
    const char *wrong = find_state();
    if (wrong != NULL) { fail_msg("%s", wrong); }
    for (uint64_t n = 0; state_block(&s_reader, n, &block); n++) {
        for (uint32_t i = 0; i < BLOCKS; i++) {
            if (block.address != (uintptr_t)s_block[i]) { continue; }
            assert_int_equal(block.size, 1000U + i);
            expect_site(&block);
            found++;
        }
    }
    assert_int_equal(found, BLOCKS);
}

/* --- the desk's reader --------------------------------------------------------------------------
 */

#ifdef CORE_DUMP_HOST
static const heaptrail_block_row_t *row_at(const ht_core_t *core, uint64_t address)
{
    for (size_t i = 0; i < core->block_count; i++) {
        if (core->blocks[i].address == address) { return &core->blocks[i]; }
    }
    return NULL;
}

/* Each block as the other reader has it; its site's names out of the files that were mapped. */
static void compare_blocks(const ht_core_t *core)
{
    state_block_t block;
    size_t count = 0;
    for (; state_block(&s_reader, count, &block); count++) {
        const heaptrail_block_row_t *row = row_at(core, block.address);
        assert_non_null(row);
        assert_int_equal(row->size_bytes, block.size);
        assert_int_equal(row->heap_id, block.heap);
        assert_int_equal(row->origin.id, block.origin);
        assert_int_equal(row->task_id, block.task);
    }
    assert_int_equal(core->block_count, count);
    const heaptrail_block_row_t *mine = row_at(core, (uintptr_t)s_block[7]);
    assert_non_null(mine);
    assert_int_equal(mine->origin.site->line, s_line);
    assert_string_equal(mine->origin.site->function, "leave");
    assert_string_equal(mine->origin.site->variable, "s_block[i]");
}

static void test_the_desk_reads_the_same(void **state)
{
    (void)state;
    ht_lookup_error_t error;
    if (s_core.bytes == NULL) { skip(); }
    ht_memory_t *memory = ht_memory_new();
    assert_non_null(memory);
    if (!ht_memory_add_dump(memory, CORE_FILE, &error)) { fail_msg("%s", error.text); }
    ht_core_t *core = ht_core_open(memory, NULL, NULL, &error);
    if (core == NULL) { fail_msg("%s", error.text); }
    assert_null(ht_memory_note(memory, 0));
    assert_int_equal(core->note_count, 0);
    assert_int_equal(core->info.address, s_reader.self);
    compare_blocks(core);
    ht_core_free(core);
    ht_memory_free(memory);
}
#endif

static int remove_core(void **state)
{
    (void)state;
    (void)unlink(CORE_FILE);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_core_of_a_dead_process),
#ifdef CORE_DUMP_HOST
        cmocka_unit_test(test_the_desk_reads_the_same),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, remove_core);
}
