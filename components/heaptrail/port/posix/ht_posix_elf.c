/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "ht_posix_elf.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

/* A library older than glibc 2.35 does not have it: then addresses have no names and new is malloc.
 */
extern __typeof__(_dl_find_object) _dl_find_object __attribute__((weak));

bool ht_elf_object(uintptr_t address, ht_elf_object_t *object)
{
    struct dl_find_object found;
    if (_dl_find_object == NULL || _dl_find_object((void *)address, &found) != 0) { return false; }
    object->base = (uintptr_t)found.dlfo_link_map->l_addr;
    object->start = (uintptr_t)found.dlfo_map_start;
    object->end = (uintptr_t)found.dlfo_map_end;
    object->path = found.dlfo_link_map->l_name;
    object->dynamic = found.dlfo_link_map->l_ld;
    return true;
}

/*
 * DT_GNU_HASH: [bucket count | first symbol | bloom words | shift] bloom[] bucket[] chain[]
 * A bucket holds the number of its first symbol; the chain's hash of a bucket's last symbol is odd.
 */
typedef struct {
    const ElfW(Sym) * symbols;
    const char *names;
    const uint32_t *bucket;
    const uint32_t *chain;
    uint32_t bucket_count;
    uint32_t first;
} table_t;

/* glibc relocates the pointers of most dynamic sections in place, but not those of the vDSO. */
static uintptr_t absolute(const ht_elf_object_t *object, uintptr_t value)
{
    return value < object->base ? value + object->base : value;
}

static bool read_table(const ht_elf_object_t *object, table_t *table)
{
    *table = (table_t){0};
    const uint32_t *hash = NULL;
    for (const ElfW(Dyn) *d = object->dynamic; d != NULL && d->d_tag != DT_NULL; d++) {
        uintptr_t value = absolute(object, d->d_un.d_ptr);
        if (d->d_tag == DT_SYMTAB) { table->symbols = (const ElfW(Sym) *)value; }
        if (d->d_tag == DT_STRTAB) { table->names = (const char *)value; }
        if (d->d_tag == DT_GNU_HASH) { hash = (const uint32_t *)value; }
    }
    if (hash == NULL || table->symbols == NULL || table->names == NULL) { return false; }
    table->bucket_count = hash[0];
    table->first = hash[1];
    table->bucket = hash + 4 + hash[2] * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
    table->chain = table->bucket + table->bucket_count;
    return table->bucket_count != 0;
}

static void set_symbol(const ht_elf_object_t *object, const table_t *table, uint32_t i,
                       ht_elf_symbol_t *symbol)
{
    const ElfW(Sym) *s = &table->symbols[i];
    *symbol = (ht_elf_symbol_t){table->names + s->st_name, object->base + s->st_value, s->st_size};
}

static bool is_function(const ElfW(Sym) * symbol)
{
    unsigned type = symbol->st_info & 0xfU;
    return symbol->st_shndx != SHN_UNDEF && symbol->st_size != 0 &&
           (type == STT_FUNC || type == STT_GNU_IFUNC);
}

bool ht_elf_symbol_named(const ht_elf_object_t *object, const char *name, ht_elf_symbol_t *symbol)
{
    table_t table;
    if (!read_table(object, &table)) { return false; }
    uint32_t hash = 5381; /* Bernstein's */
    for (const char *c = name; *c != '\0'; c++) {
        hash = hash * 33U + (unsigned char)*c;
    }
    uint32_t i = table.bucket[hash % table.bucket_count];
    if (i < table.first) { return false; }
    for (;; i++) {
        uint32_t entry = table.chain[i - table.first];
        const ElfW(Sym) *s = &table.symbols[i];
        if ((entry | 1U) == (hash | 1U) && is_function(s) &&
            strcmp(table.names + s->st_name, name) == 0) {
            set_symbol(object, &table, i, symbol);
            return true;
        }
        if ((entry & 1U) != 0) { return false; }
    }
}

/* The number of the last symbol, plus 1: the table does not say how many there are. */
static uint32_t symbol_count(const table_t *table)
{
    uint32_t last = 0;
    for (uint32_t b = 0; b < table->bucket_count; b++) {
        if (table->bucket[b] > last) { last = table->bucket[b]; }
    }
    if (last < table->first) { return 0; }
    while ((table->chain[last - table->first] & 1U) == 0) {
        last++;
    }
    return last + 1U;
}

bool ht_elf_symbol_at(const ht_elf_object_t *object, uintptr_t address, ht_elf_symbol_t *symbol)
{
    table_t table;
    if (!read_table(object, &table)) { return false; }
    uint32_t count = symbol_count(&table);
    for (uint32_t i = table.first; i < count; i++) {
        const ElfW(Sym) *s = &table.symbols[i];
        if (is_function(s) && address - (object->base + s->st_value) < s->st_size) {
            set_symbol(object, &table, i, symbol);
            return true;
        }
    }
    return false;
}
