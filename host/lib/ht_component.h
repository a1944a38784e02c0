/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Which component of a firmware an address belongs to, and which archive and object file: from the
 * linker's map, which knows everything that was linked, else from the paths in debug information,
 * which only know what was compiled with it. On Linux: the library.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ht_lookup_error.h"
#include "ht_symbols.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ht_components ht_components_t;

/** How a component is known. */
typedef enum {
    HT_COMPONENT_UNKNOWN,
    HT_COMPONENT_FROM_MAP,  /**< the linker put it there */
    HT_COMPONENT_FROM_PATH, /**< by the folders of the source file */
    HT_COMPONENT_FROM_FILE, /**< the program or library that the address is in */
} ht_component_source_t;

/** What an address belongs to. NULL: not known. The texts live as long as the context; equal ones
 * are one pointer. */
typedef struct {
    ht_component_source_t source;
    const char *component; /**< "esp_wifi", "main", "espressif__led_strip", "libgcc"; on Linux
                              "libc.so.6" */
    const char *archive;   /**< "libesp_wifi.a" */
    const char *object;    /**< "wifi_init.c.obj" */
} ht_component_t;

/** NULL: no memory. */
ht_components_t *ht_components_new(void);
void ht_components_free(ht_components_t *components);

/** What was read of a map. */
typedef struct {
    size_t section_count;      /**< input sections with an address */
    size_t ignored_line_count; /**< that begin like one, and make no sense */
    bool is_complete;          /**< false: the end is missing */
} ht_component_map_t;

/**
 * Read a map of GNU ld (-Wl,-Map=FILE; ESP-IDF's is build/PROJECT.map). One per context; a second
 * one replaces it.
 * @param map  filled; may be NULL.
 * @return false: not readable, or no such map; then there is none.
 */
bool ht_components_read_map(ht_components_t *components, const char *path, ht_component_map_t *map,
                            ht_lookup_error_t *error);

/**
 * Is the map of this ELF file? Compares where the sections lie.
 * @return false with HT_LOOKUP_MISMATCH: it is another build's, its answers would be wrong.
 */
bool ht_components_check_map(ht_components_t *components, const char *elf_path,
                             ht_lookup_error_t *error);

/**
 * What the code at an address belongs to: the map's answer, else by the source file, else the
 * file it is in. The map is that of the file that was added to the symbols first: a firmware, or a
 * process's program.
 * @param symbol       what ht_symbols_find() said.
 * @param module_path  of the file that the address is in; NULL: not known. A firmware's own ELF
 * file is no answer: leave it out for that.
 */
ht_component_t ht_components_find(ht_components_t *components, const ht_symbol_t *symbol,
                                  const char *module_path);

/** What the map says of an address of the ELF file. */
ht_component_t ht_components_at(ht_components_t *components, uint64_t address);

/** What the folders of a source file say: ".../components/NAME/...",
 * ".../managed_components/NAME/...", "main". */
ht_component_t ht_components_of_path(ht_components_t *components, const char *path);

#ifdef __cplusplus
}
#endif
