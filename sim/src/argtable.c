// SPDX-License-Identifier: Apache-2.0
#include "argtable3/argtable3.h"

#include <string.h>

/* "-n, --rows=ROWS" */
static void print_name(char *text, size_t size, const struct arg_hdr *arg)
{
    const char *letter = arg->shortopts ? arg->shortopts : "";
    const char *name = arg->longopts ? arg->longopts : "";
    const char *value = arg->datatype ? arg->datatype : "";
    (void)snprintf(text, size, "%s%s%s%s%s%s%s", letter[0] ? "-" : "", letter,
                   letter[0] && name[0] ? ", " : "", name[0] ? "--" : "", name,
                   value[0] && name[0] ? "=" : "", value);
}

void arg_print_glossary(FILE *fp, void **argtable, const char *format)
{
    struct arg_hdr **table = (struct arg_hdr **)argtable;
    for (; !((*table)->flag & ARG_TERMINATOR); table++) {
        char name[200];
        if ((*table)->glossary == NULL) { continue; }
        print_name(name, sizeof(name), *table);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)fprintf(fp, format, name, (*table)->glossary);
#pragma GCC diagnostic pop
    }
}
