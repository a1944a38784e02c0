/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_evidence.h"

static uint32_t kinds_of(const ht_evidence_t *site)
{
    uint32_t kinds = 0;
    if ((site->lost_blocks | site->possible_blocks | site->indirect_blocks) != 0) {
        kinds |= HT_UNREACHABLE;
    }
    if (site->trend.rises) { kinds |= HT_GROWTH; }
    if (site->left_blocks != 0) { kinds |= HT_TASK_LEFT; }
    if (site->overdue_blocks != 0) { kinds |= HT_OVERDUE; }
    return kinds;
}

static uint8_t sure_of(const ht_evidence_t *site, uint32_t kinds)
{
    uint32_t other = kinds & ~(uint32_t)HT_UNREACHABLE;
    bool half_lost = site->possible_blocks != 0;
    if (site->lost_blocks != 0) { return HT_SURE_CERTAIN; }
    if (site->trend.steady || (site->trend.rises && (half_lost || other != HT_GROWTH))) {
        return HT_SURE_LIKELY;
    }
    return half_lost || other != 0 ? HT_SURE_POSSIBLE : HT_SURE_FOLLOWS;
}

bool ht_evidence_judge(ht_evidence_t *site)
{
    uint32_t kinds = kinds_of(site);
    site->kinds = (uint8_t)kinds;
    site->sure = sure_of(site, kinds);
    return kinds != 0;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* What it comes to: what is lost, or what a day adds, or what is in doubt. */
static uint64_t weight_of(const ht_evidence_t *site)
{
    uint64_t lost = (uint64_t)site->lost_bytes + site->with_bytes + site->lost_blocks;
    uint64_t grown = site->trend.rises ? (uint64_t)site->trend.per_hour * 24U : 0;
    uint64_t doubt = larger(site->possible_bytes, larger(site->left_bytes, site->overdue_bytes));
    if (site->sure == HT_SURE_CERTAIN) { return lost; }
    if (site->sure == HT_SURE_FOLLOWS) { return site->indirect_bytes; }
    return larger(grown, doubt);
}

static bool before(const ht_evidence_t *a, const ht_evidence_t *b)
{
    if (a->sure != b->sure) { return a->sure > b->sure; }
    uint64_t weight_a = weight_of(a);
    uint64_t weight_b = weight_of(b);
    return weight_a != weight_b ? weight_a > weight_b : a->id < b->id;
}

/* Shell's sort with Knuth's steps (TAOCP 3, 5.2.1). */
void ht_evidence_sort(ht_evidence_t *site, uint32_t count)
{
    uint32_t step = 1;
    while (step < count / 9U) {
        step = 3U * step + 1U;
    }
    for (; step != 0; step /= 3U) {
        for (uint32_t i = step; i < count; i++) {
            ht_evidence_t moving = site[i];
            uint32_t to = i;
            for (; to >= step && before(&moving, &site[to - step]); to -= step) {
                site[to] = site[to - step];
            }
            site[to] = moving;
        }
    }
}
