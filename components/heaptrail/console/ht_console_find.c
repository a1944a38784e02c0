/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Names of tasks, heaps and sites, to the numbers that queries take. */
#include <string.h>

#include "ht_console.h"
#include "ht_units.h"

/** Numbers that a message lists, when a name has several. */
#define LISTED 6U

typedef struct {
    const char *word;
    uint32_t number;  /**< that the word is; 0: it is none */
    bool has_number;  /**< a row has that number */
    uint32_t matches; /**< rows with that name */
    uint32_t id[LISTED];
    uint32_t alive; /**< of them, tasks that are alive */
    uint32_t alive_id;
    uintptr_t address; /**< that the word is; 0: it is none */
    size_t file_bytes; /**< of FILE in FILE:LINE; 0: it is none */
    uint32_t line;
} find_t;

static void number_of(find_t *find, const char *word)
{
    uint64_t n = 0;
    find->word = word;
    if (ht_value_number(word, UINT32_MAX, &n) == HT_VALUE_GOOD) { find->number = (uint32_t)n; }
}

static void matched(find_t *find, uint32_t id)
{
    if (find->matches < LISTED) { find->id[find->matches] = id; }
    find->matches++;
}

/* A name as rows have it: with a zero, or as long as it can be. */
static bool is_name(const char name[HEAPTRAIL_TASK_NAME_MAX], const char *word)
{
    return strncmp(name, word, HEAPTRAIL_TASK_NAME_MAX) == 0 &&
           strlen(word) <= HEAPTRAIL_TASK_NAME_MAX;
}

static bool look_at_task(void *context, const heaptrail_task_row_t *row)
{
    find_t *find = context;
    find->has_number = find->has_number || (find->number != 0 && row->id == find->number);
    if (!is_name(row->name, find->word)) { return true; }
    matched(find, row->id);
    if (!row->deleted) {
        find->alive++;
        find->alive_id = row->id;
    }
    return true;
}

static bool look_at_heap(void *context, const heaptrail_heap_row_t *row)
{
    find_t *find = context;
    find->has_number = find->has_number || (find->number != 0 && row->id == find->number);
    if (is_name(row->name, find->word)) { matched(find, row->id); }
    return true;
}

/* "http.c:12" is the end of ".../net/http.c", line 12. */
static bool is_place(const find_t *find, const heaptrail_site_t *site)
{
    if (find->file_bytes == 0 || site->file == NULL || site->line != find->line) { return false; }
    size_t length = strlen(site->file);
    if (length < find->file_bytes) { return false; }
    const char *end = &site->file[length - find->file_bytes];
    bool whole = end == site->file || end[-1] == '/' || end[-1] == '\\';
    return whole && memcmp(end, find->word, find->file_bytes) == 0;
}

static bool look_at_site(void *context, const heaptrail_site_row_t *row)
{
    find_t *find = context;
    const heaptrail_origin_t *origin = &row->origin;
    const heaptrail_site_t *site = origin->site;
    find->has_number = find->has_number || (find->number != 0 && origin->id == find->number);
    bool named =
        site != NULL && ((site->function != NULL && strcmp(site->function, find->word) == 0) ||
                         is_place(find, site));
    bool called =
        find->address != 0 && origin->frame_count != 0 && origin->frames[0] == find->address;
    if (origin->id != 0 && (named || called)) { matched(find, origin->id); }
    return true;
}

/* --- what was found ----------------------------------------------------------------------------
 */

HT_APART static bool several(ht_con_t *con, const find_t *find, const char *what)
{
    char list[LISTED * 12U + 20U] = "one of the ids ";
    for (uint32_t i = 0; i < LISTED && i < find->matches; i++) {
        strcat(list, i == 0 ? "" : ", ");
        strcat(list, ht_text_number(find->id[i]).s); /* of a uint32_t: ten digits at most */
    }
    return ht_con_complain(
        con,
        &(ht_complaint_t){.before = what, .word = find->word, .after = "is not one", .say = list});
}

static bool found(ht_con_t *con, const find_t *find, const char *what, const char *see,
                  uint32_t *id)
{
    if (find->alive == 1 || find->matches == 1) {
        *id = find->alive == 1 ? find->alive_id : find->id[0];
        return true;
    }
    if (find->matches > 1) { return several(con, find, what); }
    *id = find->number;
    if (find->has_number) { return true; }
    if (find->word[0] == '\0') {
        return ht_con_complain(con,
                               &(ht_complaint_t){.before = what, .after = "is empty", .say = see});
    }
    return ht_con_complain(
        con,
        &(ht_complaint_t){.before = what, .word = find->word, .after = "is not known", .say = see});
}

static bool failed(ht_con_t *con, esp_err_t err)
{
    if (err != ESP_OK) { (void)ht_con_failed(con, err); }
    return err != ESP_OK;
}

bool ht_find_task(ht_con_t *con, const char *word, uint32_t *id)
{
    find_t find = {0};
    number_of(&find, word);
    if (failed(con, heaptrail_for_each_task(NULL, look_at_task, &find, NULL))) { return false; }
    return found(con, &find, "task", "a name or an id of `heaptrail tasks --all`", id);
}

bool ht_find_heap(ht_con_t *con, const char *word, uint32_t *id)
{
    find_t find = {0};
    number_of(&find, word);
    if (failed(con, heaptrail_for_each_heap(NULL, look_at_heap, &find, NULL))) { return false; }
    return found(con, &find, "heap", "a name of `heaptrail heaps`", id);
}

bool ht_find_site(ht_con_t *con, const char *word, uint32_t *id)
{
    find_t find = {0};
    uint64_t n = 0;
    number_of(&find, word);
    const char *colon = strrchr(word, ':');
    if (colon != NULL && ht_value_number(colon + 1, UINT32_MAX, &n) == HT_VALUE_GOOD) {
        find.file_bytes = (size_t)(colon - word);
        find.line = (uint32_t)n;
    }
    if (word[0] == '0' && ht_value_address(word, &n) == HT_VALUE_GOOD) {
        find.address = (uintptr_t)n;
    }
    if (failed(con, heaptrail_for_each_site(NULL, look_at_site, &find, NULL))) { return false; }
    return found(con, &find, "site", "an id of `heaptrail sites --all`, FILE:LINE or a function",
                 id);
}
