/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Tasks in the model: who is another one, and what it was called when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ht_format.h"
#include "ht_model.h"

static void define(ht_model_t *model, uint32_t index, uint64_t handle, const char *name)
{
    ht_event_t event = {.kind = HT_EVENT_TASK};
    event.task_defined.index = index;
    event.task_defined.type = HT_TRACE_TASK;
    event.task_defined.handle = handle;
    event.task_defined.name = (ht_text_t){name, strlen(name)};
    ht_model_event(model, &event);
}

static void make(ht_model_t *model, uint32_t task, uint64_t address, uint64_t size)
{
    const ht_event_t event = {
        .kind = HT_EVENT_ALLOC, .task = task, .alloc = {address, size, 1, false}};
    ht_model_event(model, &event);
}

/* The only row with this name: what lives there, and whether the task is gone. */
static void expect_task(const ht_model_t *model, const char *name, uint64_t bytes, bool gone)
{
    ht_model_view_t view = ht_model_view(model);
    uint32_t found = 0;
    for (uint32_t i = 0; i < view.tasks; i++) {
        if (strcmp(view.task[i].name, name) != 0) { continue; }
        assert_int_equal(view.task[i].live_bytes, bytes);
        assert_int_equal(view.task[i].gone, gone);
        found++;
    }
    assert_int_equal(found, 1);
}

/* A task has the name that it had then: renamed, its row or its handle used again. */
static void names_as_they_were(void **state)
{
    (void)state;
    const ht_event_t gone = {.kind = HT_EVENT_TASK_GONE, .task_gone = 5};
    ht_model_t *model = ht_model_new(NULL);
    define(model, 5, 0x1000, "worker#2");
    make(model, 5, 16, 10);
    define(model, 5, 0x1000, "worker#2"); /* said again */
    define(model, 5, 0x1000, "decoder");  /* renamed */
    make(model, 5, 32, 20);
    expect_task(model, "worker#2", 10, false);
    expect_task(model, "decoder", 20, false);
    ht_model_event(model, &gone);
    define(model, 5, 0, "decoder"); /* said again, although it is gone */
    ht_model_event(model, &gone);
    expect_task(model, "decoder", 20, true);
    define(model, 5, 0x1000, "upload"); /* another task, at the same address */
    make(model, 5, 48, 40);
    ht_model_event(model, &gone);
    define(model, 5, 0x1000, "next");
    make(model, 5, 64, 80);
    define(model, 5, 0x2000, "last"); /* that "next" is gone was lost */
    expect_task(model, "worker#2", 10, false);
    expect_task(model, "decoder", 20, true);
    expect_task(model, "upload", 40, true);
    expect_task(model, "next", 80, true);
    expect_task(model, "last", 0, false);
    assert_null(ht_model_check(model));
    ht_model_free(model);
}

/* Freed by the same task under another name, before it allocated again. */
static void temporary_across_a_rename(void **state)
{
    (void)state;
    ht_model_t *model = ht_model_new(NULL);
    define(model, 5, 0x1000, "a");
    make(model, 5, 16, 10);
    define(model, 5, 0x1000, "b");
    const ht_event_t freed = {.kind = HT_EVENT_FREE, .task = 5, .free = {16, false}};
    ht_model_event(model, &freed);
    assert_int_equal(ht_model_view(model).temporary_blocks, 1);
    ht_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_as_they_were),
        cmocka_unit_test(temporary_across_a_rename),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
