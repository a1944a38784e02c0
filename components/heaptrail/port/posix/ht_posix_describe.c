/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What runs here, for the hello of a trace. */
#include <time.h>
#include <unistd.h>

#include "ht_frame.h"
#include "ht_posix.h"

uint32_t ht_port_clock_mhz(void)
{
    return 1;
}

static uint64_t wall_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

void ht_port_describe(const ht_port_story_t *story)
{
    char path[256];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
    story->text(story->context, HT_HELLO_CHIP, "linux", 5);
    story->number(story->context, HT_HELLO_WALL_CLOCK_US, wall_clock_us() - ht_port_uptime_us());
    if (length > 0) { story->text(story->context, HT_HELLO_PROGRAM, path, (size_t)length); }
    story->number(story->context, HT_HELLO_PID, (uint64_t)getpid());
    ht_posix_describe_objects(story);
}
