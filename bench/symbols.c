/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* bench_symbols ELF <ADDRESSES: what addr2line -afiC prints, by host/lib/ht_symbols.h. */
#include <stdio.h>
#include <stdlib.h>

#include "ht_symbols.h"

static void print_frame(const ht_symbol_frame_t *frame)
{
    (void)printf("%s\n%s:%u\n", frame->function != NULL ? frame->function : "??",
                 frame->file != NULL ? frame->file : "??", frame->line);
}

int main(int count, char **arguments)
{
    char line[64];
    ht_lookup_error_t error = {.text = "no memory"};
    ht_symbols_t *symbols = ht_symbols_new(NULL);
    if (count != 2 || symbols == NULL) { return 2; }
    if (!ht_symbols_add(symbols, &(ht_symbols_object_t){.path = arguments[1]}, &error)) {
        (void)fprintf(stderr, "bench_symbols: %s\n", error.text);
        return 1;
    }
    while (fgets(line, sizeof(line), stdin) != NULL) {
        uint64_t address = strtoull(line, NULL, 16);
        const ht_symbol_t *symbol = ht_symbols_find(symbols, address, HT_ADDRESS_EXACT);
        (void)printf("0x%llx\n", (unsigned long long)address);
        for (size_t i = 0; i < symbol->frame_count; i++) {
            print_frame(&symbol->frames[i]);
        }
    }
    ht_symbols_free(symbols);
    return 0;
}
