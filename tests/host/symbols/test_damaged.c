/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * test_damaged PROGRAM.elf...: cut anywhere, bits flipped anywhere. Every file either is refused
 * with a reason that names it, or gives answers; nothing crashes, and nothing takes long.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "ht_load.h"
#include "ht_symbols.h"

#define CUTS 150U
#define FLIPS 400U
#define PROBES 2000U
#define SECONDS                                                                                    \
    60U /* for one file's damages together; a loop in debug information would never end */

static int s_file;
static char s_path[40];
static uint32_t s_seed;

static uint32_t random_below(size_t limit)
{
    s_seed = s_seed * 1664525U + 1013904223U;
    return (uint32_t)(((uint64_t)(s_seed >> 4) * limit) >> 28);
}

/* In memory: a disk makes this ten times slower. */
static void write_file(const char *bytes, size_t size)
{
    assert_int_equal(ftruncate(s_file, 0), 0);
    assert_int_equal(pwrite(s_file, bytes, size, 0), (ssize_t)size);
}

/* Names and lines of some addresses, each followed to its end. */
static size_t use(ht_symbols_t *symbols)
{
    size_t letters = 0;
    ht_symbols_module_t module;
    assert_true(ht_symbols_module(symbols, 0, &module));
    uint64_t step = (module.end - module.start) / PROBES + 1;
    for (uint64_t i = 0; i < PROBES; i++) {
        const ht_symbol_t *symbol = ht_symbols_find(symbols, module.start + i * step, i % 2);
        assert_true(symbol->frame_count > 0);
        for (size_t k = 0; k < symbol->frame_count; k++) {
            const ht_symbol_frame_t *frame = &symbol->frames[k];
            letters += frame->function != NULL ? strlen(frame->function) : 0;
            letters += frame->file != NULL ? strlen(frame->file) : 0;
        }
    }
    return letters;
}

/* True: it was usable. */
static bool look(const char *bytes, size_t size, size_t *letters)
{
    ht_lookup_error_t error;
    write_file(bytes, size);
    ht_symbols_t *symbols = ht_symbols_new(NULL);
    bool good = ht_symbols_add(symbols, &(ht_symbols_object_t){.path = s_path}, &error);
    if (good) {
        *letters += use(symbols);
    } else {
        assert_int_not_equal(error.code, HT_LOOKUP_OK);
        assert_non_null(strstr(error.text, s_path));
    }
    ht_symbols_free(symbols);
    return good;
}

/* The section headers are the last part of these files, so each cut is seen. */
static void test_cut(void **state)
{
    size_t size, letters = 0;
    char *bytes = ht_load_file(*state, (size_t)1 << 30, &size);
    assert_non_null(bytes);
    assert_true(look(bytes, size, &letters));
    assert_true(letters > 1000);
    for (size_t i = 0; i < CUTS; i++) {
        size_t left = i < 70 ? i : size * i / CUTS;
        if (look(bytes, left, &letters)) {
            fail_msg("%s: its first %zu bytes were taken for whole", s_path, left);
        }
    }
    assert_false(look(bytes, size - 1, &letters));
    free(bytes);
}

/* A part that lies beyond the end, or whose end is before its beginning. The first program has 64
 * bits. */
static void test_outside(void **state)
{
    size_t size, letters = 0;
    char *bytes = ht_load_file(*state, (size_t)1 << 30, &size);
    assert_non_null(bytes);
    Elf64_Ehdr head;
    memcpy(&head, bytes, sizeof(head));
    assert_int_equal(head.e_ident[EI_CLASS], ELFCLASS64);
    for (unsigned i = 1; i < head.e_shnum; i++) {
        Elf64_Shdr part, changed;
        char *at = bytes + head.e_shoff + i * sizeof(part);
        memcpy(&part, at, sizeof(part));
        if (part.sh_type == SHT_NOBITS) { continue; }
        const uint64_t sizes[] = {size, UINT64_MAX, UINT64_MAX - part.sh_offset + 1};
        for (size_t k = 0; k < 3; k++) {
            changed = part;
            changed.sh_size = sizes[k];
            memcpy(at, &changed, sizeof(changed));
            assert_false(look(bytes, size, &letters));
        }
        memcpy(at, &part, sizeof(part));
    }
    assert_true(look(bytes, size, &letters));
    free(bytes);
}

static void test_flipped(void **state)
{
    size_t size, letters = 0, usable = 0;
    char *bytes = ht_load_file(*state, (size_t)1 << 30, &size);
    assert_non_null(bytes);
    (void)alarm(SECONDS);
    s_seed = 1;
    for (size_t i = 0; i < FLIPS; i++) {
        size_t at[8];
        size_t count = 1 + i % 8;
        for (size_t k = 0; k < count; k++) {
            at[k] = random_below(8 * size);
            bytes[at[k] / 8] ^= (char)(1U << at[k] % 8);
        }
        usable += look(bytes, size, &letters);
        for (size_t k = count; k-- > 0;) {
            bytes[at[k] / 8] ^= (char)(1U << at[k] % 8);
        }
    }
    (void)alarm(0);
    assert_true(usable > FLIPS / 4); /* most damage is where it does not matter for opening */
    assert_true(letters > 1000);
    free(bytes);
}

int main(int count, char **arguments)
{
    if (count < 2 || count > 20) { return 2; }
    struct CMUnitTest tests[40];
    size_t tests_count = 0;
    tests[tests_count++] = (struct CMUnitTest)cmocka_unit_test_prestate(test_outside, arguments[1]);
    for (int i = 1; i < count; i++) {
        tests[tests_count++] = (struct CMUnitTest)cmocka_unit_test_prestate(test_cut, arguments[i]);
        tests[tests_count++] =
            (struct CMUnitTest)cmocka_unit_test_prestate(test_flipped, arguments[i]);
    }
    s_file = memfd_create("damaged", 0);
    if (s_file < 0) { return 2; }
    (void)snprintf(s_path, sizeof(s_path), "/proc/self/fd/%d", s_file);
    return _cmocka_run_group_tests("damaged", tests, tests_count, NULL, NULL);
}
