/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What the test programs themselves say: where a label is, which line a text stands in. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The value of a symbol of an ELF file, read with libelf alone. False: no such symbol. */
bool label_find(const char *elf, const char *name, uint64_t *address);

/* The only line of a file that has the text; 0: none or several. */
unsigned line_find(const char *file, const char *text);
