/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * module: the plug-in of plugin.c
 */
#include "case.h"

char *plugin_greet(const char *name);

char *plugin_greet(const char *name)
{
    char *greeting = malloc(strlen("Hello ") + strlen(name) + BUG(0, 1));
    strcpy(greeting, "Hello ");
    strcat(greeting, name);
    return greeting;
}
