/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What runs here, for the hello of a trace. */
#include <string.h>
#include <unistd.h>

#include "esp_idf_version.h"
#include "ht_frame.h"

uint32_t ht_port_clock_mhz(void)
{
    return 1;
}

void ht_port_describe(const ht_port_story_t *story)
{
    char path[256];
    const char *version = esp_get_idf_version();
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
    story->text(story->context, HT_HELLO_CHIP, "linux", 5);
    story->text(story->context, HT_HELLO_IDF_VERSION, version, strlen(version));
    if (length > 0) { story->text(story->context, HT_HELLO_PROGRAM, path, (size_t)length); }
    story->number(story->context, HT_HELLO_PID, (uint64_t)getpid());
}
