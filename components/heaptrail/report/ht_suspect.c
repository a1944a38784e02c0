/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_suspect.h"

#include "ht_units.h"

const char *ht_sure_word(heaptrail_sure_t sure)
{
    static const char *const words[HEAPTRAIL_SURE_COUNT] = {
        [HEAPTRAIL_SURE_FOLLOWS] = "follows",
        [HEAPTRAIL_SURE_POSSIBLE] = "possible",
        [HEAPTRAIL_SURE_LIKELY] = "likely",
        [HEAPTRAIL_SURE_CERTAIN] = "certain",
    };
    return (unsigned)sure < HEAPTRAIL_SURE_COUNT ? words[sure] : "?";
}

ht_style_t ht_sure_style(heaptrail_sure_t sure)
{
    if (sure == HEAPTRAIL_SURE_CERTAIN) { return HT_STYLE_BAD; }
    return sure == HEAPTRAIL_SURE_LIKELY ? HT_STYLE_WARN : HT_STYLE_PLAIN;
}

void ht_sure_counts(ht_out_t *out, const uint32_t *sites)
{
    if ((sites[HEAPTRAIL_SURE_CERTAIN] | sites[HEAPTRAIL_SURE_LIKELY] |
         sites[HEAPTRAIL_SURE_POSSIBLE]) == 0) {
        ht_out_text(out, "Leaks: no site is suspect");
        return;
    }
    ht_out_text(out, "Leaks, by call site: ");
    ht_out_number(out, sites[HEAPTRAIL_SURE_CERTAIN]);
    ht_out_text(out, " certain, ");
    ht_out_number(out, sites[HEAPTRAIL_SURE_LIKELY]);
    ht_out_text(out, " likely, ");
    ht_out_number(out, sites[HEAPTRAIL_SURE_POSSIBLE]);
    ht_out_text(out, " possible");
}

void ht_reach_words(ht_out_t *out, const uint32_t *blocks, const size_t *bytes)
{
    static const struct {
        heaptrail_reach_t reach;
        const char *before;
    } parts[] = {
        {HEAPTRAIL_LOST, ""},
        {HEAPTRAIL_INDIRECTLY_LOST, ", and with them "},
        {HEAPTRAIL_POSSIBLY_LOST, "; possibly lost: "},
        {HEAPTRAIL_REACHABLE, "; reachable: "},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        ht_out_text(out, parts[i].before);
        ht_out_size(out, bytes[parts[i].reach]);
        ht_out_text(out, " in ");
        ht_out_count(out, blocks[parts[i].reach], "block");
    }
}

void ht_unknown_line(ht_out_t *out, uint64_t count, const char *noun, const char *one,
                     const char *many)
{
    if (count == 0) { return; }
    ht_out_style(out, HT_STYLE_WARN);
    ht_out_sentence(out, 0);
    ht_out_count(out, count, noun);
    ht_out_text(out, count == 1 ? one : many);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

/* --- words ---------------------------------------------------------------------------------------
 */

/* Between two pieces of evidence. */
static void next(ht_out_t *out, bool *follows)
{
    if (*follows) { ht_out_text(out, "; "); }
    *follows = true;
}

/* "5 blocks (200 B)" */
static void amount(ht_out_t *out, uint32_t blocks, uint64_t bytes)
{
    ht_out_count(out, blocks, "block");
    ht_out_text(out, " (");
    ht_out_size(out, bytes);
    ht_out_text(out, ")");
}

static void rate(ht_out_t *out, int64_t bytes_per_hour)
{
    ht_out_size(out, bytes_per_hour > 0 ? (uint64_t)bytes_per_hour : 0);
    ht_out_text(out, "/h");
}

static void lost_words(ht_out_t *out, const heaptrail_suspect_t *suspect, bool *follows)
{
    if (suspect->lost_blocks != 0) {
        next(out, follows);
        ht_out_text(out, "nothing points to ");
        amount(out, suspect->lost_blocks, suspect->lost_bytes);
    }
    if (suspect->with_blocks != 0) {
        ht_out_text(out, ", and ");
        amount(out, suspect->with_blocks, suspect->with_bytes);
        ht_out_text(out, suspect->with_blocks == 1 ? " goes with them" : " go with them");
    }
    if (suspect->possible_blocks != 0) {
        next(out, follows);
        amount(out, suspect->possible_blocks, suspect->possible_bytes);
        ht_out_text(out, " with pointers into the middle only");
    }
    if (suspect->indirect_blocks != 0) {
        next(out, follows);
        amount(out, suspect->indirect_blocks, suspect->indirect_bytes);
        ht_out_text(out, " lost with others");
    }
}

static void growth_words(ht_out_t *out, const heaptrail_suspect_t *suspect, bool *follows)
{
    const heaptrail_growth_t *growth = &suspect->growth;
    if ((suspect->evidence & HEAPTRAIL_EVIDENCE_GROWTH) == 0) { return; }
    next(out, follows);
    ht_out_text(out, growth->steady ? "floor rises " : "floor rises, not steadily, ");
    rate(out, growth->bytes_per_hour);
    ht_out_text(out, " for ");
    ht_out_time(out, growth->span_us);
}

static void left_words(ht_out_t *out, const heaptrail_suspect_t *suspect, bool *follows)
{
    if (suspect->left_blocks == 0) { return; }
    next(out, follows);
    amount(out, suspect->left_blocks, suspect->left_bytes);
    ht_out_text(out, " left by task" HT_HARD_SPACE);
    ht_out_name(out, suspect->left_task, sizeof(suspect->left_task));
    ht_out_text(out, suspect->left_tasks > 1 ? " and others, which are gone" : ", which is gone");
}

static void overdue_words(ht_out_t *out, const heaptrail_suspect_t *suspect, bool *follows)
{
    if (suspect->overdue_blocks == 0) { return; }
    next(out, follows);
    amount(out, suspect->overdue_blocks, suspect->overdue_bytes);
    ht_out_text(out, suspect->overdue_blocks == 1 ? " is " : " are up to ");
    ht_out_number(out, suspect->overdue_times);
    ht_out_text(out, " times older than its kind");
}

void ht_suspect_words(ht_out_t *out, const heaptrail_suspect_t *suspect)
{
    bool follows = false;
    lost_words(out, suspect, &follows);
    growth_words(out, suspect, &follows);
    left_words(out, suspect, &follows);
    overdue_words(out, suspect, &follows);
}

void ht_exhaustion_words(ht_out_t *out, const heaptrail_exhaustion_t *exhaustion)
{
    ht_caps(out, exhaustion->caps);
    ht_out_text(out, " memory is full in ");
    ht_out_time(out, exhaustion->left_us);
    ht_out_text(out, ": ");
    ht_out_size(out, exhaustion->free_bytes);
    ht_out_text(out, " free, ");
    ht_out_size(out, exhaustion->bytes_per_hour);
    ht_out_text(out, "/h less");
}

/* --- JSON ----------------------------------------------------------------------------------------
 */

static void lost_json(ht_json_t *json, const heaptrail_suspect_t *suspect)
{
    ht_json_number(json, "lost_blocks", suspect->lost_blocks);
    ht_json_number(json, "lost_bytes", suspect->lost_bytes);
    ht_json_number(json, "with_blocks", suspect->with_blocks);
    ht_json_number(json, "with_bytes", suspect->with_bytes);
    ht_json_number(json, "possibly_lost_blocks", suspect->possible_blocks);
    ht_json_number(json, "possibly_lost_bytes", suspect->possible_bytes);
    ht_json_number(json, "indirectly_lost_blocks", suspect->indirect_blocks);
    ht_json_number(json, "indirectly_lost_bytes", suspect->indirect_bytes);
}

static void growth_json(ht_json_t *json, const heaptrail_suspect_t *suspect)
{
    const heaptrail_growth_t *growth = &suspect->growth;
    if ((suspect->evidence & HEAPTRAIL_EVIDENCE_GROWTH) == 0) {
        ht_json_null(json, "growth");
        return;
    }
    ht_json_object(json, "growth");
    ht_json_bool(json, "steady", growth->steady);
    ht_json_signed(json, "bytes_per_hour", growth->bytes_per_hour);
    ht_json_number(json, "span_us", growth->span_us);
    ht_json_number(json, "steps", growth->steps);
    ht_json_number(json, "rising_permille", growth->rising_permille);
    ht_json_number(json, "from_bytes", growth->from_bytes);
    ht_json_number(json, "to_bytes", growth->to_bytes);
    ht_json_object_end(json);
}

static void left_json(ht_json_t *json, const heaptrail_suspect_t *suspect)
{
    if (suspect->left_blocks == 0) {
        ht_json_null(json, "task_gone");
        return;
    }
    ht_json_object(json, "task_gone");
    ht_json_number(json, "blocks", suspect->left_blocks);
    ht_json_number(json, "bytes", suspect->left_bytes);
    ht_json_number(json, "task_id", suspect->left_task_id);
    ht_json_string(json, "task", suspect->left_task, sizeof(suspect->left_task));
    ht_json_bool(json, "more_tasks", suspect->left_tasks > 1);
    ht_json_object_end(json);
}

static void overdue_json(ht_json_t *json, const heaptrail_suspect_t *suspect)
{
    if (suspect->overdue_blocks == 0) {
        ht_json_null(json, "overdue");
        return;
    }
    ht_json_object(json, "overdue");
    ht_json_number(json, "blocks", suspect->overdue_blocks);
    ht_json_number(json, "bytes", suspect->overdue_bytes);
    ht_json_number(json, "age_us", suspect->overdue_age_us);
    ht_json_number(json, "usual_us", suspect->usual_life_us);
    ht_json_number(json, "times", suspect->overdue_times);
    ht_json_object_end(json);
}

void ht_suspect_json(ht_json_t *json, const heaptrail_suspect_t *suspect)
{
    ht_json_string(json, "sure", ht_sure_word(suspect->sure), SIZE_MAX);
    ht_json_number(json, "live_blocks", suspect->live_blocks);
    ht_json_number(json, "live_bytes", suspect->live_bytes);
    lost_json(json, suspect);
    growth_json(json, suspect);
    left_json(json, suspect);
    overdue_json(json, suspect);
}

void ht_exhaustion_json(ht_json_t *json, const heaptrail_exhaustion_t *exhaustion)
{
    if (exhaustion->caps == 0) {
        ht_json_null(json, "exhaustion");
        return;
    }
    ht_json_object(json, "exhaustion");
    ht_caps_json(json, "caps", exhaustion->caps);
    ht_json_number(json, "free_bytes", exhaustion->free_bytes);
    ht_json_number(json, "bytes_per_hour", exhaustion->bytes_per_hour);
    ht_json_number(json, "left_us", exhaustion->left_us);
    ht_json_object_end(json);
}
