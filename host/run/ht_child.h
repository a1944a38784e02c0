/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_child.h
 * A program that runs under libheaptrail.so and writes its trace into a pipe. Its standard input,
 * output and error, its arguments and its environment stay what they are, but for two variables:
 * LD_PRELOAD and HEAPTRAIL_OPTIONS, to which is added.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct {
    const char *preload;     /**< path of libheaptrail.so */
    const char *options;     /**< for HEAPTRAIL_OPTIONS, behind those that are there; NULL: none */
    char *const *command;    /**< program and arguments, ends with NULL; looked up in PATH */
    const sigset_t *signals; /**< that the program blocks; NULL: those that we do */
    const sigset_t *ignored; /**< which of SIGINT and SIGQUIT the program ignores; NULL: none */
} ht_child_plan_t;

typedef struct {
    pid_t pid;
    int trace; /**< read the trace here; close it */
    bool ended;
    int status; /**< of waitpid(), when ended */
} ht_child_t;

/** Start it. False: `error` says why (the program does not exist ...). */
bool ht_child_start(ht_child_t *child, const ht_child_plan_t *plan, char *error, size_t error_size);

/** Has it ended? Does not wait. */
bool ht_child_ended(ht_child_t *child);

/** What a shell would say of its end: its exit status, or 128 and the signal. */
int ht_child_exit_code(const ht_child_t *child);
