/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_recorder.h
 * What `heaptrail record` and `heaptrail run` do with the bytes that come: valid frames into a file
 * (SPEC.md 5.6, or as they are), text to who shows it, the rest counted.
 */
#pragma once

#include "ht_decode.h"
#include "ht_trace_file.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int fd;   /**< open for writing, the caller's; -1: nothing is kept */
    bool raw; /**< frames as on the wire, instead of the recorded file */
    void (*text)(void *context, const uint8_t *bytes, size_t length); /**< NULL: nobody reads it */
    /** A run of the program begins, `boot` its number; not for the first one. NULL: as above. */
    void (*rebooted)(void *context, uint32_t boot);
    void *context;
} ht_recorder_plan_t;

typedef struct {
    uint64_t bytes; /**< that came */
    uint64_t text_bytes;
    uint64_t frames;
    uint64_t events; /**< allocations, frees and all the rest */
    uint64_t allocations;
    uint64_t frees;
    uint64_t lost;           /**< events, by the device's own count */
    uint64_t lost_frames;    /**< gaps */
    uint64_t damaged_frames; /**< that came and were wrong */
    uint64_t boots;
    uint64_t time_us;     /**< of the newest event */
    bool ended;           /**< the device said that its trace ends */
    bool counted;         /**< live_* are known */
    uint64_t live_blocks; /**< as the device counted last */
    uint64_t live_bytes;
    uint64_t file_bytes;
    uint32_t newer_version; /**< frames of a newer format */
} ht_recorder_status_t;

typedef struct ht_recorder ht_recorder_t;

/** NULL: no memory. */
ht_recorder_t *ht_recorder_new(const ht_recorder_plan_t *plan);
void ht_recorder_free(ht_recorder_t *recorder);

/** The next bytes. False: they could not be written, ht_recorder_error() says why. */
bool ht_recorder_feed(ht_recorder_t *recorder, const uint8_t *bytes, size_t length);

/** What was not written yet goes into the file now. */
bool ht_recorder_flush(ht_recorder_t *recorder);

/** The input ended: the rest of the file, its index. Once. */
bool ht_recorder_end(ht_recorder_t *recorder);

ht_recorder_status_t ht_recorder_status(const ht_recorder_t *recorder);

/** A sentence. Valid as long as the recorder. */
const char *ht_recorder_error(const ht_recorder_t *recorder);

#ifdef __cplusplus
}
#endif
