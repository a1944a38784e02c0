/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include "ht_component.h"
#include "ht_spans.h"
#include "ht_strings.h"

/* A place in the image: what the linker called it, where it lies. */
typedef struct {
    const char *name;
    uint64_t low, bytes;
} ht_map_section_t;

/* What a map says. All zero is an empty one. */
typedef struct {
    ht_spans_t spans;   /* addresses to objects */
    const char **paths; /* the object files, "folder/libx.a(y.o)" */
    size_t path_count, path_capacity;
    ht_map_section_t *outputs;
    size_t output_count, output_capacity;
    ht_component_map_t about;
} ht_map_t;

/* ht_component_map.c. False: no memory. Any text can be read: what is no map has no sections. */
bool ht_map_read(ht_map_t *map, ht_strings_t *strings, const char *text, size_t size);
void ht_map_free(ht_map_t *map);
