// SPDX-License-Identifier: Apache-2.0
/**
 * argtable3, as far as esp_console reads the table of a command: the head of each argument. Fields,
 * types and values are those of argtable3 3.2 in ESP-IDF 5.3 to master.
 */
#pragma once

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ARG_TERMINATOR = 0x1, ARG_HASVALUE = 0x2, ARG_HASOPTVALUE = 0x4 };

typedef struct _internal_arg_dstr *arg_dstr_t;
typedef void(arg_resetfn)(void *parent);
typedef int(arg_scanfn)(void *parent, const char *argval);
typedef int(arg_checkfn)(void *parent);
typedef void(arg_errorfn)(void *parent, arg_dstr_t ds, int error, const char *argval,
                          const char *progname);

typedef struct arg_hdr {
    char flag;
    const char *shortopts;
    const char *longopts;
    const char *datatype;
    const char *glossary;
    int mincount;
    int maxcount;
    void *parent;
    arg_resetfn *resetfn;
    arg_scanfn *scanfn;
    arg_checkfn *checkfn;
    arg_errorfn *errorfn;
    void *priv;
} arg_hdr_t;

/** One line for each argument that has a glossary: "  -n, --rows=ROWS  at most so many rows". */
void arg_print_glossary(FILE *fp, void **argtable, const char *format);

#ifdef __cplusplus
}
#endif
