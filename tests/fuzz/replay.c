/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Every file of a folder through a fuzzer's entry point, without the fuzzer: so that what it once
 * found is tried in each ordinary run of the tests. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return -1;
    }
    static uint8_t bytes[1U << 22];
    size_t length = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    fprintf(stderr, "%s\n", path); /* the last one is the culprit, should it not return */
    return LLVMFuzzerTestOneInput(bytes, length);
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (folder == NULL) {
            perror(argv[i]);
            return 1;
        }
        for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
            char path[4096];
            if (entry->d_name[0] == '.' || strstr(entry->d_name, ".txt") != NULL) { continue; }
            (void)snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
            if (replay(path) != 0) { return 1; }
            count++;
        }
        closedir(folder);
    }
    printf("%u inputs\n", count);
    return count == 0;
}
