/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* SPEC.md's worked example of a record is read from SPEC.md itself, and must be what the core
 * makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ht_types.h"

#define EXAMPLE_BYTES 16U

/* The bytes of the example: the first line of SPEC.md that begins with them. */
static void read_example(unsigned char bytes[EXAMPLE_BYTES])
{
    FILE *spec = fopen("SPEC.md", "r");
    assert_non_null(spec);
    char line[256];
    unsigned found = 0;
    while (found != EXAMPLE_BYTES && fgets(line, sizeof(line), spec) != NULL) {
        const char *at = line;
        int used = 0;
        unsigned value = 0;
        found = 0;
        while (found < EXAMPLE_BYTES && sscanf(at, " %2x%n", &value, &used) == 1 && used >= 2) {
            bytes[found++] = (unsigned char)value;
            at += used;
        }
    }
    fclose(spec);
    assert_int_equal(found, EXAMPLE_BYTES);
}

static uint32_t word(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static void test_fields_of_the_example(void **state)
{
    (void)state;
    unsigned char bytes[EXAMPLE_BYTES];
    read_example(bytes);
    assert_int_equal(word(bytes), 0x3fc9a010);
    assert_int_equal(word(bytes + 4) & 0x7f, 2);
    assert_int_equal(word(bytes + 4) >> 7, 200);
    assert_int_equal(word(bytes + 8) & 0xffff, 7);
    assert_int_equal(word(bytes + 8) >> 16 & 0xff, 5);
    assert_int_equal(word(bytes + 8) >> 24 & 15, 2);
    assert_int_equal(word(bytes + 8) >> 28 & 3, 1);
    assert_int_equal(word(bytes + 8) >> 30 & 1, 0);
    assert_int_equal(word(bytes + 8) >> 31, 1);
    assert_int_equal(word(bytes + 12), 4660);
}

static void test_the_core_makes_the_example(void **state)
{
    (void)state;
    const ht_record_t record = {
        .address = 0x3fc9a010,
        .what = ht_record_what(200, 2),
        .who = ht_record_who((ht_origin_id_t){7}, (ht_task_id_t){5}, (ht_heap_id_t){2}, 1) |
               ((ht_word_t)HT_GUARD_BOTH << HT_GUARD_SHIFT),
        .tick = 4660,
    };
    unsigned char bytes[EXAMPLE_BYTES];
    read_example(bytes);
    if (HT_64BIT) { skip(); /* the example is the 32-bit layout */ }
    assert_memory_equal(&record, bytes, EXAMPLE_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_of_the_example),
        cmocka_unit_test(test_the_core_makes_the_example),
    };
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
