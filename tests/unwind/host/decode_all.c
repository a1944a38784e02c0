/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* decode_all FILE ADDRESS: what ht_rv_decode() makes of the code in FILE, loaded at ADDRESS; one
 * instruction a line: address, kind, register, value, target. decode_all.py compares. */
#include <stdio.h>
#include <stdlib.h>

#include "ht_riscv_code.h"

static uint32_t s_code[1U << 18];
static uintptr_t s_base;

const void *decode_at(uintptr_t address)
{
    return (const char *)s_code + (address - s_base);
}

int main(int argc, char **argv)
{
    if (argc != 3) { return 2; }
    FILE *file = fopen(argv[1], "rb");
    if (file == NULL) { return 2; }
    size_t bytes = fread(s_code, 1, sizeof(s_code), file);
    fclose(file);
    s_base = strtoul(argv[2], NULL, 16);
    const ht_range_t text[] = {{s_base, s_base + bytes}, {0, 0}};
    ht_rv_code_t code = {.text = text};
    ht_rv_t is;
    for (uintptr_t pc = s_base; pc < s_base + bytes; pc += is.bytes != 0 ? is.bytes : 2U) {
        code.budget = 1;
        if (!ht_rv_decode(&code, pc, &is)) { is.kind = HT_RV_BAD; }
        printf("%lx %d %u %ld %lx\n", (unsigned long)pc, is.kind, is.reg, (long)is.value,
               (unsigned long)is.target);
    }
    return 0;
}
