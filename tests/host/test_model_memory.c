/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The model with its n-th allocation failing, for every n: it says so, stays readable, and what it
 * has still adds up as far as that can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ht_analyse_leaks.h"
#include "ht_format.h"

static uint64_t s_calls, s_fails_at;

static int fails(void)
{
    return ++s_calls == s_fails_at;
}

/* The linker sends the libraries' calls here (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_reallocarray(void *block, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_reallocarray(void *block, size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return fails() ? NULL : __real_realloc(block, size);
}

void *__wrap_reallocarray(void *block, size_t count, size_t size)
{
    return fails() ? NULL : __real_reallocarray(block, count, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

/* --- a run through everything that allocates ----------------------------------------------------
 */

#define TEXT(s) ((ht_text_t){(s), sizeof(s) - 1U})

static uint64_t s_now;

static void tell(ht_model_t *model, ht_event_t event)
{
    event.time_us = s_now += 500;
    ht_model_event(model, &event);
}

static void define(ht_model_t *model, uint32_t index)
{
    const uint64_t frames[] = {0x42000000U + index, 0x42001000U};
    const ht_hello_pair_t pairs[] = {
        {.key = HT_HELLO_APP_NAME, .text = TEXT("app")},
        {.key = HT_HELLO_BUILD_ID, .text = TEXT("12345678")},
        {.key = HT_HELLO_OBJECT, .object = {index, index + 9U, 0, TEXT("id"), TEXT("/lib/x")}}};
    tell(model, (ht_event_t){.kind = HT_EVENT_HELLO, .hello = {pairs, 3}});
    tell(model, (ht_event_t){.kind = HT_EVENT_ORIGIN, .origin = {index, 1, 4, index, 2, frames}});
    tell(model, (ht_event_t){.kind = HT_EVENT_SITE,
                             .site = {index, 7, 1, 0, TEXT("f.c"), TEXT("f"), TEXT("v")}});
    tell(model,
         (ht_event_t){.kind = HT_EVENT_TASK, .task_defined = {index, 0, index, TEXT("task")}});
    tell(model, (ht_event_t){.kind = HT_EVENT_HEAP,
                             .heap = {index, 4, false, index << 20, 1U << 20, TEXT("heap")}});
}

static void others(ht_model_t *model, uint32_t index)
{
    tell(model, (ht_event_t){.kind = HT_EVENT_MARK, .mark = {index, TEXT("mark"), {0}}});
    tell(model, (ht_event_t){.kind = HT_EVENT_FAILURE,
                             .failure = {.number = index, .caps = 4, .origin = index, .size = 9}});
    tell(model, (ht_event_t){.kind = HT_EVENT_ERROR,
                             .error = {.number = index, .report = TEXT("an error")}});
    tell(model, (ht_event_t){.kind = HT_EVENT_LOSS, .loss = {index, 0, 1}});
    const ht_search_t search = {.number = index, .suspects = 1};
    const ht_suspect_t suspect = {
        .number = index, .origin = index + 100U, .evidence = 1, .reach = {.lost_blocks = 1}};
    tell(model, (ht_event_t){.kind = HT_EVENT_SEARCH, .search = &search});
    tell(model, (ht_event_t){.kind = HT_EVENT_SUSPECT, .suspect = &suspect});
}

static void run(ht_model_t *model)
{
    s_now = 0;
    tell(model, (ht_event_t){.kind = HT_EVENT_BOOT});
    for (uint32_t i = 1; i <= 20; i++) {
        define(model, i);
        others(model, i);
    }
    for (uint32_t i = 1; i < 1500; i++) {
        uint32_t index = i % 200 + 1U;
        tell(model, (ht_event_t){.kind = HT_EVENT_ALLOC,
                                 .task = i % 5,
                                 .alloc = {i * 64U, i, index, false}});
        if (i % 7 == 0) {
            tell(model, (ht_event_t){.kind = HT_EVENT_FREE, .free = {i * 64U, false}});
        }
        if (i == 700) { ht_model_begin_window(model, s_now); }
    }
}

static bool pass(void *context, const ht_live_row_t *row)
{
    (void)context;
    (void)row;
    return true;
}

/* Everything that can be asked. */
static void ask(ht_model_t *model)
{
    ht_model_view_t view = ht_model_view(model);
    ht_tallies_t tallies;
    ht_growths_t growths;
    ht_tally_ask_t everything = {0};
    ht_model_each_block(model, pass, NULL);
    if (ht_tally_flows(&tallies, &view, &everything) &&
        ht_tally_blocks(&tallies, model, &everything)) {
        ht_tallies_sort(&tallies, HT_SORT_LIVE);
    }
    ht_tallies_free(&tallies);
    (void)ht_growth(&growths, &view, NULL, NULL);
    ht_growths_free(&growths);
    ht_leaks_t leaks;
    (void)ht_leaks(&leaks, model, &everything, NULL);
    ht_leaks_free(&leaks);
}

static void nth_allocation_fails(void **state)
{
    (void)state;
    uint64_t said = 0;
    for (s_fails_at = 1;; s_fails_at++) {
        s_calls = 0;
        ht_model_t *model = ht_model_new(NULL);
        if (model == NULL) {
            assert_true(s_calls >= s_fails_at);
            continue;
        }
        run(model);
        bool in_run = s_calls >= s_fails_at;
        assert_int_equal(ht_model_view(model).no_memory, in_run);
        said += in_run ? 1U : 0U;
        ask(model);
        bool all = s_calls < s_fails_at;
        uint64_t at = s_fails_at;
        s_fails_at = 0; /* what is checked is the model, not the check's own memory */
        if (!in_run) { assert_null(ht_model_check(model)); }
        s_fails_at = at;
        ht_model_free(model);
        if (all) { break; }
    }
    print_message("%llu allocations failed in turn, %llu of them in events\n",
                  (unsigned long long)s_fails_at - 1U, (unsigned long long)said);
    assert_true(said > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nth_allocation_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
