/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * test_symbols SOURCES PROGRAM.elf...: the same questions to programs for several machines. The
 * right answers are in the source: a label's line is where its MARK stands.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ht_symbols.h"
#include "labels.h"

#define MOST_TESTS 200

static const char *s_sources;

typedef struct {
    const char *function, *text; /* what stands in the frame's line */
} expected_t;

typedef struct {
    const char *label;
    ht_address_kind_t kind;
    expected_t frames[4]; /* the innermost first */
} question_t;

static const question_t s_c[] = {
    {"in_callee", HT_ADDRESS_EXACT, {{"callee", "MARK(in_callee)"}}},
    {"in_inner",
     HT_ADDRESS_EXACT,
     {{"inner", "/* inner */"},
      {"middle", "/* call of inner */"},
      {"outer", "/* call of middle */"}}},
    {"behind_call", HT_ADDRESS_EXACT, {{"caller", "MARK(behind_call)"}}},
    {"behind_call", HT_ADDRESS_RETURN, {{"caller", "/* the call */"}}},
    {"in_last", HT_ADDRESS_EXACT, {{"last", "MARK(in_last)"}}},
    {NULL, 0, {{NULL, NULL}}},
};

static const question_t s_cxx[] = {
    {"in_add",
     HT_ADDRESS_EXACT,
     {{"shop::basket<short>::add(short)", "MARK(in_add)"},
      {"shop::fill(shop::basket<short>&)", "/* call of add */"}}},
    {"in_open",
     HT_ADDRESS_EXACT,
     {{"shop::(anonymous namespace)::till::drawer::open", "MARK(in_open)"},
      {"shop::fill(shop::basket<short>&)", "/* call of open */"}}},
    {"in_constructor",
     HT_ADDRESS_EXACT,
     {{"shop::basket<short>::basket(int)", "MARK(in_constructor)"}}},
    {"in_hidden",
     HT_ADDRESS_EXACT,
     {{"shop::(anonymous namespace)::hidden(char const*, unsigned int)", "MARK(in_hidden)"}}},
    {"in_lambda",
     HT_ADDRESS_EXACT,
     {{"shop::fill(shop::basket<short>&)::{lambda(int)#1}::operator()(int) const",
       "MARK(in_lambda)"}}},
    {NULL, 0, {{NULL, NULL}}},
};

static ht_symbols_t *open_program(const char *path, uint64_t bias)
{
    ht_lookup_error_t error;
    ht_symbols_t *symbols = ht_symbols_new(NULL);
    assert_non_null(symbols);
    if (!ht_symbols_add(symbols, &(ht_symbols_object_t){.path = path, .bias = bias}, &error)) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(error.code, HT_LOOKUP_OK);
    return symbols;
}

static uint64_t label(const char *path, const char *name)
{
    uint64_t address = 0;
    if (!label_find(path, name, &address)) { fail_msg("%s has no label %s", path, name); }
    return address;
}

static void check_frame(const ht_symbol_frame_t *frame, const expected_t *expected,
                        const char *source, bool is_inlined)
{
    assert_string_equal(frame->function, expected->function);
    assert_string_equal(frame->file, source);
    unsigned line = line_find(source, expected->text);
    assert_int_not_equal(line, 0);
    assert_int_equal(frame->line, line);
    assert_int_not_equal(frame->column, 0);
    assert_int_equal(frame->is_inlined, is_inlined);
}

static void check_question(ht_symbols_t *symbols, const char *path, const question_t *question,
                           const char *source, uint64_t bias)
{
    uint64_t address = label(path, question->label) + bias;
    const ht_symbol_t *symbol = ht_symbols_find(symbols, address, question->kind);
    size_t depth = 0;
    while (depth < 4 && question->frames[depth].function != NULL) {
        depth++;
    }
    assert_int_equal(symbol->frame_count, depth);
    assert_int_equal(symbol->source, HT_SYMBOL_FROM_DEBUG);
    assert_int_equal(symbol->module, 0);
    assert_true(symbol->address == address);
    assert_true(symbol->module_address == address - bias - (question->kind == HT_ADDRESS_RETURN));
    assert_string_equal(symbol->unit, source);
    for (size_t i = 0; i < depth; i++) {
        check_frame(&symbol->frames[i], &question->frames[i], source, i + 1 < depth);
    }
    assert_ptr_equal(ht_symbols_find(symbols, address, question->kind), symbol);
}

static bool is_cxx(const char *path)
{
    return strstr(path, "cxx") != NULL;
}

static void source_of(const char *path, char source[PATH_MAX])
{
    (void)snprintf(source, PATH_MAX, "%s/program.%s", s_sources, is_cxx(path) ? "cpp" : "c");
}

static void check_all(const char *path, uint64_t bias)
{
    char source[PATH_MAX];
    source_of(path, source);
    ht_symbols_t *symbols = open_program(path, bias);
    for (const question_t *q = is_cxx(path) ? s_cxx : s_c; q->label != NULL; q++) {
        check_question(symbols, path, q, source, bias);
    }
    ht_symbols_free(symbols);
}

static void test_frames(void **state)
{
    check_all(*state, 0);
}

/* As a library or a position independent program is loaded. */
static void test_biased(void **state)
{
    check_all(*state, 0x7f5512340000);
}

/* Functions that the linker threw away are nowhere: not at 0, and not where others are. */
static void test_thrown_away(void **state)
{
    ht_symbols_t *symbols = open_program(*state, 0);
    ht_symbols_module_t module;
    assert_true(ht_symbols_module(symbols, 0, &module));
    assert_true(module.has_lines);
    for (uint64_t address = 0; address < 64; address++) {
        const ht_symbol_t *symbol = ht_symbols_find(symbols, address, HT_ADDRESS_EXACT);
        assert_int_equal(symbol->frame_count, 1);
        assert_null(symbol->frames[0].function);
        assert_null(symbol->frames[0].file);
    }
    size_t named = 0;
    uint64_t end = module.end < module.start + 0x10000 ? module.end : module.start + 0x10000;
    for (uint64_t address = module.start; address < end; address++) {
        const ht_symbol_t *symbol = ht_symbols_find(symbols, address, HT_ADDRESS_EXACT);
        const char *name = symbol->frames[symbol->frame_count - 1].function;
        named += name != NULL;
        assert_true(name == NULL || strncmp(name, "thrown_away", 11) != 0);
    }
    assert_true(named > 50);
    ht_symbols_free(symbols);
}

/* Assembler code, and how far it is from the function's beginning. */
static void test_by_hand(void **state)
{
    if (is_cxx(*state)) { return; }
    ht_symbols_t *symbols = open_program(*state, 0);
    uint64_t address = label(*state, "in_by_hand");
    uint64_t start = label(*state, "by_hand");
    const ht_symbol_t *symbol = ht_symbols_find(symbols, address, HT_ADDRESS_EXACT);
    assert_int_equal(symbol->frame_count, 1);
    assert_string_equal(symbol->frames[0].function, "by_hand");
    assert_int_equal(symbol->offset, address - start);
    assert_int_not_equal(symbol->offset, 0);
    symbol = ht_symbols_find(symbols, address, HT_ADDRESS_RETURN);
    assert_string_equal(symbol->frames[0].function, "by_hand");
    assert_int_equal(symbol->offset, address - start);
    symbol = ht_symbols_find(symbols, start, HT_ADDRESS_EXACT);
    assert_int_equal(symbol->offset, 0);
    ht_symbols_free(symbols);
}

static void test_variable(void **state)
{
    ht_symbols_t *symbols = open_program(*state, 0x1000);
    ht_symbol_variable_t found;
    uint64_t address = label(*state, "sink") + 0x1000;
    assert_true(ht_symbols_variable(symbols, address + 2, &found));
    assert_string_equal(found.name, "sink");
    assert_int_equal(found.offset, 2);
    assert_int_equal(found.size, 4);
    assert_false(ht_symbols_variable(symbols, address + 4, &found) &&
                 strcmp(found.name, "sink") == 0);
    assert_false(ht_symbols_variable(symbols, label(*state, "main") + 0x1000, &found));
    assert_false(ht_symbols_variable(symbols, 0, &found));
    assert_string_equal(ht_symbols_path(symbols, 0), *state);
    assert_null(ht_symbols_path(symbols, 1));
    ht_symbols_free(symbols);
}

/* --- errors, and several files ------------------------------------------------------------------
 */

static void check_error(const char *path, ht_lookup_code_t code, const char *text)
{
    ht_lookup_error_t error;
    ht_symbols_t *symbols = ht_symbols_new(NULL);
    assert_false(ht_symbols_add(symbols, &(ht_symbols_object_t){.path = path}, &error));
    assert_int_equal(error.code, code);
    if (strstr(error.text, text) == NULL) { fail_msg("%s: lacks \"%s\"", error.text, text); }
    assert_int_equal(ht_symbols_module_count(symbols), 0);
    assert_false(ht_symbols_add(symbols, &(ht_symbols_object_t){.path = path}, NULL));
    ht_symbols_free(symbols);
}

static void test_errors(void **state)
{
    (void)state;
    check_error("/nowhere/at/all.elf", HT_LOOKUP_UNREADABLE, "No such file");
    check_error(s_sources, HT_LOOKUP_FOREIGN, "is a folder");
    check_error("/dev/null", HT_LOOKUP_FOREIGN, "is empty");
    check_error(__FILE__, HT_LOOKUP_FOREIGN, "build/PROJECT.elf");
    check_error("", HT_LOOKUP_BAD_CALL, "no path");
    check_error(NULL, HT_LOOKUP_BAD_CALL, "no path");
}

static void test_nothing(void **state)
{
    (void)state;
    ht_symbols_t *symbols = ht_symbols_new(NULL);
    const ht_symbol_t *symbol = ht_symbols_find(symbols, 0x1234, HT_ADDRESS_RETURN);
    assert_int_equal(symbol->frame_count, 1);
    assert_null(symbol->frames[0].function);
    assert_true(symbol->module == HT_SYMBOLS_NO_MODULE);
    assert_int_equal(symbol->address, 0x1234);
    ht_symbols_module_t module;
    assert_false(ht_symbols_module(symbols, 0, &module));
    ht_symbols_free(symbols);
    ht_symbols_free(NULL);
}

/* The wrong build-id: its symbols are not used, its name is. */
static void test_build_id(void **state)
{
    const uint8_t other[20] = {1, 2, 3};
    const char *path = *state;
    ht_lookup_error_t error;
    uint64_t address = label(path, "in_callee");
    ht_symbols_t *symbols = ht_symbols_new(NULL);
    ht_symbols_object_t object = {
        .path = path, .end = UINT64_MAX, .build_id = other, .build_id_size = sizeof(other)};
    assert_false(ht_symbols_add(symbols, &object, &error));
    assert_int_equal(error.code, HT_LOOKUP_MISMATCH);
    assert_non_null(strstr(error.text, "0102030000"));
    const ht_symbol_t *symbol = ht_symbols_find(symbols, address, HT_ADDRESS_EXACT);
    assert_null(symbol->frames[0].function);
    assert_int_equal(symbol->module, 0);
    ht_symbols_module_t module;
    assert_true(ht_symbols_module(symbols, 0, &module));
    assert_false(module.readable);
    assert_string_equal(module.path, path);
    object.build_id = module.build_id; /* the right one */
    object.build_id_size = module.build_id_size;
    assert_int_equal(object.build_id_size, 20);
    assert_true(ht_symbols_add(symbols, &object, &error));
    symbol = ht_symbols_find(symbols, address + 1, HT_ADDRESS_EXACT);
    assert_string_equal(symbol->frames[0].function, "callee");
    assert_int_equal(symbol->module, 1);
    ht_symbols_free(symbols);
}

/* Two copies at different addresses, as two libraries are. */
static void test_two_modules(void **state)
{
    const char *path = *state;
    ht_symbols_t *symbols = open_program(path, 0x10000000);
    ht_symbols_object_t second = {.path = path, .bias = 0x20000000};
    assert_true(ht_symbols_add(symbols, &second, NULL));
    uint64_t address = label(path, "in_callee");
    for (size_t i = 0; i < 2; i++) {
        const ht_symbol_t *symbol =
            ht_symbols_find(symbols, address + 0x10000000 * (i + 1), HT_ADDRESS_EXACT);
        assert_int_equal(symbol->module, i);
        assert_string_equal(symbol->frames[0].function, "callee");
        assert_true(symbol->module_address == address);
    }
    assert_int_equal(ht_symbols_module_count(symbols), 2);
    ht_symbols_free(symbols);
}

static size_t add_programs(struct CMUnitTest *tests, size_t count, int programs, char **paths)
{
    for (int i = 0; i < programs; i++) {
        const struct CMUnitTest each[] = {
            cmocka_unit_test_prestate(test_frames, paths[i]),
            cmocka_unit_test_prestate(test_biased, paths[i]),
            cmocka_unit_test_prestate(test_thrown_away, paths[i]),
            cmocka_unit_test_prestate(test_by_hand, paths[i]),
            cmocka_unit_test_prestate(test_variable, paths[i]),
        };
        memcpy(&tests[count], each, sizeof(each));
        count += sizeof(each) / sizeof(each[0]);
    }
    return count;
}

int main(int count, char **arguments)
{
    if (count < 3 || count > 30) { return 2; }
    s_sources = arguments[1];
    char **programs = &arguments[2]; /* the first is for this machine */
    struct CMUnitTest tests[MOST_TESTS] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test_prestate(test_build_id, programs[0]),
        cmocka_unit_test_prestate(test_two_modules, programs[0]),
    };
    size_t tests_count = add_programs(tests, 4, count - 2, programs);
    return _cmocka_run_group_tests("symbols", tests, tests_count, NULL, NULL);
}
