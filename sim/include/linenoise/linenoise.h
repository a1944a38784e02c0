// SPDX-License-Identifier: Apache-2.0
/** Line editing, as far as a test can see it: who completes a line, and what the terminal can. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct linenoiseCompletions {
    size_t len;
    char **cvec;
} linenoiseCompletions;

typedef void(linenoiseCompletionCallback)(const char *, linenoiseCompletions *);
void linenoiseSetCompletionCallback(linenoiseCompletionCallback *);
/** Copies `str` to the heap, as the real one does. */
void linenoiseAddCompletion(linenoiseCompletions *, const char *str);

/** Dumb (1) from the start here: nobody probes a terminal. */
void linenoiseSetDumbMode(int set);
bool linenoiseIsDumbMode(void);

/** Of the stand-in: press TAB behind `line`. The caller frees with sim_linenoise_free(). */
linenoiseCompletions sim_linenoise_tab(const char *line);
void sim_linenoise_free(linenoiseCompletions *completions);

#ifdef __cplusplus
}
#endif
