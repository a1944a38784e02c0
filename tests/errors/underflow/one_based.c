/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Numbers that begin with 1 are used as indices; a stray 0 comes in.
 *
 * expect: underflow offset=-24 damaged=24 size=96 found=free
 * alloc:  main
 * caller: main
 */
#include "case.h"

typedef struct {
    uint64_t id;
    char name[16];
} member_t;

static void set_member(member_t *members, int number)
{
    member_t *member = &members[number - 1];
    member->id = 0x1122334455667788U;
    memset(member->name, ' ', sizeof(member->name));
}

int main(void)
{
    member_t *members = malloc(4 * sizeof(*members));
    for (int number = BUG(0, 1); number <= 4; number++) {
        set_member(members, number);
    }
    free(members);
    return done();
}
