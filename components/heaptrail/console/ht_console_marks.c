/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Named marks. Shared by all consoles, so each access claims the table; who finds it taken says so
 * and does not wait: a task that spins for another one of lower priority would spin for ever.
 */
#include <string.h>

#include "ht_console.h"
#include "ht_units.h"

typedef struct {
    uint32_t busy;
    uint32_t taken; /**< marks ever */
    ht_mark_t mark[HEAPTRAIL_CONSOLE_MARKS];
} marks_t;

static marks_t s_marks;

static bool claim(void)
{
    return __atomic_exchange_n(&s_marks.busy, 1U, __ATOMIC_ACQUIRE) == 0;
}

static esp_err_t release(esp_err_t err)
{
    __atomic_store_n(&s_marks.busy, 0U, __ATOMIC_RELEASE);
    return err;
}

bool ht_mark_name_good(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length >= HEAPTRAIL_CONSOLE_NAME_MAX || name[0] == '-') { return false; }
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
           length;
}

static ht_mark_t *named(const char *name)
{
    for (uint32_t i = 0; i < HEAPTRAIL_CONSOLE_MARKS; i++) {
        ht_mark_t *mark = &s_marks.mark[i];
        if (mark->number != 0 && strcmp(mark->name, name) == 0) { return mark; }
    }
    return NULL;
}

/* The one with the smallest number: a free one, else the oldest. */
static ht_mark_t *smallest(void)
{
    ht_mark_t *mark = &s_marks.mark[0];
    for (uint32_t i = 1; i < HEAPTRAIL_CONSOLE_MARKS; i++) {
        if (s_marks.mark[i].number < mark->number) { mark = &s_marks.mark[i]; }
    }
    return mark;
}

static ht_mark_t *newest(void)
{
    ht_mark_t *mark = &s_marks.mark[0];
    for (uint32_t i = 1; i < HEAPTRAIL_CONSOLE_MARKS; i++) {
        if (s_marks.mark[i].number > mark->number) { mark = &s_marks.mark[i]; }
    }
    return mark->number != 0 ? mark : NULL;
}

esp_err_t ht_mark_take(const char *name, ht_mark_t *taken, ht_mark_t *replaced)
{
    heaptrail_status_t status = {0};
    (void)heaptrail_status(&status);
    memset(replaced, 0, sizeof(*replaced));
    if (!claim()) { return ESP_ERR_INVALID_STATE; }
    uint32_t number = s_marks.taken + 1U;
    *taken = (ht_mark_t){.uptime_us = status.uptime_us, .number = number};
    const ht_figure_t own = ht_text_number(number);
    name = name != NULL ? name : own.s;
    memcpy(taken->name, name, strlen(name) + 1U);
    ht_mark_t *place = named(name);
    if (place == NULL) { place = smallest(); }
    if (place->number != 0) { *replaced = *place; }
    taken->mark = heaptrail_mark();
    *place = *taken;
    s_marks.taken = number;
    return release(ESP_OK);
}

esp_err_t ht_mark_find(const char *name, ht_mark_t *found)
{
    if (!claim()) { return ESP_ERR_INVALID_STATE; }
    const ht_mark_t *mark = name != NULL ? named(name) : newest();
    if (mark != NULL) { *found = *mark; }
    return release(mark != NULL ? ESP_OK : ESP_ERR_NOT_FOUND);
}

esp_err_t ht_mark_remove(const char *name)
{
    if (!claim()) { return ESP_ERR_INVALID_STATE; }
    ht_mark_t *mark = named(name);
    if (mark != NULL) { memset(mark, 0, sizeof(*mark)); }
    return release(mark != NULL ? ESP_OK : ESP_ERR_NOT_FOUND);
}

esp_err_t ht_mark_forget_all(void)
{
    if (!claim()) { return ESP_ERR_INVALID_STATE; }
    memset(s_marks.mark, 0, sizeof(s_marks.mark));
    return release(ESP_OK);
}

esp_err_t ht_mark_list(ht_mark_t marks[HEAPTRAIL_CONSOLE_MARKS], uint32_t *count)
{
    *count = 0;
    if (!claim()) { return ESP_ERR_INVALID_STATE; }
    for (uint32_t i = 0; i < HEAPTRAIL_CONSOLE_MARKS; i++) {
        const ht_mark_t *mark = &s_marks.mark[i];
        if (mark->number == 0) { continue; }
        uint32_t at = (*count)++;
        for (; at > 0 && marks[at - 1U].number < mark->number; at--) {
            marks[at] = marks[at - 1U];
        }
        marks[at] = *mark;
    }
    return release(ESP_OK);
}
