/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_elf_find.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <glob.h>
#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_FILES 5000U
#define MOST_DEEP 8U
#define MOST_ID 64U  /* bytes of a build-id; sha1 has 20 */
#define MOST_SEEN 3U /* wrong files that the error names */
#define PIECE 65536U

/* A file that is ELF, but not the one. */
typedef struct {
    char path[200];
    uint8_t key[MOST_ID];
    size_t size;
} ht_seen_t;

typedef struct {
    const ht_elf_search_t *limits;
    const ht_elf_key_t *key;
    ht_elf_found_t *found;
    ht_lookup_error_t *error;
    ht_seen_t seen[MOST_SEEN];
    size_t seen_count;  /* ELF files, more than are kept */
    bool is_exhausted;  /* the limit of files */
    bool is_unreadable; /* a path that was given is not there: `error` says it */
} ht_hunt_t;

/* --- what a file is -----------------------------------------------------------------------------
 */

static bool digest_file(int file, uint8_t sha256[HT_ELF_SHA256_BYTES])
{
    uint8_t *bytes = malloc(PIECE);
    struct sha256_ctx state;
    ssize_t count = -1;
    sha256_init(&state);
    while (bytes != NULL && (count = read(file, bytes, PIECE)) > 0) {
        sha256_update(&state, (size_t)count, bytes);
    }
    sha256_digest(&state, HT_ELF_SHA256_BYTES, sha256);
    free(bytes);
    return count == 0;
}

bool ht_elf_sha256(const char *path, uint8_t sha256[HT_ELF_SHA256_BYTES], ht_lookup_error_t *error)
{
    if (error != NULL) { *error = (ht_lookup_error_t){.code = HT_LOOKUP_OK}; }
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool good = file >= 0 && digest_file(file, sha256);
    int reason = errno;
    if (file >= 0) { (void)close(file); }
    return good || ht_lookup_fail(error, HT_LOOKUP_UNREADABLE, "cannot read %s: %s", path,
                                  strerror(reason));
}

/* A program or a library, by its first bytes alone. */
static bool is_linked(int file)
{
    unsigned char head[18];
    if (pread(file, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
        memcmp(head, ELFMAG, SELFMAG) != 0) {
        return false;
    }
    unsigned type = head[EI_DATA] == ELFDATA2MSB ? head[17] : head[16];
    return type == ET_EXEC || type == ET_DYN;
}

static size_t build_id_of(int file, uint8_t key[MOST_ID])
{
    const void *id;
    (void)elf_version(EV_CURRENT);
    Elf *elf = elf_begin(file, ELF_C_READ_MMAP, NULL);
    ssize_t size = elf != NULL ? dwelf_elf_gnu_build_id(elf, &id) : -1;
    if (size < 0 || size > (ssize_t)MOST_ID) { size = 0; }
    if (size > 0) { memcpy(key, id, (size_t)size); }
    (void)elf_end(elf);
    return (size_t)size;
}

/* What stands for the file, to compare with the key; 0 bytes: nothing does. */
static size_t key_of(int file, ht_elf_key_kind_t kind, uint8_t key[MOST_ID])
{
    if (kind == HT_ELF_BY_BUILD_ID) { return build_id_of(file, key); }
    if (kind == HT_ELF_BY_SHA256 && digest_file(file, key)) { return HT_ELF_SHA256_BYTES; }
    return 0;
}

static bool is_wanted(const ht_elf_key_t *wanted, const uint8_t *key, size_t size)
{
    if (wanted->kind == HT_ELF_UNKNOWN) { return true; }
    bool enough = wanted->kind == HT_ELF_BY_BUILD_ID ? size == wanted->size : size >= wanted->size;
    return enough && memcmp(key, wanted->bytes, wanted->size) == 0;
}

/* --- the hunt -----------------------------------------------------------------------------------
 */

static bool note_found(ht_hunt_t *hunt, const char *path, const uint8_t *key)
{
    ht_elf_found_t *found = hunt->found;
    found->path = strdup(path);
    found->is_verified = hunt->key->kind != HT_ELF_UNKNOWN;
    if (hunt->key->kind == HT_ELF_BY_SHA256) { memcpy(found->sha256, key, HT_ELF_SHA256_BYTES); }
    return found->path != NULL;
}

static void note_wrong(ht_hunt_t *hunt, const char *path, const uint8_t *key, size_t size)
{
    if (hunt->seen_count++ >= MOST_SEEN) { return; }
    ht_seen_t *seen = &hunt->seen[hunt->seen_count - 1];
    (void)snprintf(seen->path, sizeof(seen->path), "%s", path);
    memcpy(seen->key, key, size);
    seen->size = size;
}

static bool try_file(ht_hunt_t *hunt, const char *path)
{
    uint8_t key[MOST_ID] = {0};
    size_t most = hunt->limits->most_files != 0 ? hunt->limits->most_files : MOST_FILES;
    if (hunt->found->files_seen >= most) {
        hunt->is_exhausted = true;
        return false;
    }
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not stop us */
    if (file < 0) { return false; }
    hunt->found->files_seen++;
    bool is_it = false;
    if (is_linked(file)) {
        size_t size = key_of(file, hunt->key->kind, key);
        is_it = is_wanted(hunt->key, key, size) && note_found(hunt, path, key);
        if (!is_it) { note_wrong(hunt, path, key, size); }
    }
    (void)close(file);
    return is_it;
}

static bool has_elf_name(const FTSENT *entry)
{
    const char *dot = strrchr(entry->fts_name, '.');
    return dot != NULL && strcmp(dot, ".elf") == 0;
}

static int by_name(const FTSENT **left, const FTSENT **right)
{
    return strcmp((*left)->fts_name, (*right)->fts_name);
}

/* An entry of a folder's walk. True: it is the file. */
static bool try_entry(ht_hunt_t *hunt, FTS *walk, FTSENT *entry)
{
    unsigned most = hunt->limits->most_deep != 0 ? hunt->limits->most_deep : MOST_DEEP;
    if (entry->fts_info == FTS_D && entry->fts_level > 0 &&
        (entry->fts_name[0] == '.' || entry->fts_level > (int)most)) {
        (void)fts_set(walk, entry, FTS_SKIP);
    }
    bool may_be =
        entry->fts_info == FTS_F && (hunt->key->kind == HT_ELF_BY_BUILD_ID || has_elf_name(entry));
    return may_be && try_file(hunt, entry->fts_path);
}

static bool try_folder(ht_hunt_t *hunt, const char *path)
{
    char *copy = strdup(path);
    if (copy == NULL) { return false; }
    bool is_found = false;
    FTS *walk =
        fts_open((char *[]){copy, NULL}, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    for (FTSENT *entry; !is_found && walk != NULL && !hunt->is_exhausted;) {
        if ((entry = fts_read(walk)) == NULL) { break; }
        is_found = try_entry(hunt, walk, entry);
    }
    if (walk != NULL) { (void)fts_close(walk); }
    free(copy);
    return is_found;
}

static bool try_path(ht_hunt_t *hunt, const char *path, bool must_be_there)
{
    struct stat about;
    if (stat(path, &about) == 0) {
        return S_ISDIR(about.st_mode) ? try_folder(hunt, path) : try_file(hunt, path);
    }
    if (must_be_there && !hunt->is_unreadable) {
        hunt->is_unreadable = true;
        (void)ht_lookup_fail(hunt->error, HT_LOOKUP_UNREADABLE, "cannot open %s: %s", path,
                             strerror(errno));
    }
    return false;
}

static bool try_environment(ht_hunt_t *hunt)
{
    const char *list = getenv("HEAPTRAIL_ELF_PATH");
    char *copy = list != NULL ? strdup(list) : NULL;
    bool is_found = false;
    char *rest = copy;
    for (char *path; !is_found && (path = strsep(&rest, ":")) != NULL;) {
        is_found = path[0] != '\0' && try_path(hunt, path, false);
    }
    free(copy);
    return is_found;
}

static bool try_build_folder(ht_hunt_t *hunt)
{
    glob_t names = {0};
    bool is_found = false;
    if (glob("build/*.elf", 0, NULL, &names) == 0) {
        for (size_t i = 0; i < names.gl_pathc && !is_found; i++) {
            is_found = try_file(hunt, names.gl_pathv[i]);
        }
    }
    globfree(&names);
    return is_found;
}

/* --- what went wrong ----------------------------------------------------------------------------
 */

static void add_hex(char *text, size_t room, const uint8_t *bytes, size_t count)
{
    size_t at = strlen(text);
    for (size_t i = 0; i < count && at + 3 <= room; i++, at += 2) {
        (void)snprintf(text + at, room - at, "%02x", bytes[i]);
    }
}

static void add_text(char *text, size_t room, const char *more)
{
    size_t at = strlen(text);
    (void)snprintf(text + at, room - at, "%s", more);
}

/* Which were found, and which was wanted. */
static bool fail_wrong(const ht_hunt_t *hunt)
{
    char wanted[2 * MOST_ID + 1] = "";
    char seen[400] = "";
    bool is_sha = hunt->key->kind == HT_ELF_BY_SHA256;
    size_t shown = is_sha && hunt->key->size > 8 ? hunt->key->size : 8;
    add_hex(wanted, sizeof(wanted), hunt->key->bytes, hunt->key->size);
    for (size_t i = 0; i < hunt->seen_count && i < MOST_SEEN; i++) {
        const ht_seen_t *file = &hunt->seen[i];
        size_t bytes = file->size < shown || !is_sha ? file->size : shown;
        add_text(seen, sizeof(seen), i > 0 ? ", " : "");
        add_text(seen, sizeof(seen), file->path);
        add_text(seen, sizeof(seen), file->size > 0 ? " has " : " has none");
        add_hex(seen, sizeof(seen), file->key, i > 0 && bytes > 8 ? 8 : bytes);
    }
    return ht_lookup_fail(
        hunt->error, HT_LOOKUP_MISMATCH,
        "wrong ELF file: the trace is of %s %s; %s%s (%zu ELF files seen): give the "
        "one that was flashed, or build it again from the same source",
        is_sha ? "SHA-256" : "build-id", wanted, seen, hunt->seen_count > MOST_SEEN ? ", ..." : "",
        hunt->seen_count);
}

static bool fail(const ht_hunt_t *hunt)
{
    if (hunt->is_unreadable) { return false; } /* the error says so already */
    if (hunt->seen_count > 0) { return fail_wrong(hunt); }
    if (hunt->is_exhausted) {
        return ht_lookup_fail(hunt->error, HT_LOOKUP_NOT_FOUND,
                              "no ELF file among the first %zu files: give the file itself, or a "
                              "smaller folder",
                              hunt->found->files_seen);
    }
    return ht_lookup_fail(hunt->error, HT_LOOKUP_NOT_FOUND,
                          "no ELF file found: give it with --elf, or its folder in "
                          "HEAPTRAIL_ELF_PATH");
}

static bool check_key(const ht_elf_key_t *key, ht_lookup_error_t *error)
{
    if (key->kind == HT_ELF_UNKNOWN) { return true; }
    bool good = key->bytes != NULL && key->size >= 4 &&
                key->size <= (key->kind == HT_ELF_BY_SHA256 ? HT_ELF_SHA256_BYTES : MOST_ID);
    return good ||
           ht_lookup_fail(error, HT_LOOKUP_BAD_CALL,
                          "%zu bytes are no SHA-256 and no build-id, 4 are the least", key->size);
}

bool ht_elf_find(const ht_elf_search_t *search, const ht_elf_key_t *key, ht_elf_found_t *found,
                 ht_lookup_error_t *error)
{
    *found = (ht_elf_found_t){0};
    if (error != NULL) { *error = (ht_lookup_error_t){.code = HT_LOOKUP_OK}; }
    if (!check_key(key, error)) { return false; }
    ht_hunt_t hunt = {.limits = search, .key = key, .found = found, .error = error};
    bool is_found = false;
    for (size_t i = 0; i < search->path_count && !is_found; i++) {
        is_found = try_path(&hunt, search->paths[i], true);
    }
    if (!is_found && !search->only_paths) {
        is_found = try_environment(&hunt) || try_build_folder(&hunt);
    }
    if (!is_found) { return fail(&hunt); }
    if (error != NULL) { *error = (ht_lookup_error_t){.code = HT_LOOKUP_OK}; }
    return true;
}
