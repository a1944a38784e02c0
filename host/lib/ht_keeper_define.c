/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Definitions are kept as the records that they are: a checkpoint writes them down again. */
#define _GNU_SOURCE /* tdestroy(), twalk_r() */
#include <search.h>
#include <stdlib.h>

#include "ht_keeper_private.h"
#include "ht_reader.h"
#include "ht_writer_internal.h"

static int compare_keys(const void *a, const void *b)
{
    const ht_kept_definition_t *left = a, *right = b;
    return (left->key > right->key) - (left->key < right->key);
}

static void free_definition(void *definition)
{
    free(((ht_kept_definition_t *)definition)->content);
    free(definition);
}

void ht_keeper_forget_definitions(ht_keeper_t *keeper)
{
    tdestroy(keeper->definitions, free_definition);
    keeper->definitions = NULL;
    keeper->definition_count = 0;
    keeper->hellos = 0;
}

static ht_kept_definition_t *find_definition(const ht_keeper_t *keeper, uint64_t key)
{
    const ht_kept_definition_t wanted = {.key = key};
    void *found = tfind(&wanted, &keeper->definitions, compare_keys);
    return found != NULL ? *(ht_kept_definition_t **)found : NULL;
}

/* The definition with that key, made where there is none. */
static ht_kept_definition_t *definition_of(ht_keeper_t *keeper, uint64_t key)
{
    ht_kept_definition_t *definition = find_definition(keeper, key);
    if (definition != NULL) { return definition; }
    definition = calloc(1, sizeof(*definition));
    if (definition == NULL) { return NULL; }
    definition->key = key;
    definition->order = keeper->next_order++;
    if (tsearch(definition, &keeper->definitions, compare_keys) == NULL) {
        free(definition);
        return NULL;
    }
    keeper->definition_count++;
    return definition;
}

static void forget_definition(ht_keeper_t *keeper, uint64_t key)
{
    const ht_kept_definition_t wanted = {.key = key};
    ht_kept_definition_t *definition = find_definition(keeper, key);
    if (definition == NULL) { return; }
    tdelete(&wanted, &keeper->definitions, compare_keys);
    free_definition(definition);
    keeper->definition_count--;
}

static uint64_t key_of(uint8_t tag, uint32_t index)
{
    return (uint64_t)tag << 32 | index;
}

static bool has_generation(const ht_event_t *hello)
{
    for (size_t i = 0; i < hello->hello.count; i++) {
        if (hello->hello.pair[i].key == HT_HELLO_GENERATION) { return true; }
    }
    return false;
}

/* Hello may be several records, the first with a generation. It is said again and again; whoever
 * said less before is replaced piece by piece. */
static uint32_t hello_number(ht_keeper_t *keeper, const ht_event_t *event)
{
    keeper->hellos = has_generation(event) ? 0 : keeper->hellos + 1U;
    return keeper->hellos;
}

static uint32_t index_of(ht_keeper_t *keeper, const ht_event_t *event)
{
    switch (event->kind) {
    case HT_EVENT_HELLO:
        return hello_number(keeper, event);
    case HT_EVENT_ORIGIN:
        return event->origin.index;
    case HT_EVENT_SITE:
        return event->site.index;
    case HT_EVENT_TASK:
        return event->task_defined.index;
    case HT_EVENT_HEAP:
        return event->heap.index;
    case HT_EVENT_SEARCH:
        return 0;
    case HT_EVENT_SUSPECT:
        return (uint32_t)event->suspect->rank;
    default:
        return event->task_gone;
    }
}

/* The same task said again keeps the time at which it began. */
static bool is_same(const ht_kept_definition_t *definition, const uint8_t *content, size_t length)
{
    return definition->content != NULL && definition->length == length &&
           memcmp(definition->content, content, length) == 0;
}

static void keep(ht_keeper_t *keeper, ht_kept_definition_t *definition, uint64_t time_us,
                 const uint8_t *content, size_t length)
{
    uint8_t *copy = malloc(length + 1U);
    if (copy == NULL) {
        keeper->no_memory = true;
        return;
    }
    memcpy(copy, content, length);
    free(definition->content);
    definition->content = copy;
    definition->length = length;
    definition->time_us = time_us;
}

/* A handle of 0 tells once more of a task that is gone. */
static bool is_told_again(const ht_event_t *event)
{
    return event->task_defined.type == HT_TRACE_TASK && event->task_defined.handle == 0;
}

static bool has_name(const ht_kept_definition_t *definition, ht_text_t name)
{
    ht_reader_t reader = {definition->content, definition->content + definition->length, false};
    for (unsigned i = 0; i < 4; i++) { /* dt, index, handle, type */
        (void)ht_reader_varint(&reader);
    }
    const ht_text_t had = ht_reader_text(&reader);
    return had.length == name.length &&
           (name.length == 0 || memcmp(had.bytes, name.bytes, name.length) == 0);
}

/* Is the row's task another one than before, or has it another name? As is_another() in
 * ht_model_define.c. False: it is as it was. */
static bool begin_task(ht_keeper_t *keeper, ht_kept_definition_t *definition,
                       const ht_event_t *event, bool same)
{
    const uint32_t index = event->task_defined.index;
    ht_kept_definition_t *gone = find_definition(keeper, key_of(HT_TAG_TASK_GONE, index));
    if (definition->content == NULL) { return true; }
    if (is_told_again(event) ? has_name(definition, event->task_defined.name)
                             : same && gone == NULL) {
        return false;
    }
    keeper->no_memory |= !ht_keeper_end_life(keeper, index, definition, gone);
    definition->order = keeper->next_order++;
    return true;
}

void ht_keeper_define(ht_keeper_t *keeper, const ht_event_t *event)
{
    uint8_t content[HT_FRAME_MAX];
    ht_put_t put = {content, content + sizeof(content), false};
    uint8_t tag = ht_writer_record(&put, event, 0);
    size_t length = (size_t)(put.at - content);
    uint32_t index = index_of(keeper, event);
    ht_kept_definition_t *definition = definition_of(keeper, key_of(tag, index));
    if (definition == NULL || put.full) {
        keeper->no_memory = true;
        return;
    }
    definition->tag = tag;
    const bool same = is_same(definition, content, length);
    if (tag == HT_TAG_TASK ? !begin_task(keeper, definition, event, same) : same) { return; }
    keep(keeper, definition, event->time_us, content, length);
    if (tag == HT_TAG_TASK) { forget_definition(keeper, key_of(HT_TAG_TASK_GONE, index)); }
}

/* One search, and its suspects: those of the one before go. */
void ht_keeper_search(ht_keeper_t *keeper, const ht_event_t *event)
{
    bool better = ht_search_replaces(event->search, &keeper->search);
    keeper->searching = better ? event->search->number : 0;
    if (!better) { return; }
    for (uint32_t rank = 0; rank < keeper->suspects; rank++) {
        forget_definition(keeper, key_of(HT_TAG_SUSPECT, rank));
    }
    keeper->suspects = 0;
    keeper->search = *event->search;
    ht_keeper_define(keeper, event);
}

void ht_keeper_suspect(ht_keeper_t *keeper, const ht_event_t *event)
{
    const uint64_t rank = event->suspect->rank;
    if (event->suspect->number != keeper->searching || rank > HT_SUSPECTS_MAX) { return; }
    if (rank >= keeper->suspects) { keeper->suspects = (uint32_t)rank + 1U; }
    ht_keeper_define(keeper, event);
}

/* --- all of them -------------------------------------------------------------------------------
 */

typedef struct {
    const ht_kept_definition_t *definition;
    const ht_kept_life_t *ended; /* with it */
} ht_item_t;

typedef struct {
    const ht_keeper_t *keeper;
    ht_item_t *item;
    size_t count;
} ht_collected_t;

static void add(ht_collected_t *collected, const ht_kept_definition_t *definition,
                const ht_kept_life_t *ended)
{
    if (definition->content == NULL) { return; }
    collected->item[collected->count++] = (ht_item_t){definition, ended};
}

static void collect(const void *node, VISIT visit, void *context)
{
    ht_collected_t *collected = context;
    if (visit != postorder && visit != leaf) { return; }
    const ht_kept_definition_t *definition = *(const ht_kept_definition_t *const *)node;
    const bool task = definition->tag == HT_TAG_TASK;
    add(collected, definition,
        task ? ht_keeper_last_life(collected->keeper, (uint32_t)definition->key) : NULL);
}

static void collect_past(ht_collected_t *collected)
{
    const ht_keeper_t *keeper = collected->keeper;
    for (size_t i = 0; i < keeper->past_count; i++) {
        const ht_kept_life_t *life = &keeper->past[i];
        const bool first = i == 0 || life[-1].task != life->task;
        add(collected, &life->defined, first ? NULL : life - 1);
        add(collected, &life->gone, NULL);
    }
}

/* Hello, then what has no time, then tasks as they came and went, and what was found then. */
static uint64_t rank(const ht_kept_definition_t *definition)
{
    if (definition->tag == HT_TAG_HELLO) { return 0; }
    bool timed = definition->tag == HT_TAG_TASK || definition->tag == HT_TAG_TASK_GONE ||
                 definition->tag == HT_TAG_SEARCH || definition->tag == HT_TAG_SUSPECT;
    return timed ? 2 : 1;
}

static int compare_times(const void *a, const void *b)
{
    const ht_kept_definition_t *x = ((const ht_item_t *)a)->definition;
    const ht_kept_definition_t *y = ((const ht_item_t *)b)->definition;
    if (rank(x) != rank(y)) { return rank(x) < rank(y) ? -1 : 1; }
    if (rank(x) == 2 && x->time_us != y->time_us) { return x->time_us < y->time_us ? -1 : 1; }
    return (x->order > y->order) - (x->order < y->order);
}

/* Of those that have one: what is told before must not be later. */
static uint64_t first_time(const ht_collected_t *collected)
{
    for (size_t i = 0; i < collected->count; i++) {
        const ht_kept_definition_t *definition = collected->item[i].definition;
        if (rank(definition) == 2) { return definition->time_us; }
    }
    return UINT64_MAX;
}

bool ht_keeper_each_definition(const ht_keeper_t *keeper,
                               void (*fn)(void *context, const ht_kept_definition_t *definition,
                                          uint64_t time_us, const ht_kept_life_t *ended),
                               void *context)
{
    const size_t most = keeper->definition_count + 2U * keeper->past_count;
    ht_collected_t collected = {.keeper = keeper,
                                .item = calloc(most + 1U, sizeof(collected.item[0]))};
    if (collected.item == NULL) { return false; }
    twalk_r(keeper->definitions, collect, &collected);
    collect_past(&collected);
    qsort(collected.item, collected.count, sizeof(collected.item[0]), compare_times);
    const uint64_t first_us = first_time(&collected);
    for (size_t i = 0; i < collected.count; i++) {
        const ht_kept_definition_t *definition = collected.item[i].definition;
        const uint64_t time_us = definition->time_us;
        const bool early = rank(definition) == 2 || time_us < first_us;
        fn(context, definition, early ? time_us : first_us, collected.item[i].ended);
    }
    free(collected.item);
    return true;
}
