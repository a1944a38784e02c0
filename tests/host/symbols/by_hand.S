/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
# A function that no compiler wrote, and one in a unit without debug information.
    .section .text.by_hand, "ax", %progbits
    .globl by_hand
    .type by_hand, %function
by_hand:
    nop
    .globl in_by_hand
in_by_hand:
    nop
    nop
    .size by_hand, . - by_hand
