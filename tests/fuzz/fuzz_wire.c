/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Any bytes, as the wire: fed at once and in pieces, they must come to the same, and to a model
 * that adds up. Frames out of nothing have a wrong sum: what is behind the sum is fuzz_records.c's.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    size_t piece = length == 0 ? 1 : 1 + bytes[0] % 64U;
    fuzz_outcome_t whole = fuzz_decode(bytes, length, 0);
    fuzz_outcome_t pieces = fuzz_decode(bytes, length, piece);
    fuzz_must(whole.hash == pieces.hash, "in pieces something else comes out");
    fuzz_must(whole.status.bytes == length, "bytes got lost");
    return 0;
}
