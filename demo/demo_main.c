/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Runs the example firmware on the stand-in for ESP-IDF: simulated minutes pass in moments, and
 * every run with the same seed is the same run. The firmware itself is not changed; only its
 * Kconfig values are taken from the command line (see demo_config.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo_config.h"
#include "demo_symbols.h"
#include "esp_heap_caps.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sim.h"

#define MINUTES_MIN 2
#define MINUTES_MAX 100000
#define MINUTES_DEFAULT 10

int demo_minutes = MINUTES_DEFAULT;
bool demo_console;
const char *demo_trace_to = "";
static unsigned long s_less_bytes;
void *demo_taken; /* so that it is no leak */

void app_main(void);

static void firmware(void *arg)
{
    (void)arg;
    if (s_less_bytes != 0) { demo_taken = heap_caps_malloc(s_less_bytes, MALLOC_CAP_INTERNAL); }
    app_main();
    while (demo_console && !feof(stdin)) { /* the prompt has a task of its own */
        vTaskDelay(1);
    }
}

static int usage(const char *program)
{
    fprintf(stderr,
            "usage: %s [--minutes N] [--trace TO] [--console] [--less N]\n"
            "  --minutes N  simulated minutes until the report, %d to %d (default %d)\n"
            "  --trace TO   a trace: to a path, tcp:HOST:PORT, listen:PORT, or console\n"
            "  --console    then a prompt on standard input, until its end\n"
            "  --less N     the firmware has N bytes of internal memory less\n",
            program, MINUTES_MIN, MINUTES_MAX, demo_minutes);
    return 2;
}

static bool parse_minutes(const char *text)
{
    char *end;
    unsigned long minutes = strtoul(text, &end, 10);
    demo_minutes = (int)minutes;
    return end != text && *end == '\0' && minutes >= MINUTES_MIN && minutes <= MINUTES_MAX;
}

static bool parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--console") == 0) {
            demo_console = true;
        } else if (strcmp(argv[i], "--less") == 0 && i + 1 < argc) {
            s_less_bytes = strtoul(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--trace") == 0 && i + 1 < argc) {
            demo_trace_to = argv[++i];
        } else if (strcmp(argv[i], "--minutes") != 0 || i + 1 == argc ||
                   !parse_minutes(argv[++i])) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    if (!parse(argc, argv)) {
        demo_minutes = MINUTES_DEFAULT;
        return usage(argv[0]);
    }
    demo_symbols();
    sim_run_result_t result = sim_run(firmware, NULL);
    fflush(stdout);
    if (result != SIM_RUN_RETURNED) {
        fprintf(stderr, "demo: the firmware ended without its report (%d)\n", (int)result);
        return 1;
    }
    return 0;
}
