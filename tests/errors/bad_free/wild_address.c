/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A pointer was read from a file that says more than it knows.
 *
 * expect: bad_free place=unknown found=free
 * caller: drop < main
 */
#include "case.h"

typedef struct {
    uint64_t kind;
    void *data;
} entry_t;

static void drop(entry_t *entry)
{
    free(entry->data);
}

int main(void)
{
    entry_t entry = {1, NULL};
    uint64_t from_file = BUG(0x123456789AB0U, 0);
    memcpy(&entry.data, &from_file, sizeof(from_file));
    drop(&entry);
    return done();
}
