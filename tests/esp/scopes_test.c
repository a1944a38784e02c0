/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "scopes_test.h"

heard_t heard;

static void hear_report(void *context, const char *text, size_t length)
{
    heard_t *to = context;
    assert_true(to->used + length < sizeof(to->report));
    memcpy(&to->report[to->used], text, length);
    to->used += length;
    to->report[to->used] = '\0';
}

static void hear_failure(void *context, const char *file, uint32_t line, const char *message)
{
    heard_t *to = context;
    assert_non_null(strstr(file, "scopes"));
    (void)snprintf(to->message, sizeof(to->message), "%s", message);
    to->line = line;
    to->failures++;
}

const heaptrail_test_framework_t scopes_hearing = {hear_report, hear_failure, &heard};

void scopes_listen(void)
{
    memset(&heard, 0, sizeof(heard));
}

void scopes_expect_failure(const char *message)
{
    assert_int_equal(heard.failures, 1);
    if (strstr(heard.message, message) == NULL) { fail_msg("heard: %s", heard.message); }
    scopes_listen();
}

void scopes_expect_pass(void)
{
    if (heard.failures != 0) { fprintf(stderr, "%s\n%s\n", heard.message, heard.report); }
    assert_int_equal(heard.failures, 0);
    assert_int_equal(heard.used, 0);
}

heaptrail_scope_result_t scopes_end(heaptrail_scope_t *scope)
{
    static const heaptrail_scope_options_t at_once = {.settle_ms = HEAPTRAIL_SETTLE_NONE};
    heaptrail_scope_result_t result;
    (void)heaptrail_scope_end(scope, &at_once, &result);
    return result;
}
