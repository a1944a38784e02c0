/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_lookup_error.h"

#include <stdarg.h>
#include <stdio.h>

bool ht_lookup_fail(ht_lookup_error_t *error, ht_lookup_code_t code, const char *format, ...)
{
    if (error == NULL) { return false; }
    va_list arguments;
    va_start(arguments, format);
    error->code = code;
    (void)vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    return false;
}
