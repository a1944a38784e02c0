/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A name of 8 bytes runs into the field behind it, in the same block.
 *
 * expect: none
 * why:    only the ends of a block have redzones
 */
#include "case.h"

typedef struct {
    char name[8];
    char room[8];
} guest_t;

static void set_name(char *to, const char *name)
{
    strcpy(to, name);
}

int main(void)
{
    guest_t *guest = calloc(1, sizeof(*guest));
    set_name(guest->name, BUG("Alexandra", "Alex"));
    free(guest);
    return done();
}
