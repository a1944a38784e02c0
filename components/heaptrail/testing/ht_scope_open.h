/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_scope_open.h
 * The scopes that are open, by number and task. No pointers: a failed test jumps out of its scopes
 * and leaves their memory to others.
 */
#pragma once

#include "heaptrail_test.h"

/** Give up the scopes of this task that were begun later: a failed test left them open. */
void ht_scope_abandon_inner(const heaptrail_scope_t *scope);
