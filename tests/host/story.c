/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ht_format.h"

#define HEADER 16U         /* bytes between two blocks */
#define SMALL_CLASSES 512U /* of 16 bytes each */
#define CLASSES (SMALL_CLASSES + 64U)
#define REALLOC_METHOD 3U
#define NEVER UINT64_MAX

typedef struct {
    uint64_t address, size, due, time_us;
    uint32_t origin, task;
    uint8_t core;
    bool unrecorded;
} block_t;

typedef struct {
    uint64_t *address;
    size_t count, room;
} free_list_t;

typedef struct {
    uint64_t size, range;
    bool defined;
} origin_t;

typedef struct {
    const story_config_t *config;
    story_fn_t fn;
    void *context;
    uint64_t random;
    uint64_t step;  /* allocations and frees so far */
    ht_event_t now; /* head of the next event */
    block_t *heap;  /* live blocks; heap[0] is freed first */
    size_t live, room;
    free_list_t free[CLASSES];
    uint64_t top; /* of the memory that was ever used */
    origin_t *origin;
    ht_counters_t counters;
    uint32_t rare_count, marks, failures, errors, snapshots, searches;
    uint64_t pool_block; /* live one of the pool, 0: none */
} story_t;

/* --- random numbers: xorshift64*, and what is made of them -------------------------------------
 */

static uint64_t draw(story_t *story)
{
    story->random ^= story->random >> 12;
    story->random ^= story->random << 25;
    story->random ^= story->random >> 27;
    return story->random * UINT64_C(0x2545F4914F6CDD1D) >> 11; /* 53 bits */
}

static uint64_t below(story_t *story, uint64_t limit)
{
    return draw(story) % limit;
}

static bool one_in(story_t *story, uint64_t n)
{
    return below(story, n) == 0;
}

/* Geometric, without floating point, so that every machine has the same: a coin with a chance of
 * about 1/mean, sped up by whole means. */
static uint64_t geometric(story_t *story, uint64_t mean)
{
    uint64_t whole = 0;
    while ((draw(story) & 1U) != 0) { /* halves: mean * ln 2 each */
        whole += mean * 7U / 10U;
    }
    return 1 + whole + below(story, mean * 7U / 10U + 1U);
}

/* --- live blocks, the next to be freed on top ----------------------------------------------------
 */

static void swap(block_t *a, block_t *b)
{
    block_t t = *a;
    *a = *b;
    *b = t;
}

static void add_live(story_t *story, const block_t *block)
{
    if (story->live == story->room) {
        story->room = story->room == 0 ? 1024 : story->room * 2;
        story->heap = realloc(story->heap, story->room * sizeof(block_t));
        if (story->heap == NULL) { abort(); }
    }
    size_t i = story->live++;
    story->heap[i] = *block;
    for (; i > 0 && story->heap[i].due < story->heap[(i - 1) / 2].due; i = (i - 1) / 2) {
        swap(&story->heap[i], &story->heap[(i - 1) / 2]);
    }
}

static block_t take_first(story_t *story)
{
    block_t first = story->heap[0];
    story->heap[0] = story->heap[--story->live];
    for (size_t i = 0, child; (child = 2 * i + 1) < story->live; i = child) {
        if (child + 1 < story->live && story->heap[child + 1].due < story->heap[child].due) {
            child++;
        }
        if (story->heap[i].due <= story->heap[child].due) { break; }
        swap(&story->heap[i], &story->heap[child]);
    }
    return first;
}

/* --- the allocator
 * ---------------------------------------------------------------------------------- */

static size_t class_of(uint64_t size, uint64_t *rounded)
{
    *rounded = (size + 15U) / 16U * 16U;
    if (*rounded / 16U < SMALL_CLASSES) { return *rounded / 16U; }
    size_t class = SMALL_CLASSES;
    for (*rounded = 16U * SMALL_CLASSES; *rounded < size; *rounded *= 2) {
        class ++;
    }
    return class;
}

static uint64_t take_address(story_t *story, uint64_t size)
{
    uint64_t rounded;
    free_list_t *list = &story->free[class_of(size, &rounded)];
    if (list->count != 0) { return list->address[--list->count]; }
    uint64_t address = story->top + HEADER;
    story->top = address + rounded;
    return address;
}

static void give_address(story_t *story, uint64_t address, uint64_t size)
{
    uint64_t rounded;
    free_list_t *list = &story->free[class_of(size, &rounded)];
    if (list->count == list->room) {
        list->room = list->room == 0 ? 16 : list->room * 2;
        list->address = realloc(list->address, list->room * sizeof(uint64_t));
        if (list->address == NULL) { abort(); }
    }
    list->address[list->count++] = address;
}

/* --- telling
 * ------------------------------------------------------------------------------------------- */

static ht_event_t *begin(story_t *story, ht_event_kind_t kind)
{
    ht_event_t head = story->now;
    memset(&story->now, 0, sizeof(story->now)); /* the union, too */
    story->now.kind = kind;
    story->now.boot = head.boot;
    story->now.task = head.task;
    story->now.core = head.core;
    story->now.time_us = head.time_us;
    story->now.pointer_bytes = head.pointer_bytes;
    return &story->now;
}

static void tell(story_t *story)
{
    story->fn(story->context, &story->now);
}

static void pass_time(story_t *story)
{
    if (!one_in(story, 4)) { story->now.time_us += geometric(story, 4); }
    if (one_in(story, 50)) {
        story->now.task = 1 + (uint32_t)below(story, story->config->tasks);
        story->now.core = story->now.task % 2U;
    }
}

static ht_text_t text(const char *words)
{
    return (ht_text_t){words, strlen(words)};
}

static void define_origin(story_t *story, uint32_t index, uint32_t method)
{
    uint64_t frames[8];
    uint64_t code = story->config->wide ? UINT64_C(0x555555550000) : 0x42000000U;
    uint32_t depth = 1 + index % 8U;
    for (uint32_t i = 0; i < depth; i++) {
        frames[i] = code + (index * 7919U + i * 104729U) % 0x80000U * 2U;
    }
    ht_event_t *event = begin(story, HT_EVENT_ORIGIN);
    event->origin.index = index;
    event->origin.method = method;
    event->origin.caps = 0x1000;
    event->origin.site = index % 5U == 0 ? 1 + index / 5U : 0;
    event->origin.depth = depth;
    event->origin.frames = frames;
    tell(story);
}

static void define_site(story_t *story, uint32_t index)
{
    static const char *const files[] = {"main/net.c", "main/display.cpp", "main/log.c"};
    static const char *const names[] = {"rx", "frame", "line", ""};
    ht_event_t *event = begin(story, HT_EVENT_SITE);
    event->site.index = index;
    event->site.address = 0x3c020000U + index * 24U;
    event->site.line = 10U * index + 3U;
    event->site.method = 1;
    event->site.file = text(files[index % 3U]);
    event->site.function = text("read_all");
    event->site.variable = text(names[index % 4U]);
    tell(story);
}

static void define_task(story_t *story, uint32_t index)
{
    static const char *const names[] = {"main", "wifi", "display", "sensor", "h\xc3\xb6rer"};
    ht_event_t *event = begin(story, HT_EVENT_TASK);
    event->task_defined.index = index;
    event->task_defined.handle = 0x3fc80000U + index * 0x400U;
    event->task_defined.type = HT_TRACE_TASK;
    event->task_defined.name = text(names[index % 5U]);
    tell(story);
}

static void define_heap(story_t *story, uint32_t index, bool pool)
{
    ht_event_t *event = begin(story, HT_EVENT_HEAP);
    event->heap.index = index;
    event->heap.start = pool ? story->top + HEADER : story->top;
    event->heap.bytes = pool ? 0x1000 : 0x20000000;
    event->heap.caps = pool ? 0 : 0x1804;
    event->heap.pool = pool;
    event->heap.name = text(pool ? "lvgl" : "RAM");
    tell(story);
}

static void say_hello(story_t *story)
{
    const ht_hello_pair_t pairs[] = {
        {.key = HT_HELLO_GENERATION, .number = 1},
        {.key = HT_HELLO_CHIP, .text = text(story->config->wide ? "linux" : "esp32s3")},
        {.key = HT_HELLO_TICK_HZ, .number = 1000},
        {.key = HT_HELLO_APP_NAME, .text = text("story")},
        {.key = HT_HELLO_CORES, .number = 2},
        {.key = HT_HELLO_ELF_SHA256, .text = text("0123456789abcdef0123456789abcdef")},
        {.key = HT_HELLO_OBJECT,
         .object = {0x1000, 0x2000, -4096, text("\x01\x02\x03"), text("/usr/lib/libc.so.6")}},
    };
    ht_event_t *event = begin(story, HT_EVENT_HELLO);
    event->hello.pair = pairs;
    event->hello.count = sizeof(pairs) / sizeof(pairs[0]) - (story->config->wide ? 0 : 1);
    tell(story);
    for (uint32_t i = 1; i <= story->config->tasks; i++) {
        define_task(story, i);
    }
}

/* --- allocations and frees
 * -------------------------------------------------------------------------------- */

static uint64_t lifetime(story_t *story)
{
    uint64_t percent = below(story, 100);
    if (percent == 0) { return NEVER; }
    return geometric(story, percent < 5 ? 200000 : percent < 30 ? 2000 : 8);
}

static uint32_t pick_origin(story_t *story)
{
    const uint32_t origins = story->config->origins, tasks = story->config->tasks;
    uint64_t u = below(story, 1U << 16);
    uint32_t rank = (uint32_t)((u * u >> 16) * u * origins >> 32);
    if (!one_in(story, 4)) { rank = rank / tasks * tasks + story->now.task % tasks; }
    return 1 + rank % origins;
}

static void origin_is_known(story_t *story, uint32_t index)
{
    origin_t *origin = &story->origin[index];
    if (origin->defined) { return; }
    *origin = (origin_t){UINT64_C(8) << below(story, 10), 1, true};
    if (below(story, 10) >= 6) { origin->range = origin->size * 15U; }
    if (index % 5U == 0) { define_site(story, 1 + index / 5U); }
    define_origin(story, index, index % 7U == 0 ? REALLOC_METHOD : 1);
}

static void make_block(story_t *story, uint32_t index)
{
    origin_is_known(story, index);
    const origin_t *origin = &story->origin[index];
    uint64_t size = origin->size + (origin->range > 1 ? below(story, origin->range) : 0);
    uint64_t lives = lifetime(story);
    block_t block = {.address = take_address(story, size),
                     .size = size,
                     .due = lives == NEVER ? NEVER : story->step + lives,
                     .time_us = story->now.time_us,
                     .origin = index,
                     .task = story->now.task,
                     .core = story->now.core,
                     .unrecorded = one_in(story, 500)};
    add_live(story, &block);
    ht_event_t *event = begin(story, HT_EVENT_ALLOC);
    event->alloc.address = block.address;
    event->alloc.size = size;
    event->alloc.origin = index;
    event->alloc.unrecorded = block.unrecorded;
    tell(story);
    story->counters.total_blocks++;
    story->counters.total_bytes += size;
    if (block.unrecorded) { return; }
    story->counters.live_blocks++;
    story->counters.live_bytes += size;
}

static block_t end_block(story_t *story, bool by_realloc)
{
    block_t block = take_first(story);
    ht_event_t *event = begin(story, HT_EVENT_FREE);
    event->free.address = block.address;
    event->free.by_realloc = by_realloc;
    tell(story);
    if (!block.unrecorded) { /* the device counts what it has a record of */
        story->counters.freed_blocks++;
        story->counters.live_blocks--;
        story->counters.live_bytes -= block.size;
    }
    return block;
}

/* realloc() that fails: the block is what it was. */
static void put_back(story_t *story, const block_t *was)
{
    block_t block = *was;
    ht_event_t *event = begin(story, HT_EVENT_PUT_BACK);
    event->block.address = block.address;
    event->block.unrecorded = block.unrecorded;
    if (!block.unrecorded) {
        event->block.size = block.size;
        event->block.origin = block.origin;
        event->block.task = block.task;
        event->block.age_us = event->time_us - block.time_us;
        event->block.core = block.core;
        story->counters.freed_blocks--;
        story->counters.live_blocks++;
        story->counters.live_bytes += block.size;
    }
    tell(story);
    block.due = story->step + 5;
    add_live(story, &block);
}

static void reallocate(story_t *story)
{
    block_t block = end_block(story, true);
    pass_time(story);
    if (one_in(story, 10) && !block.unrecorded) {
        put_back(story, &block);
        return;
    }
    give_address(story, block.address, block.size);
    uint32_t index = pick_origin(story) / 7U * 7U;
    make_block(story, index == 0 ? 7 : index);
}

static void step(story_t *story)
{
    pass_time(story);
    if (story->live == 0 || story->heap[0].due > story->step) {
        make_block(story, pick_origin(story));
    } else if (one_in(story, 100)) {
        reallocate(story);
    } else {
        block_t block = end_block(story, false);
        give_address(story, block.address, block.size);
    }
}

/* --- what comes rarely
 * -------------------------------------------------------------------------------------- */

static void tell_counters(story_t *story)
{
    begin(story, HT_EVENT_COUNTERS)->counters = story->counters;
    tell(story);
}

static void tell_mark(story_t *story)
{
    ht_event_t *event = begin(story, HT_EVENT_MARK);
    event->mark.number = ++story->marks;
    event->mark.name = text("after connect");
    event->mark.counters = story->counters;
    tell(story);
}

static void tell_failure(story_t *story)
{
    ht_event_t *event = begin(story, HT_EVENT_FAILURE);
    event->failure.number = ++story->failures;
    event->failure.size = 0x10000;
    event->failure.alignment = 4;
    event->failure.caps = 0x1000;
    event->failure.origin = 1;
    event->failure.measured = story->failures % 2U != 0;
    event->failure.free_bytes = 4096;
    event->failure.largest_bytes = 2048;
    story->counters.failures++;
    tell(story);
}

static void tell_error(story_t *story)
{
    ht_event_t *event = begin(story, HT_EVENT_ERROR);
    event->error.number = ++story->errors;
    event->error.kind = 2;
    event->error.found = 1;
    event->error.address = 0x3fc91000;
    event->error.block = 0x3fc91000 - 4;
    event->error.block_size = 24;
    event->error.block_origin = 1;
    event->error.damaged_bytes = 3;
    event->error.damage_offset = -2;
    event->error.report = text("3 bytes in front of a block were overwritten");
    tell(story);
}

static void tell_sample(story_t *story)
{
    ht_event_t *event = begin(story, HT_EVENT_HEAP_SAMPLE);
    event->sample.heap = 1;
    event->sample.free_bytes = 0x20000000 - story->counters.live_bytes;
    event->sample.largest_bytes = event->sample.free_bytes / 2U;
    event->sample.min_free_bytes = one_in(story, 2) ? UINT64_MAX : event->sample.free_bytes / 3U;
    tell(story);
}

static void tell_pool_block(story_t *story)
{
    const bool freed = story->pool_block != 0;
    ht_event_t *event = begin(story, HT_EVENT_POOL_BLOCK);
    event->pool.freed = freed;
    event->pool.address = freed ? story->pool_block : story->heap[0].address + 4U;
    event->pool.size = 20;
    event->pool.origin = 1;
    event->pool.heap = 2;
    story->pool_block = freed ? 0 : event->pool.address;
    tell(story);
    story->counters.total_blocks += !freed;
    story->counters.total_bytes += freed ? 0 : 20;
    story->counters.freed_blocks += freed;
}

static void tell_relabel(story_t *story)
{
    block_t *block = &story->heap[story->live / 2];
    origin_is_known(story, 2);
    block->origin = 2;
    ht_event_t *event = begin(story, HT_EVENT_RELABEL);
    event->relabel.address = block->address;
    event->relabel.origin = 2;
    tell(story);
}

static void tell_snapshot_block(story_t *story, const block_t *block, bool pool)
{
    ht_event_t *event = begin(story, HT_EVENT_SNAPSHOT_BLOCK);
    event->block.address = block->address;
    event->block.size = block->size;
    event->block.age_us = event->time_us - block->time_us;
    event->block.origin = block->origin;
    event->block.task = block->task;
    event->block.heap = pool ? 2 : 1;
    event->block.pool = pool;
    event->block.core = block->core;
    tell(story);
}

static void tell_snapshot(story_t *story)
{
    uint64_t blocks = story->pool_block != 0;
    for (size_t i = 0; i < story->live; i++) {
        blocks += !story->heap[i].unrecorded;
    }
    ht_event_t *event = begin(story, HT_EVENT_SNAPSHOT);
    event->snapshot.number = ++story->snapshots;
    event->snapshot.blocks = blocks;
    tell(story);
    for (size_t i = 0; i < story->live; i++) {
        if (!story->heap[i].unrecorded) { tell_snapshot_block(story, &story->heap[i], false); }
    }
    const block_t in_pool = {.address = story->pool_block,
                             .size = 20,
                             .time_us = story->now.time_us,
                             .origin = 1,
                             .task = story->now.task};
    if (story->pool_block != 0) { tell_snapshot_block(story, &in_pool, true); }
    event = begin(story, HT_EVENT_SNAPSHOT_END);
    event->snapshot.number = story->snapshots;
    event->snapshot.blocks = blocks;
    event->snapshot.complete = true;
    tell(story);
}

static void tell_task_change(story_t *story)
{
    ht_event_t *event = begin(story, HT_EVENT_TASK_GONE);
    event->task_gone = story->config->tasks;
    tell(story);
    define_task(story, story->config->tasks);
}

static void tell_loss(story_t *story)
{
    ht_event_t *event = begin(story, HT_EVENT_LOSS);
    event->loss.cause = HT_LOSS_TABLE_FULL;
    event->loss.count = 3;
    event->loss.core = 2;
    tell(story);
}

/* With a scan and without; a suspect with each kind of evidence. */
static void tell_search(story_t *story)
{
    const uint64_t number = ++story->searches;
    const ht_search_t search = {.number = number, .suspects = 4, .scanned = number % 3U == 0};
    origin_is_known(story, 1);
    begin(story, HT_EVENT_SEARCH)->search = &search;
    tell(story);
    for (uint64_t rank = 0; rank < 4; rank++) {
        ht_suspect_t is = {.number = number, .rank = rank, .origin = 1, .sure = 3 - rank};
        is.evidence = UINT64_C(1) << rank;
        begin(story, HT_EVENT_SUSPECT)->suspect = &is;
        tell(story);
    }
}

static void tell_something_rare(story_t *story)
{
    static void (*const rare[])(story_t *) = {
        tell_counters, tell_sample, tell_search,     tell_mark,     say_hello,
        tell_failure,  tell_sample, tell_pool_block, tell_relabel,  tell_task_change,
        tell_error,    tell_loss,   tell_pool_block, tell_snapshot,
    };
    if (story->live == 0) { return; }
    rare[story->rare_count++ % (sizeof(rare) / sizeof(rare[0]))](story);
}

/* --- all of it
 * ------------------------------------------------------------------------------------------------
 */

static void free_story(story_t *story)
{
    for (size_t i = 0; i < CLASSES; i++) {
        free(story->free[i].address);
    }
    free(story->origin);
    free(story->heap);
}

void story_tell(const story_config_t *config, story_fn_t fn, void *context)
{
    story_t story = {.config = config, .fn = fn, .context = context};
    story.random = config->seed * 2U + 1U;
    story.top = config->wide ? UINT64_C(0x5555557a0000) : 0x3c000000U;
    story.origin = calloc(config->origins + 8U, sizeof(origin_t));
    if (story.origin == NULL) { abort(); }
    story.now.boot = config->boot;
    story.now.time_us = 250000;
    story.now.task = 1;
    story.now.core = 1;
    story.now.pointer_bytes = config->wide ? 8 : 4;
    begin(&story, HT_EVENT_BOOT);
    tell(&story);
    say_hello(&story);
    define_heap(&story, 1, false);
    define_heap(&story, 2, true);
    const uint64_t rare = config->rare == 0 ? 5000 : config->rare;
    for (; story.step < config->events; story.step++) {
        step(&story);
        if (story.step % rare == rare - 1U) { tell_something_rare(&story); }
    }
    tell_counters(&story);
    begin(&story, HT_EVENT_END);
    tell(&story);
    free_story(&story);
}
