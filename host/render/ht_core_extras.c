/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What a core dump tells beyond the device's own reports: its freed blocks, and what is missing. */
#include "ht_core_view.h"
#include "ht_error_text.h"
#include "ht_units.h"

/* --- freed blocks ----------------------------------------------------------------------------- */

static heaptrail_block_story_t story_of(const ht_core_freed_t *freed)
{
    heaptrail_block_story_t story = {.address = freed->block.address,
                                     .size_bytes = freed->block.size_bytes,
                                     .allocated = freed->block.origin,
                                     .task_id = freed->block.task_id,
                                     .core = freed->block.core,
                                     .in_isr = freed->block.in_isr,
                                     .age_us = freed->block.age_us,
                                     .freed = true,
                                     .freed_by = freed->freed_by,
                                     .freed_task_id = freed->freed_task_id,
                                     .freed_age_us = freed->freed_age_us};
    for (size_t i = 0; i < sizeof(story.task_name); i++) {
        story.task_name[i] = freed->block.task_name[i];
        story.freed_task_name[i] = freed->freed_task_name[i];
    }
    return story;
}

static void freed_row(ht_out_t *out, const ht_core_freed_t *freed)
{
    const heaptrail_block_story_t story = story_of(freed);
    ht_out_sentence(out, 0);
    ht_out_address(out, story.address);
    ht_out_text(out, ": ");
    ht_block_words(out, &story);
    if (freed->in_quarantine) { ht_out_text(out, ", in quarantine"); }
    ht_out_sentence_end(out);
    ht_story_allocated(out, &story, " before");
    ht_story_freed(out, &story, "freed", " before");
}

void ht_core_view_freed(ht_out_t *out, const ht_core_t *core, size_t max_rows)
{
    size_t count = core->freed_count < max_rows ? core->freed_count : max_rows;
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    ht_out_text(out, "Freed blocks, newest first");
    ht_out_text(out, core->freed_count == 0 ? ": none is remembered." : ", of ");
    if (core->freed_count != 0) { ht_out_count(out, core->freed_count, "block"); }
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
    for (size_t i = 0; i < count; i++) {
        freed_row(out, &core->freed[i]);
    }
    if (count < core->freed_count) {
        ht_out_number(out, count);
        ht_out_text(out, " of ");
        ht_out_count(out, core->freed_count, "block");
        ht_out_text(out, " shown.");
        ht_out_line(out);
    }
}

void ht_core_view_freed_json(ht_json_t *json, const ht_core_t *core, size_t max_rows)
{
    ht_json_array(json, "freed");
    for (size_t i = 0; i < core->freed_count && i < max_rows; i++) {
        const ht_core_freed_t *freed = &core->freed[i];
        const heaptrail_block_story_t story = story_of(freed);
        ht_json_line(json);
        ht_json_object(json, NULL);
        ht_block_json(json, &freed->block);
        ht_json_bool(json, "in_quarantine", freed->in_quarantine);
        ht_story_freed_json(json, &story);
        ht_json_object_end(json);
    }
    ht_json_array_end(json);
}

/* --- notes ------------------------------------------------------------------------------------ */

static void note(ht_out_t *out, const char *text)
{
    ht_out_style(out, HT_STYLE_WARN);
    ht_out_sentence(out, 0);
    out->indent = 2;
    ht_out_text(out, "Note: ");
    ht_out_name(out, text, SIZE_MAX);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

void ht_core_view_notes(ht_out_t *out, const ht_core_t *core, const ht_memory_t *memory)
{
    const char *text;
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    ht_out_text(out, "State of heaptrail at ");
    ht_out_address(out, core->info.address);
    ht_out_text(out, ", ");
    ht_out_number(out, core->info.pointer_bytes * 8U);
    ht_out_text(out, " bits, in ");
    ht_out_size(out, ht_memory_dump_bytes(memory));
    ht_out_text(out, " of dumped memory; ages count to the newest allocation");
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
    for (size_t i = 0; (text = ht_memory_note(memory, i)) != NULL; i++) {
        note(out, text);
    }
    for (size_t i = 0; i < core->note_count; i++) {
        note(out, core->notes[i]);
    }
}

void ht_core_view_notes_json(ht_json_t *json, const ht_core_t *core, const ht_memory_t *memory)
{
    const char *text;
    const uint32_t word = core->info.image; /* in the order of the SHA-256's bytes */
    const uint8_t image[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16),
                              (uint8_t)(word >> 24)};
    ht_json_object(json, "dump");
    ht_json_address(json, "address", core->info.address);
    ht_json_number(json, "pointer_bytes", core->info.pointer_bytes);
    ht_json_number(json, "state_bytes", core->info.state_bytes);
    ht_json_number(json, "dump_bytes", ht_memory_dump_bytes(memory));
    ht_json_number(json, "tick_hz", core->info.tick_hz);
    ht_json_bytes(json, "image", image, core->info.image > 1 ? sizeof(image) : 0);
    ht_json_string(json, "firmware_sha256", ht_memory_firmware_sha(memory), SIZE_MAX);
    ht_json_array(json, "notes");
    for (size_t i = 0; (text = ht_memory_note(memory, i)) != NULL; i++) {
        ht_json_string(json, NULL, text, SIZE_MAX);
    }
    for (size_t i = 0; i < core->note_count; i++) {
        ht_json_string(json, NULL, core->notes[i], SIZE_MAX);
    }
    ht_json_array_end(json);
    ht_json_object_end(json);
}
