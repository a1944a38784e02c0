/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What is looked for, what is not, and how to change that. */
#include "ht_check_words.h"

#include "ht_error_text.h"
#include "ht_units.h"

/* --- what is on --------------------------------------------------------------------------------
 */

static bool is_on(const heaptrail_checks_t *checks, ht_check_kind_t check)
{
    switch (check) {
    case HT_CHECK_REDZONES:
        return checks->redzones;
    case HT_CHECK_WRONG_FREES:
        return checks->wrong_frees;
    case HT_CHECK_HEAP_HEADERS:
        return checks->heap_headers;
    case HT_CHECK_QUARANTINE:
        return checks->quarantine_blocks != 0 && checks->quarantine_bytes != 0;
    case HT_CHECK_FILL_FREED:
        return checks->fill_freed;
    case HT_CHECK_FILL_NEW:
        return checks->fill_new;
    case HT_CHECK_SCRUBBER:
        return checks->scrub_round_ms != 0;
    default:
        return false;
    }
}

typedef struct {
    const char *name;   /**< in sentences */
    const char *label;  /**< before a line of its own */
    const char *key;    /**< in JSON */
    const char *fields; /**< of heaptrail_checks_t, that switch it on */
} check_name_t;

static const check_name_t s_names[HT_CHECKS] = {
    [HT_CHECK_REDZONES] = {"redzones", "redzones", "redzones", "redzones"},
    [HT_CHECK_WRONG_FREES] = {"wrong frees", "wrong frees", "wrong_frees", "wrong_frees"},
    [HT_CHECK_HEAP_HEADERS] = {"heap headers", "headers", "heap_headers", "heap_headers"},
    [HT_CHECK_QUARANTINE] = {"quarantine", "quarantine", "quarantine",
                             "quarantine_blocks and quarantine_bytes"},
    [HT_CHECK_FILL_FREED] = {"fill freed", "fill freed", "fill_freed", "fill_freed"},
    [HT_CHECK_FILL_NEW] = {"fill new", "fill new", "fill_new", "fill_new"},
    [HT_CHECK_SCRUBBER] = {"scrubber", "scrubber", "scrubber", "scrub_round_ms"},
};

bool ht_check_any(const heaptrail_checks_t *checks)
{
    for (ht_check_kind_t i = 0; i < HT_CHECKS; i++) {
        if (is_on(checks, i)) { return true; }
    }
    return false;
}

static void list(ht_out_t *out, const heaptrail_checks_t *checks, bool on, const char *before)
{
    bool any = false;
    for (ht_check_kind_t i = 0; i < HT_CHECKS; i++) {
        if (is_on(checks, i) != on) { continue; }
        ht_out_text(out, any ? ", " : before);
        ht_out_text(out, s_names[i].name);
        any = true;
    }
}

void ht_check_words(ht_out_t *out, const heaptrail_checks_t *checks)
{
    if (!ht_check_any(checks)) {
        ht_out_text(out, "all off");
        return;
    }
    list(out, checks, true, "");
    list(out, checks, false, "; off: ");
}

void ht_check_words_json(ht_json_t *json, const char *key, const heaptrail_checks_t *checks)
{
    ht_json_array(json, key);
    for (ht_check_kind_t i = 0; i < HT_CHECKS; i++) {
        if (is_on(checks, i)) { ht_json_string(json, NULL, s_names[i].key, SIZE_MAX); }
    }
    ht_json_array_end(json);
}

/* --- text --------------------------------------------------------------------------------------
 */

static void of_bytes(ht_out_t *out, uint64_t n, const char *noun, const char *after)
{
    ht_out_count(out, n, noun);
    ht_out_text(out, after);
}

static void redzone_words(ht_out_t *out, const heaptrail_checks_t *checks,
                          const heaptrail_check_status_t *status)
{
    of_bytes(out, checks->redzone_front_bytes, "byte", " before and ");
    of_bytes(out, checks->redzone_tail_bytes, "byte", " behind each block; about ");
    ht_out_size(out, status->redzone_bytes);
    ht_out_text(out, " now");
}

static void quarantine_words(ht_out_t *out, const heaptrail_checks_t *checks,
                             const heaptrail_check_status_t *status)
{
    of_bytes(out, status->quarantined_blocks, "freed block", " of ");
    ht_out_size(out, status->quarantined_bytes);
    ht_out_text(out, " wait, at most ");
    ht_out_number(out, checks->quarantine_blocks);
    ht_out_text(out, " of ");
    ht_out_size(out, checks->quarantine_bytes);
    if (status->released_early != 0) {
        ht_out_text(out, "; ");
        ht_out_number(out, status->released_early);
        ht_out_text(out, " left early, the heap needed the memory");
    }
}

static void fill_words(ht_out_t *out, uint8_t byte, const char *what)
{
    const char text[] = {'0', 'x', "0123456789abcdef"[byte >> 4U], "0123456789abcdef"[byte & 15U],
                         '\0'};
    ht_out_text(out, what);
    ht_out_text(out, text);
}

static void scrubber_words(ht_out_t *out, const heaptrail_checks_t *checks,
                           const heaptrail_check_status_t *status)
{
    ht_out_text(out, "sees every block within ");
    ht_out_time(out, (uint64_t)checks->scrub_round_ms * 1000U);
    if (!status->scrubbed) {
        ht_out_text(out, "; no round is complete yet");
        return;
    }
    ht_out_text(out, "; ");
    ht_out_count(out, status->scrub_rounds, "round");
    ht_out_text(out, " done, the last look at every block began ");
    ht_out_time(out, status->scrub_age_us);
    ht_out_text(out, " ago");
}

static void on_words(ht_out_t *out, ht_check_kind_t check, const heaptrail_checks_t *checks,
                     const heaptrail_check_status_t *status)
{
    switch (check) {
    case HT_CHECK_REDZONES:
        redzone_words(out, checks, status);
        break;
    case HT_CHECK_WRONG_FREES:
        ht_out_text(out, "reported, and not carried out");
        break;
    case HT_CHECK_HEAP_HEADERS:
        ht_out_text(out, "of the heap, looked at before a block is given back to it");
        break;
    case HT_CHECK_QUARANTINE:
        quarantine_words(out, checks, status);
        break;
    case HT_CHECK_FILL_FREED:
        fill_words(out, checks->freed_byte, "freed blocks are filled with ");
        break;
    case HT_CHECK_FILL_NEW:
        fill_words(out, checks->new_byte, "new blocks are filled with ");
        break;
    default:
        scrubber_words(out, checks, status);
        break;
    }
}

static void check_line(ht_out_t *out, ht_check_kind_t check, const heaptrail_checks_t *checks,
                       const heaptrail_check_status_t *status)
{
    ht_label_sentence(out, s_names[check].label);
    if (is_on(checks, check)) {
        on_words(out, check, checks, status);
    } else {
        ht_out_style(out, HT_STYLE_WARN);
        ht_out_text(out, "off");
        ht_out_style(out, HT_STYLE_PLAIN);
        ht_out_text(out, "; switched on by ");
        ht_out_text(out, s_names[check].fields);
    }
    ht_out_sentence_end(out);
}

static void interval_line(ht_out_t *out, const heaptrail_checks_t *checks)
{
    ht_label_sentence(out, "reports");
    if (checks->report_interval_ms == 0) {
        ht_out_text(out, "every error");
    } else {
        ht_out_text(out, "one for each kind and place in ");
        ht_out_time(out, (uint64_t)checks->report_interval_ms * 1000U);
        ht_out_text(out, ", the rest is counted");
    }
    ht_out_sentence_end(out);
}

static void limits(ht_out_t *out, const heaptrail_check_status_t *status)
{
    if (status->unguarded_blocks != 0) {
        ht_out_style(out, HT_STYLE_WARN);
        ht_out_sentence(out, 0);
        out->indent = 2;
        ht_out_count(out, status->unguarded_blocks, "block");
        ht_out_text(out, " got no redzones: no record or no memory was left for them.");
        ht_out_style(out, HT_STYLE_PLAIN);
        ht_out_sentence_end(out);
    }
    if (status->leaked_blocks != 0) {
        ht_out_style(out, HT_STYLE_WARN);
        ht_out_sentence(out, 0);
        out->indent = 2;
        ht_out_text(out, "Not given back to the heap, for their headers were damaged: ");
        ht_out_count(out, status->leaked_blocks, "block");
        ht_out_text(out, " of ");
        ht_out_size(out, status->leaked_bytes);
        ht_out_text(out, ".");
        ht_out_style(out, HT_STYLE_PLAIN);
        ht_out_sentence_end(out);
    }
}

static void text(ht_report_t *r, const heaptrail_checks_t *checks,
                 const heaptrail_check_status_t *status)
{
    ht_out_t *out = &r->out;
    bool any_off = false;
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    out->indent = 2;
    ht_out_text(out, "Checks: ");
    ht_check_words(out, checks);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
    for (ht_check_kind_t i = 0; i < HT_CHECKS; i++) {
        check_line(out, i, checks, status);
        any_off = any_off || !is_on(checks, i);
    }
    interval_line(out, checks);
    limits(out, status);
    if (any_off) {
        ht_note(r, HT_STYLE_DIM,
                "To switch on: heaptrail_get_checks(), set the fields named above, "
                "heaptrail_set_checks().");
    }
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static void checks_json(ht_json_t *json, const heaptrail_checks_t *checks)
{
    ht_check_words_json(json, "on", checks);
    ht_json_bool(json, "redzones", checks->redzones);
    ht_json_number(json, "redzone_front_bytes", checks->redzone_front_bytes);
    ht_json_number(json, "redzone_tail_bytes", checks->redzone_tail_bytes);
    ht_json_bool(json, "fill_new", checks->fill_new);
    ht_json_number(json, "new_byte", checks->new_byte);
    ht_json_bool(json, "fill_freed", checks->fill_freed);
    ht_json_number(json, "freed_byte", checks->freed_byte);
    ht_json_bool(json, "heap_headers", checks->heap_headers);
    ht_json_bool(json, "wrong_frees", checks->wrong_frees);
    ht_json_number(json, "quarantine_blocks", checks->quarantine_blocks);
    ht_json_number(json, "quarantine_bytes", checks->quarantine_bytes);
    ht_json_number(json, "report_interval_ms", checks->report_interval_ms);
    ht_json_number(json, "scrub_round_ms", checks->scrub_round_ms);
}

static void status_json(ht_json_t *json, const heaptrail_check_status_t *status)
{
    ht_json_number(json, "redzone_bytes", status->redzone_bytes);
    ht_json_number(json, "quarantined_blocks", status->quarantined_blocks);
    ht_json_number(json, "quarantined_bytes", status->quarantined_bytes);
    ht_json_number(json, "quarantine_max_blocks", status->quarantine_max_blocks);
    ht_json_number(json, "released_early", status->released_early);
    ht_json_number(json, "unguarded_blocks", status->unguarded_blocks);
    ht_json_number(json, "leaked_blocks", status->leaked_blocks);
    ht_json_number(json, "leaked_bytes", status->leaked_bytes);
    ht_json_number(json, "scrub_rounds", status->scrub_rounds);
    ht_json_maybe(json, "scrub_age_us", status->scrubbed, status->scrub_age_us);
}

esp_err_t ht_report_checks(ht_report_t *r)
{
    heaptrail_checks_t checks = {0};
    heaptrail_check_status_t status = {0};
    esp_err_t err = heaptrail_get_checks(&checks);
    if (err == ESP_OK) { err = heaptrail_check_status(&status); }
    if (err != ESP_OK) { return err; }
    if (r->ask->json) {
        checks_json(&r->json, &checks);
        status_json(&r->json, &status);
    } else {
        text(r, &checks, &status);
    }
    return ESP_OK;
}
