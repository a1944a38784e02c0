/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A line of CSV is split; the copy of a field has no room for its end.
 *
 * expect: overflow offset=7 damaged=1 size=7 found=free
 * alloc:  copy_field < split < main
 * caller: drop < main
 */
#include "case.h"

#define FIELDS 3

static char *copy_field(const char *from, size_t length)
{
    char *field = malloc(length + BUG(0, 1));
    memcpy(field, from, length);
    field[length] = '\0';
    return field;
}

static void split(const char *line, char *fields[FIELDS])
{
    for (int i = 0; i < FIELDS; i++) {
        size_t length = strcspn(line, ",");
        fields[i] = i == 1 ? copy_field(line, length) : strndup(line, length);
        line += length + 1;
    }
}

static void drop(char *fields[FIELDS])
{
    for (int i = 0; i < FIELDS; i++) {
        free(fields[i]);
    }
}

int main(void)
{
    char *fields[FIELDS];
    split("08056,Zwickau,Sachsen", fields);
    drop(fields);
    return done();
}
