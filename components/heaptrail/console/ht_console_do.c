/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What the sub-commands do that is no report: marks, checks, switches. */
#include <string.h>

#include "heaptrail_errors.h"
#include "ht_console.h"
#include "ht_units.h"

/** Blocks of the scrubber between two pauses. */
#define SCRUB_STEP 256U

typedef struct {
    ht_out_t out;
    ht_json_t json;
} output_t;

static void open_json(ht_con_t *con, output_t *o)
{
    ht_con_json_open(con, &o->out, &o->json);
}

/* A sentence of text, in a colour. */
static void open_text(ht_con_t *con, output_t *o, ht_style_t style)
{
    ht_con_open(con, &o->out);
    ht_out_style(&o->out, style);
    ht_out_sentence(&o->out, 0);
    o->out.indent = 2;
}

static void close_text(output_t *o)
{
    ht_out_style(&o->out, HT_STYLE_PLAIN);
    ht_out_sentence_end(&o->out);
}

/* --- reports -----------------------------------------------------------------------------------
 */

static int write_report(ht_con_t *con, const heaptrail_report_t *ask)
{
    esp_err_t err = heaptrail_report(ask, ht_con_write, con);
    if (err == ESP_OK) { return HEAPTRAIL_CONSOLE_OK; }
    if (err == ESP_ERR_NOT_FOUND) { return HEAPTRAIL_CONSOLE_NO; }
    if (err == ESP_ERR_INVALID_STATE) { return HEAPTRAIL_CONSOLE_FAILED; } /* the report says so */
    return ht_con_failed(con, err);
}

int ht_do_report(ht_con_t *con)
{
    heaptrail_report_t ask;
    return ht_con_ask(con, &ask) ? write_report(con, &ask) : con->code;
}

int ht_do_errors(ht_con_t *con)
{
    if (!ht_con_has(con, HT_OPT_CLEAR)) { return ht_do_report(con); }
    output_t o;
    esp_err_t err = heaptrail_clear_errors();
    if (err != ESP_OK) { return ht_con_failed(con, err); }
    if (con->json) {
        open_json(con, &o);
        ht_con_json_close(&o.json);
        return HEAPTRAIL_CONSOLE_OK;
    }
    open_text(con, &o, HT_STYLE_PLAIN);
    ht_out_text(&o.out, "Errors are forgotten, their counters are zero.");
    close_text(&o);
    return HEAPTRAIL_CONSOLE_OK;
}

int ht_do_whois(ht_con_t *con)
{
    heaptrail_report_t ask;
    uint64_t address = 0;
    ht_value_t value = ht_value_address(con->word, &address);
    if (value != HT_VALUE_GOOD) {
        bool large = value == HT_VALUE_TOO_LARGE;
        (void)ht_con_complain(
            con, &(ht_complaint_t){.word = con->word,
                                   .after = large ? "is larger than any address" : "is no address",
                                   .say = "0x3fc9a0b4 or 3fc9a0b4"});
        return con->code;
    }
    if (!ht_con_ask(con, &ask)) { return con->code; }
    ask.address = (const void *)(uintptr_t)address;
    return write_report(con, &ask);
}

/* --- marks -------------------------------------------------------------------------------------
 */

static void list_marks(ht_con_t *con, const ht_mark_t *marks, uint32_t count, uint64_t now_us)
{
    output_t o;
    if (con->json) {
        open_json(con, &o);
        ht_json_array(&o.json, "marks");
        for (uint32_t i = 0; i < count; i++) {
            ht_json_object(&o.json, NULL);
            ht_json_string(&o.json, "mark", marks[i].name, sizeof(marks[i].name));
            ht_json_number(&o.json, "age_us", now_us - marks[i].uptime_us);
            ht_json_object_end(&o.json);
        }
        ht_json_array_end(&o.json);
        ht_con_json_close(&o.json);
        return;
    }
    open_text(con, &o, HT_STYLE_TITLE);
    ht_out_text(&o.out,
                count == 0 ? "No marks: `heaptrail mark` takes one." : "Marks, newest first");
    close_text(&o);
    for (uint32_t i = 0; i < count; i++) {
        ht_out_text(&o.out, "  ");
        ht_out_name(&o.out, marks[i].name, sizeof(marks[i].name));
        ht_out_to(&o.out, HEAPTRAIL_CONSOLE_NAME_MAX + 3U);
        ht_out_text(&o.out, ht_text_time(now_us - marks[i].uptime_us).s);
        ht_out_text(&o.out, " ago");
        ht_out_line(&o.out);
    }
}

static int all_marks(ht_con_t *con)
{
    ht_mark_t marks[HEAPTRAIL_CONSOLE_MARKS];
    uint32_t count = 0;
    heaptrail_status_t status = {0};
    esp_err_t err = heaptrail_status(&status);
    if (err == ESP_OK) { err = ht_mark_list(marks, &count); }
    if (err != ESP_OK) { return ht_con_failed(con, err); }
    list_marks(con, marks, count, status.uptime_us);
    return HEAPTRAIL_CONSOLE_OK;
}

static int remove_mark(ht_con_t *con, const char *name)
{
    output_t o;
    esp_err_t err = ht_mark_remove(name);
    if (err == ESP_ERR_NOT_FOUND) {
        (void)ht_con_complain(con, &(ht_complaint_t){.word = name, .after = "is no mark"});
        return con->code;
    }
    if (err != ESP_OK) { return ht_con_failed(con, err); }
    if (con->json) {
        open_json(con, &o);
        ht_json_string(&o.json, "removed", name, HEAPTRAIL_CONSOLE_NAME_MAX);
        ht_con_json_close(&o.json);
        return HEAPTRAIL_CONSOLE_OK;
    }
    open_text(con, &o, HT_STYLE_PLAIN);
    ht_out_text(&o.out, "Removed.");
    close_text(&o);
    return HEAPTRAIL_CONSOLE_OK;
}

static void tell_mark(ht_con_t *con, const ht_mark_t *taken, const ht_mark_t *replaced)
{
    output_t o;
    const char *old = replaced->number != 0 ? replaced->name : NULL;
    if (con->json) {
        open_json(con, &o);
        ht_json_string(&o.json, "mark", taken->name, sizeof(taken->name));
        ht_json_string(&o.json, "replaced", old, sizeof(taken->name));
        ht_con_json_close(&o.json);
        return;
    }
    open_text(con, &o, HT_STYLE_PLAIN);
    ht_out_text(&o.out, "Mark ");
    ht_out_name(&o.out, taken->name, sizeof(taken->name));
    if (old != NULL) {
        ht_out_text(&o.out, ", in the place of ");
        ht_out_text(&o.out, strcmp(old, taken->name) == 0 ? "the one called so" : "the oldest, ");
        if (strcmp(old, taken->name) != 0) { ht_out_name(&o.out, old, sizeof(taken->name)); }
    }
    ht_out_text(&o.out, ". What is allocated from now on and stays: `heaptrail since ");
    ht_out_name(&o.out, taken->name, sizeof(taken->name));
    ht_out_text(&o.out, "`.");
    close_text(&o);
}

int ht_do_mark(ht_con_t *con)
{
    ht_mark_t taken;
    ht_mark_t replaced;
    const char *removed = con->value[HT_OPT_REMOVE];
    bool list = ht_con_has(con, HT_OPT_LIST);
    if ((list || removed != NULL) && (con->word != NULL || (list && removed != NULL))) {
        (void)ht_con_complain(con, &(ht_complaint_t){.before = "a new mark, --list and --remove "
                                                               "exclude each other"});
        return con->code;
    }
    if (list) { return all_marks(con); }
    if (removed != NULL) { return remove_mark(con, removed); }
    if (con->word != NULL && !ht_mark_name_good(con->word)) {
        (void)ht_con_complain(con, &(ht_complaint_t){.word = con->word,
                                                     .after = "is no name for a mark",
                                                     .say = "1 to 15 letters, digits or . _ -"});
        return con->code;
    }
    esp_err_t err = ht_mark_take(con->word, &taken, &replaced);
    if (err != ESP_OK) { return ht_con_failed(con, err); }
    tell_mark(con, &taken, &replaced);
    return HEAPTRAIL_CONSOLE_OK;
}

/* --- memory errors -----------------------------------------------------------------------------
 */

static void tell_verified_json(ht_con_t *con, const heaptrail_verified_t *verified, bool redzones)
{
    output_t o;
    open_json(con, &o);
    ht_json_number(&o.json, "blocks", verified->blocks);
    ht_json_number(&o.json, "quarantined", verified->quarantined);
    ht_json_number(&o.json, "errors", verified->errors);
    ht_json_bool(&o.json, "redzones", redzones);
    ht_json_bool(&o.json, "complete", verified->round_complete);
    ht_con_json_close(&o.json);
}

static void tell_verified_text(ht_con_t *con, const heaptrail_verified_t *verified, bool redzones,
                               const char *heaps)
{
    output_t o;
    open_text(con, &o, verified->errors != 0 ? HT_STYLE_BAD : HT_STYLE_GOOD);
    ht_out_count(&o.out, verified->errors, "error");
    ht_out_text(&o.out, " in ");
    ht_out_count(&o.out, verified->blocks, "block");
    ht_out_text(&o.out, " with redzones");
    ht_out_text(&o.out, heaps[0] != '\0' ? ", " : " and ");
    ht_out_count(&o.out, verified->quarantined, "freed block");
    ht_out_text(&o.out, heaps);
    ht_out_text(&o.out, verified->errors != 0 ? ": `heaptrail errors` tells more." : ".");
    close_text(&o);
    if (!redzones) {
        open_text(con, &o, HT_STYLE_WARN);
        ht_out_text(&o.out, "New blocks get no redzones: CONFIG_HEAPTRAIL_CHECKS, or "
                            "heaptrail_set_checks().");
        close_text(&o);
    }
    if (!verified->round_complete) {
        open_text(con, &o, HT_STYLE_WARN);
        ht_out_text(&o.out, "Not all blocks were looked at.");
        close_text(&o);
    }
}

static int tell_verified(ht_con_t *con, const heaptrail_verified_t *verified, const char *heaps)
{
    heaptrail_checks_t checks = {0};
    (void)heaptrail_get_checks(&checks);
    if (con->json) {
        tell_verified_json(con, verified, checks.redzones);
    } else {
        tell_verified_text(con, verified, checks.redzones, heaps);
    }
    if (verified->errors != 0) { return HEAPTRAIL_CONSOLE_NO; }
    return verified->round_complete ? HEAPTRAIL_CONSOLE_OK : HEAPTRAIL_CONSOLE_FAILED;
}

int ht_do_check(ht_con_t *con)
{
    uint32_t heap_id = 0;
    heaptrail_verified_t verified = {0};
    if (con->word != NULL && !ht_find_heap(con, con->word, &heap_id)) { return con->code; }
    esp_err_t err = heaptrail_verify_heap(heap_id, &verified);
    if (err != ESP_OK) { return ht_con_failed(con, err); }
    return tell_verified(con, &verified, heap_id == 0 ? " and the heaps" : " and the heap");
}

/* Some blocks more, added to `sum`; what was counted in earlier rounds is left out, but errors. */
static esp_err_t scrub_some(heaptrail_verified_t *sum)
{
    heaptrail_verified_t part = {0};
    esp_err_t err = heaptrail_scrub(SCRUB_STEP, &part);
    if (sum->round_complete) { *sum = (heaptrail_verified_t){.errors = sum->errors}; }
    sum->blocks += part.blocks;
    sum->quarantined += part.quarantined;
    sum->errors += part.errors;
    sum->round_complete = part.round_complete;
    return err;
}

/* The background scrubber may be in the middle of a round: its rest, and then a whole one. */
static int scrub_round(ht_con_t *con)
{
    uint32_t rounds = 0;
    heaptrail_status_t status = {0};
    heaptrail_verified_t sum = {0};
    (void)heaptrail_status(&status);
    uint32_t most = status.max_blocks / (SCRUB_STEP / 8U) + 1024U;
    for (uint32_t i = 0; i < most && rounds < 2U; i++) {
        esp_err_t err = scrub_some(&sum);
        if (err != ESP_OK && err != ESP_ERR_INVALID_STATE) { return ht_con_failed(con, err); }
        rounds += sum.round_complete ? 1U : 0U;
        if (con->io->pause != NULL) { con->io->pause(con->io->context); }
    }
    return tell_verified(con, &sum, "");
}

static int set_scrubber(ht_con_t *con, uint32_t round_ms)
{
    output_t o;
    heaptrail_checks_t checks;
    esp_err_t err = heaptrail_get_checks(&checks);
    checks.scrub_round_ms = round_ms;
    if (err == ESP_OK) { err = heaptrail_set_checks(&checks); }
    if (err != ESP_OK) { return ht_con_failed(con, err); }
    if (con->json) {
        open_json(con, &o);
        ht_json_number(&o.json, "scrub_round_ms", round_ms);
        ht_con_json_close(&o.json);
        return HEAPTRAIL_CONSOLE_OK;
    }
    open_text(con, &o, HT_STYLE_PLAIN);
    ht_out_text(&o.out,
                round_ms == 0 ? "The scrubber is off" : "The scrubber sees every block within ");
    if (round_ms != 0) { ht_out_time(&o.out, (uint64_t)round_ms * 1000U); }
    ht_out_text(&o.out, ".");
    close_text(&o);
    return HEAPTRAIL_CONSOLE_OK;
}

int ht_do_scrub(ht_con_t *con)
{
    uint64_t us = 0;
    if (con->word == NULL) { return scrub_round(con); }
    if (strcmp(con->word, "off") == 0) { return set_scrubber(con, 0); }
    ht_value_t value = ht_value_time(con->word, &us);
    if (value != HT_VALUE_GOOD || us < 1000U || us / 1000U > UINT32_MAX) {
        (void)ht_con_complain(con, &(ht_complaint_t){.word = con->word,
                                                     .after = "is no time for a round",
                                                     .say = "500ms, 10 (seconds), 5m, or off"});
        return con->code;
    }
    return set_scrubber(con, (uint32_t)(us / 1000U));
}

/* --- switches ----------------------------------------------------------------------------------
 */

static int tell_running(ht_con_t *con, esp_err_t err, const char *text)
{
    output_t o;
    heaptrail_status_t status = {0};
    if (err == ESP_OK) { err = heaptrail_status(&status); }
    if (err != ESP_OK) { return ht_con_failed(con, err); }
    if (con->json) {
        open_json(con, &o);
        ht_json_bool(&o.json, "recording", status.running);
        ht_json_number(&o.json, "live_blocks", status.live_blocks);
        ht_con_json_close(&o.json);
        return HEAPTRAIL_CONSOLE_OK;
    }
    open_text(con, &o, HT_STYLE_PLAIN);
    ht_out_text(&o.out, text);
    close_text(&o);
    return HEAPTRAIL_CONSOLE_OK;
}

int ht_do_start(ht_con_t *con)
{
    return tell_running(con, heaptrail_start(), "Recording.");
}

int ht_do_stop(ht_con_t *con)
{
    return tell_running(con, heaptrail_stop(),
                        "Stopped: nothing new is recorded; frees of recorded blocks are followed.");
}

int ht_do_reset(ht_con_t *con)
{
    if (!ht_con_has(con, HT_OPT_YES)) {
        (void)ht_con_complain(con, &(ht_complaint_t){.before = "this forgets every block, counter "
                                                               "and mark",
                                                     .say = "`heaptrail reset --yes`"});
        return con->code;
    }
    esp_err_t err = ht_mark_forget_all();
    if (err == ESP_OK) { err = heaptrail_reset(); }
    return tell_running(con, err, "Forgotten: blocks, counters, marks.");
}
