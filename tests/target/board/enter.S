/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The first instructions of each hart, and the way into an interrupt handler.
 *
 * Hart 0 goes on to picolibc's start, and main(). Any other one waits until board_start_hart() says
 * where it is to go: the words for it lie where picolibc's start clears nothing, and are 0 at first.
 */
    .section .boot, "ax"
    .globl board_enter
board_enter:
    csrr    t0, mhartid
    bnez    t0, 1f
    tail    _start
1:  la      t1, board_hart_stack
2:  lw      sp, 0(t1)           /* written last */
    beqz    sp, 2b
    fence
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    lw      tp, board_hart_tp
    la      t0, board_trap
    csrw    mtvec, t0
    lw      t0, board_hart_entry
    jalr    t0
3:  wfi
    j       3b

    .section .preserve, "aw", @nobits
    .balign 4
    .globl board_hart_stack, board_hart_entry, board_hart_tp
board_hart_stack: .skip 4
board_hart_entry: .skip 4
board_hart_tp:    .skip 4

/*
 * Interrupts and traps. A handler runs on a stack of its own, as on the chips; mscratch has its top.
 * They do not nest, so mscratch swaps with sp.
 */
    .text
    .balign 4
    .globl board_trap
board_trap:
    csrrw   sp, mscratch, sp
    addi    sp, sp, -80
    sw      ra, 0(sp)
    sw      t0, 4(sp)
    sw      t1, 8(sp)
    sw      t2, 12(sp)
    sw      a0, 16(sp)
    sw      a1, 20(sp)
    sw      a2, 24(sp)
    sw      a3, 28(sp)
    sw      a4, 32(sp)
    sw      a5, 36(sp)
    sw      a6, 40(sp)
    sw      a7, 44(sp)
    sw      t3, 48(sp)
    sw      t4, 52(sp)
    sw      t5, 56(sp)
    sw      t6, 60(sp)
    csrr    a0, mcause
    csrr    a1, mepc
    sw      a1, 64(sp)
    call    board_on_trap
    lw      t0, 64(sp)
    csrw    mepc, t0
    lw      ra, 0(sp)
    lw      t0, 4(sp)
    lw      t1, 8(sp)
    lw      t2, 12(sp)
    lw      a0, 16(sp)
    lw      a1, 20(sp)
    lw      a2, 24(sp)
    lw      a3, 28(sp)
    lw      a4, 32(sp)
    lw      a5, 36(sp)
    lw      a6, 40(sp)
    lw      a7, 44(sp)
    lw      t3, 48(sp)
    lw      t4, 52(sp)
    lw      t5, 56(sp)
    lw      t6, 60(sp)
    addi    sp, sp, 80
    csrrw   sp, mscratch, sp
    mret
