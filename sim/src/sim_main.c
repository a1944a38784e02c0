// SPDX-License-Identifier: Apache-2.0
/* main() of a simulated firmware: runs app_main() for a stretch of simulated time. Constructors
 * have run, on the default configuration; their allocations stay. */
#include "kernel.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void app_main(void);

#define DEFAULT_MINUTES 10.0

static void run_app_main(void *arg)
{
    (void)arg;
    app_main();
}

static void usage(const char *program)
{
    fprintf(stderr,
            "usage: %s [--minutes N] [--seed N] [--parallel]\n"
            "  --minutes N  simulated time after which the run ends (default %g; 0: no limit)\n"
            "  --seed N     of every random choice (default 1)\n"
            "  --parallel   two cores really run at once; runs do not repeat exactly\n"
            "SIM_MINUTES, SIM_SEED and SIM_PARALLEL in the environment mean the same.\n",
            program, DEFAULT_MINUTES);
}

static void set_minutes(const char *text)
{
    k.config.time_limit_us = (uint64_t)(strtod(text, NULL) * 60e6);
}

static void set_parallel(void)
{
    k.config.parallel = true;
    k.slot_count = 2;
}

static void from_environment(void)
{
    const char *minutes = getenv("SIM_MINUTES");
    const char *seed = getenv("SIM_SEED");
    k.config.time_limit_us = (uint64_t)(DEFAULT_MINUTES * 60e6);
    if (minutes) { set_minutes(minutes); }
    if (seed) { k.config.seed = strtoull(seed, NULL, 0); }
    if (getenv("SIM_PARALLEL")) { set_parallel(); }
}

static bool from_arguments(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--minutes") == 0 && i + 1 < argc) {
            set_minutes(argv[++i]);
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            k.config.seed = strtoull(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--parallel") == 0) {
            set_parallel();
        } else {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    from_environment();
    if (!from_arguments(argc, argv)) {
        usage(argv[0]);
        return 2;
    }
    sim_run_result_t result = sim_run_all(run_app_main, NULL);
    fflush(stdout);
    if (result == SIM_RUN_DEADLOCK) {
        fprintf(stderr, "sim: every task waits for ever, at %llu us\n",
                (unsigned long long)sim_clock_us());
        return SIM_EXIT_DEADLOCK;
    }
    return 0;
}
