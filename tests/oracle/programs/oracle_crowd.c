/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Threads that hand each other blocks of every kind, load libraries and fork, while the table of
 * live blocks grows. Not one error in it; each block holds what was written to it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4
#define SLOTS 40000
#define STEPS 30000

typedef struct {
    unsigned char *block;
    size_t size;
    unsigned char byte;
} slot_t;

static slot_t s_slots[SLOTS];
static pthread_mutex_t s_locks[64];
static int s_wrong;

static uint32_t next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static unsigned char *make(uint32_t kind, size_t size, uint32_t *seed)
{
    void *block = NULL;
    switch (kind % 6U) {
    case 0:
        return calloc(1, size);
    case 1:
        return memalign((size_t)8 << (next(seed) % 8U), size);
    case 2:
        return posix_memalign(&block, (size_t)16 << (next(seed) % 10U), size) == 0 ? block : NULL;
    case 3:
        return aligned_alloc(64, size);
    default:
        return malloc(size);
    }
}

static void check(const slot_t *slot)
{
    for (size_t i = 0; i < slot->size; i++) {
        if (slot->block[i] != slot->byte) {
            __atomic_fetch_add(&s_wrong, 1, __ATOMIC_RELAXED);
            return;
        }
    }
}

static void fill(slot_t *slot)
{
    size_t usable = malloc_usable_size(slot->block);
    memset(slot->block, slot->byte, usable); /* all of it is ours */
}

static void step(slot_t *slot, uint32_t *seed)
{
    uint32_t kind = next(seed);
    size_t size = kind % 97U == 0 ? next(seed) % 200000U : next(seed) % 300U;
    if (slot->block == NULL) {
        *slot = (slot_t){make(kind >> 8, size, seed), size, (unsigned char)kind};
        if (slot->block == NULL) { abort(); }
        fill(slot);
        return;
    }
    check(slot);
    if (kind % 3U != 0) {
        free(slot->block);
        slot->block = NULL;
        return;
    }
    unsigned char *block = realloc(slot->block, size + 1U);
    if (block == NULL) { abort(); }
    slot->block = block;
    if (slot->size > size + 1U) { slot->size = size + 1U; }
    check(slot);
    slot->size = size + 1U;
    fill(slot);
}

static void now_and_then(uint32_t n)
{
    static const char *const names[] = {"libm.so.6", "libdl.so.2", "libresolv.so.2", "libnsl.so.1"};
    if (n % 1500U == 0) {
        void *library = dlopen(names[n / 1500U % 4U], RTLD_NOW);
        if (library != NULL) { dlclose(library); }
        dlopen("no such library", RTLD_NOW);
        (void)dlerror();
    }
    if (n % 10000U == 7U) {
        pid_t child = fork();
        if (child == 0) {
            free(malloc(100));
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
}

static void *run(void *argument)
{
    uint32_t seed = (uint32_t)(uintptr_t)argument * 2654435761U + 1U;
    for (uint32_t n = 0; n < STEPS; n++) {
        uint32_t at = next(&seed) % SLOTS;
        pthread_mutex_lock(&s_locks[at % 64U]);
        step(&s_slots[at], &seed);
        pthread_mutex_unlock(&s_locks[at % 64U]);
        now_and_then(n);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < 64; i++) {
        pthread_mutex_init(&s_locks[i], NULL);
    }
    for (uintptr_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, run, (void *)(i + 1U));
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < SLOTS; i++) {
        if (s_slots[i].block != NULL) { check(&s_slots[i]); }
        free(s_slots[i].block);
    }
    printf("%d wrong\n", s_wrong);
    return 0;
}
