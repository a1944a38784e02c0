/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Console arguments of every wrong kind, at random, and how lines are completed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_console.h"
#include "golden.h"
#include "ht_console.h"

/* --- wrong arguments ---------------------------------------------------------------------------
 */

#define LONG                                                                                       \
    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiiii"   \
    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiiii"   \
    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiiii"

typedef struct {
    const char *words[8];
    const char *says;
} wrong_t;

static const wrong_t s_wrong[] = {
    /* sub-commands */
    {{"sitse"}, "'sitse' is no sub-command; `heaptrail help` lists them: did you mean 'sites'?"},
    {{"Sites"}, "did you mean 'sites'?"},
    {{"lst"}, "did you mean 'list'?"},
    {{"xyzzy"}, "'xyzzy' is no sub-command; `heaptrail help` lists them\n"},
    {{""}, "heaptrail: an argument is empty"},
    {{LONG}, "'aaaaaaaaaabbbbbbbbbbccccccccccdd...' is no sub-command"},
    {{"caf\xc3\xa9"}, "'caf\xc3\xa9' is no sub-command"},
    {{"\xff\xfe"}, "'\?\?' is no sub-command"},
    {{"a\x1b[2Jb"}, "'a?[2Jb' is no sub-command"},
    {{"a\r\nb"}, "'a\?\?b' is no sub-command"},
    {{"\xc2\x9b"
      "31m"},
     "'?31m' is no sub-command"},
    {{"-"}, "'-' is no sub-command"},
    {{"help", "sits"},
     "'sits' is no sub-command; `heaptrail help` lists them: did you mean 'sites'?"},
    /* words */
    {{"status", "now"}, "heaptrail status: 'now' is one argument too many"},
    {{"whois", "1", "2"}, "heaptrail whois: '2' is one argument too many"},
    {{"whois"}, "heaptrail whois: something is missing: say ADDRESS"},
    {{"whois", ""}, "an argument is empty"},
    {{"mark", "a", "b"}, "'b' is one argument too many"},
    {{"since", "nope"}, "'nope' is no mark"},
    {{"start", "--", "-h"}, "'-h' is one argument too many"},
    /* options */
    {{"sites", "--jsno"}, "'--jsno' is no option: did you mean 'json'?"},
    {{"sites", "--" LONG}, "'--aaaaaaaaaabbbbbbbbbbcccccccccc...' is no option"},
    {{"sites", "--=5"}, "'--' is no option"},
    {{"sites", "-x"}, "'-x' is no option"},
    {{"sites", "-5"}, "'-5' is no option"},
    {{"sites", "-\x07"}, "'-?' is no option"},
    {{"sites", "--json", "--json"}, "--json is given twice"}, /* as JSON */
    {{"sites", "-n", "5", "--rows=5"}, "heaptrail sites: --rows is given twice"},
    {{"sites", "--all=yes"}, "--all takes no value"},
    {{"sites", "-hx"}, "--help takes no value"},
    {{"sites", "-n", "5", "--all"}, "--rows and --all exclude each other"},
    {{"status", "--sort", "bytes"}, "heaptrail status: --sort does not go with this"},
    {{"--yes"}, "--yes does not go with this"},
    {{"reset", "--clear"}, "--clear does not go with this"},
    {{"reset"}, "say `heaptrail reset --yes`"},
    /* no value */
    {{"sites", "-n"}, "--rows wants a value: say ROWS"},
    {{"sites", "--sort"}, "--sort wants a value"},
    {{"sites", "--task", "--json"}, "--task wants a value"},
    {{"sites", "--site"}, "--site wants a value"},
    {{"sites", "--heap"}, "--heap wants a value"},
    {{"sites", "--caps"}, "--caps wants a value"},
    {{"sites", "--min", "-n"}, "--min wants a value"},
    {{"sites", "--older"}, "--older wants a value"},
    {{"sites", "--since"}, "--since wants a value"},
    {{"sites", "--color"}, "--color wants a value"},
    {{"sites", "--width"}, "--width wants a value"},
    {{"mark", "--remove"}, "--remove wants a value"},
    /* rows */
    {{"sites", "-n", "0"}, "--rows '0' would show none: say 1 or more, or --all"},
    {{"sites", "-n", "-5"}, "--rows '-5' is negative"},
    {{"sites", "-n", "five"}, "--rows 'five' is no number"},
    {{"sites", "-n", "5x"}, "--rows '5x' is no number"},
    {{"sites", "-n", "5.5"}, "--rows '5.5' is no number"},
    {{"sites", "-n", "0x10"}, "--rows '0x10' is no number"},
    {{"sites", "-n", "+5"}, "--rows '+5' is no number"},
    {{"sites", "-n", " 5"}, "--rows ' 5' is no number"},
    {{"sites", "-n", ""}, "--rows '' is empty"},
    {{"sites", "--rows="}, "--rows '' is empty"},
    {{"sites", "-n", "4294967295"}, "is too large"},
    {{"sites", "-n", "99999999999999999999999999"}, "is too large"},
    {{"sites", "-n", "\xd9\xa3"}, "is no number"},
    /* orders */
    {{"sites", "--sort", "age"},
     "--sort 'age' is no order: say bytes, blocks, growth, peak, total"},
    {{"list", "--sort", "peak"}, "--sort 'peak' is no order: say bytes, age, address, none"},
    {{"sites", "--sort", "peek"}, "did you mean 'peak'?"},
    {{"sites", "--sort", ""}, "--sort '' is no order"},
    {{"heaps", "--sort", "bytes"}, "--sort does not go with this"},
    /* names */
    {{"sites", "--task", "nobody"}, "task 'nobody' is not known"},
    {{"sites", "--task", ""}, "task is empty"},
    {{"sites", "--task", "0"}, "task '0' is not known"},
    {{"sites", "--task", "99"}, "task '99' is not known"},
    {{"sites", "--task", "-1"}, "task '-1' is not known"},
    {{"sites", "--task", "4294967300"}, "is not known"}, /* not task 4 */
    {{"sites", "--task", "\x1b]0;x\x07"}, "task '?]0;x?' is not known"},
    {{"sites", "--heap", "dram"}, "heap 'dram' is not known"},
    {{"sites", "--heap", LONG}, "is not known"},
    {{"sites", "--site", "main.c:99999999999"}, "site 'main.c:99999999999' is not known"},
    {{"sites", "--site", ":"}, "is not known"},
    {{"sites", "--since", "x"}, "'x' is no mark"},
    {{"sites", "--since", ""}, "'' is no mark"},
    /* capabilities */
    {{"sites", "--caps", "8BIT,FAST"}, "--caps 'FAST' is no capability: say 8BIT"},
    {{"sites", "--caps", ""}, "--caps has an empty name in it"},
    {{"sites", "--caps", "DMA,"}, "--caps has an empty name in it"},
    {{"sites", "--caps", "DMA||8BIT"}, "--caps has an empty name in it"},
    {{"sites", "--caps", "0x"}, "--caps '0x' is no capability"},
    {{"sites", "--caps", "0x0"}, "is no capability"},
    {{"sites", "--caps", "0x1ffffffff"}, "is no capability"},
    {{"sites", "--caps", "0xyz"}, "is no capability"},
    {{"sites", "--caps", "4"}, "is no capability"},
    {{"sites", "--caps", "DMA 8BIT"}, "'DMA 8BIT' is no capability"},
    /* sizes */
    {{"sites", "--min", "4x"}, "--min '4x' has a unit that is none: say 100, 4k or 1M"},
    {{"sites", "--min", "k"}, "--min 'k' is no number"},
    {{"sites", "--min", "4 k"}, "has a unit that is none"},
    {{"sites", "--min", "-4k"}, "is negative"},
    {{"sites", "--min", ""}, "--min '' is empty"},
    {{"sites", "--min", "1.5M"}, "has a unit that is none"},
    {{"sites", "--min", "99999999999999999999"}, "is too large"},
    {{"sites", "--min", "99999999999999999G"}, "is too large"},
    /* times */
    {{"sites", "--older", "5y"}, "--older '5y' has a unit that is none: say 10 (seconds), 5m"},
    {{"sites", "--older", "m"}, "is no number"},
    {{"sites", "--older", "-1"}, "is negative"},
    {{"sites", "--older", ""}, "is empty"},
    {{"sites", "--older", "999999999999999999d"}, "is too large"},
    /* terminal */
    {{"sites", "--color", "red"}, "--color 'red' is none of always, never, auto"},
    {{"sites", "--color", "alway"}, "did you mean 'always'?"},
    {{"sites", "--color="}, "--color '' is none of"},
    {{"sites", "--width", "39"}, "--width '39' is no width: say 40 to 1000"},
    {{"sites", "--width", "1001"}, "is no width"},
    {{"sites", "--width", "-80"}, "is no width"},
    {{"sites", "--width", "wide"}, "is no width"},
    {{"sites", "--width", ""}, "--width '' is no width"},
    /* addresses */
    {{"whois", "0x"}, "'0x' is no address: say 0x3fc9a0b4 or 3fc9a0b4"},
    {{"whois", "ptr"}, "'ptr' is no address"},
    {{"whois", "0x3fg"}, "is no address"},
    {{"whois", "12.5"}, "is no address"},
    {{"whois", "--", "-5"}, "'-5' is no address"},
    {{"whois", "--", "-x"}, "'-x' is no address"},
    {{"whois", "0x1ffffffffffffffff"}, "is larger than any address"},
    {{"whois", "99999999999999999999999"}, "is larger than any address"},
};

static void wrong_arguments(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(s_wrong) / sizeof(s_wrong[0]); i++) {
        int code = run_words(fake_firmware(), s_wrong[i].words);
        char unwrapped[1024];
        size_t used = 0;
        for (const char *at = written(); *at != '\0' && used < sizeof(unwrapped) - 1U; at++) {
            if (at[0] == '\n' && at[1] == ' ') { /* a wrapped line */
                unwrapped[used++] = ' ';
                at += 2;
            } else {
                unwrapped[used++] = *at;
            }
        }
        unwrapped[used] = '\0';
        if (code != HEAPTRAIL_CONSOLE_USAGE || strstr(unwrapped, s_wrong[i].says) == NULL) {
            fail_msg("[%zu] '%s' '%s': %d\n%s\nand not: %s", i, s_wrong[i].words[0],
                     s_wrong[i].words[1], code, written(), s_wrong[i].says);
        }
        heaptrail_report_t text = {.width = 100};
        check_text(&text);
    }
}

/* The same as JSON: one object, with nothing raw in it. */
static void wrong_arguments_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(s_wrong) / sizeof(s_wrong[0]); i++) {
        const char *words[10] = {"--json"};
        memcpy(&words[1], s_wrong[i].words, sizeof(s_wrong[i].words));
        assert_int_equal(run_words(fake_firmware(), words), HEAPTRAIL_CONSOLE_USAGE);
        assert_true(strncmp(written(), "{\"heaptrail\":1,\"command\":", 25) == 0);
        assert_non_null(strstr(written(), "\"error\":\""));
        assert_string_equal(&written()[s_sink.used - 3U], "\"}\n");
        for (size_t c = 0; c + 1U < s_sink.used; c++) {
            assert_true((unsigned char)s_sink.text[c] >= 0x20U);
        }
    }
}

/* Nothing is done when anything is wrong. */
static void nothing_is_done(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "start now",        "stop --yes",       "reset --yes --bogus", "reset --yes now",
        "errors --clear x", "mark a --width 1", "reset --yes --yes",   "scrub 1 2"};
    memset(&g_actions, 0, sizeof(g_actions));
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(run_line(fake_firmware(), lines[i]), HEAPTRAIL_CONSOLE_USAGE);
    }
    const fake_actions_t none = {0};
    assert_memory_equal(&g_actions, &none, sizeof(none));
}

/* --- values ------------------------------------------------------------------------------------
 */

static void values(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t value;
    } sizes[] = {{"0", 0},         {"100", 100},      {"100b", 100},      {"4k", 4096},
                 {"4K", 4096},     {"4kB", 4096},     {"4KiB", 4096},     {"1M", 1048576},
                 {"2mb", 2097152}, {"1MiB", 1048576}, {"1g", 1073741824}, {"1GiB", 1073741824}},
      times[] = {{"0", 0},           {"10", 10000000},    {"10s", 10000000},  {"1sec", 1000000},
                 {"500ms", 500000},  {"7us", 7},          {"5m", 300000000},  {"5min", 300000000},
                 {"2h", 7200000000}, {"1d", 86400000000}, {"1D", 86400000000}};
    uint64_t n = 1;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(ht_value_size(sizes[i].text, &n), HT_VALUE_GOOD);
        assert_int_equal(n, sizes[i].value);
    }
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        assert_int_equal(ht_value_time(times[i].text, &n), HT_VALUE_GOOD);
        assert_int_equal(n, times[i].value);
    }
    assert_int_equal(ht_value_number("18446744073709551615", UINT64_MAX, &n), HT_VALUE_GOOD);
    assert_true(n == UINT64_MAX);
    assert_int_equal(ht_value_number("18446744073709551616", UINT64_MAX, &n), HT_VALUE_TOO_LARGE);
    if (sizeof(void *) == 4) {
        assert_int_equal(ht_value_address("0x100000000", &n), HT_VALUE_TOO_LARGE);
        assert_int_equal(ht_value_size("4G", &n), HT_VALUE_TOO_LARGE);
    }
    uint32_t caps = 0;
    const char *bad = NULL;
    size_t length = 0;
    assert_true(ht_value_caps("8bit|DMA,internal+0x400", &caps, &bad, &length));
    assert_int_equal(caps, 1U << 2 | 1U << 3 | 1U << 11 | 1U << 10);
}

static void nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"sites", "since", "status", "list", NULL};
    assert_string_equal(ht_nearest("sties", names), "sites");
    assert_string_equal(ht_nearest("LIST", names), "list");
    assert_string_equal(ht_nearest("staus", names), "status");
    assert_string_equal(ht_nearest("lits", names), "list");
    assert_null(ht_nearest("", names));
    assert_null(ht_nearest("x", names));
    assert_null(ht_nearest("heaps", names));
    assert_null(ht_nearest(LONG, names));
}

/* --- at random ---------------------------------------------------------------------------------
 */

static uint32_t s_random;

static uint32_t random_below(uint32_t n)
{
    s_random ^= s_random << 13U;
    s_random ^= s_random >> 17U;
    s_random ^= s_random << 5U;
    return s_random % n;
}

/* Bytes of all values, and pieces that mean something. */
static void random_word(char *word, size_t size)
{
    static const char *const pieces[] = {
        "status",  "sites",   "tasks",   "heaps",    "list",       "failures",    "errors",
        "mark",    "since",   "check",   "whois",    "scrub",      "start",       "stop",
        "reset",   "help",    "--json",  "--rows",   "-n",         "--all",       "--sort",
        "--task",  "--site",  "--heap",  "--caps",   "--min",      "--older",     "--since",
        "--color", "--width", "--clear", "--list",   "--remove",   "--yes",       "--help",
        "--",      "-",       "=",       "0",        "1",          "4k",          "5m",
        "DRAM",    "httpd",   "bytes",   "none",     "0x3fc9a10c", "http_accept", "8BIT,",
        "always",  "100",     ":",       "\x1b[31m", "off"};
    uint32_t kind = random_below(10);
    if (kind < 8) {
        (void)snprintf(word, size, "%s%s", pieces[random_below(sizeof(pieces) / sizeof(pieces[0]))],
                       kind == 0 ? pieces[random_below(sizeof(pieces) / sizeof(pieces[0]))] : "");
        return;
    }
    uint32_t length = random_below(kind == 8 ? 8 : (uint32_t)size);
    for (uint32_t i = 0; i < length; i++) {
        word[i] = (char)random_below(256);
    }
    word[length] = '\0';
}

static void random_arguments(void **state)
{
    (void)state;
    unsigned codes[4] = {0};
    const uint32_t seed = 0x4ea97a11;
    s_random = seed;
    for (unsigned i = 0; i < 3000; i++) {
        char word[8][64];
        const char *words[9] = {NULL};
        uint32_t count = random_below(8);
        for (uint32_t w = 0; w < count; w++) {
            random_word(word[w], sizeof(word[w]));
            words[w] = word[w];
        }
        if (count != 0 && i % 2U == 0) { words[0] = ht_subs[random_below(ht_sub_count)].name; }
        g_actions = (fake_actions_t){
            .scrub_calls_left = 1, .scrub_calls = 1, .verified = {.errors = i % 3U}};
        int code = run_words(i % 16U == 0 ? fake_hostile() : fake_firmware(), words);
        assert_in_range(code, 0, 3);
        codes[code]++;
        if (s_sink.used == 0 || s_sink.text[s_sink.used - 1U] != '\n') {
            fail_msg("seed 0x%x, round %u: no message, code %d", seed, i, code);
        }
        heaptrail_report_t text = {.color = true, .width = 1000};
        if (s_sink.text[0] != '{') { check_text(&text); }
    }
    /* It gets everywhere. */
    if (codes[0] < 150 || codes[1] < 5 || codes[2] < 150) {
        fail_msg("codes: %u %u %u %u", codes[0], codes[1], codes[2], codes[3]);
    }
}

/* --- completion --------------------------------------------------------------------------------
 */

static char s_lines[4096];

static void note_line(void *context, const char *line)
{
    assert_ptr_equal(context, s_lines);
    assert_true(strlen(s_lines) + strlen(line) + 2U < sizeof(s_lines));
    strcat(s_lines, line);
    strcat(s_lines, "\n");
}

static const char *completed(const char *line)
{
    s_lines[0] = '\0';
    heaptrail_console_complete(line, note_line, s_lines);
    return s_lines;
}

static void completion(void **state)
{
    (void)state;
    assert_int_equal(run_line(fake_firmware(), "reset --yes"), 0);
    assert_string_equal(completed("heaptrail si"), "heaptrail sites\nheaptrail since\n");
    assert_string_equal(completed("heaptrail  whois"), "heaptrail  whois\n");
    assert_non_null(strstr(completed("heaptrail "), "heaptrail reset\n"));
    assert_string_equal(completed("heaptrail help sc"), "heaptrail help scrub\n");
    assert_string_equal(completed("heaptrail list --so"), "heaptrail list --sort\n");
    assert_string_equal(completed("heaptrail list --sort a"),
                        "heaptrail list --sort age\nheaptrail list --sort address\n");
    assert_string_equal(completed("heaptrail sites --sort a"), "");
    assert_string_equal(completed("heaptrail --color n"), "heaptrail --color never\n");
    assert_string_equal(completed("heaptrail sites --task m"),
                        "heaptrail sites --task mqtt_task\n");
    assert_string_equal(completed("heaptrail list --heap S"), "heaptrail list --heap SPIRAM\n");
    assert_string_equal(completed("heaptrail check D"), "heaptrail check DRAM\n");
    assert_string_equal(completed("heaptrail sites --caps SP"),
                        "heaptrail sites --caps SPIRAM\nheaptrail sites --caps SPIRAM_NO_ENC\n");
    assert_string_equal(completed("heaptrail sites -n 5 --al"), "heaptrail sites -n 5 --all\n");
    assert_string_equal(completed("heaptrail scrub o"), "heaptrail scrub off\n");
    assert_string_equal(completed("heaptrail status --s"), ""); /* it has none */
    assert_int_equal(run_line(fake_firmware(), "mark before"), 0);
    assert_string_equal(completed("heaptrail since b"), "heaptrail since before\n");
    assert_string_equal(completed("heaptrail mark --remove b"), "heaptrail mark --remove before\n");
    /* not ours, or nothing to add */
    assert_string_equal(completed("heaptrail"), "");
    assert_string_equal(completed("heaptrails "), "");
    assert_string_equal(completed("help "), "");
    assert_string_equal(completed(""), "");
    assert_string_equal(completed("heaptrail sites -n "), "");
    assert_string_equal(completed("heaptrail sites x"), "");
    assert_string_equal(completed("heaptrail mark a"), "");
    assert_string_equal(completed("heaptrail " LONG), "");
    heaptrail_console_complete(NULL, note_line, s_lines);
    heaptrail_console_complete("heaptrail ", NULL, NULL);
}

/* Names that need quotes, or that a terminal would act on. */
static void completion_of_names(void **state)
{
    (void)state;
    static const heaptrail_task_row_t tasks[] = {{.id = 2, .name = "Tmr Svc"},
                                                 {.id = 3, .name = "Tmr\x1b[2J"},
                                                 {.id = 4, .name = "Tmr\"x"},
                                                 {.id = 5, .name = "(other tasks)"},
                                                 {.id = 6, .name = "sixteen_letters_"}};
    const fake_world_t world = {.tasks = tasks, .task_count = 5};
    fake_use(&world);
    assert_string_equal(completed("heaptrail sites --task "),
                        "heaptrail sites --task Tmr\\ Svc\n"
                        "heaptrail sites --task sixteen_letters_\n");
    assert_string_equal(completed("heaptrail sites --task Tmr\\ S"),
                        "heaptrail sites --task Tmr\\ Svc\n");
    assert_string_equal(completed("heaptrail sites --task Tmr\\ Svc --al"),
                        "heaptrail sites --task Tmr\\ Svc --all\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_arguments), cmocka_unit_test(wrong_arguments_json),
        cmocka_unit_test(nothing_is_done), cmocka_unit_test(values),
        cmocka_unit_test(nearest),         cmocka_unit_test(random_arguments),
        cmocka_unit_test(completion),      cmocka_unit_test(completion_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
