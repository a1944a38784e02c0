/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* From options to the question that a report answers. */
#include <string.h>

#include "heaptrail_leaks.h"
#include "ht_console.h"

static bool bad_value(ht_con_t *con, ht_opt_t opt, ht_value_t value, const char *say)
{
    static const char *const what[] = {
        [HT_VALUE_GOOD] = "",
        [HT_VALUE_EMPTY] = "is empty",
        [HT_VALUE_NOT_A_NUMBER] = "is no number",
        [HT_VALUE_NEGATIVE] = "is negative",
        [HT_VALUE_TOO_LARGE] = "is too large",
        [HT_VALUE_BAD_UNIT] = "has a unit that is none",
    };
    if (value == HT_VALUE_GOOD) { return true; }
    char name[16] = "--";
    strncat(name, ht_opt_info[opt].name, sizeof(name) - 3U);
    return ht_con_complain(
        con, &(ht_complaint_t){
                 .before = name, .word = con->value[opt], .after = what[value], .say = say});
}

static bool ask_rows(ht_con_t *con, heaptrail_report_t *ask)
{
    uint64_t rows = 0;
    if (ht_con_has(con, HT_OPT_ALL)) { ask->max_rows = UINT32_MAX; }
    if (!ht_con_has(con, HT_OPT_ROWS)) { return true; }
    ht_value_t value = ht_value_number(con->value[HT_OPT_ROWS], UINT32_MAX - 1U, &rows);
    if (value == HT_VALUE_GOOD && rows == 0) {
        return ht_con_complain(con, &(ht_complaint_t){.before = "--rows",
                                                      .word = "0",
                                                      .after = "would show none",
                                                      .say = "1 or more, or --all"});
    }
    ask->max_rows = (uint32_t)rows;
    return bad_value(con, HT_OPT_ROWS, value, "1 or more, or --all");
}

HT_APART static bool no_such_order(ht_con_t *con, const char *word)
{
    const char *names[8];
    char list[64] = "";
    uint32_t count = 0;
    for (const ht_choice_t *order = con->sub->orders; order->name != NULL && count < 7U; order++) {
        names[count++] = order->name;
        strncat(list, count == 1 ? "" : ", ", sizeof(list) - strlen(list) - 1U);
        strncat(list, order->name, sizeof(list) - strlen(list) - 1U);
    }
    names[count] = NULL;
    return ht_con_complain(con, &(ht_complaint_t){.before = "--sort",
                                                  .word = word,
                                                  .after = "is no order",
                                                  .say = list,
                                                  .near = ht_nearest(word, names)});
}

static bool ask_sort(ht_con_t *con, heaptrail_report_t *ask)
{
    const char *word = con->value[HT_OPT_SORT];
    if (word == NULL) { return true; }
    for (const ht_choice_t *order = con->sub->orders; order->name != NULL; order++) {
        if (strcmp(order->name, word) == 0) {
            ask->sort = (heaptrail_sort_t)order->value;
            return true;
        }
    }
    return no_such_order(con, word);
}

static bool ask_caps(ht_con_t *con, heaptrail_report_t *ask)
{
    const char *text = con->value[HT_OPT_CAPS];
    const char *bad = NULL;
    size_t length = 0;
    if (text == NULL || ht_value_caps(text, &ask->select.caps, &bad, &length)) { return true; }
    bool empty = length == 0;
    return ht_con_complain(
        con, &(ht_complaint_t){.before = "--caps",
                               .word = empty ? NULL : bad,
                               .word_length = length,
                               .after = empty ? "has an empty name in it" : "is no capability",
                               .say = "8BIT, 32BIT, DMA, EXEC, INTERNAL, SPIRAM, "
                                      "DEFAULT, RTCRAM ... or 0x and a mask"});
}

static bool ask_amounts(ht_con_t *con, heaptrail_report_t *ask)
{
    uint64_t bytes = 0;
    if (ht_con_has(con, HT_OPT_MIN)) {
        ht_value_t value = ht_value_size(con->value[HT_OPT_MIN], &bytes);
        if (!bad_value(con, HT_OPT_MIN, value, "100, 4k or 1M")) { return false; }
        ask->select.size_min = (size_t)bytes;
    }
    if (ht_con_has(con, HT_OPT_OLDER)) {
        ht_value_t value = ht_value_time(con->value[HT_OPT_OLDER], &ask->select.age_min_us);
        return bad_value(con, HT_OPT_OLDER, value, "10 (seconds), 5m, 2h or 1d");
    }
    return true;
}

HT_APART static bool no_such_mark(ht_con_t *con, const char *word)
{
    ht_mark_t marks[HEAPTRAIL_CONSOLE_MARKS];
    const char *names[HEAPTRAIL_CONSOLE_MARKS + 1U];
    uint32_t count = 0;
    (void)ht_mark_list(marks, &count);
    for (uint32_t i = 0; i < count; i++) {
        names[i] = marks[i].name;
    }
    names[count] = NULL;
    if (word == NULL) {
        return ht_con_complain(con, &(ht_complaint_t){.before = "there is no mark yet; `heaptrail "
                                                                "mark` takes one"});
    }
    return ht_con_complain(con, &(ht_complaint_t){.word = word,
                                                  .after = "is no mark; `heaptrail mark --list` "
                                                           "lists them",
                                                  .near = ht_nearest(word, names)});
}

/* Since the mark `word`, or the newest if it is NULL. */
static bool ask_mark(ht_con_t *con, heaptrail_report_t *ask, const char *word)
{
    ht_mark_t mark;
    esp_err_t err = ht_mark_find(word, &mark);
    if (err == ESP_ERR_NOT_FOUND) { return no_such_mark(con, word); }
    if (err != ESP_OK) {
        (void)ht_con_failed(con, err);
        return false;
    }
    con->since = mark.mark;
    ask->select.since = &con->since;
    return true;
}

static bool ask_names(ht_con_t *con, heaptrail_report_t *ask)
{
    const char *task = con->value[HT_OPT_TASK];
    const char *site = con->value[HT_OPT_SITE];
    const char *heap = con->value[HT_OPT_HEAP];
    if (task != NULL && !ht_find_task(con, task, &ask->select.task_id)) { return false; }
    if (site != NULL && !ht_find_site(con, site, &ask->select.site_id)) { return false; }
    if (heap != NULL && !ht_find_heap(con, heap, &ask->select.heap_id)) { return false; }
    if (ask->kind == HEAPTRAIL_REPORT_SINCE) { return ask_mark(con, ask, con->word); }
    return !ht_con_has(con, HT_OPT_SINCE) || ask_mark(con, ask, con->value[HT_OPT_SINCE]);
}

bool ht_con_ask(ht_con_t *con, heaptrail_report_t *ask)
{
    *ask = (heaptrail_report_t){
        .json = con->json, .color = con->color, .ids = true, .width = con->width};
    ask->kind = con->sub != NULL ? con->sub->kind : HEAPTRAIL_REPORT_STATUS;
    if (ht_con_has(con, HT_OPT_NO_SCAN)) {
        ask->evidence = HEAPTRAIL_EVIDENCE_ALL & ~HEAPTRAIL_EVIDENCE_UNREACHABLE;
    }
    return ask_rows(con, ask) && ask_sort(con, ask) && ask_caps(con, ask) &&
           ask_amounts(con, ask) && ask_names(con, ask);
}
