/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A firmware on the stand-in that stops with its heap in use, and leaves behind what a dump of it
 * would hold, as raw images:
 *
 *   FOLDER/state.bin      heaptrail_state
 *   FOLDER/constants.bin  what a reader finds in the ELF file, from the program's start to its data
 *   FOLDER/truth.json     what the queries said at that moment, one report a line
 *   FOLDER/where          the addresses of both, in hexadecimal, and the bytes of a pointer
 *
 * fw_dump FOLDER SHA256: the latter is that of its own file, as a firmware knows it.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_pool.h"
#include "heaptrail_site.h"
#include "ht_state.h"

#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)
#define POOL_BLOCK 64U
#define POOL_BLOCKS 8U

extern const char __executable_start;
extern char __data_start;

static const char *s_folder;
static void *s_kept[100];
static char *s_pool_memory;
static heaptrail_pool_t s_pool;

/* --- a heap in use ---------------------------------------------------------------------------- */

FW static void work_in_task(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < 30; i++) {
        s_kept[i] = i % 2 == 0 ? malloc(40 + i) : heap_caps_malloc(200 + i, CAPS);
    }
    for (size_t i = 0; i < 30; i += 3) {
        free(s_kept[i]);
        s_kept[i] = NULL;
    }
    vTaskDelay(5);
}

FW static void work_with_macros(void)
{
    for (size_t i = 30; i < 50; i++) {
        HEAPTRAIL_MALLOC_TO(s_kept[i], 1000 + i);
    }
    HEAPTRAIL_STRDUP_TO(s_kept[50], "sensor-1");
}

FW static void work_in_pool(void)
{
    s_pool_memory = malloc(POOL_BLOCK * POOL_BLOCKS);
    const heaptrail_pool_config_t config = {
        .name = "lvgl", .start = s_pool_memory, .size_bytes = POOL_BLOCK * POOL_BLOCKS};
    if (heaptrail_pool_add(&config, &s_pool) != ESP_OK) { abort(); }
    for (size_t i = 0; i < 5; i++) {
        (void)heaptrail_pool_alloc(s_pool, NULL, NULL, s_pool_memory + i * POOL_BLOCK, 10 + i);
    }
    if (heaptrail_pool_free(s_pool, s_pool_memory + POOL_BLOCK) != ESP_OK) { abort(); }
}

/* --- what is left behind ---------------------------------------------------------------------- */

static FILE *open_file(const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/%s", s_folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) { abort(); }
    return file;
}

/* By the kernel: AddressSanitizer would look at what lies between the variables. */
static void write_bytes(const char *name, const char *from, size_t bytes)
{
    FILE *file = open_file(name);
    while (bytes > 0) {
        long written = syscall(SYS_write, fileno(file), from, bytes);
        if (written <= 0) { abort(); }
        from += written;
        bytes -= (size_t)written;
    }
    if (fclose(file) != 0) { abort(); }
}

static void write_text(void *context, const char *text, size_t length)
{
    (void)fwrite(text, 1, length, context);
}

static void write_truth(void)
{
    static const heaptrail_report_kind_t kinds[] = {
        HEAPTRAIL_REPORT_STATUS, HEAPTRAIL_REPORT_FAILURES, HEAPTRAIL_REPORT_HEAPS,
        HEAPTRAIL_REPORT_SITES,  HEAPTRAIL_REPORT_TASKS,    HEAPTRAIL_REPORT_LIST,
        HEAPTRAIL_REPORT_OLDEST,
    };
    FILE *file = open_file("truth.json");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        heaptrail_report_t ask = {.kind = kinds[i], .json = true};
        if (heaptrail_report(&ask, write_text, file) != ESP_OK) { abort(); }
    }
    if (fclose(file) != 0) { abort(); }
}

static void dump(void)
{
    static ht_state_t copy;
    write_truth();
    memcpy(&copy, &heaptrail_state, sizeof(copy)); /* before anything else happens */
    write_bytes("state.bin", (const char *)&copy, sizeof(copy));
    write_bytes("constants.bin", &__executable_start,
                (size_t)(&__data_start - (char *)(uintptr_t)&__executable_start));
    FILE *file = open_file("where");
    (void)fprintf(file, "%llx %llx %zu\n", (unsigned long long)(uintptr_t)&heaptrail_state,
                  (unsigned long long)(uintptr_t)&__executable_start, sizeof(void *));
    if (fclose(file) != 0) { abort(); }
}

static void firmware(void *arg)
{
    (void)arg;
    esp_in_task("sensor", 1, work_in_task, NULL);
    work_with_macros();
    work_in_pool();
    (void)heap_caps_malloc(50U << 20, CAPS); /* fails */
    s_kept[60] = heap_caps_malloc(5000, MALLOC_CAP_SPIRAM);
    dump();
}

/* As the tool that makes an image of an ELF file does. */
static void set_image(const char *sha256)
{
    char first[9] = {0};
    (void)strncpy(first, sha256, 8);
    sim_set_app_image(__builtin_bswap32((uint32_t)strtoul(first, NULL, 16)));
    ht_state_sign(&heaptrail_state); /* it was signed by the first constructor */
}

int main(int argc, char **argv)
{
    if (argc != 3) { return 2; }
    s_folder = argv[1];
    set_image(argv[2]);
    return sim_run(firmware, NULL) == SIM_RUN_RETURNED ? 0 : 1;
}
