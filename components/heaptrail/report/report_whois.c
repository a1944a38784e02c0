/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Which block an address lies in, and its neighbours: the left one is who overran into it. */
#include "ht_report.h"
#include "ht_units.h"

typedef struct {
    uintptr_t address;
    bool has_left;
    heaptrail_block_row_t left; /**< the nearest block that begins before the one asked for */
} neighbour_t;

static bool look_left(void *context, const heaptrail_block_row_t *row)
{
    neighbour_t *n = context;
    if (row->address < n->address && (!n->has_left || row->address > n->left.address)) {
        n->left = *row;
        n->has_left = true;
    }
    return true;
}

typedef struct {
    uintptr_t address;
    bool found;
    heaptrail_heap_row_t heap;
} place_t;

static bool look_in_heap(void *context, const heaptrail_heap_row_t *row)
{
    place_t *place = context;
    if (place->address < row->start || place->address - row->start >= row->size_bytes) {
        return true;
    }
    place->heap = *row;
    place->found = true;
    return false;
}

static void address_words(ht_out_t *out, const char *before, uintptr_t address, const char *after)
{
    ht_out_text(out, before);
    ht_out_address(out, address);
    ht_out_text(out, after);
}

static void block_lines(ht_report_t *r, const heaptrail_block_row_t *row)
{
    ht_out_t *out = &r->out;
    ht_out_text(out, "  site  ");
    ht_place(out, &row->origin);
    ht_place_frames(out, &row->origin, 8);
    ht_out_text(out, "  by    ");
    ht_out_sentence(out, 8);
    ht_out_name(out, row->task_name, sizeof(row->task_name));
    ht_out_text(out, row->in_isr ? " in an interrupt on core " : " on core ");
    ht_out_number(out, row->core);
    ht_out_text(out, ", ");
    ht_out_time(out, row->age_us);
    ht_out_text(out, " ago");
    ht_out_sentence_end(out);
}

static void found_text(ht_report_t *r, const heaptrail_block_row_t *row, size_t offset)
{
    ht_out_t *out = &r->out;
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    address_words(out, "", (uintptr_t)r->ask->address, " is ");
    if (offset == 0) {
        ht_out_text(out, "the first byte");
    } else {
        ht_out_count(out, offset, "byte");
        ht_out_text(out, " into");
    }
    ht_out_text(out, offset == 0 ? " of a live block of " : " a live block of ");
    ht_out_count(out, row->size_bytes, "byte");
    address_words(out, " at ", row->address, "");
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
    block_lines(r, row);
}

static void left_text(ht_report_t *r, const neighbour_t *n)
{
    ht_out_t *out = &r->out;
    if (!n->has_left) { return; }
    uintptr_t end = n->left.address + n->left.size_bytes;
    ht_out_sentence(out, 0);
    ht_out_text(out, "The block before it: ");
    ht_out_count(out, n->left.size_bytes, "byte");
    address_words(out, " at ", n->left.address, ", ends ");
    ht_out_count(out, n->address > end ? n->address - end : 0, "byte");
    ht_out_text(out, " before it");
    ht_out_sentence_end(out);
    block_lines(r, &n->left);
}

static void foreign_text(ht_report_t *r, const place_t *place)
{
    ht_out_t *out = &r->out;
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    address_words(out, "", place->address, " is in no recorded block; it lies in ");
    if (place->found) {
        ht_out_text(out, "heap" HT_HARD_SPACE);
        ht_out_name(out, place->heap.name, sizeof(place->heap.name));
        ht_out_text(out, ": free memory, a header, or a block without a record");
    } else {
        ht_out_text(out, "no heap");
    }
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

static void find_left(neighbour_t *n, uintptr_t address)
{
    n->address = address;
    n->has_left = false;
    (void)heaptrail_for_each_block(NULL, look_left, n, NULL);
}

static void left_json(ht_report_t *r, uintptr_t address)
{
    neighbour_t n;
    find_left(&n, address);
    if (!n.has_left) {
        ht_json_null(&r->json, "left_neighbour");
        return;
    }
    ht_json_object(&r->json, "left_neighbour");
    ht_block_json(&r->json, &n.left);
    ht_json_object_end(&r->json);
}

static void left_report(ht_report_t *r, uintptr_t address)
{
    neighbour_t n;
    find_left(&n, address);
    left_text(r, &n);
}

static void find_heap(place_t *place, uintptr_t address)
{
    place->address = address;
    place->found = false;
    (void)heaptrail_for_each_heap(NULL, look_in_heap, place, NULL);
}

static void foreign_report(ht_report_t *r)
{
    place_t place;
    find_heap(&place, (uintptr_t)r->ask->address);
    foreign_text(r, &place);
}

static void heap_json(ht_report_t *r)
{
    place_t place;
    find_heap(&place, (uintptr_t)r->ask->address);
    ht_json_string(&r->json, "heap", place.found ? place.heap.name : NULL, sizeof(place.heap.name));
}

static void whois_json(ht_report_t *r, const heaptrail_block_row_t *row, size_t offset, bool found)
{
    ht_json_address(&r->json, "address", (uintptr_t)r->ask->address);
    ht_json_bool(&r->json, "found", found);
    heap_json(r);
    ht_json_maybe(&r->json, "offset_bytes", found, offset);
    if (found) {
        ht_json_object(&r->json, "block");
        ht_block_json(&r->json, row);
        ht_json_object_end(&r->json);
    } else {
        ht_json_null(&r->json, "block");
    }
    left_json(r, found ? row->address : (uintptr_t)r->ask->address);
}

esp_err_t ht_report_whois(ht_report_t *r)
{
    heaptrail_block_row_t row;
    size_t offset = 0;
    esp_err_t err = heaptrail_whois(r->ask->address, &row, &offset);
    bool found = err == ESP_OK;
    if (!found && err != ESP_ERR_NOT_FOUND) { return err; }
    if (r->ask->json) {
        whois_json(r, &row, offset, found);
        return err;
    }
    if (found) {
        found_text(r, &row, offset);
    } else {
        foreign_report(r);
    }
    left_report(r, found ? row.address : (uintptr_t)r->ask->address);
    ht_note_losses(r, HEAPTRAIL_REPORT_WHOIS);
    return err;
}
