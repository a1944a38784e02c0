/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/* What the next call's value is kept in. */
void expect(const char *text);
/* Notes who called it. */
void *note_call(int n);

void make_calls(void);
void make_cxx_calls(void);

#ifdef __cplusplus
}
#endif
