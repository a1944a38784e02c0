/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_test_line.h"

#include <stdio.h>
#include <stdlib.h>

void ht_test_to_line(void *context, const char *text, size_t length)
{
    ht_test_line_t *line = context;
    for (size_t i = 0; i < length && line->used + 1U < sizeof(line->text); i++) {
        if (text[i] != '\n') { line->text[line->used++] = text[i]; }
    }
    line->text[line->used] = '\0';
}

static void to_stdout(void *context, const char *text, size_t length)
{
    (void)context;
    (void)fwrite(text, 1, length, stdout);
}

heaptrail_write_fn_t ht_test_writer(const heaptrail_test_framework_t *framework)
{
    return framework != NULL && framework->write != NULL ? framework->write : to_stdout;
}

void ht_test_fail(const heaptrail_test_framework_t *framework, const char *file, uint32_t line,
                  const ht_test_line_t *message)
{
    if (file == NULL) { file = "?"; }
    if (framework != NULL && framework->fail != NULL) {
        framework->fail(framework->context, file, line, message->text);
        return;
    }
    (void)printf("%s:%lu: %s\n", file, (unsigned long)line, message->text);
    (void)fflush(stdout);
    abort();
}
