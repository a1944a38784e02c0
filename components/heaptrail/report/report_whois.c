/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What an address is, whose block it lies in or lay in, and who lives next to it. */
#include "ht_error_text.h"
#include "ht_report.h"
#include "ht_units.h"

#define AGO " ago"

/** Of an address in no block, people want to hear of blocks that are nearer than that. */
#define NEAR_BYTES 65536U

typedef struct {
    uintptr_t address;
    bool found;
    char name[HEAPTRAIL_TASK_NAME_MAX];
} in_heap_t;

static bool look_in_heap(void *context, const heaptrail_heap_row_t *row)
{
    in_heap_t *heap = context;
    if (heap->address < row->start || heap->address - row->start >= row->size_bytes) {
        return true;
    }
    for (uint32_t i = 0; i < sizeof(heap->name); i++) {
        heap->name[i] = row->name[i];
    }
    heap->found = true;
    return false;
}

/* A live block has a record, which knows more. */
static bool record_of(uintptr_t address, heaptrail_block_row_t *record)
{
    size_t offset;
    return heaptrail_whois((const void *)address, record, &offset) == ESP_OK && offset == 0;
}

/* --- text --------------------------------------------------------------------------------------
 */

static void title(ht_out_t *out, const heaptrail_address_row_t *row)
{
    ht_what_t what = {row->place, row->place_name, row->offset_bytes, &row->block};
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    out->indent = 2;
    ht_out_address(out, row->address);
    ht_out_text(out, " is ");
    ht_what(out, &what);
    if (row->block.address != 0) {
        ht_out_text(out, " at ");
        ht_out_address(out, row->block.address);
    }
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

static void state_line(ht_out_t *out, const heaptrail_address_row_t *row)
{
    if (row->place == HEAPTRAIL_PLACE_QUARANTINE) {
        ht_label_sentence(out, "now");
        ht_out_text(out, "waits in the quarantine: nobody else has this memory");
    } else if (row->place == HEAPTRAIL_PLACE_RECENTLY_FREED) {
        ht_label_sentence(out, "now");
        ht_out_text(out, "the heap's; this was the last recorded block there");
    } else if (row->place == HEAPTRAIL_PLACE_FRONT_REDZONE ||
               row->place == HEAPTRAIL_PLACE_TAIL_REDZONE) {
        ht_label_sentence(out, "now");
        ht_out_text(out, "in its redzone: who writes there overruns a block");
    } else {
        return;
    }
    ht_out_sentence_end(out);
}

static void neighbour_text(ht_out_t *out, const heaptrail_neighbour_t *neighbour, bool in_block,
                           const char *label, const char *verb)
{
    heaptrail_block_row_t record;
    if (!in_block && neighbour->gap_bytes > NEAR_BYTES) { return; }
    bool known = neighbour->address != 0 && record_of(neighbour->address, &record);
    ht_neighbour(out, neighbour, label, verb, known ? &record.age_us : NULL);
}

static void whois_text(ht_report_t *r, const heaptrail_address_row_t *row)
{
    ht_out_t *out = &r->out;
    title(out, row);
    state_line(out, row);
    ht_story_freed(out, &row->block, "freed", AGO);
    ht_story_allocated(out, &row->block, AGO);
    bool in_block = row->block.address != 0;
    neighbour_text(out, &row->left, in_block, "before it", "ends");
    neighbour_text(out, &row->right, in_block, "behind it", "begins");
    ht_note_losses(r, HEAPTRAIL_REPORT_WHOIS);
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static void block_json(ht_json_t *json, const heaptrail_block_story_t *block)
{
    heaptrail_block_row_t record;
    if (block->address == 0 || block->freed || !record_of(block->address, &record)) {
        ht_story_json(json, "block", block);
        return;
    }
    ht_json_object(json, "block");
    ht_block_json(json, &record);
    ht_story_freed_json(json, block);
    ht_json_object_end(json);
}

static void neighbour_json(ht_json_t *json, const char *key, const heaptrail_neighbour_t *neighbour)
{
    heaptrail_block_row_t record;
    if (neighbour->address == 0 || !record_of(neighbour->address, &record)) {
        ht_neighbour_json(json, key, neighbour);
        return;
    }
    ht_json_object(json, key);
    ht_block_json(json, &record);
    ht_json_number(json, "gap_bytes", neighbour->gap_bytes);
    ht_json_object_end(json);
}

static void heap_json(ht_json_t *json, uintptr_t address)
{
    in_heap_t heap = {.address = address};
    (void)heaptrail_for_each_heap(NULL, look_in_heap, &heap, NULL);
    ht_json_string(json, "heap", heap.found ? heap.name : NULL, sizeof(heap.name));
}

static void whois_json(ht_json_t *json, const heaptrail_address_row_t *row)
{
    bool known = row->block.address != 0;
    ht_json_address(json, "address", row->address);
    ht_json_bool(json, "found", row->place == HEAPTRAIL_PLACE_BLOCK);
    heap_json(json, row->address);
    if (known) {
        ht_json_signed(json, "offset_bytes", row->offset_bytes);
    } else {
        ht_json_null(json, "offset_bytes");
    }
    ht_json_string(json, "place", ht_place_key(row->place), SIZE_MAX);
    ht_json_string(json, "place_name", row->place_name[0] != '\0' ? row->place_name : NULL,
                   sizeof(row->place_name));
    ht_json_maybe(json, "stack_task_id", row->place == HEAPTRAIL_PLACE_STACK && row->task_id != 0,
                  row->task_id);
    block_json(json, &row->block);
    neighbour_json(json, "left_neighbour", &row->left);
    neighbour_json(json, "right_neighbour", &row->right);
}

esp_err_t ht_report_whois(ht_report_t *r)
{
    heaptrail_address_row_t row;
    esp_err_t err = heaptrail_explain_address(r->ask->address, &row);
    if (err != ESP_OK) { return err; }
    if (r->ask->json) {
        whois_json(&r->json, &row);
    } else {
        whois_text(r, &row);
    }
    return row.place == HEAPTRAIL_PLACE_BLOCK ? ESP_OK : ESP_ERR_NOT_FOUND;
}
