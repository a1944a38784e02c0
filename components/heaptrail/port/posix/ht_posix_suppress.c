/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The file is read when the program starts, into memory that is no root of a scan. Its patterns are
 * compared with the names of a site's frames (ht_posix_symbols.c): function, file, object.
 */
#define _GNU_SOURCE
#include "ht_posix_suppress.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heaptrail_leaks.h"
#include "ht_posix.h"
#include "ht_posix_pattern.h"

#define FILE_BYTES_MAX (1U << 20)

static struct {
    char *patterns;
    size_t bytes;
} s_suppress;

static bool names_frame(uintptr_t frame)
{
    char text[512];
    if (!ht_posix_symbol(NULL, frame, text, sizeof(text))) { return false; }
    for (size_t at = 0; at < s_suppress.bytes; at += strlen(s_suppress.patterns + at) + 1U) {
        if (ht_posix_pattern_matches(s_suppress.patterns + at, text)) { return true; }
    }
    return false;
}

static bool names_site(void *context, const heaptrail_origin_t *origin)
{
    (void)context;
    for (uint32_t i = 0; i < origin->frame_count; i++) {
        if (names_frame(origin->frames[i])) { return true; }
    }
    return false;
}

/* --- the file ------------------------------------------------------------------------------------
 */

/* @return Bytes read, SIZE_MAX if it cannot be. */
static size_t read_whole(int fd, char *to, size_t bytes)
{
    size_t used = 0;
    while (used < bytes) {
        ssize_t got = read(fd, to + used, bytes - used);
        if (got < 0 && errno == EINTR) { continue; }
        if (got < 0) { return SIZE_MAX; }
        if (got == 0) { break; }
        used += (size_t)got;
    }
    return used;
}

static const char *load(const char *path)
{
    struct stat what;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) { return strerror(errno); }
    const char *why = NULL;
    if (fstat(fd, &what) != 0 || !S_ISREG(what.st_mode)) {
        why = "it is no ordinary file";
    } else if (what.st_size > FILE_BYTES_MAX) {
        why = "it is larger than 1 MiB";
    } else {
        s_suppress.patterns = ht_posix_pages((size_t)what.st_size + 1U);
        why = s_suppress.patterns == NULL ? "there is no memory" : NULL;
    }
    if (why == NULL) {
        s_suppress.bytes = read_whole(fd, s_suppress.patterns, (size_t)what.st_size);
        if (s_suppress.bytes == SIZE_MAX) {
            s_suppress.bytes = 0;
            why = "it cannot be read";
        }
    }
    close(fd);
    return why;
}

static void say_line(const char *path, unsigned line, ht_posix_say_fn say)
{
    char digits[12];
    size_t at = sizeof(digits) - 1U;
    digits[at] = '\0';
    for (; line != 0; line /= 10U) {
        digits[--at] = (char)('0' + line % 10U);
    }
    say((const char *const[]){"HEAPTRAIL_OPTIONS: suppress: line ", digits + at, " of ", path,
                              " is not leak:PATTERN (the first that was left out)", NULL});
}

void ht_posix_suppress_load(const ht_posix_options_t *options, ht_posix_say_fn say)
{
    static heaptrail_suppression_t by_name = {.fn = names_site};
    unsigned bad = 0;
    if (options->suppress[0] == '\0' || options->leaks == HT_POSIX_REPORT_NONE) { return; }
    const char *why = load(options->suppress);
    if (why != NULL) {
        say((const char *const[]){"HEAPTRAIL_OPTIONS: suppress='", options->suppress, "': ", why,
                                  ", going on without", NULL});
        return;
    }
    s_suppress.bytes = ht_posix_patterns_parse(s_suppress.patterns, s_suppress.bytes, &bad);
    if (bad != 0) { say_line(options->suppress, bad, say); }
    if (s_suppress.bytes != 0) { (void)heaptrail_suppress_leaks(&by_name); }
}
