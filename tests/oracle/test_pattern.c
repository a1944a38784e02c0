/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Files of suppressions, and which names they mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ht_posix_pattern.h"

static void test_matches(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"main", "main (src/main.c:42)", true},
        {"main.c", "main (src/main.c:42)", true},
        {"^main", "main (src/main.c:42)", true},
        {"^src", "main (src/main.c:42)", false},
        {":42)$", "main (src/main.c:42)", true},
        {"main$", "main (src/main.c:42)", false},
        {"main*42", "main (src/main.c:42)", true},
        {"42*main", "main (src/main.c:42)", false},
        {"^main*)$", "main (src/main.c:42)", true},
        {"^main$", "main", true},
        {"^main$", "mainmain", false},
        {"^ma*main$", "mamain", true},
        {"^mai*in$", "main", false}, /* the two pieces do not share a letter */
        {"aab", "aaab", true},
        {"a*b*c", "a b b c", true},
        {"*", "", true},
        {"^*$", "anything", true},
        {"^$", "", true},
        {"^$", "x", false},
        {"operator new[]", "operator new[](unsigned long)", true},
        {"operator new?", "operator new[](unsigned long)", false},
        {"longer than the text", "short", false},
        {"a$b", "a$b", true}, /* not at its end */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (ht_posix_pattern_matches(cases[i].pattern, cases[i].text) != cases[i].matches) {
            fail_msg("'%s' in '%s'", cases[i].pattern, cases[i].text);
        }
    }
}

static size_t parse(char *to, const char *text, size_t bytes, unsigned *bad)
{
    memcpy(to, text, bytes);
    return ht_posix_patterns_parse(to, bytes, bad);
}

static void test_parse(void **state)
{
    (void)state;
    char to[128];
    unsigned bad;
    const char good[] = "# mine\n\n  leak:one two \t\r\nleak:*\n\t# not\nleak:last";
    assert_int_equal(parse(to, good, sizeof(good) - 1, &bad), 8 + 2 + 5);
    assert_int_equal(bad, 0);
    assert_memory_equal(to, "one two\0*\0last", 8 + 2 + 5);
    const char wrong[] = "leak:a\nrace:b\nleak:\nleak:c\n";
    assert_int_equal(parse(to, wrong, sizeof(wrong) - 1, &bad), 4);
    assert_int_equal(bad, 2);
    assert_memory_equal(to, "a\0c", 4);
    assert_int_equal(parse(to, "leak:x\0y\n", 9, &bad), 0);
    assert_int_equal(bad, 1);
    assert_int_equal(parse(to, "", 0, &bad), 0);
    assert_int_equal(bad, 0);
}

/* Any bytes: in room that ends where they end and one more. */
static void test_any_bytes(void **state)
{
    (void)state;
    static const char of[] = "leak:#*^$ \t\r\n\0a";
    unsigned seed = 1;
    for (int i = 0; i < 20000; i++) {
        size_t bytes = (size_t)rand_r(&seed) % 40U;
        char *text = malloc(bytes + 1U);
        assert_non_null(text);
        for (size_t b = 0; b < bytes; b++) {
            text[b] = of[(size_t)rand_r(&seed) % (sizeof(of) - 1U)];
        }
        unsigned bad;
        size_t used = ht_posix_patterns_parse(text, bytes, &bad);
        assert_true(used <= bytes + 1U);
        for (size_t at = 0; at < used; at += strlen(text + at) + 1U) {
            (void)ht_posix_pattern_matches(text + at, "leak a (leak:a)");
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
