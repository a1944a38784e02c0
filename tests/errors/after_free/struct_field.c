/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * An object's owner gives up its reference twice: the counter lies in the middle of a freed block.
 *
 * expect: write_after_free offset=16 damaged=4 size=48 found=exit
 * alloc:  new_image < main
 * free:   release < main
 */
#include "case.h"

typedef struct {
    uint64_t width, height;
    uint32_t references;
    char name[28];
} image_t;

static image_t *new_image(void)
{
    image_t *image = calloc(1, sizeof(*image));
    image->references = 1;
    return image;
}

static void release(image_t *image)
{
    if (--image->references == 0) { free(image); }
}

int main(void)
{
    image_t *image = new_image();
    release(image);
    if (BUG(1, 0)) { image->references = 0x55555555U; }
    return done();
}
