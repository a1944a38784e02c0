/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_log.h"

#include <string.h>

#include "ht_port.h"

static struct {
    heaptrail_log_fn_t fn;
    void *context;
} s_log;

void heaptrail_set_log(heaptrail_log_fn_t fn, void *context)
{
    /* A line logged meanwhile must not pair the old function with the new context. */
    __atomic_store_n(&s_log.fn, NULL, __ATOMIC_RELEASE);
    s_log.context = context;
    __atomic_store_n(&s_log.fn, fn, __ATOMIC_RELEASE);
}

void ht_log(heaptrail_log_level_t level, const char *text)
{
    heaptrail_log_fn_t fn = __atomic_load_n(&s_log.fn, __ATOMIC_ACQUIRE);
    if (fn != NULL && !ht_port_in_isr()) {
        fn(s_log.context, level, text);
    } else {
        ht_port_log((unsigned)level, text);
    }
}

void ht_log_name(heaptrail_log_level_t level, const char *text, const char *name)
{
    char line[128];
    size_t length = 0;
    const char *const parts[] = {text, ": ", name};
    for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
        for (const char *c = parts[p]; c != NULL && *c != '\0' && length + 1 < sizeof(line); c++) {
            line[length++] = *c;
        }
    }
    line[length] = '\0';
    ht_log(level, line);
}

bool ht_log_is_redirected(void)
{
    return __atomic_load_n(&s_log.fn, __ATOMIC_ACQUIRE) != NULL;
}
