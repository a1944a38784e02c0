/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "labels.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool find_in(Elf *elf, Elf_Scn *section, const GElf_Shdr *head, const char *name,
                    uint64_t *address)
{
    GElf_Sym symbol;
    Elf_Data *data = elf_getdata(section, NULL);
    for (int i = 0; gelf_getsym(data, i, &symbol) != NULL; i++) {
        const char *text = elf_strptr(elf, head->sh_link, symbol.st_name);
        if (text != NULL && strcmp(text, name) == 0) {
            *address = symbol.st_value;
            return true;
        }
    }
    return false;
}

bool label_find(const char *path, const char *name, uint64_t *address)
{
    (void)elf_version(EV_CURRENT);
    int file = open(path, O_RDONLY);
    Elf *elf = elf_begin(file, ELF_C_READ, NULL);
    bool found = false;
    for (Elf_Scn *section = NULL; !found && (section = elf_nextscn(elf, section)) != NULL;) {
        GElf_Shdr head;
        found = gelf_getshdr(section, &head) != NULL && head.sh_type == SHT_SYMTAB &&
                find_in(elf, section, &head, name, address);
    }
    (void)elf_end(elf);
    (void)close(file);
    return found;
}

unsigned line_find(const char *path, const char *text)
{
    char line[400];
    unsigned found = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL) { return 0; }
    for (unsigned number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
        if (strstr(line, text) == NULL) { continue; }
        if (found != 0) {
            found = 0;
            break;
        }
        found = number;
    }
    (void)fclose(file);
    return found;
}
