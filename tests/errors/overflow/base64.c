/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Base64: the last group, which is not a whole one, was not counted.
 *
 * expect: overflow offset=4 damaged=5 size=4 found=free
 * alloc:  base64 < main
 * caller: main
 */
#include "case.h"

static char *base64(const uint8_t *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc(BUG(4 * (count / 3), 4 * ((count + 2) / 3) + 1));
    char *at = text;
    for (size_t i = 0; i < count; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16U;
        if (i + 1 < count) { group |= (uint32_t)bytes[i + 1] << 8U; }
        if (i + 2 < count) { group |= bytes[i + 2]; }
        *at++ = digits[group >> 18U];
        *at++ = digits[group >> 12U & 63U];
        *at++ = i + 1 < count ? digits[group >> 6U & 63U] : '=';
        *at++ = i + 2 < count ? digits[group & 63U] : '=';
    }
    *at = '\0';
    return text;
}

int main(void)
{
    char *text = base64((const uint8_t *)"abcd", 4);
    free(text);
    return done();
}
