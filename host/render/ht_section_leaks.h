/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_section_leaks.h The first half of the section of leaks: suspects. */
#pragma once

#include "ht_desk.h"

/** False: no memory. */
bool ht_suspects_text(ht_desk_t *desk);

/** Adds the keys `suspects` and `device`. */
bool ht_suspects_tree(ht_desk_t *desk, json_t *object);
