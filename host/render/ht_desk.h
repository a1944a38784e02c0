/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_desk.h
 * What the desk's reports are made of: a model, names, a choice, and the sections.
 *
 * A section is a function that writes text, and one that makes a tree of JSON. Both work out their
 * rows by themselves; a report is a list of sections.
 */
#pragma once

#include "ht_analyse.h"
#include "ht_names.h"
#include "ht_report.h"
#include "ht_strings.h"

/** Which blocks a report is about: all conditions together. NULL and 0: any. */
typedef struct {
    const char *site, *function, *file, *component, *library, *task, *heap;
    uint32_t caps; /**< in heaps that offer all of these; where heaps are not known: asked for */
} ht_choice_t;

typedef enum {
    HT_BY_SITE,
    HT_BY_STACK,
    HT_BY_FUNCTION,
    HT_BY_FILE,
    HT_BY_COMPONENT,
    HT_BY_LIBRARY,
    HT_BY_TASK
} ht_by_t;

/** What reading the trace was like, for the reader. */
typedef struct {
    const char *path;
    size_t boot, boots; /**< the one shown, and how many there are */
    uint64_t damages, damage_bytes, lost_frames;
    uint64_t read_bytes;    /**< of the file: with an index, less than all of it may be enough */
    const char *names_hint; /**< a sentence, how to get names; NULL: not needed */
    bool of_some_sizes;     /**< of live blocks; the device judges those of any size */
} ht_about_t;

typedef struct {
    ht_report_t r; /**< the device's renderers' state: `out` and the columns */
    const ht_model_t *model;
    ht_model_view_t view;
    ht_names_t *names;
    ht_about_t about;
    ht_choice_t choice;
    ht_by_t by;
    uint32_t top;    /**< rows of a table */
    uint32_t frames; /**< lines of a stack */
    bool utf8;       /**< the terminal shows more than ASCII */
    bool since;      /**< leaks: only blocks that are younger */
    uint32_t since_marks;
    uint64_t since_us;
    const char *since_words; /**< "mark warm", "30 s" */
    uint8_t *origin_chosen;  /**< 0: not asked yet, 1: no, 2: yes */
    ht_strings_t strings;
} ht_desk_t;

/** False: no memory. */
bool ht_desk_begin(ht_desk_t *desk);
void ht_desk_end(ht_desk_t *desk);

bool ht_desk_has_choice(const ht_desk_t *desk);

/** For ht_tally_ask_t and ht_growth(); `context` is the desk. */
bool ht_desk_wants(void *context, const ht_flow_row_t *flow);
bool ht_desk_wants_origin(void *context, ht_row_t origin);
uint64_t ht_desk_key(void *context, const ht_flow_row_t *flow);

/** "site", "function", ...: what a row of a table is. */
const char *ht_desk_noun(ht_by_t by);

/** The name of a row where it is no place: of a function, file, component, library, task. */
const char *ht_desk_group_name(ht_desk_t *desk, const ht_tally_t *tally);

/** A title in the style of titles: begin, words, end. */
void ht_desk_title(ht_desk_t *desk);
void ht_desk_title_end(ht_desk_t *desk);
void ht_desk_note(ht_desk_t *desk, ht_style_t style, const char *text);

/** ", only of task net in PSRAM": part of a sentence, nothing without a choice. */
void ht_desk_choice_words(ht_desk_t *desk);

/** "10 of 25 sites shown; --top 0 shows all.", unless all are. */
void ht_desk_shown(ht_desk_t *desk, const char *noun, uint64_t shown, uint64_t rows);

/** "12.3 s" since boot: "at 12.3 s". */
void ht_desk_moment(ht_desk_t *desk, uint64_t time_us);

/** Eight heights of a curve; of `count` values, as many columns. */
void ht_desk_curve(ht_desk_t *desk, const uint64_t *value, uint32_t count);

/** The name of a loss's cause in JSON ("ring_full"), what was lost ("event"), and in words. */
const char *ht_loss_key(uint32_t cause);
const char *ht_loss_noun(uint32_t cause);
const char *ht_loss_words(uint32_t cause);

/* --- sections ------------------------------------------------------------------------------------
 */

typedef struct {
    const char *name;              /**< of the option and the key */
    const char *words;             /**< for --help */
    bool usual;                    /**< in a report that names no section */
    bool by_names;                 /**< sums up by the names of all sites */
    bool (*text)(ht_desk_t *desk); /**< false: no memory */
    bool (*tree)(ht_desk_t *desk, json_t *object);
} ht_section_t;

/** The last one has no name. */
extern const ht_section_t ht_sections[];

bool ht_summary_text(ht_desk_t *desk);
bool ht_summary_tree(ht_desk_t *desk, json_t *object);
bool ht_leaks_text(ht_desk_t *desk);
bool ht_leaks_tree(ht_desk_t *desk, json_t *object);
bool ht_sites_text(ht_desk_t *desk);
bool ht_sites_tree(ht_desk_t *desk, json_t *object);
bool ht_peak_text(ht_desk_t *desk);
bool ht_peak_tree(ht_desk_t *desk, json_t *object);
bool ht_temporary_text(ht_desk_t *desk);
bool ht_temporary_tree(ht_desk_t *desk, json_t *object);
bool ht_lifetimes_text(ht_desk_t *desk);
bool ht_lifetimes_tree(ht_desk_t *desk, json_t *object);
bool ht_tasks_text(ht_desk_t *desk);
bool ht_tasks_tree(ht_desk_t *desk, json_t *object);
bool ht_heaps_text(ht_desk_t *desk);
bool ht_heaps_tree(ht_desk_t *desk, json_t *object);
bool ht_failures_text(ht_desk_t *desk);
bool ht_failures_tree(ht_desk_t *desk, json_t *object);
bool ht_errors_text(ht_desk_t *desk);
bool ht_errors_tree(ht_desk_t *desk, json_t *object);
bool ht_growth_text(ht_desk_t *desk);
bool ht_growth_tree(ht_desk_t *desk, json_t *object);
bool ht_fragmentation_text(ht_desk_t *desk);
bool ht_fragmentation_tree(ht_desk_t *desk, json_t *object);
bool ht_loss_text(ht_desk_t *desk);
bool ht_loss_tree(ht_desk_t *desk, json_t *object);
