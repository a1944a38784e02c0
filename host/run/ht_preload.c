/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_preload.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Relative to the folder of this program. */
static const char *const s_places[] = {
    "../lib/heaptrail/libheaptrail.so",                      /* installed */
    "../../components/heaptrail/port/posix/libheaptrail.so", /* host/cli in the build tree */
    "libheaptrail.so",                                       /* side by side */
};

/* The folder of this program, with its last slash. */
static bool find_own_folder(char folder[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (length <= 0) { return false; }
    folder[length] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash == NULL) { return false; }
    slash[1] = '\0';
    return true;
}

static char *try_place(const char *folder, const char *place)
{
    char *path = NULL;
    if (asprintf(&path, "%s%s", folder, place) < 0) { return NULL; }
    char *real = access(path, R_OK) == 0 ? realpath(path, NULL) : NULL;
    free(path);
    return real;
}

char *ht_preload_find(char *error, size_t error_size)
{
    char folder[PATH_MAX];
    const char *given = getenv("HEAPTRAIL_PRELOAD");
    if (given != NULL && *given != '\0') {
        char *real = try_place("", given);
        if (real == NULL) {
            snprintf(error, error_size, "HEAPTRAIL_PRELOAD is %s, which cannot be read", given);
        }
        return real;
    }
    char *found = NULL;
    bool known = find_own_folder(folder);
    for (size_t i = 0; known && found == NULL && i < sizeof(s_places) / sizeof(s_places[0]); i++) {
        found = try_place(folder, s_places[i]);
    }
    if (found == NULL) {
        snprintf(
            error, error_size,
            "libheaptrail.so is not where it is installed (%s%s); set HEAPTRAIL_PRELOAD to its "
            "path",
            known ? folder : "", s_places[0]);
    }
    return found;
}
