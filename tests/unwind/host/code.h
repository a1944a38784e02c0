/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Functions as gcc 12 writes them for rv32imc, at MEMORY_CODE; the offsets stand in front. */
#pragma once

#include <stdint.h>

static const uint16_t s_program[] = {
    /* caller */
    0x1141,         /* 000: add sp,sp,-16 */
    0xc606,         /* 002: sw ra,12(sp) */
    0x0097, 0x0000, /* 004: auipc ra,0x0 */
    0x80e7, 0x00e0, /* 008: jalr 14(ra) */
    0x40b2,         /* 00c: lw ra,12(sp) */
    0x0141,         /* 00e: add sp,sp,16 */
    0x8082,         /* 010: ret */
    /* middle */
    0x1101,         /* 012: add sp,sp,-32 */
    0xce06,         /* 014: sw ra,28(sp) */
    0xcc22,         /* 016: sw s0,24(sp) */
    0x842a,         /* 018: mv s0,a0 */
    0xc509,         /* 01a: beqz a0,42000024 */
    0x00ef, 0x0120, /* 01c: jal 4200002e */
    0xe019,         /* 020: bnez s0,42000026 */
    0xbffd,         /* 022: j 42000020 */
    0x4501,         /* 024: li a0,0 */
    0x40f2,         /* 026: lw ra,28(sp) */
    0x4462,         /* 028: lw s0,24(sp) */
    0x6105,         /* 02a: add sp,sp,32 */
    0x8082,         /* 02c: ret */
    /* inner */
    0x7179,         /* 02e: add sp,sp,-48 */
    0xd606,         /* 030: sw ra,44(sp) */
    0xd422,         /* 032: sw s0,40(sp) */
    0x1800,         /* 034: add s0,sp,48 */
    0x0133, 0x40a1, /* 036: sub sp,sp,a0 */
    0x9782,         /* 03a: jalr a5 */
    0x0113, 0xfd04, /* 03c: add sp,s0,-48 */
    0x50b2,         /* 040: lw ra,44(sp) */
    0x5422,         /* 042: lw s0,40(sp) */
    0x6145,         /* 044: add sp,sp,48 */
    0x8082,         /* 046: ret */
    /* forever */
    0x1141,         /* 048: add sp,sp,-16 */
    0xc606,         /* 04a: sw ra,12(sp) */
    0xf0ef, 0xfe3f, /* 04c: jal 4200002e */
    0xbff5,         /* 050: j 4200004c */
    /* outer */
    0x1141,         /* 052: add sp,sp,-16 */
    0xc606,         /* 054: sw ra,12(sp) */
    0xf0ef, 0xff3f, /* 056: jal 42000048 */
    0x40b2,         /* 05a: lw ra,12(sp) */
    0x0141,         /* 05c: add sp,sp,16 */
    0x8082,         /* 05e: ret */
    /* big */
    0x1101,         /* 060: add sp,sp,-32 */
    0xce06,         /* 062: sw ra,28(sp) */
    0x72f9,         /* 064: lui t0,0xffffe */
    0x9116,         /* 066: add sp,sp,t0 */
    0xf0ef, 0xfc7f, /* 068: jal 4200002e */
    0x6289,         /* 06c: lui t0,0x2 */
    0x678d,         /* 06e: lui a5,0x3 */
    0x9116,         /* 070: add sp,sp,t0 */
    0x40f2,         /* 072: lw ra,28(sp) */
    0x6105,         /* 074: add sp,sp,32 */
    0x8082,         /* 076: ret */
    /* saver */
    0x02ef, 0x00e0, /* 078: jal t0,42000086 */
    0x1141,         /* 07c: add sp,sp,-16 */
    0xf0ef, 0xfb1f, /* 07e: jal 4200002e */
    0x0141,         /* 082: add sp,sp,16 */
    0xa029,         /* 084: j 4200008e */
    /* save */
    0x1141, /* 086: add sp,sp,-16 */
    0xc606, /* 088: sw ra,12(sp) */
    0xc422, /* 08a: sw s0,8(sp) */
    0x8282, /* 08c: jr t0 */
    /* restore */
    0x4422, /* 08e: lw s0,8(sp) */
    0x40b2, /* 090: lw ra,12(sp) */
    0x0141, /* 092: add sp,sp,16 */
    0x8082, /* 094: ret */
    /* far */
    0x1141,         /* 096: add sp,sp,-16 */
    0xc606,         /* 098: sw ra,12(sp) */
    0x0097, 0x0000, /* 09a: auipc ra,0x0 */
    0x80e7, 0x0100, /* 09e: jalr 16(ra) */
    0x0317, 0x0000, /* 0a2: auipc t1,0x0 */
    0x9502,         /* 0a6: jalr a0 */
    0x40b2,         /* 0a8: lw ra,12(sp) */
    0x0141,         /* 0aa: add sp,sp,16 */
    0x8302,         /* 0ac: jr t1 */
};
