/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_allow.h
 * Which blocks are leaks: those since a scope's mark that no allowance and no allowed region takes.
 */
#pragma once

#include "heaptrail_test.h"

/** The blocks that one scope asks for. Its address is in `choice`: it is not moved. */
typedef struct {
    const heaptrail_scope_t *scope;
    bool all_tasks;
    uint32_t exceeded; /**< allowances, a bit each, that allow nothing because more was left */
    heaptrail_choice_t choice;
} ht_leaks_t;

void ht_leaks_init(ht_leaks_t *leaks, const heaptrail_scope_t *scope, bool all_tasks,
                   uint32_t exceeded);

/** What a query or a report has to select to get the leaks and nothing else. */
heaptrail_select_t ht_leaks_select(const ht_leaks_t *leaks);

/** Count what is left, and find which allowances it exceeds. O(table). @return False: the table
 * moved meanwhile. */
bool ht_leaks_count(ht_leaks_t *leaks, heaptrail_scope_result_t *result);

/** The allowance of a number. False: there is none. */
bool ht_allowance_at(uint32_t number, heaptrail_allowance_t *allowance);

/** No scope is open: what the task's regions allowed is of no use any more. */
void ht_allow_forget_regions(uint32_t task_id);
