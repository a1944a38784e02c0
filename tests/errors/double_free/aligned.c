/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * An aligned frame buffer is given back by two layers of a driver.
 *
 * expect: double_free size=512 found=free
 * alloc:  open_display < main
 * free:   close_panel < close_display < main
 * caller: close_display < main
 */
#include "case.h"

static void *s_frame;

static void open_display(void)
{
    s_frame = aligned_alloc(128, 512);
}

static void close_panel(void)
{
    BUG(free(s_frame), (void)0);
}

static void close_display(void)
{
    close_panel();
    free(s_frame);
}

int main(void)
{
    open_display();
    close_display();
    return done();
}
