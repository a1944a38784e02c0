/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_posix_cfi.h"

#include <stddef.h>
#include <string.h>

#if defined(__x86_64__)

/* Of libgcc, as unwind-dw2-fde.h has it. */
struct dwarf_eh_bases {
    void *tbase;
    void *dbase;
    void *func;
};
const void *_Unwind_Find_FDE(void *pc, struct dwarf_eh_bases *bases);

enum { REG_BP = 6, REG_SP = 7, REG_RETURN = 16 };

/* Where one register was saved, as far as we care. */
typedef enum { SAME = 0, AT_OFFSET, UNDEFINED, STRANGE } where_t;

/* One row of the table that the instructions make. */
typedef struct {
    uint64_t cfa_register;
    int64_t cfa_offset;
    where_t bp_where, return_where;
    int64_t bp_offset, return_offset;
    bool strange; /* the frame's base is an expression */
} row_t;

#define REMEMBERED_MAX 8U

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    uintptr_t location;
    uintptr_t target; /* stop before the first row that begins later */
    uint64_t code_align;
    int64_t data_align;
    size_t pointer_size; /* of an encoded address */
    bool is_signal;
    bool bad;
    row_t row, initial;
    row_t remembered[REMEMBERED_MAX];
    unsigned remembered_count;
} machine_t;

static uint64_t read_uleb(machine_t *m)
{
    uint64_t value = 0;
    for (unsigned shift = 0; m->at < m->end; shift += 7) {
        uint8_t byte = *m->at++;
        if (shift < 64) { value |= (uint64_t)(byte & 0x7fU) << shift; }
        if ((byte & 0x80U) == 0) { break; }
    }
    return value;
}

static int64_t read_sleb(machine_t *m)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte = 0;
    do {
        if (m->at >= m->end) { break; }
        byte = *m->at++;
        if (shift < 64) { value |= (uint64_t)(byte & 0x7fU) << shift; }
        shift += 7;
    } while ((byte & 0x80U) != 0);
    if (shift < 64 && (byte & 0x40U) != 0) { value |= ~(uint64_t)0 << shift; }
    return (int64_t)value;
}

static uint64_t read_fixed(machine_t *m, size_t size)
{
    uint64_t value = 0; /* little endian, as the machine is */
    if ((size_t)(m->end - m->at) < size) {
        m->bad = true;
        m->at = m->end;
        return 0;
    }
    memcpy(&value, m->at, size);
    m->at += size;
    return value;
}

static void set_rule(machine_t *m, uint64_t reg, where_t where, int64_t offset)
{
    if (reg == REG_BP) {
        m->row.bp_where = where;
        m->row.bp_offset = offset;
    } else if (reg == REG_RETURN) {
        m->row.return_where = where;
        m->row.return_offset = offset;
    }
}

static void restore_rule(machine_t *m, uint64_t reg)
{
    if (reg == REG_BP) {
        set_rule(m, reg, m->initial.bp_where, m->initial.bp_offset);
    } else if (reg == REG_RETURN) {
        set_rule(m, reg, m->initial.return_where, m->initial.return_offset);
    }
}

static void skip_block(machine_t *m)
{
    uint64_t length = read_uleb(m);
    m->at = length < (uint64_t)(m->end - m->at) ? m->at + length : m->end;
}

static void set_cfa(machine_t *m, uint64_t reg, int64_t offset)
{
    m->row.cfa_register = reg;
    m->row.cfa_offset = offset;
    m->row.strange = false;
}

static void remember(machine_t *m, bool restore)
{
    if (restore && m->remembered_count > 0) {
        m->row = m->remembered[--m->remembered_count];
    } else if (!restore && m->remembered_count < REMEMBERED_MAX) {
        m->remembered[m->remembered_count++] = m->row;
    } else {
        m->bad = true;
    }
}

static void advance(machine_t *m, uint64_t delta)
{
    m->location += delta * m->code_align;
}

/* The instructions that say where a register is (DW_CFA_*). False: it is not one of these. */
static bool run_register(machine_t *m, uint8_t op)
{
    uint64_t reg;
    switch (op) {
    case 0x05: /* offset_extended */
        reg = read_uleb(m);
        set_rule(m, reg, AT_OFFSET, (int64_t)read_uleb(m) * m->data_align);
        return true;
    case 0x11: /* offset_extended_sf */
        reg = read_uleb(m);
        set_rule(m, reg, AT_OFFSET, read_sleb(m) * m->data_align);
        return true;
    case 0x06: /* restore_extended */
        restore_rule(m, read_uleb(m));
        return true;
    case 0x07: /* undefined */
        set_rule(m, read_uleb(m), UNDEFINED, 0);
        return true;
    case 0x08: /* same_value */
        set_rule(m, read_uleb(m), SAME, 0);
        return true;
    case 0x09: /* register */
    case 0x14: /* val_offset */
    case 0x15: /* val_offset_sf */
        set_rule(m, read_uleb(m), STRANGE, 0);
        (void)read_uleb(m);
        return true;
    case 0x10: /* expression */
    case 0x16: /* val_expression */
        set_rule(m, read_uleb(m), STRANGE, 0);
        skip_block(m);
        return true;
    default:
        return false;
    }
}

/* The instructions that say where the frame is, and the rest. */
static void run_frame(machine_t *m, uint8_t op)
{
    uint64_t reg;
    switch (op) {
    case 0x00: /* nop */
        break;
    case 0x01: /* set_loc: not made by today's compilers */
        m->bad = true;
        break;
    case 0x02: /* advance_loc1, 2, 4 */
    case 0x03:
    case 0x04:
        advance(m, read_fixed(m, (size_t)1U << (op - 2U)));
        break;
    case 0x0a: /* remember_state */
    case 0x0b: /* restore_state */
        remember(m, op == 0x0b);
        break;
    case 0x0c: /* def_cfa */
        reg = read_uleb(m);
        set_cfa(m, reg, (int64_t)read_uleb(m));
        break;
    case 0x12: /* def_cfa_sf */
        reg = read_uleb(m);
        set_cfa(m, reg, read_sleb(m) * m->data_align);
        break;
    case 0x0d: /* def_cfa_register */
        m->row.cfa_register = read_uleb(m);
        break;
    case 0x0e: /* def_cfa_offset */
        m->row.cfa_offset = (int64_t)read_uleb(m);
        break;
    case 0x13: /* def_cfa_offset_sf */
        m->row.cfa_offset = read_sleb(m) * m->data_align;
        break;
    case 0x0f: /* def_cfa_expression */
        skip_block(m);
        m->row.strange = true;
        break;
    case 0x2e: /* GNU_args_size */
        (void)read_uleb(m);
        break;
    default:
        m->bad = true;
    }
}

static void run(machine_t *m)
{
    while (m->at < m->end && !m->bad && m->location <= m->target) {
        uint8_t op = *m->at++;
        uint8_t low = op & 0x3fU;
        switch (op >> 6) {
        case 1:
            advance(m, low);
            break;
        case 2:
            set_rule(m, low, AT_OFFSET, (int64_t)read_uleb(m) * m->data_align);
            break;
        case 3:
            restore_rule(m, low);
            break;
        default:
            if (!run_register(m, op)) { run_frame(m, op); }
        }
    }
}

/* Bytes of an address in one of the encodings of .eh_frame; 0: not one that we know. */
static size_t encoded_size(uint8_t encoding)
{
    static const uint8_t sizes[16] = {8, 0, 2, 4, 8, 0, 0, 0, 0, 0, 2, 4, 8};
    return sizes[encoding & 0x0fU];
}

/* What the letters of a CIE's augmentation stand for. m->at is behind the length of the data. */
static void read_augmentation(machine_t *m, const char *letters)
{
    for (; *letters != '\0' && !m->bad; letters++) {
        if (*letters == 'R') {
            m->pointer_size = encoded_size((uint8_t)read_fixed(m, 1));
        } else if (*letters == 'L') {
            (void)read_fixed(m, 1);
        } else if (*letters == 'P') {
            size_t size = encoded_size((uint8_t)read_fixed(m, 1));
            (void)read_fixed(m, size);
        } else if (*letters == 'S') {
            m->is_signal = true;
        } else {
            m->bad = true;
        }
    }
}

/*
 * CIE  [length:32 | 0:32 | version:8 | augmentation\0 | code align | data align | return register |
 *       (augmentation "z...": length | data) | instructions]
 */
static void run_cie(machine_t *m, const uint8_t *cie)
{
    uint32_t length = 0;
    memcpy(&length, cie, sizeof(length));
    m->end = cie + 4 + length;
    uint8_t version = cie[8];
    const char *letters = (const char *)cie + 9;
    m->at = cie + 9 + strlen(letters) + 1U;
    m->code_align = read_uleb(m);
    m->data_align = read_sleb(m);
    uint64_t return_register = version == 1 ? read_fixed(m, 1) : read_uleb(m);
    m->pointer_size = sizeof(uintptr_t);
    if (return_register != REG_RETURN || (letters[0] != 'z' && letters[0] != '\0')) {
        m->bad = true;
    }
    if (letters[0] == 'z') {
        uint64_t data = read_uleb(m);
        const uint8_t *instructions = m->at + data;
        read_augmentation(m, letters + 1);
        m->at = instructions;
    }
    if (m->pointer_size == 0) { m->bad = true; }
    run(m);
    m->initial = m->row;
}

/* FDE  [length:32 | distance to the CIE:32 | start | size | (length | data) | instructions] */
static void run_fde(machine_t *m, const uint8_t *fde)
{
    uint32_t length = 0, distance = 0;
    memcpy(&length, fde, sizeof(length));
    memcpy(&distance, fde + 4, sizeof(distance));
    const uint8_t *cie = fde + 4 - distance;
    if (length == UINT32_MAX) { /* the 64-bit form */
        m->bad = true;
        return;
    }
    run_cie(m, cie);
    m->end = fde + 4 + length;
    m->at = fde + 8 + 2U * m->pointer_size;
    if (cie[9] == 'z') { skip_block(m); }
    run(m);
}

static ht_cfi_rule_t rule_of(const machine_t *m)
{
    const row_t *row = &m->row;
    bool plain_base = row->cfa_register == REG_BP || row->cfa_register == REG_SP;
    bool fits = row->cfa_offset > 0 && row->cfa_offset < 1 << 28 && row->bp_offset > -(1 << 22) &&
                row->bp_offset < 1 << 22;
    if (!m->bad && row->return_where == UNDEFINED) { return (ht_cfi_rule_t){.kind = HT_CFI_END}; }
    if (m->bad || m->is_signal || row->strange || !plain_base || !fits ||
        row->return_where != AT_OFFSET || row->return_offset != -8 || row->bp_where == STRANGE ||
        row->bp_where == UNDEFINED) {
        return (ht_cfi_rule_t){.kind = HT_CFI_ODD};
    }
    return (ht_cfi_rule_t){HT_CFI_PLAIN, row->cfa_register == REG_BP, row->bp_where == AT_OFFSET,
                           (int32_t)row->cfa_offset, (int32_t)row->bp_offset};
}

ht_cfi_rule_t ht_cfi_rule(uintptr_t return_address)
{
    struct dwarf_eh_bases bases;
    machine_t m;
    memset(&m, 0, offsetof(machine_t, remembered));
    m.remembered_count = 0;
    m.target = return_address - 1U; /* the call, not what follows it */
    const uint8_t *fde = _Unwind_Find_FDE((void *)m.target, &bases);
    if (fde == NULL) { return (ht_cfi_rule_t){.kind = HT_CFI_END}; }
    m.location = (uintptr_t)bases.func;
    run_fde(&m, fde);
    return rule_of(&m);
}

#else

ht_cfi_rule_t ht_cfi_rule(uintptr_t return_address)
{
    (void)return_address;
    return (ht_cfi_rule_t){.kind = HT_CFI_ODD};
}

#endif
