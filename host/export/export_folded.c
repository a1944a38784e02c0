/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Folded stacks, as FlameGraph's README has them: "outermost;...;innermost value", a line each. */
#include <inttypes.h>

#include "ht_export.h"

bool ht_export_folded(const ht_export_t *export)
{
    const ht_profile_t *profile = export->profile;
    uint32_t frame[HT_PROFILE_DEPTH_MAX];
    for (size_t i = 0; i < profile->rows; i++) {
        const ht_profile_row_t *row = &profile->row[i];
        uint64_t weight = ht_profile_weight(row, export->options.what);
        if (weight == 0) { continue; }
        for (size_t f = ht_profile_frames(profile, row->origin, frame); f > 0; f--) {
            ht_export_text(export->file, ht_profile_function(profile, frame[f - 1])->name, ";");
            (void)fputc(f > 1 ? ';' : ' ', export->file);
        }
        (void)fprintf(export->file, "%" PRIu64 "\n", weight);
    }
    return true;
}
