/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* test_no_memory PROGRAM.elf SOURCE.c: each allocation of ours fails once, for every one. Nothing
 * crashes or leaks (this runs under ASan, too), and what was not answered is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ht_component.h"
#include "ht_elf_find.h"
#include "ht_symbols.h"
#include "ht_variable.h"
#include "labels.h"

static const char *s_program, *s_source;
static uint64_t s_address;
static unsigned s_line;
static size_t s_count, s_fails; /* the allocation that fails; 0: none */

/* The linker sends the calls of our objects here (--wrap); libdw's go to libc. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *block, size_t count, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *block, size_t count, size_t size);
char *__wrap_strdup(const char *text);

static bool fails(void)
{
    return ++s_count == s_fails;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_reallocarray(void *block, size_t count, size_t size)
{
    return fails() ? NULL : __real_reallocarray(block, count, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

/* Each returns whether all was answered. */
static bool use_symbols(void)
{
    ht_lookup_error_t error;
    ht_symbols_module_t module;
    ht_symbol_variable_t variable;
    ht_symbols_t *symbols = ht_symbols_new(&(ht_symbols_options_t){.debug_path = "/nowhere"});
    if (symbols == NULL) { return false; }
    bool good = ht_symbols_add(symbols, &(ht_symbols_object_t){.path = s_program}, &error);
    assert_true(good || error.code == HT_LOOKUP_NO_MEMORY);
    const ht_symbol_t *symbol = ht_symbols_find(symbols, s_address, HT_ADDRESS_EXACT);
    good = good && symbol->frame_count == 3 && symbol->frames[0].function != NULL &&
           symbol->frames[0].file != NULL && symbol->frames[1].file != NULL && symbol->unit != NULL;
    for (uint64_t i = 0; i < 3000; i++) { /* the answers' table grows */
        const ht_symbol_t *other = ht_symbols_find(symbols, s_address + i, HT_ADDRESS_RETURN);
        assert_true(other->address == s_address + i);
        assert_true(other->frame_count > 0);
    }
    good = ht_symbols_variable(symbols, s_address, &variable) || good;
    if (ht_symbols_module_count(symbols) > 0) {
        assert_true(ht_symbols_module(symbols, 0, &module));
    }
    ht_symbols_free(symbols);
    return good;
}

static bool use_variables(void)
{
    ht_variables_t *variables = ht_variables_new();
    if (variables == NULL) { return false; }
    bool good = ht_variables_substitute(variables, "/from", "/to");
    ht_variable_t found = ht_variables_find(variables, s_source, s_line, 0, "note_call");
    good = good && found.text != NULL && strcmp(found.text, "*out") == 0;
    ht_variables_free(variables);
    return good;
}

static bool use_components(void)
{
    char path[4096];
    ht_lookup_error_t error;
    ht_components_t *components = ht_components_new();
    if (components == NULL) { return false; }
    (void)snprintf(path, sizeof(path), "%s.map", s_program);
    bool good = ht_components_read_map(components, path, NULL, &error);
    assert_true(good || error.code == HT_LOOKUP_NO_MEMORY || error.code == HT_LOOKUP_UNREADABLE);
    ht_component_t found = ht_components_at(components, s_address);
    good = good && found.component != NULL && found.object != NULL &&
           ht_components_of_path(components, "/x/components/net/net.c").component != NULL;
    ht_components_free(components);
    return good;
}

static bool use_elf_find(void)
{
    uint8_t sha[32];
    ht_elf_found_t found;
    ht_lookup_error_t error;
    if (!ht_elf_sha256(s_program, sha, &error)) { return false; }
    const char *paths[] = {s_program};
    ht_elf_search_t search = {.paths = paths, .path_count = 1, .only_paths = true};
    bool good = ht_elf_find(&search, &(ht_elf_key_t){HT_ELF_BY_SHA256, sha, 32}, &found, &error);
    assert_int_equal(good, found.path != NULL);
    free(found.path);
    return good;
}

static void fail_each(bool (*use)(void))
{
    size_t unanswered = 0;
    s_fails = 0;
    s_count = 0;
    assert_true(use());
    size_t all = s_count;
    assert_true(all > 1);
    for (size_t n = 1; n <= all; n++) {
        s_fails = n;
        s_count = 0;
        unanswered += !use();
    }
    s_fails = 0;
    assert_true(unanswered > 0); /* the test of the test */
}

static void test_symbols(void **state)
{
    (void)state;
    fail_each(use_symbols);
}

static void test_variables(void **state)
{
    (void)state;
    fail_each(use_variables);
}

static void test_components(void **state)
{
    (void)state;
    fail_each(use_components);
}

static void test_elf_find(void **state)
{
    (void)state;
    fail_each(use_elf_find);
}

int main(int count, char **arguments)
{
    if (count != 3) { return 2; }
    s_program = arguments[1];
    s_source = arguments[2];
    s_line = line_find(s_source, "note_call(2)");
    if (!label_find(s_program, "in_inner", &s_address) || s_line == 0) { return 2; }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_components),
        cmocka_unit_test(test_elf_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
