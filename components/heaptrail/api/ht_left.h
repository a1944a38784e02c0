/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_left.h
 * For ports that hear of a task's end.
 */
#pragma once

#include <stdint.h>

/** The task with this key is about to be deleted: tell who wants to know, if it leaves something
 * behind. From a task, with no lock held. */
void ht_task_leaves(uintptr_t key);
