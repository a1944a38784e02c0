/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* From the return address of a call in this very program to the name of what holds the block. */
#define _GNU_SOURCE
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "calls.h"
#include "ht_symbols.h"
#include "ht_variable.h"

#define MOST_CALLS 64

static struct {
    const char *text;
    uintptr_t address;
} s_calls[MOST_CALLS];
static size_t s_count;
static const char *s_next;
static char s_block[16];

void expect(const char *text)
{
    s_next = text;
}

__attribute__((noinline)) void *note_call(int n)
{
    assert_non_null(s_next);
    s_calls[s_count].text = s_next;
    s_calls[s_count].address = (uintptr_t)__builtin_return_address(0);
    s_next = NULL;
    s_count++;
    return &s_block[n];
}

/* The program is the first that is told of. */
static int first_object(struct dl_phdr_info *info, size_t size, void *bias)
{
    (void)size;
    *(uint64_t *)bias = info->dlpi_addr;
    return 1;
}

static int check_call(ht_symbols_t *symbols, ht_variables_t *variables, size_t number)
{
    const ht_symbol_t *symbol =
        ht_symbols_find(symbols, s_calls[number].address, HT_ADDRESS_RETURN);
    const ht_symbol_frame_t *frame = &symbol->frames[0];
    ht_variable_t found =
        ht_variables_find(variables, frame->file, frame->line, frame->column, "note_call");
    const char *text = found.text != NULL ? found.text : "(nothing)";
    if (strcmp(text, s_calls[number].text) == 0) { return 0; }
    print_error("%s:%u:%u (%s): \"%s\" and not \"%s\"\n", frame->file, frame->line, frame->column,
                frame->function, text, s_calls[number].text);
    return 1;
}

static void check(void (*calls)(void), size_t least)
{
    uint64_t bias = 0;
    ht_lookup_error_t error;
    s_count = 0;
    calls();
    assert_true(s_count >= least);
    (void)dl_iterate_phdr(first_object, &bias);
    ht_symbols_t *symbols = ht_symbols_new(NULL);
    ht_symbols_object_t self = {.path = "/proc/self/exe", .bias = bias};
    if (!ht_symbols_add(symbols, &self, &error)) { fail_msg("%s", error.text); }
    ht_variables_t *variables = ht_variables_new();
    int wrong = 0;
    for (size_t i = 0; i < s_count; i++) {
        wrong += check_call(symbols, variables, i);
    }
    assert_int_equal(wrong, 0);
    ht_variables_free(variables);
    ht_symbols_free(symbols);
}

static void test_c(void **state)
{
    (void)state;
    check(make_calls, 9);
}

static void test_cxx(void **state)
{
    (void)state;
    check(make_cxx_calls, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_c), cmocka_unit_test(test_cxx)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
