/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Runs the example firmware on the stand-in for ESP-IDF: simulated minutes pass in moments, and
 * every run with the same seed is the same run. The firmware itself is not changed; only its
 * Kconfig value CONFIG_LEAKY_NODE_MINUTES is taken from the command line (see demo_config.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo_config.h"
#include "demo_symbols.h"
#include "sim.h"

#define MINUTES_MIN 2
#define MINUTES_MAX 100000
#define MINUTES_DEFAULT 10

int demo_minutes = MINUTES_DEFAULT;

void app_main(void);

static void firmware(void *arg)
{
    (void)arg;
    app_main();
}

static int usage(const char *program)
{
    fprintf(stderr,
            "usage: %s [--minutes N]\n"
            "  --minutes N  simulated minutes until the report, %d to %d (default %d)\n",
            program, MINUTES_MIN, MINUTES_MAX, demo_minutes);
    return 2;
}

static bool parse(int argc, char **argv)
{
    if (argc == 1) { return true; }
    if (argc != 3 || strcmp(argv[1], "--minutes") != 0) { return false; }
    char *end;
    unsigned long minutes = strtoul(argv[2], &end, 10);
    demo_minutes = (int)minutes;
    return end != argv[2] && *end == '\0' && minutes >= MINUTES_MIN && minutes <= MINUTES_MAX;
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
