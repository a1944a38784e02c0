/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What runs here, for the hello of a trace. */
#include <string.h>

#include "esp_app_desc.h"
#include "esp_idf_version.h"
#include "esp_rom_sys.h"
#include "esp_system.h"
#include "ht_frame.h"

uint32_t ht_port_clock_mhz(void)
{
    return esp_rom_get_cpu_ticks_per_us();
}

static void tell(const ht_port_story_t *story, uint32_t key, const char *text)
{
    if (text[0] != '\0') { story->text(story->context, key, text, strlen(text)); }
}

/* Fields of the description are not always terminated. */
static void tell_field(const ht_port_story_t *story, uint32_t key, const char *field, size_t size)
{
    const char *end = memchr(field, '\0', size);
    size_t length = end != NULL ? (size_t)(end - field) : size;
    if (length != 0) { story->text(story->context, key, field, length); }
}

void ht_port_describe(const ht_port_story_t *story)
{
    const esp_app_desc_t *app = esp_app_get_description();
    char compiled[sizeof(app->date) + sizeof(app->time) + 1];
    memcpy(compiled, app->date, sizeof(app->date));
    compiled[sizeof(app->date) - 1] = '\0';
    size_t at = strlen(compiled);
    compiled[at++] = ' ';
    memcpy(compiled + at, app->time, sizeof(app->time));
    tell(story, HT_HELLO_CHIP, CONFIG_IDF_TARGET);
    tell(story, HT_HELLO_IDF_VERSION, esp_get_idf_version());
    tell_field(story, HT_HELLO_APP_NAME, app->project_name, sizeof(app->project_name));
    tell_field(story, HT_HELLO_APP_VERSION, app->version, sizeof(app->version));
    tell_field(story, HT_HELLO_COMPILED, compiled, at + sizeof(app->time));
    story->text(story->context, HT_HELLO_ELF_SHA256, app->app_elf_sha256,
                sizeof(app->app_elf_sha256));
    story->number(story->context, HT_HELLO_RESET_REASON, (uint64_t)esp_reset_reason());
}
