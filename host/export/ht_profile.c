/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_NUMBER UINT32_MAX

static const char *text(ht_profile_t *profile, const char *string)
{
    return string == NULL || string[0] == '\0'
               ? NULL
               : ht_strings_add(&profile->strings, string, strlen(string));
}

/* --- functions, frames, locations ------------------------------------------------------------- */

/* Equal texts of the pool are one pointer. */
static uint32_t function_of(ht_profile_t *profile, const char *name, const char *file)
{
    bool is_new = false;
    if (name == NULL || !ht_array_room((void **)&profile->function, &profile->function_capacity,
                                       profile->functions, sizeof(*profile->function))) {
        return NO_NUMBER;
    }
    uint32_t number = ht_pairs_number(&profile->names, (uintptr_t)name, (uintptr_t)file, &is_new);
    if (is_new) { profile->function[profile->functions++] = (ht_profile_function_t){name, file}; }
    return number;
}

static bool add_frame(ht_profile_t *profile, const char *name, const char *file, uint32_t line)
{
    uint32_t function = function_of(profile, name, file);
    if (function == NO_NUMBER || !ht_array_room((void **)&profile->frame, &profile->frame_capacity,
                                                profile->frames, sizeof(*profile->frame))) {
        return false;
    }
    profile->frame[profile->frames++] = (ht_profile_frame_t){function, line};
    return true;
}

/* A new location for the frames from `first` on. NO_NUMBER: no memory. */
static uint32_t add_location(ht_profile_t *profile, uint64_t address, const char *object,
                             size_t first)
{
    if (profile->frames == first ||
        !ht_array_room((void **)&profile->location, &profile->location_capacity, profile->locations,
                       sizeof(*profile->location))) {
        return NO_NUMBER;
    }
    profile->location[profile->locations] = (ht_profile_location_t){
        address, object, (uint32_t)first, (uint32_t)(profile->frames - first)};
    return (uint32_t)profile->locations++;
}

/* --- addresses: each one location ------------------------------------------------------------- */

static const char *hex_name(ht_profile_t *profile, uint64_t address)
{
    char name[24];
    (void)snprintf(name, sizeof(name), "0x%08" PRIx64, address);
    return text(profile, name);
}

static bool add_named_frames(ht_profile_t *profile, ht_symbols_t *symbols, uint64_t address,
                             const char **object)
{
    const ht_symbol_t *symbol =
        symbols == NULL ? NULL : ht_symbols_find(symbols, address, HT_ADDRESS_RETURN);
    bool good = true;
    *object = NULL;
    if (symbol == NULL || symbol->frames[symbol->frame_count - 1].function == NULL) {
        good = add_frame(profile, hex_name(profile, address), NULL, 0);
    }
    for (size_t i = 0; good && symbol != NULL && i < symbol->frame_count; i++) {
        const ht_symbol_frame_t *frame = &symbol->frames[i];
        if (frame->function == NULL) { continue; }
        good = add_frame(profile, text(profile, frame->function), text(profile, frame->file),
                         frame->line);
    }
    const char *path = symbol != NULL ? ht_symbols_path(symbols, symbol->module) : NULL;
    if (good && path != NULL) { *object = text(profile, path); }
    return good;
}

static uint32_t location_of(ht_profile_t *profile, ht_symbols_t *symbols, uint64_t address)
{
    bool is_new;
    uint32_t place = ht_pairs_number(&profile->places, address, 0, &is_new);
    if (place == HT_PAIRS_NONE) { return NO_NUMBER; }
    if (!is_new) { return profile->location_at[place]; }
    const char *object;
    size_t first = profile->frames;
    if (!add_named_frames(profile, symbols, address, &object) ||
        !ht_array_room((void **)&profile->location_at, &profile->place_capacity, place,
                       sizeof(*profile->location_at))) {
        return NO_NUMBER;
    }
    profile->location_at[place] = add_location(profile, address, object, first);
    return profile->location_at[place];
}

/* --- stacks ----------------------------------------------------------------------------------- */

/* "publish_sample [topic]": what a macro knows is more than the address does. */
static uint32_t site_location(ht_profile_t *profile, const ht_site_row_t *site)
{
    char name[512];
    size_t first = profile->frames;
    const char *function = site->function[0] == '\0' ? "?" : site->function;
    int length = site->variable[0] == '\0'
                     ? snprintf(name, sizeof(name), "%s", function)
                     : snprintf(name, sizeof(name), "%s [%s]", function, site->variable);
    if (length < 0 ||
        !add_frame(profile, text(profile, name), text(profile, site->file), site->line)) {
        return NO_NUMBER;
    }
    return add_location(profile, 0, NULL, first);
}

/* The macro's own return address is in the function that the site names already. */
static bool is_in_site(const ht_profile_t *profile, uint32_t location, const ht_site_row_t *site)
{
    const ht_profile_location_t *place = &profile->location[location];
    for (uint32_t i = 0; i < place->count; i++) {
        const char *function = ht_profile_function(profile, place->first + i)->name;
        size_t length = strlen(site->function);
        if (length != 0 && strncmp(function, site->function, length) == 0 &&
            (function[length] == '\0' || function[length] == '(')) {
            return true;
        }
    }
    return false;
}

static uint32_t unknown_location(ht_profile_t *profile)
{
    size_t first = profile->frames;
    if (!add_frame(profile, text(profile, "(unknown site)"), NULL, 0)) { return NO_NUMBER; }
    return add_location(profile, 0, NULL, first);
}

static bool add_stack(ht_profile_t *profile, ht_symbols_t *symbols, ht_row_t number)
{
    const ht_origin_row_t *origin = &profile->view.origin[number];
    const ht_site_row_t *site = origin->site == 0 ? NULL : &profile->view.site[origin->site];
    uint32_t *location =
        ht_strings_room(&profile->strings, (origin->depth + 2U) * sizeof(*location));
    uint32_t count = 0;
    if (location == NULL) { return false; }
    if (site != NULL) { location[count++] = site_location(profile, site); }
    for (uint32_t i = 0; i < origin->depth; i++) {
        uint32_t place = location_of(profile, symbols, origin->frames[i]);
        if (place == NO_NUMBER) { return false; }
        bool told = i == 0 && site != NULL && is_in_site(profile, place, site);
        if (!told) { location[count++] = place; }
    }
    if (count == 0) { location[count++] = unknown_location(profile); }
    profile->stack[number] = (ht_profile_stack_t){location, count};
    profile->stacks++;
    return location[0] != NO_NUMBER;
}

/* --- rows ------------------------------------------------------------------------------------- */

static bool add_row(ht_profile_t *profile, const ht_flow_row_t *flow)
{
    const ht_holder_t peak = ht_model_at_peak(&profile->view, flow);
    if (!ht_array_room((void **)&profile->row, &profile->row_capacity, profile->rows,
                       sizeof(*profile->row))) {
        return false;
    }
    ht_profile_row_t *row = &profile->row[profile->rows++];
    *row = (ht_profile_row_t){.origin = flow->origin, .task = flow->task, .heap = flow->heap};
    row->value[HT_VALUE_LIVE] = (ht_profile_amount_t){flow->live_blocks, flow->live_bytes};
    row->value[HT_VALUE_TOTAL] = (ht_profile_amount_t){flow->total_blocks + flow->carried_blocks,
                                                       flow->total_bytes + flow->carried_bytes};
    row->value[HT_VALUE_PEAK] = (ht_profile_amount_t){peak.live_blocks, peak.live_bytes};
    row->value[HT_VALUE_TEMPORARY] = (ht_profile_amount_t){flow->temporary_blocks, 0};
    for (unsigned v = 0; v < HT_VALUES; v++) {
        profile->total[v].blocks += row->value[v].blocks;
        profile->total[v].bytes += row->value[v].bytes;
    }
    return true;
}

bool ht_profile_make(ht_profile_t *profile, const ht_model_view_t *view, ht_symbols_t *symbols,
                     bool pools)
{
    *profile = (ht_profile_t){.view = *view, .pools = pools};
    profile->stack = calloc(view->origins, sizeof(*profile->stack));
    if (profile->stack == NULL) { return false; }
    for (uint32_t i = 0; i < view->origins; i++) {
        if (!add_stack(profile, symbols, i)) { return false; }
    }
    for (uint32_t i = 0; i < view->flows; i++) {
        const ht_flow_row_t *flow = &view->flow[i];
        uint64_t blocks = flow->total_blocks + flow->carried_blocks;
        if (flow->pool != pools) {
            profile->left_out += blocks;
        } else if (blocks != 0 && !add_row(profile, flow)) {
            return false;
        }
    }
    return true;
}

void ht_profile_free(ht_profile_t *profile)
{
    free(profile->function);
    free(profile->frame);
    free(profile->location);
    free(profile->stack);
    free(profile->row);
    free(profile->location_at);
    ht_pairs_free(&profile->places);
    ht_pairs_free(&profile->names);
    ht_strings_free(&profile->strings);
    *profile = (ht_profile_t){.frames = 0};
}

/* --- what is asked ---------------------------------------------------------------------------- */

const ht_profile_function_t *ht_profile_function(const ht_profile_t *profile, uint32_t frame)
{
    return &profile->function[profile->frame[frame].function];
}

size_t ht_profile_frames(const ht_profile_t *profile, ht_row_t origin,
                         uint32_t frame[HT_PROFILE_DEPTH_MAX])
{
    const ht_profile_stack_t *stack = &profile->stack[origin];
    size_t count = 0;
    for (uint32_t i = 0; i < stack->count; i++) {
        const ht_profile_location_t *location = &profile->location[stack->location[i]];
        for (uint32_t f = 0; f < location->count && count < HT_PROFILE_DEPTH_MAX; f++) {
            frame[count++] = location->first + f;
        }
    }
    return count;
}

const char *ht_profile_name(const ht_profile_t *profile)
{
    const ht_hello_row_t *hello = profile->view.hello;
    return hello->app_name != NULL  ? hello->app_name
           : hello->program != NULL ? hello->program
                                    : "heaptrail";
}

uint64_t ht_profile_weight(const ht_profile_row_t *row, ht_profile_value_t value)
{
    return value == HT_VALUE_TEMPORARY ? row->value[value].blocks : row->value[value].bytes;
}
