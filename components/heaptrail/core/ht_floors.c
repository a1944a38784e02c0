/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_floors.h"

#include <string.h>

/* A floor that rises: from so many epochs and so many rising pairs of them on. */
#define EPOCHS_MIN 6U
#define RISING_PERMILLE 700U
/* ... and steadily: so often, and for so long. */
#define STEADY_PERMILLE 850U
#define STEADY_RISES 5U
#define STEADY_SPAN_US UINT64_C(300000000)

#define PAIRS (HT_FLOORS_EPOCHS * (HT_FLOORS_EPOCHS - 1U) / 2U)
#define MS_PER_HOUR 3600000

/* --- numbers in 16 bits --------------------------------------------------------------------------
 */

/* code = (exponent << 11) + mantissa, with a mantissa of 2048 .. 4095 from the first exponent on:
 * so that codes follow each other without a gap. */
#define MANTISSA_BITS 11U
#define EXACT ((size_t)2U << MANTISSA_BITS)
#define EXPONENT_MAX 30U

uint16_t ht_floor_pack(size_t bytes)
{
    uint32_t exponent = 0;
    while (bytes >= EXACT && exponent < EXPONENT_MAX) {
        bytes >>= 1;
        exponent++;
    }
    if (bytes >= EXACT) { bytes = EXACT - 1U; }
    return (uint16_t)((exponent << MANTISSA_BITS) + bytes);
}

size_t ht_floor_unpack(uint16_t packed)
{
    if (packed < EXACT) { return packed; }
    uint32_t exponent = ((uint32_t)packed >> MANTISSA_BITS) - 1U;
    return (size_t)(packed - (exponent << MANTISSA_BITS)) << exponent;
}

/* --- sampling ------------------------------------------------------------------------------------
 */

void ht_floors_open(ht_floors_t *floors, ht_floor_row_t *rows, uint32_t max)
{
    floors->count = 0;
    floors->samples = 0;
    floors->rows = rows;
    floors->max = max;
}

/* Numbers that others write under the lock, one aligned word each. A race, and meant to be one: it
 * is the number of a moment in any case. */
__attribute__((no_sanitize("thread"))) static uint32_t generation_of(const ht_tracker_t *tracker)
{
    return *(const volatile uint32_t *)&tracker->generation;
}

/* What was seen before a reset is no history. */
bool ht_floors_claim(ht_floors_t *floors, ht_tracker_t *tracker)
{
    if (!ht_claim(&tracker->lock, &floors->busy)) { return false; }
    if (floors->generation != generation_of(tracker)) {
        floors->count = 0;
        floors->samples = 0;
    }
    return true;
}

static void begin(ht_floors_t *floors, uint32_t generation)
{
    if (floors->max != 0) { memset(floors->rows, 0, floors->max * sizeof(*floors->rows)); }
    floors->count = 0;
    floors->samples = 0;
    floors->generation = generation;
    floors->epoch_us = HT_FLOORS_FIRST_US;
}

static uint16_t lesser(uint16_t a, uint16_t b)
{
    return a < b ? a : b;
}

/* Two epochs become one: for numbers that are a least, and for those that are a most. */
static void merge(ht_floors_t *floors)
{
    for (uint32_t i = 0; i < floors->max; i++) {
        uint16_t *floor = floors->rows[i].floor;
        for (uint32_t e = 0; e < HT_FLOORS_EPOCHS / 2U; e++) {
            floor[e] = lesser(floor[2U * e], floor[2U * e + 1U]);
        }
        memset(&floor[HT_FLOORS_EPOCHS / 2U], 0, HT_FLOORS_EPOCHS / 2U * sizeof(floor[0]));
    }
    for (uint32_t e = 0; e < HT_FLOORS_EPOCHS / 2U; e++) {
        floors->began_us[e] = floors->began_us[2U * e];
        for (uint32_t p = 0; p < HT_FLOORS_KINDS; p++) {
            const size_t *two = &floors->most_free[p][2U * e];
            floors->most_free[p][e] = two[0] > two[1] ? two[0] : two[1];
        }
    }
    floors->count = HT_FLOORS_EPOCHS / 2U;
    floors->epoch_us *= 2U;
}

/* Has the open epoch lasted long enough? */
static bool is_over(const ht_floors_t *floors, uint64_t now_us)
{
    return floors->count == 0 || now_us - floors->began_us[floors->count - 1U] >= floors->epoch_us;
}

/* True: a new epoch has begun. */
static bool turn(ht_floors_t *floors, uint64_t now_us)
{
    if (!is_over(floors, now_us)) { return false; }
    if (floors->count == HT_FLOORS_EPOCHS) { merge(floors); }
    if (!is_over(floors, now_us)) { return false; }
    floors->began_us[floors->count++] = now_us;
    return true;
}

/* As generation_of(). */
__attribute__((no_sanitize("thread"))) static size_t live_bytes(const ht_origin_t *origin)
{
    return *(const volatile size_t *)&origin->live_bytes;
}

__attribute__((no_sanitize("thread"))) static uint32_t origin_count(const ht_tracker_t *tracker)
{
    return *(const volatile uint32_t *)&tracker->origins.count;
}

static void sample_kinds(ht_floors_t *floors, bool first, const size_t *free_bytes)
{
    for (uint32_t p = 0; p < HT_FLOORS_KINDS; p++) {
        size_t *most = &floors->most_free[p][floors->count - 1U];
        if (first || free_bytes[p] > *most) { *most = free_bytes[p]; }
    }
}

void ht_floors_sample(ht_floors_t *floors, const ht_tracker_t *tracker, uint64_t now_us,
                      const size_t free_bytes[HT_FLOORS_KINDS])
{
    uint32_t generation = generation_of(tracker);
    if (floors->samples == 0 || floors->generation != generation) { begin(floors, generation); }
    bool first = turn(floors, now_us);
    floors->samples += floors->samples != UINT32_MAX;
    floors->last_us = now_us;
    sample_kinds(floors, first, free_bytes);
    uint32_t epoch = floors->count - 1U;
    uint32_t origins = origin_count(tracker) + 1U;
    for (uint32_t i = 0; i < origins && i < floors->max; i++) {
        uint16_t *floor = &floors->rows[i].floor[epoch];
        uint16_t now = ht_floor_pack(live_bytes(&tracker->origins.origins[i]));
        *floor = first ? now : lesser(*floor, now);
    }
}

/* --- judging -------------------------------------------------------------------------------------
 */

typedef struct {
    uint32_t rises; /* new highest values */
    uint32_t rest;  /* epochs between two of them, at most */
    uint32_t since; /* epochs since the last one */
    size_t most;
} steps_t;

static steps_t steps_of(const size_t *value, uint32_t count)
{
    steps_t steps = {.most = value[0]};
    for (uint32_t i = 1; i < count; i++) {
        steps.since++;
        if (value[i] <= steps.most) { continue; }
        steps.most = value[i];
        steps.rises++;
        if (steps.since > steps.rest) { steps.rest = steps.since; }
        steps.since = 0;
    }
    return steps;
}

static uint32_t rising_permille(const size_t *value, uint32_t count)
{
    uint32_t rising = 0;
    for (uint32_t j = 1; j < count; j++) {
        for (uint32_t i = 0; i < j; i++) {
            rising += value[j] > value[i];
        }
    }
    return rising * 2000U / (count * (count - 1U));
}

/* Bytes per hour; stays in range whatever the numbers are. */
static ht_rate_t slope(size_t from, size_t to, uint64_t us)
{
    const uint64_t most = UINT64_C(1) << 40;
    uint64_t bytes = to > from ? to - from : from - to;
    uint64_t ms = us / 1000U;
    if (bytes > most) { bytes = most; }
    uint64_t rate = bytes * MS_PER_HOUR / (ms != 0 ? ms : 1U);
    if (rate > (uint64_t)INTPTR_MAX) { rate = (uint64_t)INTPTR_MAX; }
    return to > from ? (ht_rate_t)rate : -(ht_rate_t)rate;
}

/* Insert into a sorted list: there are 120 at most, and nearly sorted ones are common. */
static void insert(ht_rate_t *sorted, uint32_t count, ht_rate_t rate)
{
    while (count > 0 && sorted[count - 1U] > rate) {
        sorted[count] = sorted[count - 1U];
        count--;
    }
    sorted[count] = rate;
}

static ht_rate_t median_slope(const size_t *value, const uint64_t *at_us, uint32_t count)
{
    ht_rate_t rate[PAIRS];
    uint32_t pairs = 0;
    for (uint32_t j = 1; j < count; j++) {
        for (uint32_t i = 0; i < j; i++) {
            insert(rate, pairs++, slope(value[i], value[j], at_us[j] - at_us[i]));
        }
    }
    ht_rate_t upper = rate[pairs / 2U];
    ht_rate_t lower = rate[(pairs - 1U) / 2U];
    return lower + (upper - lower) / 2;
}

ht_trend_t ht_trend(const size_t *value, const uint64_t *at_us, uint32_t count)
{
    ht_trend_t trend = {.epochs = count};
    if (count < 2 || count > HT_FLOORS_EPOCHS) { return trend; }
    trend.span_us = at_us[count - 1U] - at_us[0];
    trend.from_bytes = value[0];
    trend.to_bytes = value[count - 1U];
    trend.rising_permille = rising_permille(value, count);
    steps_t steps = steps_of(value, count);
    bool has_stopped = steps.since > 2U * steps.rest;
    if (count < EPOCHS_MIN || trend.rising_permille < RISING_PERMILLE || has_stopped) {
        return trend;
    }
    trend.per_hour = median_slope(value, at_us, count);
    trend.rises = trend.per_hour > 0;
    trend.steady = trend.rises && trend.rising_permille >= STEADY_PERMILLE &&
                   steps.rises >= STEADY_RISES && trend.span_us >= STEADY_SPAN_US;
    return trend;
}

/* The last epoch before it rose for the first time: until then it was not growing yet. */
static uint32_t first_rise(const size_t *value, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (value[i] > value[0]) { return i - 1U; }
    }
    return 0;
}

static bool differ(ht_rate_t a, ht_rate_t b)
{
    ht_rate_t apart = a > b ? a - b : b - a;
    return apart > a / 4;
}

/* The newest half has the last word, because what grew once and what grows now may be two things;
 * but where both say the same, all of it says it better. */
static ht_trend_t judge(const size_t *value, const uint64_t *at_us, uint32_t count)
{
    uint32_t from = first_rise(value, count);
    value += from;
    at_us += from;
    count -= from;
    ht_trend_t all = ht_trend(value, at_us, count);
    if (count < 2U * EPOCHS_MIN) { return all; }
    uint32_t half = count / 2U;
    ht_trend_t newest = ht_trend(&value[half], &at_us[half], count - half);
    bool is_other = !all.rises || differ(all.per_hour, newest.per_hour);
    return newest.rises && is_other ? newest : all;
}

/* An epoch that has just begun says little: its floor is that of a moment. */
static uint32_t epochs_to_judge(const ht_floors_t *floors)
{
    if (floors->count == 0) { return 0; }
    uint64_t open_us = floors->last_us - floors->began_us[floors->count - 1U];
    return floors->count - (open_us < floors->epoch_us / 2U ? 1U : 0U);
}

ht_trend_t ht_floors_of(const ht_floors_t *floors, uint32_t origin)
{
    size_t value[HT_FLOORS_EPOCHS];
    uint32_t count = epochs_to_judge(floors);
    if (origin >= floors->max) { return (ht_trend_t){0}; }
    for (uint32_t e = 0; e < count; e++) {
        value[e] = ht_floor_unpack(floors->rows[origin].floor[e]);
    }
    return judge(value, floors->began_us, count);
}

bool ht_floors_of_kind(const ht_floors_t *floors, uint32_t kind, ht_trend_t *trend)
{
    size_t value[HT_FLOORS_EPOCHS];
    uint32_t count = epochs_to_judge(floors);
    size_t most = 0;
    for (uint32_t e = 0; e < count; e++) {
        size_t now = floors->most_free[kind][e];
        if (now == SIZE_MAX) { return false; }
        if (now > most) { most = now; }
    }
    for (uint32_t e = 0; e < count; e++) {
        value[e] = most - floors->most_free[kind][e];
    }
    *trend = judge(value, floors->began_us, count);
    return count != 0;
}

/* --- validator -----------------------------------------------------------------------------------
 */

const char *ht_floors_check(const ht_floors_t *floors)
{
    if (floors->count > HT_FLOORS_EPOCHS) { return "floors: more epochs than there are"; }
    if (floors->count != 0 && floors->epoch_us < HT_FLOORS_FIRST_US) {
        return "floors: an epoch is too short";
    }
    for (uint32_t e = 1; e < floors->count; e++) {
        if (floors->began_us[e] - floors->began_us[e - 1U] < floors->epoch_us) {
            return "floors: an epoch ended too soon";
        }
    }
    for (uint32_t i = 0; i < floors->max; i++) {
        for (uint32_t e = floors->count; e < HT_FLOORS_EPOCHS && floors->samples != 0; e++) {
            if (floors->rows[i].floor[e] != 0) { return "floors: a floor of an epoch to come"; }
        }
    }
    return NULL;
}
