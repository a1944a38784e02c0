/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* test_component PROGRAM.elf...: maps that the linker wrote beside these programs, one in ESP-IDF's
 * words, and hostile ones. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "ht_component.h"
#include "labels.h"

static int s_file;
static char s_path[40];

/* In memory: a disk makes this ten times slower. */
static void write_map(const char *text, size_t size)
{
    assert_int_equal(ftruncate(s_file, 0), 0);
    assert_int_equal(pwrite(s_file, text, size, 0), (ssize_t)size);
}

static ht_components_t *read_map(const char *path, ht_component_map_t *map)
{
    ht_lookup_error_t error;
    ht_components_t *components = ht_components_new();
    if (!ht_components_read_map(components, path, map, &error)) { fail_msg("%s", error.text); }
    return components;
}

static void check_at(ht_components_t *components, uint64_t address, const char *component,
                     const char *archive, const char *object)
{
    ht_component_t found = ht_components_at(components, address);
    assert_int_equal(found.source,
                     component != NULL ? HT_COMPONENT_FROM_MAP : HT_COMPONENT_UNKNOWN);
    const char *pairs[][2] = {
        {found.component, component}, {found.archive, archive}, {found.object, object}};
    for (size_t i = 0; i < 3; i++) {
        if (pairs[i][1] == NULL) {
            assert_null(pairs[i][0]);
        } else {
            assert_non_null(pairs[i][0]);
            assert_string_equal(pairs[i][0], pairs[i][1]);
        }
    }
}

/* As ESP-IDF's, with each thing that lines can be. */
static const char s_idf[] =
    "Archive member included to satisfy reference by file (symbol)\n"
    "\n"
    "esp-idf/main/libmain.a(main.c.obj)\n"
    "                              (app_main)\n"
    "\n"
    "Discarded input sections\n"
    "\n"
    " .text          0x00000000        0x0 CMakeFiles/app.elf.dir/project_elf_src.c.obj\n"
    " .text.thrown   0x42000020       0x10 esp-idf/lwip/liblwip.a(thrown.c.obj)\n"
    "\n"
    "Memory Configuration\n"
    "\n"
    "Name             Origin             Length             Attributes\n"
    "iram0_0_seg      0x40380000         0x00060000         xr\n"
    "\n"
    "Linker script and memory map\n"
    "\n"
    "LOAD CMakeFiles/app.elf.dir/project_elf_src.c.obj\n"
    "START GROUP\n"
    "LOAD esp-idf/main/libmain.a\n"
    "END GROUP\n"
    "                0x00000000                IDF_TARGET_ESP32C3 = 0x0\n"
    "\n"
    ".iram0.text     0x40380000      0x100\n"
    "                0x40380000                _iram_start = ABSOLUTE (0x0)\n"
    " *(.iram1 .iram1.*)\n"
    " .iram1.0       0x40380000       0x20 esp-idf/freertos/libfreertos.a(tasks.c.obj)\n"
    "                0x40380000                vTaskSwitchContext\n"
    " *fill*         0x40380020        0x4 \n"
    " .iram1.24      0x40380024       0x1c esp-idf/freertos/libfreertos.a(tasks.c.obj)\n"
    "                                 0x20 (size before relaxing)\n"
    " .wifi0iram.1   0x40380040       0x20 /idf/components/esp_wifi/lib/esp32c3/libpp.a(lmac.o)\n"
    " .text          0x40380060       0x20 "
    "/opt/riscv32-esp-elf/bin/../lib/gcc/libgcc.a(_divdi3.o)\n"
    " .text          0x40380080       0x20 /opt/riscv32-esp-elf/lib/libc.a(libc_a-malloc "
    "(copy).o)\n"
    "\n"
    ".flash.text     0x42000020     0x1000\n"
    " *(.literal .text)\n"
    " .text.app_main\n"
    "                0x42000020       0x40 esp-idf/main/libmain.a(main.c.obj)\n"
    "                0x42000020                app_main\n"
    " .text          0x42000060       0x10 CMakeFiles/app.elf.dir/project_elf_src.c.obj\n"
    " .text.a_very_long_name_of_a_function\n"
    "                0x42000070       0x10 "
    "esp-idf/espressif__led_strip/libespressif__led_strip.a(rmt.c.obj)\n"
    " .text.none     0x42000080        0x0 esp-idf/log/liblog.a(log.c.obj)\n"
    " .text.x        0x42000090       0x10 /a path/with "
    "spaces/managed_components/x__y/prebuilt/libz.a(z.c.obj)\n"
    " .text.pio      0x420000a0       0x10 .pio/build/esp32/src/main.cpp.o\n"
    " .text.broken   0x420000b0       0x10 \n"
    " .text.broken   0x420000b0\n"
    " .text.broken   0xzz       0x10 esp-idf/log/liblog.a(log.c.obj)\n"
    " .text.broken   0x123456789abcdef01       0x10 esp-idf/log/liblog.a(log.c.obj)\n"
    " .text.broken   0xffffffffffffffff       0x10 esp-idf/log/liblog.a(log.c.obj)\n"
    "\n"
    ".debug_info     0x00000000    0x10000\n"
    " .debug_info    0x00000000    0x10000 esp-idf/log/liblog.a(log.c.obj)\n"
    "OUTPUT(app.elf elf32-littleriscv)\n";

static void test_idf(void **state)
{
    (void)state;
    ht_component_map_t map;
    write_map(s_idf, sizeof(s_idf) - 1);
    ht_components_t *components = read_map(s_path, &map);
    assert_true(map.is_complete);
    assert_int_equal(map.section_count, 10);
    assert_int_equal(map.ignored_line_count, 5);
    check_at(components, 0x40380000, "freertos", "libfreertos.a", "tasks.c.obj");
    check_at(components, 0x4038001f, "freertos", "libfreertos.a", "tasks.c.obj");
    check_at(components, 0x40380020, NULL, NULL, NULL); /* fill */
    check_at(components, 0x40380024, "freertos", "libfreertos.a", "tasks.c.obj");
    check_at(components, 0x40380040, "esp_wifi", "libpp.a", "lmac.o");
    check_at(components, 0x40380060, "libgcc", "libgcc.a", "_divdi3.o");
    check_at(components, 0x40380080, "libc", "libc.a", "libc_a-malloc (copy).o");
    check_at(components, 0x42000020, "main", "libmain.a",
             "main.c.obj"); /* and not lwip: that was thrown away */
    check_at(components, 0x42000060, "project_elf_src", NULL, "project_elf_src.c.obj");
    check_at(components, 0x42000070, "espressif__led_strip", "libespressif__led_strip.a",
             "rmt.c.obj");
    check_at(components, 0x42000080, NULL, NULL, NULL);
    check_at(components, 0x42000090, "x__y", "libz.a", "z.c.obj");
    check_at(components, 0x420000a0, "main", NULL, "main.cpp.o");
    check_at(components, 0x420000b0, NULL, NULL, NULL);
    check_at(components, 0x10, NULL, NULL, NULL); /* debug information is at no address */
    ht_components_free(components);
}

/* Where the map ends: what was read is right, and it says that the end is missing. */
static void test_truncated(void **state)
{
    (void)state;
    size_t begin = (size_t)(strstr(s_idf, "Linker script") - s_idf);
    for (size_t size = 0; size < sizeof(s_idf) - 1; size += 7) {
        ht_lookup_error_t error;
        ht_component_map_t map;
        write_map(s_idf, size);
        ht_components_t *components = ht_components_new();
        bool good = ht_components_read_map(components, s_path, &map, &error);
        assert_true(size < begin + 40 ? !good : true);
        assert_int_equal(good, map.section_count > 0);
        if (!good) {
            assert_int_equal(error.code, HT_LOOKUP_FOREIGN);
            assert_non_null(strstr(error.text, "-Wl,-Map"));
        }
        assert_true(size < (size_t)(strstr(s_idf, "OUTPUT(") - s_idf) ? !map.is_complete : true);
        ht_component_t found = ht_components_at(components, 0x40380010);
        assert_true(found.component == NULL || strcmp(found.component, "freertos") == 0);
        ht_components_free(components);
    }
}

/* Bits that flipped: any answer, but no more than that. */
static void test_damaged(void **state)
{
    (void)state;
    static char text[sizeof(s_idf)];
    for (size_t bit = 0; bit < 8 * (sizeof(s_idf) - 1); bit += 31) {
        memcpy(text, s_idf, sizeof(text));
        text[bit / 8] ^= (char)(1U << bit % 8);
        write_map(text, sizeof(text) - 1);
        ht_components_t *components = ht_components_new();
        if (ht_components_read_map(components, s_path, NULL, NULL)) {
            for (uint64_t address = 0x42000020; address < 0x420000b0; address += 8) {
                (void)ht_components_at(components, address);
            }
        }
        ht_components_free(components);
    }
}

static void test_errors(void **state)
{
    (void)state;
    ht_lookup_error_t error;
    ht_components_t *components = ht_components_new();
    assert_false(ht_components_read_map(components, "/nowhere.map", NULL, &error));
    assert_int_equal(error.code, HT_LOOKUP_UNREADABLE);
    assert_false(ht_components_read_map(components, "/tmp", NULL, &error));
    assert_int_equal(error.code, HT_LOOKUP_UNREADABLE);
    const char lld[] = "             VMA              LMA     Size Align Out     In      Symbol\n";
    write_map(lld, sizeof(lld) - 1);
    assert_false(ht_components_read_map(components, s_path, NULL, &error));
    assert_non_null(strstr(error.text, "lld"));
    assert_false(ht_components_check_map(components, s_path, &error));
    assert_int_equal(error.code, HT_LOOKUP_BAD_CALL);
    check_at(components, 0x42000020, NULL, NULL, NULL);
    ht_components_free(components);
    ht_components_free(NULL);
}

/* The map that the linker wrote with the program, and the other programs' maps. */
static void test_real(void **state)
{
    char path[4096];
    const char *elf = *state;
    uint64_t address;
    ht_lookup_error_t error;
    ht_component_map_t map;
    (void)snprintf(path, sizeof(path), "%s.map", elf);
    ht_components_t *components = read_map(path, &map);
    assert_true(map.is_complete);
    assert_true(map.section_count > 5);
    assert_int_equal(map.ignored_line_count, 0);
    if (!ht_components_check_map(components, elf, &error)) { fail_msg("%s", error.text); }
    assert_true(label_find(elf, "main", &address));
    ht_component_t found = ht_components_at(components, address);
    assert_int_equal(found.source, HT_COMPONENT_FROM_MAP);
    assert_non_null(found.object);
    assert_null(found.archive);
    ht_components_free(components);
}

static void test_wrong_map(void **state)
{
    char **programs = *state;
    char path[4096];
    ht_lookup_error_t error;
    (void)snprintf(path, sizeof(path), "%s.map", programs[0]);
    ht_components_t *components = read_map(path, NULL);
    assert_false(ht_components_check_map(components, programs[1], &error));
    assert_int_equal(error.code, HT_LOOKUP_MISMATCH);
    assert_non_null(strstr(error.text, "is not that of"));
    assert_false(ht_components_check_map(components, "/nowhere.elf", &error));
    assert_int_equal(error.code, HT_LOOKUP_UNREADABLE);
    assert_false(
        ht_components_check_map(components, path, &error)); /* the map itself: no ELF file */
    assert_int_equal(error.code, HT_LOOKUP_FOREIGN);
    ht_components_free(components);
}

static void test_paths(void **state)
{
    (void)state;
    static const char *const paths[][2] = {
        {"/idf/components/freertos/FreeRTOS-Kernel/tasks.c", "freertos"},
        {"/sources/components/app/components/net/src/net.c", "net"},
        {"/app/managed_components/espressif__led_strip/src/x.c", "espressif__led_strip"},
        {"/app/managed_components/a__b/components/c/x.c", "a__b"},
        {"/app/main/main.c", "main"},
        {"main/main.c", "main"},
        {"/idf/components/esp_system/startup_funcs.c", "esp_system"},
        {"/builds/idf/crosstool-NG/newlib/libc/stdlib/malloc.c", "newlib"},
        {"/builds/gcc/libgcc/libgcc2.c", "libgcc"},
        {"/builds/gcc/libstdc++-v3/libsupc++/new_op.cc", "libstdc++"},
        {"/src/domain/x.c", NULL},
        {"/src/mycomponents/x/y.c", NULL},
        {"/src/components/x.c", NULL}, /* a file, no component's folder */
        {"", NULL},
    };
    ht_components_t *components = ht_components_new();
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ht_component_t found = ht_components_of_path(components, paths[i][0]);
        if (paths[i][1] == NULL) {
            assert_null(found.component);
            assert_int_equal(found.source, HT_COMPONENT_UNKNOWN);
        } else {
            assert_string_equal(found.component, paths[i][1]);
            assert_int_equal(found.source, HT_COMPONENT_FROM_PATH);
        }
    }
    ht_components_free(components);
}

/* Map, then path, then file. */
static void test_order(void **state)
{
    (void)state;
    write_map(s_idf, sizeof(s_idf) - 1);
    ht_components_t *components = read_map(s_path, NULL);
    ht_symbol_t symbol = {.module_address = 0x42000020, .unit = "/idf/components/log/log.c"};
    assert_string_equal(ht_components_find(components, &symbol, "/lib/libc.so.6").component,
                        "main");
    symbol.module = 1; /* of another file: not the map's */
    assert_string_equal(ht_components_find(components, &symbol, "/lib/libc.so.6").component, "log");
    symbol.module = 0;
    symbol.module_address = 0;
    assert_string_equal(ht_components_find(components, &symbol, "/lib/libc.so.6").component, "log");
    symbol.unit = NULL;
    ht_component_t found = ht_components_find(components, &symbol, "/lib/libc.so.6");
    assert_string_equal(found.component, "libc.so.6");
    assert_int_equal(found.source, HT_COMPONENT_FROM_FILE);
    assert_null(ht_components_find(components, &symbol, NULL).component);
    ht_components_free(components);
}

int main(int count, char **arguments)
{
    if (count < 3 || count > 30) { return 2; }
    struct CMUnitTest tests[40] = {
        cmocka_unit_test(test_idf),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_order),
        cmocka_unit_test_prestate(test_wrong_map, &arguments[1]),
    };
    size_t tests_count = 7;
    for (int i = 1; i < count; i++) {
        tests[tests_count++] =
            (struct CMUnitTest)cmocka_unit_test_prestate(test_real, arguments[i]);
    }
    s_file = memfd_create("map", 0);
    if (s_file < 0) { return 2; }
    (void)snprintf(s_path, sizeof(s_path), "/proc/self/fd/%d", s_file);
    return _cmocka_run_group_tests("components", tests, tests_count, NULL, NULL);
}
