/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

void *way_new(void);
void way_delete(void *block);
void *way_new_array(void);
void way_delete_array(void *block);

#ifdef __cplusplus
}
#endif
