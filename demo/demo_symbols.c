/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "demo_symbols.h"

#include "heaptrail_report.h"

#ifdef DEMO_SYMBOLS
/* Borrowed from the Linux port, which is not linked in: its symbols need only these two. */
#include "ht_posix.h"

ht_posix_options_t ht_posix_options = {.symbols = HT_POSIX_SYMBOLS_LINES};

/* Only the thread that writes the report asks for names. */
ht_posix_thread_t *ht_posix_thread_self(void)
{
    static ht_posix_thread_t s_reporter;
    return &s_reporter;
}

void demo_symbols(void)
{
    ht_posix_symbols_open();
    heaptrail_set_symbols(ht_posix_symbol, NULL);
}
#else
void demo_symbols(void)
{
}
#endif
