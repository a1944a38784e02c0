/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "esp_test.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"

#define TEXT_BYTES 65536
#define TEST_SECONDS 240

/* cmocka's own, which keeps its message to itself when a task of the stand-in fails, and ends. */
void _fail(const char *const file, const int line)
{
    fprintf(stderr, "%s:%d: failed\n", file, line);
    void (*real)(const char *, int) =
        (void (*)(const char *, int))(uintptr_t)dlsym(RTLD_NEXT, "_fail");
    real(file, line);
    abort();
}

static int run_one(const struct CMUnitTest *test)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(TEST_SECONDS);
        int failed = _cmocka_run_group_tests("esp", test, 1, NULL, NULL);
        fflush(NULL);
        _exit(failed != 0); /* frozen tasks are threads that nobody joins */
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) { return 1; }
    if (WIFSIGNALED(status)) { fprintf(stderr, "%s: signal %d\n", test->name, WTERMSIG(status)); }
    return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int esp_test_main(const struct CMUnitTest *tests, size_t count)
{
    const char *only = getenv("ESP_TEST");
    int failed = 0;
    for (size_t i = 0; i < count; i++) {
        if (only != NULL && strcmp(only, tests[i].name) != 0) { continue; }
        int bad = run_one(&tests[i]);
        if (bad) { fprintf(stderr, "FAILED: %s\n", tests[i].name); }
        failed += bad;
    }
    return failed;
}

void esp_run(void (*fn)(void *))
{
    assert_int_equal(sim_run(fn, NULL), SIM_RUN_RETURNED);
}

typedef struct {
    void (*fn)(void *);
    void *arg;
    volatile bool done;
} call_t;

static void call(void *arg)
{
    call_t *what = arg;
    what->fn(what->arg);
    what->done = true;
    vTaskDelete(NULL);
}

void esp_in_task(const char *name, int core, void (*fn)(void *), void *arg)
{
    call_t what = {fn, arg, false};
    assert_int_equal(xTaskCreatePinnedToCore(call, name, 4096, &what, 2, NULL, core), pdPASS);
    for (int i = 0; i < 1000 && !what.done; i++) {
        vTaskDelay(1);
    }
    assert_true(what.done);
    vTaskDelay(2); /* the idle task buries it */
}

typedef struct {
    uintptr_t address; /* 0: any */
    heaptrail_block_row_t found;
    unsigned count;
} find_t;

static bool find_one(void *context, const heaptrail_block_row_t *row)
{
    find_t *find = context;
    if (find->address == 0 || find->address == row->address) {
        find->found = *row;
        find->count++;
    }
    return true;
}

static find_t find(const void *p)
{
    find_t all = {.address = (uintptr_t)p};
    heaptrail_walk_t walk;
    assert_int_equal(heaptrail_for_each_block(NULL, find_one, &all, &walk), ESP_OK);
    return all;
}

unsigned esp_records_of(const void *p)
{
    assert_non_null(p);
    return find(p).count;
}

unsigned esp_records(void)
{
    return find(NULL).count;
}

heaptrail_block_row_t esp_block(const void *p)
{
    assert_non_null(p);
    find_t got = find(p);
    assert_int_equal(got.count, 1);
    return got.found;
}

bool esp_is_in(uintptr_t address, const void *fn)
{
    return address - (uintptr_t)fn < FW_BYTES;
}

void esp_check(void)
{
    const char *wrong = heaptrail_check();
    if (wrong != NULL) { fail_msg("heaptrail_check(): %s", wrong); }
}

heaptrail_status_t esp_status(void)
{
    heaptrail_status_t status;
    assert_int_equal(heaptrail_status(&status), ESP_OK);
    return status;
}

static bool keep_failure(void *context, const heaptrail_failure_row_t *row)
{
    *(heaptrail_failure_row_t *)context = *row;
    return true;
}

heaptrail_failure_row_t esp_last_failure(void)
{
    heaptrail_failure_row_t last = {0};
    assert_int_equal(heaptrail_for_each_failure(NULL, keep_failure, &last, NULL), ESP_OK);
    assert_int_not_equal(last.number, 0);
    return last;
}

typedef struct {
    const char *name;
    heaptrail_task_row_t *row;
    bool found;
} find_task_t;

static bool find_task(void *context, const heaptrail_task_row_t *row)
{
    find_task_t *find = context;
    if (strcmp(row->name, find->name) == 0) {
        *find->row = *row;
        find->found = true;
    }
    return true;
}

bool esp_task(const char *name, heaptrail_task_row_t *row)
{
    find_task_t find = {name, row, false};
    assert_int_equal(heaptrail_for_each_task(NULL, find_task, &find, NULL), ESP_OK);
    return find.found;
}

/* --- text ----------------------------------------------------------------------------------------
 */

typedef struct {
    char text[TEXT_BYTES];
    size_t length;
} text_t;

static text_t s_report;
static text_t s_log;

static void append(text_t *to, const char *text, size_t length)
{
    size_t room = TEXT_BYTES - 1 - to->length;
    length = length < room ? length : room;
    memcpy(to->text + to->length, text, length);
    to->length += length;
    to->text[to->length] = '\0';
}

static void write_report(void *context, const char *text, size_t length)
{
    append(context, text, length);
}

__attribute__((noinline)) void esp_clear_stack(void)
{
    volatile char bytes[16384];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 0;
    }
}

const char *esp_report(heaptrail_report_kind_t kind)
{
    s_report.length = 0;
    s_report.text[0] = '\0';
    heaptrail_report_t report = {.kind = kind, .max_rows = UINT32_MAX, .width = 200};
    assert_int_equal(heaptrail_report(&report, write_report, &s_report), ESP_OK);
    return s_report.text;
}

static void keep_line(void *context, heaptrail_log_level_t level, const char *text)
{
    assert_in_range(level, HEAPTRAIL_LOG_ERROR, HEAPTRAIL_LOG_INFO);
    assert_false(sim_interrupts_masked());
    append(context, text, strlen(text));
    append(context, "\n", 1);
}

void esp_log_catch(void)
{
    esp_log_forget();
    heaptrail_set_log(keep_line, &s_log);
}

const char *esp_log(void)
{
    return s_log.text;
}

void esp_log_forget(void)
{
    s_log.length = 0;
    s_log.text[0] = '\0';
}
