/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Programs that are started with their trace in a pipe: what they get, and what is known of their
 * end. libc.so.6 stands in for the preload library. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ht_child.h"
#include "ht_preload.h"

#define PRELOAD "libc.so.6"
#define STEP_MS 10
#define STEPS 1000

static char s_error[256];

static void wait_for(ht_child_t *child)
{
    for (int i = 0; i < STEPS && !ht_child_ended(child); i++) {
        poll(NULL, 0, STEP_MS);
    }
    assert_true(child->ended);
    assert_true(ht_child_ended(child)); /* again */
}

/* Run a shell's line; what it writes to the trace's descriptor comes back in `text`. */
static int run(const char *line, const char *options, char *text, size_t size, ht_child_t *child)
{
    char *const command[] = {"sh", "-c", (char *)(uintptr_t)line, NULL};
    const ht_child_plan_t plan = {.preload = PRELOAD, .options = options, .command = command};
    if (!ht_child_start(child, &plan, s_error, sizeof(s_error))) { fail_msg("%s", s_error); }
    wait_for(child);
    ssize_t length = read(child->trace, text, size - 1);
    text[length > 0 ? length : 0] = '\0';
    close(child->trace);
    return ht_child_exit_code(child);
}

/* The shell finds the descriptor in the options, as the preload library does. */
#define TO_TRACE "fd=${HEAPTRAIL_OPTIONS#*trace=fd,}; fd=${fd%%:*}; "

static void test_what_it_gets(void **state)
{
    (void)state;
    char text[512];
    char expected[512];
    ht_child_t child;
    setenv("HEAPTRAIL_OPTIONS", "stacks=4", 1);
    setenv("LD_PRELOAD", PRELOAD, 1);
    int code = run(TO_TRACE "echo \"$HEAPTRAIL_OPTIONS $LD_PRELOAD $$\" >/dev/fd/$fd; exit 7",
                   "rows=3", text, sizeof(text), &child);
    unsetenv("HEAPTRAIL_OPTIONS");
    unsetenv("LD_PRELOAD");
    assert_int_equal(code, 7);
    const char *fd = strstr(text, "fd,");
    assert_non_null(fd);
    snprintf(expected, sizeof(expected),
             "stacks=4:rows=3:report=none:trace=fd,%d:trace_pid=%d " PRELOAD ":" PRELOAD " %d\n",
             atoi(fd + 3), child.pid, child.pid);
    assert_string_equal(text, expected);
}

static void test_how_it_ends(void **state)
{
    (void)state;
    char text[8];
    ht_child_t child;
    assert_int_equal(run("exit 0", NULL, text, sizeof(text), &child), 0);
    assert_int_equal(run("kill -TERM $$", NULL, text, sizeof(text), &child), 128 + SIGTERM);
    /* Who looked away from Ctrl-C at our side does not at the program's. */
    signal(SIGINT, SIG_IGN);
    assert_int_equal(run("kill -INT $$", NULL, text, sizeof(text), &child), 128 + SIGINT);
    signal(SIGINT, SIG_DFL);
}

static void test_what_does_not_start(void **state)
{
    (void)state;
    ht_child_t child;
    char *const command[] = {"/nonexistent/program", NULL};
    const ht_child_plan_t plan = {.preload = PRELOAD, .command = command};
    assert_false(ht_child_start(&child, &plan, s_error, sizeof(s_error)));
    assert_string_equal(s_error, "cannot run /nonexistent/program: No such file or directory");
}

/* A process that the program leaves behind does not keep us waiting. */
static void test_what_it_leaves_behind(void **state)
{
    (void)state;
    char text[32];
    ht_child_t child;
    assert_int_equal(run(TO_TRACE "sleep 60 >/dev/null 2>&1 & echo $! >/dev/fd/$fd", NULL, text,
                         sizeof(text), &child),
                     0);
    assert_int_equal(kill((pid_t)atoi(text), SIGTERM), 0); /* it was still there */
}

static void test_where_the_library_is(void **state)
{
    (void)state;
    setenv("HEAPTRAIL_PRELOAD", "/nonexistent.so", 1);
    assert_null(ht_preload_find(s_error, sizeof(s_error)));
    assert_non_null(strstr(s_error, "HEAPTRAIL_PRELOAD is /nonexistent.so"));
    setenv("HEAPTRAIL_PRELOAD", "/bin/sh", 1);
    char *found = ht_preload_find(s_error, sizeof(s_error));
    assert_non_null(found);
    free(found);
    unsetenv("HEAPTRAIL_PRELOAD");
    /* The build's own, if that was made already. */
    found = ht_preload_find(s_error, sizeof(s_error));
    assert_non_null(found != NULL ? strstr(found, "/libheaptrail.so")
                                  : strstr(s_error, "set HEAPTRAIL_PRELOAD"));
    free(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_it_gets),         cmocka_unit_test(test_how_it_ends),
        cmocka_unit_test(test_what_does_not_start),  cmocka_unit_test(test_what_it_leaves_behind),
        cmocka_unit_test(test_where_the_library_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
