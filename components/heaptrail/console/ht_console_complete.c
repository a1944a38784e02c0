/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * How a line may go on. What is typed so far is read as esp_console splits it (a blank ends a word,
 * unless a backslash stands before it; quotes are not completed); each candidate whose beginning is
 * the last word is handed out as a whole line.
 */
#include <string.h>

#include "ht_console.h"

#define LINE_MAX_BYTES 120U
#define COMMAND "heaptrail"

typedef struct {
    heaptrail_complete_fn_t fn;
    void *context;
    const char *line;
    size_t word_at; /**< where the last word begins: what is completed */
    const ht_sub_t *sub;
    uint32_t words;    /**< behind the command, before the last, that are no options */
    ht_opt_t value_of; /**< the last word is the value of this option; HT_OPTS: of none */
} line_t;

/* --- what is typed -----------------------------------------------------------------------------
 */

static size_t word_end(const char *line, size_t at)
{
    while (line[at] != '\0' && line[at] != ' ') {
        at += line[at] == '\\' && line[at + 1U] != '\0' ? 2U : 1U;
    }
    return at;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(text, word, length) == 0;
}

static ht_opt_t option_with_value(const char *word, size_t length)
{
    for (uint32_t i = 0; i < HT_OPTS; i++) {
        const ht_opt_info_t *info = &ht_opt_info[i];
        if (info->value == NULL || length < 2 || word[0] != '-') { continue; }
        bool is_long = word[1] == '-' && is_word(&word[2], length - 2U, info->name);
        bool is_short = info->letter != NULL && is_word(&word[1], length - 1U, info->letter);
        if (is_long || is_short) { return (ht_opt_t)i; }
    }
    return HT_OPTS;
}

/* A word that is complete. */
static void pass_word(line_t *l, const char *word, size_t length)
{
    bool is_value = l->value_of != HT_OPTS;
    l->value_of = HT_OPTS;
    if (is_value) { return; }
    if (word[0] == '-') {
        l->value_of = option_with_value(word, length);
        return;
    }
    for (uint32_t i = 0; l->words == 0 && i < ht_sub_count; i++) {
        if (is_word(word, length, ht_subs[i].name)) { l->sub = &ht_subs[i]; }
    }
    l->words++;
}

/* False: the line is not ours. */
static bool read_line(line_t *l)
{
    size_t at = strspn(l->line, " ");
    size_t end = word_end(l->line, at);
    if (!is_word(&l->line[at], end - at, COMMAND) || l->line[end] == '\0') { return false; }
    for (;;) {
        at = end + strspn(&l->line[end], " ");
        end = word_end(l->line, at);
        if (l->line[end] == '\0') { break; }
        pass_word(l, &l->line[at], end - at);
    }
    l->word_at = at;
    return true;
}

/* --- what may follow ---------------------------------------------------------------------------
 */

/* `prefix` and `name`, if that is how the last word begins. Names with characters that a shell
 * would need quotes for, or that act on a terminal, are not offered; a blank gets its backslash. */
HT_APART static void offer(const line_t *l, const char *prefix, const char *name, size_t max_bytes)
{
    char text[2U * LINE_MAX_BYTES];
    size_t used = l->word_at;
    size_t name_bytes = ht_name_length(name, max_bytes);
    size_t typed = strlen(&l->line[l->word_at]);
    if (name_bytes == 0 || used + strlen(prefix) + 2U * name_bytes >= sizeof(text)) { return; }
    memcpy(text, l->line, used);
    memcpy(&text[used], prefix, strlen(prefix));
    used += strlen(prefix);
    for (size_t i = 0; i < name_bytes; i++) {
        if (name[i] < ' ' || name[i] > '~' || name[i] == '"' || name[i] == '\\') { return; }
        if (name[i] == ' ') { text[used++] = '\\'; }
        text[used++] = name[i];
    }
    text[used] = '\0';
    bool fits =
        used - l->word_at >= typed && memcmp(&text[l->word_at], &l->line[l->word_at], typed) == 0;
    if (fits) { l->fn(l->context, text); }
}

static bool offer_task(void *context, const heaptrail_task_row_t *row)
{
    if (row->name[0] != '(') { offer(context, "", row->name, sizeof(row->name)); }
    return true;
}

static bool offer_heap(void *context, const heaptrail_heap_row_t *row)
{
    offer(context, "", row->name, sizeof(row->name));
    return true;
}

HT_APART static void offer_marks(const line_t *l)
{
    ht_mark_t marks[HEAPTRAIL_CONSOLE_MARKS];
    uint32_t count = 0;
    (void)ht_mark_list(marks, &count);
    for (uint32_t i = 0; i < count; i++) {
        offer(l, "", marks[i].name, sizeof(marks[i].name));
    }
}

HT_APART static void offer_caps(const line_t *l)
{
    char name[24];
    for (uint32_t bit = 0; bit < 32; bit++) {
        (void)heaptrail_caps_name(1U << bit, name, sizeof(name));
        if (name[0] != '0') { offer(l, "", name, sizeof(name)); }
    }
}

static void offer_subs(const line_t *l)
{
    for (uint32_t i = 0; i < ht_sub_count; i++) {
        offer(l, "", ht_subs[i].name, SIZE_MAX);
    }
}

static void offer_options(const line_t *l)
{
    uint32_t options = l->sub != NULL ? l->sub->options : 0U;
    options |= 1U << HT_OPT_JSON | 1U << HT_OPT_COLOR | 1U << HT_OPT_WIDTH | 1U << HT_OPT_HELP;
    for (uint32_t i = 0; i < HT_OPTS; i++) {
        if ((options & 1U << i) != 0) { offer(l, "--", ht_opt_info[i].name, SIZE_MAX); }
    }
}

static void offer_values(line_t *l)
{
    switch (l->value_of) {
    case HT_OPT_SORT:
        for (const ht_choice_t *o = l->sub != NULL ? l->sub->orders : NULL;
             o != NULL && o->name != NULL; o++) {
            offer(l, "", o->name, SIZE_MAX);
        }
        break;
    case HT_OPT_COLOR:
        offer(l, "", "always", SIZE_MAX);
        offer(l, "", "never", SIZE_MAX);
        offer(l, "", "auto", SIZE_MAX);
        break;
    case HT_OPT_TASK:
        (void)heaptrail_for_each_task(NULL, offer_task, l, NULL);
        break;
    case HT_OPT_HEAP:
        (void)heaptrail_for_each_heap(NULL, offer_heap, l, NULL);
        break;
    case HT_OPT_CAPS:
        offer_caps(l);
        break;
    case HT_OPT_SINCE:
    case HT_OPT_REMOVE:
        offer_marks(l);
        break;
    default:
        break; /* numbers, sizes, times */
    }
}

static void offer_words(line_t *l)
{
    if (l->words == 0) { offer_subs(l); }
    if (l->words != 1 || l->sub == NULL) { return; }
    switch (l->sub->word_is) {
    case HT_WORD_MARK:
        offer_marks(l);
        break;
    case HT_WORD_HEAP:
        (void)heaptrail_for_each_heap(NULL, offer_heap, l, NULL);
        break;
    case HT_WORD_SUB:
        offer_subs(l);
        break;
    case HT_WORD_OFF:
        offer(l, "", "off", SIZE_MAX);
        break;
    default:
        break;
    }
}

void heaptrail_console_complete(const char *line, heaptrail_complete_fn_t fn, void *context)
{
    line_t l = {.fn = fn, .context = context, .line = line, .value_of = HT_OPTS};
    if (line == NULL || fn == NULL || strlen(line) > LINE_MAX_BYTES || !read_line(&l)) { return; }
    if (l.value_of != HT_OPTS) {
        offer_values(&l);
    } else if (line[l.word_at] == '-') {
        offer_options(&l);
    } else {
        offer_words(&l);
    }
}
