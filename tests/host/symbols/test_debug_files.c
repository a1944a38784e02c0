/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* test_debug_files PROGRAM.elf: the same program with its debug information elsewhere, and with
 * less and less of it. */
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ht_load.h"
#include "ht_symbols.h"
#include "labels.h"

static const char *s_program;
static char s_folder[] = "/tmp/heaptrail-debug-XXXXXX";

/* A command, in the folder, with $P for the program. */
static void run(const char *command)
{
    char whole[2 * PATH_MAX];
    (void)snprintf(whole, sizeof(whole), "set -e; P='%s'; cd %s; %s", s_program, s_folder, command);
    if (system(whole) != 0) { fail_msg("%s", whole); }
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(s_folder) == NULL) { return -1; }
    run("mkdir beside below below/.debug by_id less; objcopy --only-keep-debug \"$P\" "
        "beside/p.debug; cp \"$P\" p; "
        "strip p; objcopy --add-gnu-debuglink=beside/p.debug p beside/p; cp beside/p below/p; "
        "cp beside/p.debug below/.debug/; cp beside/p p; cp p less/none; strip -g -o less/table "
        "\"$P\"; "
        "ID=$(readelf -n \"$P\" | sed -n 's/.*Build ID: //p'); mkdir -p by_id/.build-id/$(echo $ID "
        "| cut -c1-2); "
        "cp beside/p.debug by_id/.build-id/$(echo $ID | cut -c1-2)/$(echo $ID | cut -c3-).debug");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    run("rm -rf \"$PWD\"");
    return 0;
}

static const ht_symbol_t *ask(ht_symbols_t *symbols, const char *path, ht_symbols_module_t *module)
{
    char whole[PATH_MAX];
    uint64_t address;
    ht_lookup_error_t error;
    (void)snprintf(whole, sizeof(whole), "%s/%s", s_folder, path);
    assert_true(label_find(s_program, "in_inner", &address));
    if (!ht_symbols_add(symbols, &(ht_symbols_object_t){.path = whole}, &error)) {
        fail_msg("%s", error.text);
    }
    const ht_symbol_t *symbol = ht_symbols_find(symbols, address, HT_ADDRESS_EXACT);
    assert_true(ht_symbols_module(symbols, 0, module));
    assert_true(module->readable);
    return symbol;
}

static void check_complete(const char *path, const char *debug, const ht_symbols_options_t *options)
{
    ht_symbols_module_t module;
    ht_symbols_t *symbols = ht_symbols_new(options);
    const ht_symbol_t *symbol = ask(symbols, path, &module);
    assert_int_equal(symbol->source, HT_SYMBOL_FROM_DEBUG);
    assert_int_equal(symbol->frame_count, 3);
    assert_string_equal(symbol->frames[0].function, "inner");
    assert_string_equal(symbol->frames[2].function, "outer");
    assert_int_not_equal(symbol->frames[0].line, 0);
    assert_true(module.has_lines);
    assert_non_null(module.debug_path);
    assert_non_null(strstr(module.debug_path, debug));
    ht_symbols_free(symbols);
}

static void check_places(void)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/by_id", s_folder);
    check_complete("beside/p", "beside/p.debug", NULL);
    check_complete("below/p", "below/.debug/p.debug", NULL);
    check_complete("p", "by_id/.build-id/", &(ht_symbols_options_t){.debug_path = path});
}

static void test_places(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("DEBUGINFOD_URLS"), 0);
    check_places();
}

/* --- the network --------------------------------------------------------------------------------
 */

/* Somebody who could be asked. */
static int listen_here(void)
{
    char url[60], cache[PATH_MAX];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(server, 8), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
    (void)snprintf(cache, sizeof(cache), "%s/cache", s_folder);
    assert_int_equal(setenv("DEBUGINFOD_URLS", url, 1), 0);
    assert_int_equal(setenv("DEBUGINFOD_CACHE_PATH", cache, 1), 0);
    assert_int_equal(setenv("DEBUGINFOD_TIMEOUT", "2", 1), 0);
    return server;
}

static void *hang_up(void *context)
{
    int *server = context;
    struct pollfd wait = {.fd = *server, .events = POLLIN};
    bool is_asked = poll(&wait, 1, 5000) == 1;
    int client = is_asked ? accept(*server, NULL, NULL) : -1;
    if (client >= 0) { (void)close(client); }
    (void)close(*server); /* who asks again is refused at once */
    return is_asked ? server : NULL;
}

static const ht_symbol_t *ask_for_nothing(ht_symbols_t *symbols)
{
    ht_symbols_module_t module;
    const ht_symbol_t *symbol = ask(symbols, "less/none", &module);
    assert_false(module.has_lines);
    return symbol;
}

/* With servers in the environment all is found as without, and they are not asked. */
static void test_no_network(void **state)
{
    (void)state;
    int server = listen_here();
    check_places();
    ht_symbols_t *symbols = ht_symbols_new(NULL);
    (void)ask_for_nothing(symbols);
    ht_symbols_free(symbols);
    struct pollfd wait = {.fd = server, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 0), 0);
    (void)close(server);
}

/* The test of the test: whoever wants it gets it. */
static void test_network(void **state)
{
    (void)state;
    pthread_t thread;
    void *asked;
    if (access("/usr/lib/x86_64-linux-gnu/libdebuginfod.so.1", R_OK) != 0) { skip(); }
    int server = listen_here();
    assert_int_equal(pthread_create(&thread, NULL, hang_up, &server), 0);
    ht_symbols_t *symbols = ht_symbols_new(&(ht_symbols_options_t){.use_debuginfod = true});
    (void)ask_for_nothing(symbols);
    ht_symbols_free(symbols);
    assert_int_equal(pthread_join(thread, &asked), 0);
    assert_int_equal(unsetenv("DEBUGINFOD_URLS"), 0);
    assert_non_null(asked);
}

/* --- less and less ------------------------------------------------------------------------------
 */

/* The symbol table alone: no line, no inlined functions. */
static void test_table(void **state)
{
    (void)state;
    uint64_t start, address;
    ht_symbols_module_t module;
    ht_symbols_t *symbols = ht_symbols_new(NULL);
    const ht_symbol_t *symbol = ask(symbols, "less/table", &module);
    assert_true(label_find(s_program, "outer", &start));
    assert_true(label_find(s_program, "in_inner", &address));
    assert_false(module.has_lines);
    assert_null(module.debug_path);
    assert_true(module.function_count > 6);
    assert_int_equal(symbol->source, HT_SYMBOL_FROM_TABLE);
    assert_int_equal(symbol->frame_count, 1);
    assert_string_equal(symbol->frames[0].function, "outer"); /* and not the label within */
    assert_int_equal(symbol->frames[0].line, 0);
    assert_true(symbol->offset == address - start);
    ht_symbols_free(symbols);
}

static void check_nothing(const char *path)
{
    ht_symbols_module_t module;
    ht_symbols_t *symbols = ht_symbols_new(NULL);
    const ht_symbol_t *symbol = ask(symbols, path, &module);
    assert_false(module.has_lines);
    assert_int_equal(symbol->source, HT_SYMBOL_UNKNOWN);
    assert_int_equal(symbol->frame_count, 1);
    assert_null(symbol->frames[0].function);
    assert_int_equal(symbol->module, 0); /* which file is known all the same */
    ht_symbols_free(symbols);
}

static void test_none(void **state)
{
    (void)state;
    check_nothing("less/none");
}

/* Without the lists of ranges: a unit's functions say where it is. */
static void test_no_ranges(void **state)
{
    (void)state;
    char path[PATH_MAX];
    uint64_t address;
    run("objcopy -R .debug_rnglists \"$P\" less/ranges");
    (void)snprintf(path, sizeof(path), "%s/less/ranges", s_folder);
    assert_true(label_find(s_program, "in_callee", &address));
    ht_symbols_t *symbols = ht_symbols_new(NULL);
    assert_true(ht_symbols_add(symbols, &(ht_symbols_object_t){.path = path}, NULL));
    const ht_symbol_t *symbol = ht_symbols_find(symbols, address, HT_ADDRESS_EXACT);
    assert_int_equal(symbol->source, HT_SYMBOL_FROM_DEBUG);
    assert_string_equal(symbol->frames[0].function, "callee");
    assert_int_not_equal(symbol->frames[0].line, 0);
    ht_symbols_free(symbols);
}

/* Without section headers: the segments say where code is. */
static void test_no_sections(void **state)
{
    (void)state;
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/less/bare", s_folder);
    run("cp less/none less/bare");
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    const char zeros[8] = {0};
    assert_int_equal(fseek(file, 40, SEEK_SET), 0); /* e_shoff of 64 bits */
    assert_int_equal(fwrite(zeros, 8, 1, file), 1);
    assert_int_equal(fseek(file, 60, SEEK_SET), 0); /* e_shnum, e_shstrndx */
    assert_int_equal(fwrite(zeros, 4, 1, file), 1);
    assert_int_equal(fclose(file), 0);
    check_nothing("less/bare");
}

int main(int count, char **arguments)
{
    if (count != 2) { return 2; }
    s_program = arguments[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),    cmocka_unit_test(test_no_network),
        cmocka_unit_test(test_network),   cmocka_unit_test(test_table),
        cmocka_unit_test(test_none),      cmocka_unit_test(test_no_sections),
        cmocka_unit_test(test_no_ranges),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
