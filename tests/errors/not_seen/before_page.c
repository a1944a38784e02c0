/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A tag is written 64 bytes before a block that is aligned to a page.
 *
 * expect: none
 * why:    a block aligned to more than 128 bytes has no front redzone
 */
#include "case.h"

static char *page_from_tag(char *tagged)
{
    tagged[-64] = 'T';
    return tagged;
}

int main(void)
{
    char *page = aligned_alloc(4096, 8192);
    if (page == NULL) { return 1; }
    page_from_tag(page + BUG(0, 64));
    free(page);
    return done();
}
