/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Something that can be loaded. */
int oracle_module(void);

int oracle_module(void)
{
    return 1;
}
