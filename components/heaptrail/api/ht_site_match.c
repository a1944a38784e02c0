/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_site_match.h"

#include <string.h>

static bool is_empty(const char *name)
{
    return name != NULL && name[0] == '\0';
}

const char *ht_site_match_fault(const ht_site_match_t *m)
{
    if (m->line != 0 && m->file == NULL) { return "line without file"; }
    if (m->caller_end != 0 && m->caller == 0) { return "caller_end without caller"; }
    if (m->caller != 0 && m->caller_end <= m->caller) { return "caller_end not behind caller"; }
    bool empty = is_empty(m->file) || is_empty(m->function) || is_empty(m->variable);
    return empty ? "an empty name" : NULL;
}

bool ht_site_match_names(const ht_site_match_t *m)
{
    return m->file != NULL || m->function != NULL || m->variable != NULL || m->caller != 0;
}

/* "main/net.c" is the end of "/project/main/net.c", "et.c" is not. */
static bool is_file(const char *path, const char *end)
{
    if (path == NULL) { return false; }
    size_t length = strlen(path);
    size_t wanted = strlen(end);
    if (wanted > length || strcmp(path + length - wanted, end) != 0) { return false; }
    return wanted == length || end[0] == '/' || strchr("/\\", path[length - wanted - 1U]) != NULL;
}

static bool is_name(const char *name, const char *wanted)
{
    return wanted == NULL || (name != NULL && strcmp(name, wanted) == 0);
}

static bool is_site(const heaptrail_site_t *site, const ht_site_match_t *m)
{
    if (m->file == NULL && m->function == NULL && m->variable == NULL) { return true; }
    return site != NULL && (m->file == NULL || is_file(site->file, m->file)) &&
           (m->line == 0 || m->line == site->line) && is_name(site->function, m->function) &&
           is_name(site->variable, m->variable);
}

static bool is_called_from(const heaptrail_origin_t *origin, uintptr_t from, uintptr_t end)
{
    for (uint32_t i = 0; i < origin->frame_count; i++) {
        if (origin->frames[i] >= from && origin->frames[i] < end) { return true; }
    }
    return false;
}

bool ht_site_matches(const ht_site_match_t *m, const heaptrail_origin_t *origin)
{
    return is_site(origin->site, m) &&
           (m->caller == 0 || is_called_from(origin, m->caller, m->caller_end));
}
