/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * An allocation-heavy program for bench/linux.py: lists of words, made, sorted by insertion, looked
 * through and freed. It works with what it allocates, as programs do, so that a checker of accesses
 * has something to check.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct word {
    struct word *next;
    char *text;
} word_t;

static unsigned s_random = 1;

static unsigned next_random(void)
{
    s_random = s_random * 1103515245U + 12345U;
    return s_random >> 16;
}

static word_t *make_word(void)
{
    size_t length = 4 + next_random() % 60;
    word_t *word = malloc(sizeof(*word));
    word->text = malloc(length + 1);
    for (size_t i = 0; i < length; i++) {
        word->text[i] = (char)('a' + next_random() % 26);
    }
    word->text[length] = '\0';
    return word;
}

static void insert(word_t **list, word_t *word)
{
    while (*list != NULL && strcmp((*list)->text, word->text) < 0) {
        list = &(*list)->next;
    }
    word->next = *list;
    *list = word;
}

int main(void)
{
    size_t total = 0;
    for (int round = 0; round < 20000; round++) {
        word_t *list = NULL;
        for (int i = 0; i < 60; i++) {
            insert(&list, make_word());
        }
        while (list != NULL) {
            word_t *next = list->next;
            total += strlen(list->text);
            free(list->text);
            free(list);
            list = next;
        }
    }
    printf("%zu\n", total);
    return 0;
}
