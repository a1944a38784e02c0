/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Evidence by origin, from the live blocks, the samples and the device's search; then a verdict. */
#include "ht_analyse_leaks.h"

#include <math.h>
#include <stdlib.h>

#include "ht_format.h"
#include "ht_model_private.h"

/* As the device: overdue is what lives this many times as long as 19 of 20 did, of 16 that ended,
 * and a minute. */
#define TIMES 10U
#define FREES_MIN 16U
#define OVERDUE_MIN_US UINT64_C(60000000)

/* A steady rise: a line that hardly leaves a doubt, over some time. */
#define STEADY_CONFIDENCE 0.999
#define STEADY_R2 0.9
#define STEADY_US UINT64_C(300000000)

/* What is gathered about one origin. */
typedef struct {
    ht_leak_row_t leak;
    uint64_t usual_us;   /* 0: not known */
    uint64_t limit_us;   /* overdue from here on */
    uint64_t old_blocks; /* live, and made before the device looked; of any choice */
    bool many_tasks;
} site_t;

typedef struct {
    const ht_model_t *model;
    const ht_tally_ask_t *ask;
    ht_model_view_t view;
    bool ends; /* a Linux program: at its end threads are gone, and old blocks say nothing */
    site_t *site;
} gather_t;

/* --- live blocks --------------------------------------------------------------------------------
 */

/* The bucket of lives that 19 of 20 do not reach beyond; the last one has no end. */
static uint32_t usual_bucket(const ht_origin_row_t *origin)
{
    uint64_t frees = 0;
    for (uint32_t b = 0; b < HT_LIFETIMES; b++) {
        frees += origin->lifetimes[b];
    }
    uint64_t longer = frees;
    for (uint32_t b = 0; b < HT_LIFETIMES && frees >= FREES_MIN; b++) {
        longer -= origin->lifetimes[b];
        if (longer <= frees / 20U) { return b; }
    }
    return HT_LIFETIMES - 1U;
}

static void begin_site(const gather_t *gather, ht_row_t origin)
{
    site_t *site = &gather->site[origin];
    uint32_t bucket = usual_bucket(&gather->view.origin[origin]);
    site->leak.origin = origin;
    site->limit_us = UINT64_MAX;
    if (bucket == HT_LIFETIMES - 1U) { return; }
    site->usual_us = UINT64_C(1) << bucket;
    site->limit_us = TIMES * site->usual_us;
    if (site->limit_us < OVERDUE_MIN_US) { site->limit_us = OVERDUE_MIN_US; }
}

static void note_left(const gather_t *gather, site_t *site, const ht_live_row_t *block)
{
    ht_leak_row_t *leak = &site->leak;
    ht_row_t task = gather->view.flow[block->flow].task;
    if (!gather->view.task[task].gone) { return; }
    site->many_tasks |= leak->is.left.blocks != 0 && leak->left_task != task;
    if (leak->is.left.blocks == 0) { leak->left_task = task; }
    leak->is.left.blocks++;
    leak->is.left.bytes += block->size;
    leak->is.left.tasks = site->many_tasks ? 2 : 1;
}

static void note_overdue(const gather_t *gather, site_t *site, const ht_live_row_t *block)
{
    ht_suspect_t *is = &site->leak.is;
    uint64_t age = gather->view.last_us - block->time_us;
    if (age < site->limit_us) { return; }
    is->overdue.blocks++;
    is->overdue.bytes += block->size;
    if (age > is->overdue.age_us) { is->overdue.age_us = age; }
    is->overdue.usual_us = site->usual_us;
    is->overdue.times = is->overdue.age_us / site->usual_us;
}

/* Pools' blocks are in blocks of the heap; the device does not judge them either. */
static bool see_block(void *context, const ht_live_row_t *block)
{
    const gather_t *gather = context;
    const ht_tally_ask_t *ask = gather->ask;
    if (block->flow == UINT32_MAX || block->pool) { return true; }
    const ht_flow_row_t *flow = &gather->view.flow[block->flow];
    site_t *site = &gather->site[flow->origin];
    site->old_blocks += block->time_us <= gather->view.search_us;
    if (block->marks < ask->marks || block->time_us < ask->since_us ||
        (ask->wanted != NULL && !ask->wanted(ask->context, flow))) {
        return true;
    }
    site->leak.is.live_blocks++;
    site->leak.is.live_bytes += block->size;
    if (!gather->ends) {
        note_left(gather, site, block);
        note_overdue(gather, site, block);
    }
    return true;
}

/* --- growth -------------------------------------------------------------------------------------
 */

static void note_growth(gather_t *gather, const ht_growth_t *growth, uint64_t span_us)
{
    ht_suspect_t *is = &gather->site[growth->origin].leak.is;
    bool steady = growth->fit.confidence > STEADY_CONFIDENCE && growth->fit.r2 >= STEADY_R2 &&
                  span_us >= STEADY_US;
    double per_hour = growth->bytes_per_hour < 9e18 ? growth->bytes_per_hour : 9e18;
    is->growth.flags = HT_GROWTH_RISES | (steady ? HT_GROWTH_STEADY : 0U);
    is->growth.bytes_per_hour = llround(per_hour);
    is->growth.span_us = span_us;
    is->growth.from_bytes = growth->first_bytes;
    is->growth.to_bytes = growth->last_bytes;
}

static bool judge_growth(gather_t *gather, ht_leaks_t *leaks,
                         bool (*wanted_origin)(void *context, ht_row_t origin))
{
    ht_growths_t growths;
    bool good = ht_growth(&growths, &gather->view, wanted_origin, gather->ask->context);
    leaks->growth_samples = growths.samples;
    for (size_t i = 0; good && i < growths.count; i++) {
        note_growth(gather, &growths.row[i], growths.to_us - growths.from_us);
        gather->site[growths.row[i].origin].leak.is.growth.steps = growths.samples;
    }
    ht_growths_free(&growths);
    return good;
}

/* --- the device's -------------------------------------------------------------------------------
 */

/* Lost blocks cannot be freed. Where it is known what lives, more of them than are left of those
 * from before were not lost: something pointed to them that the scan did not see. */
static void take_lost(const gather_t *gather, site_t *site, const ht_suspect_t *told)
{
    ht_suspect_t *is = &site->leak.is;
    bool known = gather->model->complete && !gather->model->lost;
    is->reach = told->reach;
    if (!known || is->reach.lost_blocks <= site->old_blocks) { return; }
    site->leak.refuted_blocks = is->reach.lost_blocks - site->old_blocks;
    is->reach.lost_blocks = site->old_blocks;
    if (site->old_blocks == 0) { is->reach.lost_bytes = 0; }
}

static void take_rest(site_t *site, const ht_suspect_row_t *row)
{
    ht_leak_row_t *leak = &site->leak;
    const ht_suspect_t *told = &row->told;
    if (told->growth.span_us > leak->is.growth.span_us) {
        uint64_t steady = leak->is.growth.flags & HT_GROWTH_STEADY;
        leak->is.growth = told->growth;
        leak->is.growth.flags |= steady;
        leak->by_device |= HT_EVIDENCE_GROWTH;
    }
    if (leak->is.left.blocks == 0 && told->left.blocks != 0) {
        leak->is.left = told->left;
        leak->left_task = row->left_task;
        leak->by_device |= HT_EVIDENCE_TASK_GONE;
    }
    if (leak->is.overdue.blocks == 0 && told->overdue.blocks != 0) {
        leak->is.overdue = told->overdue;
        leak->by_device |= HT_EVIDENCE_OVERDUE;
    }
}

/* Of a choice only what has a block in it; what nothing is known to be left of is no suspect. */
static void take_device(const gather_t *gather)
{
    const ht_tally_ask_t *ask = gather->ask;
    bool all = ask->wanted == NULL && ask->marks == 0 && ask->since_us == 0;
    bool known = gather->model->complete && !gather->model->lost;
    for (uint32_t i = 0; i < gather->view.suspects; i++) {
        const ht_suspect_row_t *row = &gather->view.suspect[i];
        site_t *site = &gather->site[row->origin];
        ht_suspect_t *is = &site->leak.is;
        bool unseen = !known && all && row->told.live_blocks > is->live_blocks;
        if (row->origin == 0 || (is->live_blocks == 0 && !unseen)) { continue; }
        if (unseen) {
            is->live_blocks = row->told.live_blocks;
            is->live_bytes = row->told.live_bytes;
        }
        site->leak.by_device |= row->told.evidence & HT_EVIDENCE_UNREACHABLE;
        take_lost(gather, site, &row->told);
        take_rest(site, row);
    }
}

/* --- the verdict --------------------------------------------------------------------------------
 */

static uint64_t kinds_of(const ht_suspect_t *is)
{
    uint64_t kinds = 0;
    if ((is->reach.lost_blocks | is->reach.possible_blocks | is->reach.indirect_blocks) != 0) {
        kinds |= HT_EVIDENCE_UNREACHABLE;
    }
    if ((is->growth.flags & HT_GROWTH_RISES) != 0) { kinds |= HT_EVIDENCE_GROWTH; }
    if (is->left.blocks != 0) { kinds |= HT_EVIDENCE_TASK_GONE; }
    if (is->overdue.blocks != 0) { kinds |= HT_EVIDENCE_OVERDUE; }
    return kinds;
}

static uint64_t sure_of(const ht_suspect_t *is)
{
    uint64_t other = is->evidence & ~(uint64_t)HT_EVIDENCE_UNREACHABLE;
    bool half_lost = is->reach.possible_blocks != 0;
    bool rises = (is->growth.flags & HT_GROWTH_RISES) != 0;
    if (is->reach.lost_blocks != 0) { return HT_SURE_CERTAIN; }
    if ((is->growth.flags & HT_GROWTH_STEADY) != 0 ||
        (rises && (half_lost || other != HT_EVIDENCE_GROWTH))) {
        return HT_SURE_LIKELY;
    }
    return half_lost || other != 0 ? HT_SURE_POSSIBLE : HT_SURE_FOLLOWS;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* What it comes to: what is lost, or what a day adds, or what is in doubt. */
static uint64_t weight_of(const ht_suspect_t *is)
{
    uint64_t per_hour = (uint64_t)is->growth.bytes_per_hour;
    uint64_t grown = (is->growth.flags & HT_GROWTH_RISES) == 0 ? 0
                     : per_hour < UINT64_MAX / 24U             ? per_hour * 24U
                                                               : UINT64_MAX;
    if (is->sure == HT_SURE_CERTAIN) {
        return is->reach.lost_bytes + is->reach.with_bytes + is->reach.lost_blocks;
    }
    if (is->sure == HT_SURE_FOLLOWS) { return is->reach.indirect_bytes; }
    return larger(larger(grown, is->reach.possible_bytes),
                  larger(is->left.bytes, is->overdue.bytes));
}

static int compare(const void *a, const void *b)
{
    const ht_leak_row_t *one = a, *two = b;
    if (one->is.sure != two->is.sure) { return one->is.sure > two->is.sure ? -1 : 1; }
    uint64_t x = weight_of(&one->is), y = weight_of(&two->is);
    if (x != y) { return x > y ? -1 : 1; }
    return one->origin < two->origin ? -1 : 1;
}

/* Rows are the sites that something speaks against, in the sites' memory. */
static void judge(gather_t *gather, ht_leaks_t *leaks)
{
    for (uint32_t o = 0; o < gather->view.origins; o++) {
        ht_leak_row_t leak = gather->site[o].leak;
        leak.is.evidence = kinds_of(&leak.is);
        if (leak.is.live_blocks == 0 || leak.is.evidence == 0) { continue; }
        leak.is.sure = sure_of(&leak.is);
        leaks->sites[leak.is.sure]++;
        leaks->row[leaks->count++] = leak;
    }
    qsort(leaks->row, leaks->count, sizeof(*leaks->row), compare);
}

bool ht_leaks(ht_leaks_t *leaks, const ht_model_t *model, const ht_tally_ask_t *ask,
              bool (*wanted_origin)(void *context, ht_row_t origin))
{
    gather_t gather = {.model = model, .ask = ask, .view = ht_model_view(model)};
    *leaks = (ht_leaks_t){0};
    gather.ends = gather.view.hello->program != NULL;
    gather.site = calloc(gather.view.origins + 1U, sizeof(*gather.site));
    leaks->row = calloc(gather.view.origins + 1U, sizeof(*leaks->row));
    bool good = gather.site != NULL && leaks->row != NULL;
    if (good) {
        for (ht_row_t o = 0; o < gather.view.origins; o++) {
            begin_site(&gather, o);
        }
        ht_model_each_block(model, see_block, &gather);
        good = judge_growth(&gather, leaks, wanted_origin);
    }
    if (good) {
        take_device(&gather);
        judge(&gather, leaks);
    }
    free(gather.site);
    return good;
}

void ht_leaks_free(ht_leaks_t *leaks)
{
    free(leaks->row);
    *leaks = (ht_leaks_t){0};
}
