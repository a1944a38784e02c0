/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * UTF-8 becomes UTF-16: room for one unit per character, but an emoji takes two.
 *
 * expect: overflow offset=8 damaged=2 size=8 found=free
 * alloc:  to_utf16 < main
 * caller: main
 */
#include "case.h"

static size_t characters(const char *utf8)
{
    size_t count = 0;
    for (; *utf8 != '\0'; utf8++) {
        count += ((unsigned char)*utf8 & 0xC0U) != 0x80U;
    }
    return count;
}

/* The characters beyond U+FFFF have four bytes. */
static size_t units(const char *utf8)
{
    size_t count = characters(utf8);
    for (; *utf8 != '\0'; utf8++) {
        count += (unsigned char)*utf8 >= 0xF0U;
    }
    return count;
}

static uint16_t *to_utf16(const char *utf8)
{
    uint16_t *text = malloc((BUG(characters(utf8), units(utf8)) + 1) * sizeof(*text));
    uint16_t *at = text;
    for (const unsigned char *from = (const unsigned char *)utf8; *from != 0;) {
        if (*from < 0x80U) {
            *at++ = *from++;
        } else {
            uint32_t c = (from[0] & 7U) << 18U | (from[1] & 63U) << 12U | (from[2] & 63U) << 6U |
                         (from[3] & 63U);
            *at++ = (uint16_t)(0xD800U + ((c - 0x10000U) >> 10U));
            *at++ = (uint16_t)(0xDC00U + ((c - 0x10000U) & 0x3FFU));
            from += 4;
        }
    }
    *at = 0;
    return text;
}

int main(void)
{
    uint16_t *text = to_utf16("hi\xF0\x9F\x98\x80");
    free(text);
    return done();
}
