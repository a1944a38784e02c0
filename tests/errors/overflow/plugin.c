/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A plug-in, loaded with dlopen(), makes a greeting that is too long (plugin_module.c).
 *
 * expect: overflow offset=11 damaged=1 size=11 found=free
 * alloc:  plugin_greet < main
 * caller: main
 */
#include <dlfcn.h>

#include "case.h"

int main(void)
{
    void *module = dlopen(BUG("plugin_module_bug.so", "plugin_module_good.so"), RTLD_NOW);
    if (module == NULL) {
        puts(dlerror());
        return 1;
    }
    char *(*greet)(const char *name);
    *(void **)&greet = dlsym(module, "plugin_greet");
    char *greeting = greet("world");
    free(greeting);
    return done();
}
