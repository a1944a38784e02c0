/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * malloc(sizeof(pointer)) where the struct was meant.
 *
 * expect: overflow offset=8 damaged=24 size=8 found=free
 * alloc:  new_account < main
 * caller: main
 */
#include "case.h"

typedef struct {
    uint64_t number;
    int64_t balance;
    char owner[16];
} account_t;

static account_t *new_account(uint64_t number)
{
    account_t *account = malloc(BUG(sizeof(account), sizeof(*account)));
    memset(account, 0, sizeof(*account));
    account->number = number;
    return account;
}

int main(void)
{
    account_t *account = new_account(17);
    free(account);
    return done();
}
