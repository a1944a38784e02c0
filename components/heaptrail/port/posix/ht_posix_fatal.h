/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_posix_fatal.h
 * Signals that end a traced program.
 */
#pragma once

/** From now on they write the trace first. A trace runs. */
void ht_posix_fatal_boot(void);

/** In a forked child, which has no trace. */
void ht_posix_fatal_forked(void);

/** End the program by the signal that waited for the allocator to be left. */
void ht_posix_fatal_late(void);

/** Write what is left of the trace, if that can be done where this thread is. Of a signal's
 * handler. In ht_posix_life.c. */
void ht_posix_end_trace(void);
