/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A picture of 5 x 3 pixels is cleared, and one pixel more.
 *
 * expect: overflow offset=45 damaged=3 size=45 found=free
 * alloc:  new_picture < main
 * caller: main
 */
#include "case.h"

typedef struct {
    uint8_t red, green, blue;
} pixel_t;

static pixel_t *new_picture(int width, int height)
{
    return malloc((size_t)(width * height) * sizeof(pixel_t));
}

static void clear(pixel_t *picture, int width, int height, pixel_t colour)
{
    pixel_t *end = picture + width * height;
    for (pixel_t *at = picture; at < end + BUG(1, 0); at++) {
        *at = colour;
    }
}

int main(void)
{
    pixel_t *picture = new_picture(5, 3);
    clear(picture, 5, 3, (pixel_t){0x20, 0x40, 0x80});
    free(picture);
    return done();
}
