/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* ELF files by SHA-256 and build-id, in a folder that is made for it. The digests are sha256sum's.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ht_elf_find.h"
#include "ht_symbols.h"

static const char *s_right, *s_other; /* two ELF files */
static char s_folder[] = "/tmp/heaptrail-elf-XXXXXX";

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void run(const char *format, ...)
{
    char command[4 * PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(command, sizeof(command), format, arguments);
    va_end(arguments);
    assert_int_equal(system(command), 0);
}

/* What sha256sum says. */
static void sha_of(const char *path, uint8_t sha[32])
{
    char command[PATH_MAX + 20], text[65];
    (void)snprintf(command, sizeof(command), "sha256sum '%s'", path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fread(text, 1, 64, pipe), 64);
    (void)pclose(pipe);
    for (size_t i = 0; i < 32; i++) {
        unsigned byte;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        sha[i] = (uint8_t)byte;
    }
}

static void build_id_of(const char *path, uint8_t id[20])
{
    ht_symbols_t *symbols = ht_symbols_new(NULL);
    ht_symbols_module_t module;
    assert_true(ht_symbols_add(symbols, &(ht_symbols_object_t){.path = path}, NULL));
    assert_true(ht_symbols_module(symbols, 0, &module));
    assert_int_equal(module.build_id_size, 20);
    memcpy(id, module.build_id, 20);
    ht_symbols_free(symbols);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(s_folder) == NULL) { return -1; }
    run("cd %s && mkdir -p a/b/c .hidden deep/1/2/3/4/5/6/7/8/9 build && cp '%s' a/b/c/app.elf && "
        "cp '%s' "
        "a/other.elf && cp '%s' .hidden/app.elf && cp '%s' deep/1/2/3/4/5/6/7/8/9/app.elf && echo "
        "text >a/text.elf "
        "&& cp '%s' a/b/program && cp '%s' build/app.elf && ln -s ../a a/loop && mkfifo a/pipe.elf",
        s_folder, s_right, s_other, s_right, s_right, s_right, s_right);
    (void)unsetenv("HEAPTRAIL_ELF_PATH");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    run("rm -rf %s", s_folder);
    return 0;
}

/* Look in one path below the folder; NULL: only in the environment and build/. */
static bool find(const char *path, ht_elf_key_t key, ht_elf_found_t *found,
                 ht_lookup_error_t *error)
{
    char whole[PATH_MAX];
    const char *paths[] = {whole};
    (void)snprintf(whole, sizeof(whole), "%s%s", s_folder, path != NULL ? path : "");
    ht_elf_search_t search = {
        .paths = paths, .path_count = path != NULL ? 1 : 0, .only_paths = path != NULL};
    return ht_elf_find(&search, &key, found, error);
}

static void check_found(const char *path, ht_elf_key_t key, const char *end)
{
    ht_elf_found_t found;
    ht_lookup_error_t error;
    if (!find(path, key, &found, &error)) { fail_msg("%s", error.text); }
    assert_int_equal(error.code, HT_LOOKUP_OK);
    size_t length = strlen(found.path);
    assert_true(length >= strlen(end));
    assert_string_equal(found.path + length - strlen(end), end);
    assert_int_equal(found.is_verified, key.kind != HT_ELF_UNKNOWN);
    free(found.path);
}

static void check_missing(const char *path, ht_elf_key_t key, ht_lookup_code_t code,
                          const char *text)
{
    ht_elf_found_t found;
    ht_lookup_error_t error;
    assert_false(find(path, key, &found, &error));
    assert_null(found.path);
    assert_int_equal(error.code, code);
    if (strstr(error.text, text) == NULL) { fail_msg("%s: lacks \"%s\"", error.text, text); }
}

static void test_digest(void **state)
{
    (void)state;
    uint8_t ours[32], theirs[32];
    sha_of(s_right, theirs);
    assert_true(ht_elf_sha256(s_right, ours, NULL));
    assert_memory_equal(ours, theirs, 32);
    ht_lookup_error_t error;
    assert_false(ht_elf_sha256("/nowhere", ours, &error));
    assert_int_equal(error.code, HT_LOOKUP_UNREADABLE);
    assert_false(ht_elf_sha256("/", ours, &error)); /* a folder */
}

static void test_by_sha(void **state)
{
    (void)state;
    uint8_t sha[32];
    sha_of(s_right, sha);
    for (size_t size = 4; size <= 32; size += 28) {
        ht_elf_key_t key = {HT_ELF_BY_SHA256, sha, size};
        check_found("", key, "/a/b/c/app.elf");
        check_found("/a/b/c/app.elf", key, "/app.elf");
        check_found("/a/b/program", key, "/a/b/program"); /* a file may have any name */
    }
    sha_of(s_other, sha);
    check_found("", (ht_elf_key_t){HT_ELF_BY_SHA256, sha, 8}, "/a/other.elf");
    ht_elf_found_t found;
    assert_true(find("", (ht_elf_key_t){HT_ELF_BY_SHA256, sha, 8}, &found, NULL));
    assert_memory_equal(found.sha256, sha, 32);
    free(found.path);
}

static void test_wrong(void **state)
{
    (void)state;
    uint8_t right[32], other[32];
    char text[100];
    sha_of(s_right, right);
    sha_of(s_other, other);
    ht_elf_key_t key = {HT_ELF_BY_SHA256, right, 8};
    (void)snprintf(text, sizeof(text), "SHA-256 %02x%02x%02x", right[0], right[1], right[2]);
    check_missing("/a/other.elf", key, HT_LOOKUP_MISMATCH, text);
    (void)snprintf(text, sizeof(text), "other.elf has %02x%02x%02x", other[0], other[1], other[2]);
    check_missing("/a/other.elf", key, HT_LOOKUP_MISMATCH, text);
    right[7] ^= 1U;
    check_missing("", key, HT_LOOKUP_MISMATCH,
                  "(3 ELF files seen)"); /* not the hidden one, not the deep one */
}

static void test_nothing_there(void **state)
{
    (void)state;
    uint8_t sha[32] = {0};
    ht_elf_key_t key = {HT_ELF_BY_SHA256, sha, 8};
    check_missing("/nothing", key, HT_LOOKUP_UNREADABLE, "No such file");
    check_missing("/deep/1/2/3/4/5/6/7", key, HT_LOOKUP_MISMATCH, "1 ELF files seen");
    check_missing("/deep", key, HT_LOOKUP_NOT_FOUND, "--elf");
    check_missing("/a/text.elf", key, HT_LOOKUP_NOT_FOUND, "--elf");
    key.size = 3;
    check_missing("", key, HT_LOOKUP_BAD_CALL, "4 are the least");
    key.size = 33;
    check_missing("", key, HT_LOOKUP_BAD_CALL, "no SHA-256");
}

static void test_limit(void **state)
{
    (void)state;
    uint8_t sha[32] = {0};
    ht_elf_found_t found;
    ht_lookup_error_t error;
    const char *paths[] = {s_folder};
    ht_elf_search_t search = {.paths = paths, .path_count = 1, .only_paths = true, .most_files = 1};
    ht_elf_key_t key = {HT_ELF_BY_SHA256, sha, 8};
    assert_false(ht_elf_find(&search, &key, &found, &error));
    assert_int_equal(found.files_seen, 1);
    search.most_files = 0;
    search.most_deep = 1;
    assert_false(ht_elf_find(&search, &key, &found, &error));
    assert_non_null(strstr(error.text, "2 ELF files seen")); /* a/other.elf and build/app.elf */
}

static void test_by_build_id(void **state)
{
    (void)state;
    uint8_t id[20];
    build_id_of(s_right, id);
    check_found("/a/b", (ht_elf_key_t){HT_ELF_BY_BUILD_ID, id, 20}, "/a/b/c/app.elf");
    check_found("/a", (ht_elf_key_t){HT_ELF_BY_BUILD_ID, id, 20}, "app.elf");
    id[19] ^= 1U;
    check_missing("/a/b/program", (ht_elf_key_t){HT_ELF_BY_BUILD_ID, id, 20}, HT_LOOKUP_MISMATCH,
                  "build-id");
    check_missing("/a/b/program", (ht_elf_key_t){HT_ELF_BY_BUILD_ID, id, 8}, HT_LOOKUP_MISMATCH,
                  "build-id");
}

static void test_unknown(void **state)
{
    (void)state;
    check_found("/a", (ht_elf_key_t){.kind = HT_ELF_UNKNOWN}, ".elf");
    check_missing("/deep", (ht_elf_key_t){.kind = HT_ELF_UNKNOWN}, HT_LOOKUP_NOT_FOUND, "--elf");
}

/* Where nobody says where: the environment's list, then build/ of the current folder. */
static void test_usual_places(void **state)
{
    (void)state;
    uint8_t sha[32];
    char list[3 * PATH_MAX], before[PATH_MAX];
    sha_of(s_right, sha);
    ht_elf_key_t key = {HT_ELF_BY_SHA256, sha, 32};
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(s_folder), 0);
    check_found(NULL, key, "build/app.elf");
    (void)snprintf(list, sizeof(list), "/nowhere::%s/a", s_folder);
    assert_int_equal(setenv("HEAPTRAIL_ELF_PATH", list, 1), 0);
    check_found(NULL, key, "/a/b/c/app.elf");
    assert_int_equal(chdir("a/b/c"), 0);
    assert_int_equal(unsetenv("HEAPTRAIL_ELF_PATH"), 0);
    check_missing(NULL, key, HT_LOOKUP_NOT_FOUND, "HEAPTRAIL_ELF_PATH");
    assert_int_equal(chdir(before), 0);
}

int main(int count, char **arguments)
{
    if (count != 3) { return 2; }
    s_right = arguments[1];
    s_other = arguments[2];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest),  cmocka_unit_test(test_by_sha),
        cmocka_unit_test(test_wrong),   cmocka_unit_test(test_nothing_there),
        cmocka_unit_test(test_limit),   cmocka_unit_test(test_by_build_id),
        cmocka_unit_test(test_unknown), cmocka_unit_test(test_usual_places),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
