/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Addresses to functions, files and lines, from ELF files: a firmware's (RISC-V, Xtensa) or those
 * of a Linux process.
 *
 *   ht_symbols_t *symbols = ht_symbols_new(NULL);
 *   ht_symbols_add(symbols, &(ht_symbols_object_t){.path = "build/app.elf"}, &error);
 *   const ht_symbol_t *symbol = ht_symbols_find(symbols, 0x42001234, HT_ADDRESS_RETURN);
 *   for (size_t i = 0; i < symbol->frame_count; i++) { ... symbol->frames[i].function ... }
 *
 * A context is used by one thread at a time; two contexts do not know each other. Debug information
 * is read when an address first needs it, compilation unit by compilation unit, and each address is
 * looked up once: asking again costs a look into a hash table.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ht_lookup_error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ht_symbols ht_symbols_t;

/** Options. All zero is good. */
typedef struct {
    /** Where separate debug files are, as elfutils writes it: folders with ':' between; a relative
     * one is below the ELF file's folder. NULL: ".debug:/usr/lib/debug" and the file's own folder.
     */
    const char *debug_path;
    /** Ask the servers in the environment variable DEBUGINFOD_URLS for debug files that are not on
     * this machine. That may take minutes. False: nothing here ever uses the network. */
    bool use_debuginfod;
} ht_symbols_options_t;

/** A file and where it was loaded. */
typedef struct {
    const char *path;
    /** What is added to the file's addresses: 0 for a firmware. */
    uint64_t bias;
    /** The addresses it was loaded to, `end` excluded; both 0: those its sections have, with the
     * bias. Needed for addresses in it to be named after it when the file cannot be read. */
    uint64_t start, end;
    /** The build-id that it must have; NULL: any. Another one's symbols would be wrong, so a file
     * that has another build-id is not used. */
    const uint8_t *build_id;
    size_t build_id_size;
} ht_symbols_object_t;

/** What is known of an added object. The strings live as long as the context. */
typedef struct {
    const char *path;       /**< as it was added */
    const char *debug_path; /**< separate file that has the debug information; NULL: none */
    uint64_t bias, start, end;
    bool readable;           /**< false: not there, or not what was wanted; only its name is used */
    bool has_lines;          /**< it has debug information (DWARF) */
    size_t function_count;   /**< functions in its symbol tables */
    uint16_t machine;        /**< EM_RISCV, EM_XTENSA, ... as in elf.h */
    const uint8_t *build_id; /**< the file's own; NULL: none */
    size_t build_id_size;
} ht_symbols_module_t;

typedef enum {
    HT_ADDRESS_EXACT,  /**< of an instruction: a program counter, a function pointer */
    HT_ADDRESS_RETURN, /**< behind a call: what is looked for is the call */
} ht_address_kind_t;

/** One function at an address. NULL and 0 where nothing is known. Equal strings of one context are
 * the same pointer; they live as long as the context. */
typedef struct {
    const char *function; /**< demangled, with the parameters' types in C++ */
    /** As the compiler was told, made absolute with its working directory, without "." and "x/..".
     * Without debug information the name alone of the file that was compiled, if the symbol table
     * has that; then `line` is 0. */
    const char *file;
    uint32_t line, column;
    bool is_inlined; /**< into the next frame's function, at that frame's line */
} ht_symbol_frame_t;

/** Where a function's name is from. */
typedef enum {
    HT_SYMBOL_UNKNOWN,
    HT_SYMBOL_FROM_TABLE, /**< the ELF file's symbols: a function, mostly without file and line */
    HT_SYMBOL_FROM_DEBUG, /**< debug information */
} ht_symbol_source_t;

#define HT_SYMBOLS_NO_MODULE SIZE_MAX

/** What an address is. */
typedef struct {
    uint64_t address; /**< as it was asked for */
    ht_symbol_source_t source;
    /** The innermost first; at least one, whose fields may all be NULL and 0. */
    const ht_symbol_frame_t *frames;
    size_t frame_count;
    /** `address` less this is where the last frame's function, or the part of it that the compiler
     * put elsewhere, begins. */
    uint64_t offset;
    size_t module; /**< for ht_symbols_module(), or HT_SYMBOLS_NO_MODULE */
    /** What was looked for, as in the module's file: what addr2line takes. Of a return address it
     * is in the call. */
    uint64_t module_address;
    const char *unit; /**< source file that was compiled, absolute (DWARF's unit); or NULL */
} ht_symbol_t;

/**
 * A context without any file.
 * @param options  NULL for all zero; copied.
 * @return to be freed with ht_symbols_free(); NULL when there is no memory.
 */
ht_symbols_t *ht_symbols_new(const ht_symbols_options_t *options);

/** Free it and all that it returned. NULL is fine. */
void ht_symbols_free(ht_symbols_t *symbols);

/**
 * Add a file. Of two that claim an address, the one that was added later gets it. Answers that were
 * given before stay as they are.
 * @param error  filled on failure; may be NULL.
 * @return false when the file cannot be used. If `object` has `start` and `end`, addresses in it
 * are named after it all the same. Cost: opening the file and reading its section headers, not its
 * debug information.
 */
bool ht_symbols_add(ht_symbols_t *symbols, const ht_symbols_object_t *object,
                    ht_lookup_error_t *error);

/**
 * What an address is.
 * @return never NULL; lives as long as the context.
 * Cost: the first time O(log n), and reading the unit that it is in if it is the unit's first; then
 * O(1).
 */
const ht_symbol_t *ht_symbols_find(ht_symbols_t *symbols, uint64_t address, ht_address_kind_t kind);

/** A variable with static storage, and how far into it an address is. */
typedef struct {
    const char *name; /**< demangled; lives as long as the context */
    uint64_t offset, size;
} ht_symbol_variable_t;

/**
 * Which variable an address is in, by the symbol tables; of code there is none. For addresses of
 * data, which ht_symbols_find() knows nothing of. Cost: O(log n); the first time in a module its
 * symbol tables are read.
 */
bool ht_symbols_variable(ht_symbols_t *symbols, uint64_t address, ht_symbol_variable_t *variable);

/** The path of a module, as it was added; NULL if there is no such number, or with
 *  HT_SYMBOLS_NO_MODULE. O(1). */
const char *ht_symbols_path(const ht_symbols_t *symbols, size_t number);

/** How many objects were added, those that could not be read with `start` and `end` included. */
size_t ht_symbols_module_count(const ht_symbols_t *symbols);

/**
 * An object that was added, by number.
 * @return false if there is no such number.
 * Cost: reads the symbol tables and the list of units if no address has needed them yet: for the
 * path alone there is ht_symbols_path().
 */
bool ht_symbols_module(ht_symbols_t *symbols, size_t number, ht_symbols_module_t *module);

#ifdef __cplusplus
}
#endif
