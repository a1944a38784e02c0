/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Every kind of record at its extremes, and the short forms of allocations and frees, written byte
 * by byte here, after SPEC.md alone: nothing of the encoders, not even the CRC's table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hand.h"
#include "ht_format.h"

/* --- records with a length
 * --------------------------------------------------------------------------- */

/* One field of a record. */
typedef enum { DT, U32, U64, SIGNED, TEXT } field_t;

typedef struct {
    unsigned tag;
    const char *name;
    size_t fields;
    field_t field[16];
} kind_t;

static const kind_t s_kinds[] = {
    {0x11, "site", 7, {U32, U64, U32, U32, TEXT, TEXT, TEXT}},
    {0x12, "task", 5, {DT, U32, U64, U32, TEXT}},
    {0x13, "task-gone", 2, {DT, U32}},
    {0x14, "heap", 6, {U32, U64, U64, U32, U32, TEXT}},
    {0x15, "heap-sample", 5, {DT, U32, U64, U64, U64}},
    {0x16, "mark", 9, {DT, U32, TEXT, U64, U64, U64, U64, U64, U64}},
    {0x17, "failure", 9, {DT, U32, U64, U64, U32, U32, U32, U64, U64}},
    {0x18,
     "error",
     16,
     {DT, U32, U32, U32, U32, U64, U32, U64, U64, U32, U32, U32, U32, U32, U64, SIGNED}},
    {0x19, "loss", 4, {DT, U32, U64, U32}},
    {0x1a, "snapshot", 3, {DT, U32, U64}},
    {0x1b, "snapshot-block", 7, {U64, U64, U32, U32, U32, U64, U32}},
    {0x1c, "snapshot-end", 4, {DT, U32, U64, U32}},
    {0x1d, "counters", 7, {DT, U64, U64, U64, U64, U64, U64}},
    {0x1f, "end", 2, {DT, U32}},
    {0x20, "pool-block", 6, {DT, U32, U64, U64, U32, U32}},
    {0x21, "relabel", 2, {U64, U32}},
    {0x22, "put-back", 8, {DT, U64, U64, U32, U32, U32, U64, U32}},
};

/* The lines that each kind has with every field 0, at its largest, and with another number in each.
 */
static const char *const s_lines[][3] = {
    {"site index=0 address=0 line=0 method=0 file=\"\" function=\"\" variable=\"\"",
     "site index=4294967295 address=0xffffffffffffffff line=4294967295 method=4294967295 "
     "file=\"wörds\" function=\"wörds\" variable=\"wörds\"",
     "site index=1 address=0x2 line=3 method=4 file=\"5\" function=\"6\" variable=\"7\""},
    {"task index=0 type=0 handle=0 name=\"\"",
     "task index=4294967295 type=4294967295 handle=0xffffffffffffffff name=\"wörds\"",
     "task index=2 type=4 handle=0x3 name=\"5\""},
    {"task-gone index=0", "task-gone index=4294967295", "task-gone index=2"},
    {"heap index=0 start=0 bytes=0 caps=0 name=\"\"",
     "heap index=4294967295 start=0xffffffffffffffff bytes=18446744073709551615 caps=0xffffffff "
     "pool name=\"wörds\"",
     "heap index=1 start=0x2 bytes=3 caps=0x4 pool name=\"6\""},
    {"heap-sample heap=0 free=0 largest=0 least=-1",
     "heap-sample heap=4294967295 free=18446744073709551615 largest=18446744073709551615 least=-2",
     "heap-sample heap=2 free=3 largest=4 least=4"},
    {"mark number=0 name=\"\" live=0 live_bytes=0 blocks=0 bytes=0 freed=0 failures=0",
     "mark number=4294967295 name=\"wörds\" live=18446744073709551615 "
     "live_bytes=18446744073709551615 blocks=18446744073709551615 bytes=18446744073709551615 "
     "freed=18446744073709551615 failures=18446744073709551615",
     "mark number=2 name=\"3\" live=4 live_bytes=5 blocks=6 bytes=7 freed=8 failures=9"},
    {"failure number=0 size=0 alignment=0 caps=0 origin=0 free=0 largest=0",
     "failure number=4294967295 size=18446744073709551615 alignment=18446744073709551615 "
     "caps=0xffffffff origin=4294967295 measured free=18446744073709551615 "
     "largest=18446744073709551615",
     "failure number=2 size=3 alignment=4 caps=0x5 origin=6 measured free=8 largest=9"},
    {"error number=0 kind=0 found=0 repeats=0 address=0 place=0 block=0 size=0 origins=0,0,0 "
     "tasks=0,0 damaged=0+0 report=\"\"",
     "error number=4294967295 kind=4294967295 found=4294967295 repeats=4294967295 "
     "address=0xffffffffffffffff place=4294967295 block=0xffffffffffffffff "
     "size=18446744073709551615 origins=4294967295,4294967295,4294967295 "
     "tasks=4294967295,4294967295 damaged=18446744073709551615-9223372036854775808 "
     "report=\"wörds\"",
     "error number=2 kind=3 found=4 repeats=5 address=0x6 place=7 block=0x8 size=9 "
     "origins=10,12,14 tasks=11,13 damaged=15+16 report=\"17\""},
    {"loss cause=0 count=0 on=0", "loss cause=4294967295 count=18446744073709551615 on=4294967295",
     "loss cause=2 count=3 on=4"},
    {"snapshot number=0 blocks=0", "snapshot number=4294967295 blocks=18446744073709551615",
     "snapshot number=2 blocks=3"},
    {"snapshot-block address=0 size=0 origin=0 task=0 heap=0 age=0 core=0",
     "snapshot-block address=0xffffffffffffffff size=18446744073709551615 origin=4294967295 "
     "task=4294967295 heap=4294967295 age=18446744073709551615 core=1 pool unrecorded",
     "snapshot-block address=0x1 size=2 origin=3 task=4 heap=5 age=6 core=1 pool unrecorded"},
    {"snapshot-end number=0 blocks=0",
     "snapshot-end number=4294967295 blocks=18446744073709551615 complete",
     "snapshot-end number=2 blocks=3 complete"},
    {"counters live=0 live_bytes=0 blocks=0 bytes=0 freed=0 failures=0",
     "counters live=18446744073709551615 live_bytes=18446744073709551615 "
     "blocks=18446744073709551615 bytes=18446744073709551615 freed=18446744073709551615 "
     "failures=18446744073709551615",
     "counters live=2 live_bytes=3 blocks=4 bytes=5 freed=6 failures=7"},
    {"end why=0", "end why=4294967295", "end why=2"},
    {"pool-block made address=0 size=0 origin=0 heap=0",
     "pool-block freed address=0xffffffffffffffff size=18446744073709551615 origin=4294967295 "
     "heap=4294967295",
     "pool-block freed address=0x3 size=4 origin=5 heap=6"},
    {"relabel address=0 origin=0", "relabel address=0xffffffffffffffff origin=4294967295",
     "relabel address=0x1 origin=2"},
    {"put-back address=0 size=0 origin=0 task=0 heap=0 age=0 core=0",
     "put-back address=0xffffffffffffffff size=18446744073709551615 origin=4294967295 "
     "task=4294967295 heap=4294967295 age=18446744073709551615 core=1 pool unrecorded",
     "put-back address=0x2 size=3 origin=4 task=5 heap=6 age=7 core=0"},
};

enum { SMALLEST, LARGEST, COUNTED };

static void put_field(hand_t *content, field_t field, unsigned which, unsigned number)
{
    char digits[12];
    (void)snprintf(digits, sizeof(digits), "%u", number);
    switch (field) {
    case DT:
        hand_varint(content, which == SMALLEST ? 0 : 1000);
        break;
    case U32:
        hand_varint(content, which == SMALLEST ? 0 : which == LARGEST ? UINT32_MAX : number);
        break;
    case U64:
        hand_varint(content, which == SMALLEST ? 0 : which == LARGEST ? UINT64_MAX : number);
        break;
    case SIGNED:
        hand_zigzag(content, which == SMALLEST ? 0 : which == LARGEST ? INT64_MIN : number);
        break;
    default:
        hand_text(content, which == SMALLEST ? "" : which == LARGEST ? "wörds" : digits);
        break;
    }
}

static hand_t content_of(const kind_t *kind, unsigned which)
{
    hand_t content = {.length = 0};
    for (unsigned i = 0; i < kind->fields; i++) {
        put_field(&content, kind->field[i], which, i + 1);
    }
    /* The error has one field more than the others: its report. */
    if (kind->tag == 0x18) { put_field(&content, TEXT, which, 17); }
    return content;
}

static void line_of(char *line, size_t room, const kind_t *kind, unsigned which, const char *words)
{
    bool late = kind->field[0] == DT && which != SMALLEST;
    (void)snprintf(line, room, "%u abcd/64 task=0 core=0 %s\n", late ? 6000 : 5000, words);
}

static void test_every_kind_at_its_extremes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(s_kinds) / sizeof(s_kinds[0]); i++) {
        for (unsigned which = SMALLEST; which <= COUNTED; which++) {
            hand_t body, content = content_of(&s_kinds[i], which);
            char line[1024];
            hand_begin(&body, 2, 0, 5000);
            hand_record(&body, s_kinds[i].tag, &content);
            line_of(line, sizeof(line), &s_kinds[i], which, s_lines[i][which]);
            hand_expect(&body, line);
        }
    }
}

/* Bytes behind the fields that are known are a newer writer's, and passed over; a record that is a
 * byte short is damaged, and costs nothing but itself. */
static void test_longer_and_shorter_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(s_kinds) / sizeof(s_kinds[0]); i++) {
        const kind_t *kind = &s_kinds[i];
        hand_t body, content = content_of(kind, COUNTED), end = {.at = {1, 2}, .length = 2};
        char line[1024], both[1200];
        line_of(line, sizeof(line), kind, COUNTED, s_lines[i][COUNTED]);
        unsigned time = kind->field[0] == DT ? 6001 : 5001;
        (void)snprintf(both, sizeof(both), "%s%u abcd/64 task=0 core=0 end why=2\n", line, time);
        hand_byte(&content, 0xff);
        hand_byte(&content, 0);
        hand_begin(&body, 2, 0, 5000);
        hand_record(&body, kind->tag, &content);
        hand_record(&body, 0x1f, &end);
        hand_expect(&body, both);

        content.length -= 3;
        hand_begin(&body, 2, 0, 5000);
        hand_record(&body, kind->tag, &content);
        hand_record(&body, 0x1f, &end);
        hand_expect_damage(&body, "5001 abcd/64 task=0 core=0 end why=2\n",
                           "shorter than its fields");
    }
}

static void test_an_index_has_32_bits(void **state)
{
    (void)state;
    hand_t body, content = {.length = 0};
    hand_varint(&content, 0);
    hand_varint(&content, UINT64_C(1) << 32);
    hand_begin(&body, 0, 0, 0);
    hand_record(&body, 0x13, &content);
    hand_expect_damage(&body, "", "a field is larger than it may be");
}

/* Allocations and frees wait for more of them, a damage does not overtake them. */
static void test_a_damage_comes_in_its_place(void **state)
{
    (void)state;
    hand_t body, content = {.length = 0};
    hand_begin(&body, 0, 0, 0);
    for (unsigned i = 0; i < 2; i++) {
        hand_byte(&body, HT_TAG_REALLOC_FREE);
        hand_varint(&body, 7);
        hand_zigzag(&body, 4);
        if (i == 0) { hand_record(&body, 0x13, &content); }
    }
    capture_t capture = hand_decode(&body);
    const char *first = strstr(capture.all, "address=0x10 "),
               *damage = strstr(capture.all, "damage");
    assert_non_null(first);
    assert_non_null(damage);
    assert_true(first < damage);
    assert_non_null(strstr(damage, "address=0x20 "));
    capture_free(&capture);
}

static void test_origins(void **state)
{
    (void)state;
    hand_t body, content = {.length = 0};
    hand_begin(&body, 0, 0, 9);
    hand_varint(&content, 70000);
    hand_varint(&content, 3);
    hand_varint(&content, 0x1800);
    hand_varint(&content, 12);
    hand_varint(&content, 3);
    hand_varint(&content, 0x42000010);
    hand_zigzag(&content, -16);
    hand_zigzag(&content, 0x7fffffff);
    hand_record(&body, 0x10, &content);
    hand_expect(&body, "9 abcd/32 task=0 core=0 origin index=70000 method=3 caps=0x1800 site=12 "
                       "frames=0x42000010,0x42000000,0xc1ffffff\n");
    content.at[7] = 100; /* the depth: more than there are bytes */
    hand_begin(&body, 0, 0, 9);
    hand_record(&body, 0x10, &content);
    hand_expect_damage(&body, "", "shorter than its fields");
}

static void test_hello(void **state)
{
    (void)state;
    hand_t body, content = {.length = 0}, object = {.length = 0};
    hand_varint(&object, 0x555500000000);
    hand_varint(&object, 0x555500001000);
    hand_zigzag(&object, -0x555500000000);
    hand_text(&object, "\x01\xff");
    hand_text(&object, "/bin/true");
    hand_varint(&content, 2);
    hand_varint(&content, 1000);
    hand_varint(&content, 1);
    hand_text(&content, "esp32c3");
    hand_varint(&content, 19);
    hand_varint(&content, object.length);
    for (size_t i = 0; i < object.length; i++) {
        hand_byte(&content, object.at[i]);
    }
    hand_varint(&content, 1001); /* keys that nobody knows */
    hand_text(&content, "new");
    hand_varint(&content, 1002);
    hand_varint(&content, 5);
    hand_begin(&body, 0, 0, 9);
    hand_record(&body, 0x1e, &content);
    hand_expect(
        &body,
        "9 abcd/32 task=0 core=0 hello 2=1000 1 =\"esp32c3\" "
        "19=0x555500000000-0x555500001000-93823560581120 build=\"\\x01\xff\" path=\"/bin/true\" "
        "1001 =\"new\" 1002=5\n");
}

/* A whole frame of the smallest pairs. */
static void test_a_hello_of_many_pairs(void **state)
{
    (void)state;
    hand_t body, content = {.length = 0};
    for (unsigned i = 0; i < 2030; i++) {
        hand_byte(&content, 2);
        hand_byte(&content, i % 100);
    }
    hand_begin(&body, 0, 0, 9);
    hand_record(&body, 0x1e, &content);
    capture_t capture = hand_decode(&body);
    assert_int_equal(capture.status.events, 2);
    assert_string_equal(capture.damages, "");
    capture_free(&capture);
}

/* --- what the device found
 * ----------------------------------------------------------------------------- */

/* A dt of 1000, and the numbers from 1 on. */
static hand_t counted(unsigned numbers)
{
    hand_t content = {.length = 0};
    hand_varint(&content, 1000);
    for (unsigned i = 1; i <= numbers; i++) {
        hand_varint(&content, i);
    }
    return content;
}

static void test_a_search(void **state)
{
    (void)state;
    char line[256] = "6000 abcd/32 task=0 core=0 search", both[320];
    hand_t body, content = counted(34), end = {.at = {1, 2}, .length = 2};
    for (unsigned i = 1; i <= 34; i++) {
        (void)snprintf(line + strlen(line), sizeof(line) - strlen(line), " %u", i);
    }
    hand_byte(&content, 0xff); /* a newer writer's */
    hand_byte(&content, 0);
    hand_begin(&body, 0, 0, 5000);
    hand_record(&body, 0x23, &content);
    hand_record(&body, 0x1f, &end);
    (void)snprintf(both, sizeof(both), "%s\n6001 abcd/32 task=0 core=0 end why=2\n", line);
    hand_expect(&body, both);
    content.length -= 3;
    hand_begin(&body, 0, 0, 5000);
    hand_record(&body, 0x23, &content);
    hand_record(&body, 0x1f, &end);
    hand_expect_damage(&body, "5001 abcd/32 task=0 core=0 end why=2\n", "shorter than its fields");
}

/* Which fields it has depends on the evidence, each part of which has `part` of them. */
static void test_a_suspect_has_the_fields_of_its_evidence(void **state)
{
    (void)state;
    static const unsigned part[4] = {8, 7, 4, 5};
    for (unsigned evidence = 0; evidence < 32; evidence++) {
        char line[256] = "6000 abcd/64 task=0 core=0 suspect 1 2 3 4";
        hand_t body, content = counted(4);
        hand_varint(&content, evidence);
        hand_varint(&content, 6);
        hand_varint(&content, 7);
        (void)snprintf(line + strlen(line), sizeof(line) - strlen(line), " %u 6 7", evidence);
        for (unsigned p = 0, number = 8; p < 4; p++) {
            for (unsigned i = 0; i < part[p]; i++) {
                bool has = (evidence >> p & 1U) != 0;
                if (has && p == 1 && i == 1) {
                    hand_zigzag(&content, number);
                } else if (has) {
                    hand_varint(&content, number);
                }
                (void)snprintf(line + strlen(line), sizeof(line) - strlen(line), " %u",
                               has ? number++ : 0);
            }
        }
        strcat(line, "\n");
        if ((evidence & 16U) != 0) { hand_varint(&content, 99); } /* of evidence of the future */
        hand_begin(&body, 2, 0, 5000);
        hand_record(&body, 0x24, &content);
        hand_expect(&body, line);
        if ((evidence & 16U) != 0) { continue; }
        content.length--;
        hand_begin(&body, 2, 0, 5000);
        hand_record(&body, 0x24, &content);
        hand_expect_damage(&body, "", "shorter than its fields");
    }
}

/* --- what a reader does not know
 * ----------------------------------------------------------------------- */

static void test_unknown_tags_are_passed_over(void **state)
{
    (void)state;
    hand_t body, content = {.at = {1, 2, 3}, .length = 3}, end = {.at = {1, 2}, .length = 2};
    hand_begin(&body, 0, 0, 9);
    for (unsigned tag = 0x25; tag < 0x80; tag++) {
        hand_record(&body, tag, &content);
    }
    hand_record(&body, 0x1f, &end);
    hand_expect(&body, "10 abcd/32 task=0 core=0 end why=2\n");
}

static void test_undefined_tags_end_the_frame(void **state)
{
    (void)state;
    for (unsigned tag = 0; tag < 0x10; tag++) {
        if (tag >= 1 && tag <= 4) { continue; }
        hand_t body, end = {.at = {1, 2}, .length = 2};
        hand_begin(&body, 0, 0, 9);
        hand_record(&body, 0x1f, &end);
        hand_byte(&body, tag);
        hand_record(&body, 0x1f, &end);
        hand_expect_damage(&body, "10 abcd/32 task=0 core=0 end why=2\n",
                           ", 5 bytes: a record that is not defined");
    }
}

static void test_a_newer_version_is_said(void **state)
{
    (void)state;
    hand_t body, end = {.at = {1, 2}, .length = 2};
    hand_begin(&body, 0, 0, 9);
    hand_record(&body, 0x1f, &end);
    body.at[2] = 2;
    hand_expect_damage(&body, "", "damage 3 at 3, ");
    body.length -= 4;
    hand_expect_damage(&body, "", "a newer version of the format than this program knows");
    body.length -= 4;
    body.at[2] = 0;
    hand_expect_damage(&body, "", "a version of the format that does not exist");
}

static void test_the_length_of_a_frame(void **state)
{
    (void)state;
    hand_t body = {.at = {0x48, 0x54, 1}, .length = 7};
    hand_expect_damage(&body, "", "too short for a frame");
    hand_begin(&body, 0, 0, 9); /* no record: a frame nevertheless */
    hand_expect(&body, "");
    hand_begin(&body, 0, 0, 9);
    while (body.length < 4092) {
        hand_byte(&body, 0x21);
        hand_byte(&body, 0);
    }
    capture_t capture = hand_decode(&body);
    assert_int_equal(capture.status.frames, 1); /* 4,096 bytes */
    capture_free(&capture);
}

/* Numbers that name nothing, and records that are cut: each byte of these is the frame's last. */
static void test_what_names_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *words;
    } cases[] = {
        {"\x80", "an origin among the recent ones that is not there"},
        {"\xc0", "a block among the recent ones that is not there"},
        {"\x8f\x01", "the same size as an allocation that is not there"},
        {"\x04\x04", "more beyond a unit than a unit"},
        {"\x87", "beyond the end of its frame"},
        {"\x87\x01", "beyond the end of its frame"},
        {"\x87\x01\x10", "beyond the end of its frame"},
        {"\x87\x01\x10\x80", "beyond the end of its frame"},
        {"\xb7\x81", "beyond the end of its frame"},
        {"\xcf", "beyond the end of its frame"},
        {"\x02\x01", "beyond the end of its frame"},
        {"\x01", "beyond the end of its frame"},
        {"\x01\x80", "beyond the end of its frame"},
        {"\x10", "beyond the end of its frame"},
        {"\x10\x05", "beyond the end of its frame"},
        {"\x87\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "beyond the end of its frame"},
        {"\x87\xff\xff\xff\xff\x1f\x01\x01", "more than 32 bits"},
        {"\x01\xff\xff\xff\xff\xff\x01", "more than 32 bits"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        hand_t body, end = {.at = {1, 2}, .length = 2};
        hand_begin(&body, 0, 0, 9);
        hand_record(&body, 0x1f, &end);
        for (const char *at = cases[i].bytes; *at != '\0'; at++) {
            hand_byte(&body, (unsigned char)*at);
        }
        hand_expect_damage(&body, "10 abcd/32 task=0 core=0 end why=2\n", cases[i].words);
    }
}

/* An index may follow though its origin is among the recent ones: that makes none more of them. */
static void test_an_origin_that_follows_again(void **state)
{
    (void)state;
    hand_t body;
    hand_begin(&body, 0, 0, 9);
    for (unsigned i = 0; i < 2; i++) {
        hand_byte(&body, 0x87);
        hand_varint(&body, 5);
        hand_varint(&body, 16);
        hand_zigzag(&body, 4);
    }
    hand_byte(&body, 0x81); /* the second of one */
    hand_varint(&body, 16);
    hand_zigzag(&body, 4);
    hand_expect_damage(&body,
                       "9 abcd/32 task=0 core=0 alloc address=0x10 size=16 origin=5\n"
                       "9 abcd/32 task=0 core=0 alloc address=0x20 size=16 origin=5\n",
                       "an origin among the recent ones that is not there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_at_its_extremes),
        cmocka_unit_test(test_longer_and_shorter_records),
        cmocka_unit_test(test_an_index_has_32_bits),
        cmocka_unit_test(test_a_damage_comes_in_its_place),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_an_origin_that_follows_again),
        cmocka_unit_test(test_hello),
        cmocka_unit_test(test_a_hello_of_many_pairs),
        cmocka_unit_test(test_a_search),
        cmocka_unit_test(test_a_suspect_has_the_fields_of_its_evidence),
        cmocka_unit_test(test_unknown_tags_are_passed_over),
        cmocka_unit_test(test_undefined_tags_end_the_frame),
        cmocka_unit_test(test_a_newer_version_is_said),
        cmocka_unit_test(test_the_length_of_a_frame),
        cmocka_unit_test(test_what_names_nothing),
    };
    return cmocka_run_group_tests_name("decode_records", tests, NULL, NULL);
}
