// SPDX-License-Identifier: Apache-2.0
#include "linenoise/linenoise.h"

#include "esp_heap_caps.h"
#include "kernel.h"
#include <string.h>

static linenoiseCompletionCallback *s_complete;
static bool s_dumb = true;

void k_linenoise_reset(void)
{
    s_complete = NULL;
    s_dumb = true;
}

void linenoiseSetCompletionCallback(linenoiseCompletionCallback *fn)
{
    s_complete = fn;
}

void linenoiseSetDumbMode(int set)
{
    s_dumb = set != 0;
}

bool linenoiseIsDumbMode(void)
{
    return s_dumb;
}

void linenoiseAddCompletion(linenoiseCompletions *lc, const char *str)
{
    size_t bytes = strlen(str) + 1;
    char *copy = heap_caps_malloc(bytes, MALLOC_CAP_DEFAULT);
    if (copy == NULL) { return; }
    char **grown =
        heap_caps_realloc(lc->cvec, (lc->len + 1) * sizeof(*lc->cvec), MALLOC_CAP_DEFAULT);
    if (grown == NULL) {
        heap_caps_free(copy);
        return;
    }
    memcpy(copy, str, bytes);
    lc->cvec = grown;
    lc->cvec[lc->len++] = copy;
}

linenoiseCompletions sim_linenoise_tab(const char *line)
{
    linenoiseCompletions lc = {0};
    if (s_complete != NULL) { s_complete(line, &lc); }
    return lc;
}

void sim_linenoise_free(linenoiseCompletions *completions)
{
    for (size_t i = 0; i < completions->len; i++) {
        heap_caps_free(completions->cvec[i]);
    }
    heap_caps_free(completions->cvec);
    *completions = (linenoiseCompletions){0};
}
