/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void hand_byte(hand_t *body, unsigned value)
{
    assert_true(body->length < sizeof(body->at));
    body->at[body->length++] = (uint8_t)value;
}

void hand_varint(hand_t *body, uint64_t value)
{
    for (; value > 127; value /= 128) {
        hand_byte(body, (unsigned)(value % 128 + 128));
    }
    hand_byte(body, (unsigned)value);
}

void hand_zigzag(hand_t *body, int64_t value)
{
    hand_varint(body, value < 0 ? ~(uint64_t)value * 2 + 1 : (uint64_t)value * 2);
}

void hand_text(hand_t *body, const char *words)
{
    hand_varint(body, strlen(words));
    while (*words != '\0') {
        hand_byte(body, (unsigned char)*words++);
    }
}

void hand_begin(hand_t *body, unsigned flags, uint64_t sequence, uint64_t time)
{
    *body = (hand_t){.at = {0x48, 0x54, 1, (uint8_t)flags, 0xcd, 0xab}, .length = 6};
    hand_varint(body, sequence);
    hand_varint(body, time);
}

/* A record with a length: its content is written into another body. */
void hand_record(hand_t *body, unsigned tag, const hand_t *content)
{
    hand_byte(body, tag);
    hand_varint(body, content->length);
    for (size_t i = 0; i < content->length; i++) {
        hand_byte(body, content->at[i]);
    }
}

static uint32_t crc(const hand_t *body)
{
    uint32_t sum = 0xFFFFFFFFU;
    for (size_t i = 0; i < body->length; i++) {
        sum ^= body->at[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            sum = (sum & 1U) != 0 ? sum >> 1 ^ 0xEDB88320U : sum >> 1;
        }
    }
    return ~sum;
}

static void hand_seal(hand_t *body, capture_bytes_t *wire)
{
    uint32_t sum = crc(body);
    for (unsigned i = 0; i < 4; i++) {
        hand_byte(body, sum >> 8 * i & 255U);
    }
    uint8_t out[2 + 2 * sizeof(body->at)] = {0};
    size_t count = 1;
    for (size_t i = 0; i < body->length; i++) {
        uint8_t b = body->at[i] ^ 0xA5U;
        if (b == 0 || b == 9 || b == 10 || b == 13 || b == 17 || b == 19 || b == 219) {
            out[count++] = 219;
            b ^= 64;
        }
        out[count++] = b;
    }
    out[count++] = 0;
    capture_append(wire, out, count);
}

/* What comes out of one frame, without its boot's line and without "TIME abcd/BITS ". */
capture_t hand_decode(hand_t *body)
{
    capture_bytes_t wire = {0};
    hand_seal(body, &wire);
    capture_t capture = capture_decode(wire.bytes, wire.length, 0);
    capture_bytes_free(&wire);
    return capture;
}

void hand_expect(hand_t *body, const char *events)
{
    capture_t capture = hand_decode(body);
    const char *boot = strchr(capture.events, '\n');
    assert_non_null(boot);
    assert_string_equal(boot + 1, events);
    assert_string_equal(capture.damages, "");
    capture_free(&capture);
}

void hand_expect_damage(hand_t *body, const char *events, const char *words)
{
    capture_t capture = hand_decode(body);
    const char *boot = strchr(capture.events, '\n');
    assert_string_equal(boot == NULL ? "" : boot + 1, events);
    assert_non_null(strstr(capture.damages, words));
    capture_free(&capture);
}
