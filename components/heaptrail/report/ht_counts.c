/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_report.h"
#include "ht_units.h"

bool ht_counts_selecting(const ht_report_t *r)
{
    return r->chosen || r->ask->kind == HEAPTRAIL_REPORT_SINCE;
}

/* What holds nothing is noise, unless the question is about the past. A program gets it all. */
bool ht_counts_wanted(const ht_report_t *r, const ht_counts_t *counts)
{
    heaptrail_sort_t sort = r->ask->sort;
    if (ht_counts_selecting(r)) { return counts->selected_blocks != 0; }
    if (r->ask->json || sort == HEAPTRAIL_SORT_PEAK || sort == HEAPTRAIL_SORT_TOTAL) {
        return true;
    }
    return sort == HEAPTRAIL_SORT_GROWTH ? counts->selected_blocks != 0 : counts->live_blocks != 0;
}

uint64_t ht_counts_key(const ht_report_t *r, const ht_counts_t *counts)
{
    bool selecting = ht_counts_selecting(r);
    switch (r->ask->sort) {
    case HEAPTRAIL_SORT_BLOCKS:
        return selecting ? counts->selected_blocks : counts->live_blocks;
    case HEAPTRAIL_SORT_GROWTH:
        return counts->selected_bytes;
    case HEAPTRAIL_SORT_PEAK:
        return counts->peak_bytes;
    case HEAPTRAIL_SORT_TOTAL:
        return counts->total_blocks;
    case HEAPTRAIL_SORT_BYTES:
    default:
        return selecting ? counts->selected_bytes : counts->live_bytes;
    }
}

void ht_counts_add(ht_totals_t *total, const ht_counts_t *counts)
{
    total->blocks += counts->live_blocks;
    total->bytes += counts->live_bytes;
    total->selected_blocks += counts->selected_blocks;
    total->selected_bytes += counts->selected_bytes;
}

static const char *order_name(heaptrail_sort_t sort, bool since)
{
    static const char *const names[] = {"most bytes first", "most blocks first", NULL,
                                        "highest peak first", "most allocations first"};
    if (sort == HEAPTRAIL_SORT_GROWTH) { return since ? "most growth first" : "most bytes first"; }
    return names[sort];
}

static void blocks_and_bytes(ht_out_t *out, uint64_t blocks, uint64_t bytes)
{
    ht_out_size(out, bytes);
    ht_out_text(out, " in ");
    ht_out_count(out, blocks, "block");
}

void ht_note_pools(ht_report_t *r)
{
    const ht_totals_t *total = &r->total;
    if (total->pool_blocks == 0) { return; }
    ht_out_text(&r->out, "; ");
    blocks_and_bytes(&r->out, r->total.pool_blocks, r->total.pool_bytes);
    ht_out_text(&r->out, " in pools");
}

static void title_totals(ht_report_t *r)
{
    const ht_totals_t *total = &r->total;
    bool since = r->ask->select.since != NULL;
    if (ht_counts_selecting(r)) {
        blocks_and_bytes(&r->out, total->selected_blocks, total->selected_bytes);
        return;
    }
    blocks_and_bytes(&r->out, total->blocks, total->bytes);
    if (since) {
        ht_out_text(&r->out, ", of which ");
        blocks_and_bytes(&r->out, total->selected_blocks, total->selected_bytes);
        ht_out_text(&r->out, " since the mark");
    }
}

/* "Live by call site, most bytes first: 84.2 KiB in 123 blocks from 41 sites" */
void ht_counts_title(ht_report_t *r, const char *by, const char *noun)
{
    ht_out_t *out = &r->out;
    bool since = r->ask->select.since != NULL;
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    ht_out_text(out, ht_counts_selecting(r) && since ? "Left since the mark, " : "Live, ");
    ht_out_text(out, by);
    ht_out_text(out, ", ");
    ht_out_text(out, order_name(r->ask->sort, since));
    ht_note_select(r);
    ht_out_text(out, ": ");
    if (r->total.rows == 0) {
        ht_out_text(out, since ? "nothing left." : "nothing.");
    } else {
        title_totals(r);
        ht_out_text(out, ", ");
        ht_out_count(out, r->total.rows, noun);
        if (!ht_counts_selecting(r)) {
            ht_note_pools(r);
        } else if (r->total.pool_selected_blocks != 0 &&
                   r->total.pool_selected_blocks != r->total.selected_blocks) {
            ht_out_text(out, "; of these ");
            blocks_and_bytes(out, r->total.pool_selected_blocks, r->total.pool_selected_bytes);
            ht_out_text(out, " in pools");
        }
    }
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

void ht_counts_foot(ht_report_t *r, const char *noun)
{
    if (r->total.silent != 0 && !r->part && r->total.rows != 0 && !ht_counts_selecting(r)) {
        ht_out_style(&r->out, HT_STYLE_DIM);
        ht_out_count(&r->out, r->total.silent, noun);
        ht_out_text(&r->out,
                    r->total.silent == 1 ? " more holds nothing now." : " more hold nothing now.");
        ht_out_style(&r->out, HT_STYLE_PLAIN);
        ht_out_line(&r->out);
    }
    ht_note_rows(r, noun);
    ht_note_losses(r, r->ask->kind);
}

void ht_counts_json_head(ht_report_t *r)
{
    static const char *const keys[] = {"bytes", "blocks", "growth", "peak", "total"};
    ht_json_string(&r->json, "sort", keys[r->ask->sort], SIZE_MAX);
    ht_json_bool(&r->json, "since_mark", r->ask->select.since != NULL);
    ht_json_bool(&r->json, "selected", r->chosen);
    ht_json_number(&r->json, "live_blocks", r->total.blocks);
    ht_json_number(&r->json, "live_bytes", r->total.bytes);
    ht_json_number(&r->json, "since_blocks", r->total.selected_blocks);
    ht_json_number(&r->json, "since_bytes", r->total.selected_bytes);
}

void ht_counts_json(ht_report_t *r, const ht_counts_t *counts)
{
    ht_json_number(&r->json, "live_blocks", counts->live_blocks);
    ht_json_number(&r->json, "live_bytes", counts->live_bytes);
    ht_json_number(&r->json, "peak_bytes", counts->peak_bytes);
    ht_json_number(&r->json, "total_blocks", counts->total_blocks);
    ht_json_number(&r->json, "total_bytes", counts->total_bytes);
    ht_json_number(&r->json, "since_blocks", counts->selected_blocks);
    ht_json_number(&r->json, "since_bytes", counts->selected_bytes);
}
