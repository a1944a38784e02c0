/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What a scan found, summed by site: the sites of the leaders, with what goes with them. */
#include <string.h>

#include "ht_default.h"
#include "ht_leak_sites.h"
#include "ht_query.h"

enum { LOST, WITH, POSSIBLE, HELD, KINDS };

typedef struct {
    uint32_t blocks[KINDS];
    size_t bytes[KINDS];
} sums_t;

static struct {
    sums_t *sums; /* by number of the site; NULL: nothing is kept */
    uint32_t count;
    bool given; /* by the caller: nothing to give back */
    volatile uint32_t busy;
} s_kept;

static void add(sums_t *sums, unsigned kind, uint32_t blocks, size_t bytes)
{
    sums->blocks[kind] += blocks;
    sums->bytes[kind] += bytes;
}

/* A site that is newer than the scan has no row. */
static bool add_row(void *context, const heaptrail_leak_row_t *row)
{
    (void)context;
    uint32_t id = row->block.origin.id;
    if (id >= s_kept.count) { return true; }
    if (row->reach == HEAPTRAIL_LOST) {
        add(&s_kept.sums[id], LOST, 1, row->block.size_bytes);
        add(&s_kept.sums[id], WITH, row->indirect_blocks, row->indirect_bytes);
    } else {
        bool is_held = row->reach == HEAPTRAIL_INDIRECTLY_LOST;
        add(&s_kept.sums[id], is_held ? HELD : POSSIBLE, 1, row->block.size_bytes);
    }
    return true;
}

static esp_err_t find(const heaptrail_scan_options_t *options, heaptrail_scan_summary_t *summary)
{
    heaptrail_scan_options_t with_all = {0};
    if (options != NULL) { with_all = *options; }
    with_all.all = true;
    return heaptrail_scan(&with_all, add_row, NULL, summary);
}

size_t ht_leak_sites_bytes(uint32_t sites)
{
    return sites * sizeof(sums_t);
}

esp_err_t ht_leak_sites_find(const heaptrail_scan_options_t *options,
                             heaptrail_scan_summary_t *summary, void *memory, size_t bytes)
{
    ht_tracker_t *tracker = ht_default();
    if (ht_port_in_isr() || tracker->state == HT_STATE_NEW ||
        !ht_claim(&tracker->lock, &s_kept.busy)) {
        return ESP_ERR_INVALID_STATE;
    }
    s_kept.count = tracker->origins.count + 1U;
    s_kept.given = memory != NULL;
    if (memory != NULL && s_kept.count > bytes / sizeof(sums_t)) {
        s_kept.count = (uint32_t)(bytes / sizeof(sums_t));
    }
    s_kept.sums = memory != NULL ? memory : ht_port_scratch(s_kept.count * sizeof(sums_t));
    if (s_kept.sums == NULL) {
        ht_release(&s_kept.busy);
        return ESP_ERR_NO_MEM;
    }
    memset(s_kept.sums, 0, s_kept.count * sizeof(sums_t));
    esp_err_t err = find(options, summary);
    if (err != ESP_OK) { heaptrail_leaks_forget(); }
    return err;
}

esp_err_t heaptrail_leaks_find(const heaptrail_scan_options_t *options,
                               heaptrail_scan_summary_t *summary)
{
    return ht_leak_sites_find(options, summary, NULL, 0);
}

esp_err_t heaptrail_for_each_leak_site(heaptrail_leak_site_fn_t fn, void *context)
{
    if (fn == NULL) { return ESP_ERR_INVALID_ARG; }
    if (s_kept.sums == NULL) { return ESP_ERR_INVALID_STATE; }
    for (uint32_t id = 0; id < s_kept.count; id++) {
        const sums_t *sums = &s_kept.sums[id];
        if ((sums->blocks[LOST] | sums->blocks[POSSIBLE] | sums->blocks[HELD]) == 0) { continue; }
        const heaptrail_leak_site_t row = {
            .origin = ht_query_origin(ht_default(), (ht_origin_id_t){id}),
            .lost_blocks = sums->blocks[LOST],
            .with_blocks = sums->blocks[WITH],
            .possible_blocks = sums->blocks[POSSIBLE],
            .indirect_blocks = sums->blocks[HELD],
            .lost_bytes = sums->bytes[LOST],
            .with_bytes = sums->bytes[WITH],
            .possible_bytes = sums->bytes[POSSIBLE],
            .indirect_bytes = sums->bytes[HELD],
        };
        if (!fn(context, &row)) { break; }
    }
    return ESP_OK;
}

void heaptrail_leaks_forget(void)
{
    if (s_kept.sums == NULL) { return; }
    if (!s_kept.given) { ht_port_scratch_free(s_kept.sums); }
    s_kept.sums = NULL;
    s_kept.count = 0;
    ht_release(&s_kept.busy);
}
