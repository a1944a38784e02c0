/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Massif's massif.out (ms_print reads it): the heap at equal distances in time, and at its peak;
 * some of these with a tree of who held it, from the innermost function outwards.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "ht_export.h"

enum { SNAPSHOTS = 70, DETAILED_EVERY = 10 };

typedef enum { PLAIN, DETAILED, PEAK } tree_t;

typedef struct {
    ht_export_t export;
    uint64_t *bytes; /* live, by origin */
    uint64_t total;
    uint64_t next_us, step_us; /* of the next snapshot; between two */
    unsigned number;
    bool peak_told;
} writer_t;

static void *open_massif(const ht_export_t *export)
{
    const ht_model_view_t *view = &export->profile->view;
    writer_t *writer = calloc(1, sizeof(*writer));
    if (writer == NULL) { return NULL; }
    writer->export = *export;
    writer->bytes = calloc(view->origins, sizeof(*writer->bytes));
    writer->step_us = (view->last_us - view->window_us) / SNAPSHOTS + 1U;
    writer->next_us = view->window_us;
    writer->peak_told = view->peak_bytes == 0;
    if (writer->bytes == NULL) {
        free(writer);
        return NULL;
    }
    (void)fprintf(export->file, "desc: heaptrail %s\ncmd: ", export->options.version);
    ht_export_text(export->file, ht_profile_name(export->profile), "#");
    (void)fputs("\ntime_unit: ms\n", export->file);
    return writer;
}

/* --- the tree --------------------------------------------------------------------------------- */

/* A stack with what it holds. */
typedef struct {
    uint64_t bytes;
    const uint32_t *frame; /* innermost first */
    size_t depth;
} item_t;

/* Stacks that have the same frame at a depth. */
typedef struct {
    item_t *item;
    size_t count;
    uint64_t bytes;
} group_t;

static int by_stack(const void *left, const void *right)
{
    const item_t *a = left;
    const item_t *b = right;
    for (size_t i = 0; i < a->depth && i < b->depth; i++) {
        if (a->frame[i] != b->frame[i]) { return a->frame[i] < b->frame[i] ? -1 : 1; }
    }
    return a->depth == b->depth ? 0 : a->depth < b->depth ? -1 : 1;
}

static int by_bytes(const void *left, const void *right)
{
    const group_t *a = left;
    const group_t *b = right;
    if (a->bytes != b->bytes) { return a->bytes > b->bytes ? -1 : 1; }
    return a->item < b->item ? -1 : 1;
}

/* The groups of sorted items by their frame at `depth`; items that end before it are in none. */
static group_t *groups_at(const group_t *parent, size_t depth, size_t *count)
{
    group_t *group = malloc((parent->count + 1) * sizeof(*group));
    *count = 0;
    for (size_t i = 0; group != NULL && i < parent->count; i++) {
        item_t *item = &parent->item[i];
        if (item->depth <= depth) { continue; }
        bool begins = *count == 0 || group[*count - 1].item->frame[depth] != item->frame[depth];
        if (begins) { group[(*count)++] = (group_t){.item = item}; }
        group[*count - 1].count++;
        group[*count - 1].bytes += item->bytes;
    }
    if (group != NULL) { qsort(group, *count, sizeof(*group), by_bytes); }
    return group;
}

static void indent(FILE *file, size_t depth)
{
    for (size_t i = 0; i < depth; i++) {
        (void)fputc(' ', file);
    }
}

static uint64_t address_of(const ht_profile_t *profile, uint32_t frame)
{
    size_t low = 0;
    size_t high = profile->locations;
    while (high - low > 1) { /* locations are in the order of their frames */
        size_t middle = (low + high) / 2;
        if (profile->location[middle].first <= frame) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return profile->location[low].address;
}

static void node_words(const ht_export_t *export, uint32_t frame)
{
    const ht_profile_function_t *function = ht_profile_function(export->profile, frame);
    (void)fprintf(export->file, "0x%" PRIX64 ": ", address_of(export->profile, frame));
    ht_export_text(export->file, function->name, "#");
    if (function->file != NULL) {
        (void)fputs(" (", export->file);
        ht_export_text(export->file, function->file, "#");
        (void)fprintf(export->file, ":%" PRIu32 ")", export->profile->frame[frame].line);
    }
}

/* False: no memory. */
static bool node(const ht_export_t *export, const group_t *group, size_t depth)
{
    size_t count;
    group_t *children = groups_at(group, depth, &count);
    if (children == NULL) { return false; }
    indent(export->file, depth);
    (void)fprintf(export->file, "n%zu: %" PRIu64 " ", count, group->bytes);
    if (depth == 0) {
        (void)fputs("(heap allocation functions) malloc/new/new[], --alloc-fns, etc.",
                    export->file);
    } else {
        node_words(export, group->item->frame[depth - 1]);
    }
    (void)fputc('\n', export->file);
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        good = node(export, &children[i], depth + 1);
    }
    free(children);
    return good;
}

/* The frames of the origins that hold something, one list after another. */
static bool tree(const writer_t *writer)
{
    const ht_profile_t *profile = writer->export.profile;
    uint32_t origins = profile->view.origins;
    group_t all = {.item = calloc(origins + 1U, sizeof(item_t)), .bytes = writer->total};
    ht_strings_t pool = {0};
    bool good = all.item != NULL;
    for (uint32_t i = 0; good && i < origins; i++) {
        uint32_t frame[HT_PROFILE_DEPTH_MAX];
        if (writer->bytes[i] == 0) { continue; }
        size_t depth = ht_profile_frames(profile, i, frame);
        uint32_t *copy = ht_strings_room(&pool, depth * sizeof(*copy));
        good = copy != NULL;
        for (size_t f = 0; good && f < depth; f++) {
            copy[f] = frame[f];
        }
        all.item[all.count++] = (item_t){writer->bytes[i], copy, depth};
    }
    if (good) { qsort(all.item, all.count, sizeof(item_t), by_stack); }
    good = good && node(&writer->export, &all, 0);
    ht_strings_free(&pool);
    free(all.item);
    return good;
}

/* --- snapshots -------------------------------------------------------------------------------- */

static bool snapshot(writer_t *writer, uint64_t time_us, tree_t kind)
{
    static const char *const names[] = {
        [PLAIN] = "empty", [DETAILED] = "detailed", [PEAK] = "peak"};
    (void)fprintf(writer->export.file,
                  "#-----------\nsnapshot=%u\n#-----------\ntime=%" PRIu64 "\nmem_heap_B=%" PRIu64
                  "\nmem_heap_extra_B=0\nmem_stacks_B=0\nheap_tree=%s\n",
                  writer->number++, time_us / 1000U, writer->total, names[kind]);
    return kind == PLAIN || tree(writer);
}

/* What was at the times that have passed. Without memory trees are missing, and the last call,
 * which needs as much, says so. */
static void catch_up(writer_t *writer, uint64_t time_us)
{
    while (writer->next_us < time_us) {
        bool detailed = writer->number % DETAILED_EVERY == DETAILED_EVERY - 1U;
        (void)snapshot(writer, writer->next_us, detailed ? DETAILED : PLAIN);
        writer->next_us += writer->step_us;
    }
}

static void step_massif(void *context, const ht_step_t *step)
{
    writer_t *writer = context;
    const ht_model_view_t *view = &writer->export.profile->view;
    uint32_t origin = view->flow[step->flow].origin;
    bool ends = step->kind == HT_STEP_FREED || step->kind == HT_STEP_VANISHED;
    catch_up(writer, step->time_us);
    writer->bytes[origin] += ends ? 0U - step->size : step->size;
    writer->total += ends ? 0U - step->size : step->size;
    if (!writer->peak_told && writer->total >= view->peak_bytes) {
        writer->peak_told = true;
        (void)snapshot(writer, step->time_us, PEAK);
    }
}

static bool close_massif(void *context)
{
    writer_t *writer = context;
    catch_up(writer, writer->export.profile->view.last_us);
    bool good = snapshot(writer, writer->export.profile->view.last_us, DETAILED);
    free(writer->bytes);
    free(writer);
    return good;
}

const ht_export_stream_t ht_export_massif = {open_massif, step_massif, NULL, close_massif};
