/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The flight recorder that runs by itself, over several boots. Each boot is a process, whose
 * uninitialised memory comes from a file and goes back there:
 *
 *   first boot ─ panic ─► second ─ esp_restart() ─► third ─ watchdog ─► fourth ─ panic ─► ...
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "esp_system.h"
#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_trace.h"
#include "trace_reader.h"

#define ENV_MEMORY "RECORDER_MEMORY"

void __wrap_esp_panic_handler(void *info);
void __real_esp_panic_handler(void *info);

static reader_t s_reader;
static uint32_t s_panics;
static unsigned s_number; /* of this boot */

void __real_esp_panic_handler(void *info)
{
    (void)info;
    s_panics++;
}

/* --- memory that outlives a boot ----------------------------------------------------------------
 */

static void transfer(bool save)
{
    size_t bytes;
    void *memory = sim_noinit(&bytes);
    const char *path = getenv(ENV_MEMORY);
    FILE *file = path != NULL ? fopen(path, save ? "wb" : "rb") : NULL;
    if (file == NULL) { return; } /* the first boot: whatever is there */
    size_t done = save ? fwrite(memory, 1, bytes, file) : fread(memory, 1, bytes, file);
    if (fclose(file) != 0 || done != bytes) { abort(); }
}

/* Before heaptrail's constructor. */
__attribute__((constructor(101))) static void power_up(void)
{
    transfer(false);
}

/* --- what was before ----------------------------------------------------------------------------
 */

static size_t take(void *context, const void *bytes, size_t length)
{
    reader_feed(context, bytes, length);
    return length;
}

/* The marks of the boot before, in one text; each frame of it is whole, and says that it is old. */
static const char *marks_before(void)
{
    static char s_marks[200];
    uint32_t frames = 0;
    reader_init(&s_reader);
    esp_err_t err = heaptrail_trace_recorded(NULL, 0, take, &s_reader, &frames);
    if (err == ESP_ERR_NOT_FOUND) { return "nothing"; }
    if (err != ESP_OK) { fail_msg("error %d", (int)err); }
    if (s_reader.wrong[0] != '\0') { fail_msg("the trace: %s", s_reader.wrong); }
    assert_int_equal(s_reader.damaged, 0);
    assert_true(frames > 0 && s_reader.frames == frames);
    assert_int_equal(s_reader.flags & 12U, 12);
    s_marks[0] = '\0';
    for (uint32_t i = 0; i < s_reader.mark_count; i++) {
        strcat(s_marks, i != 0 ? ", " : "");
        strcat(s_marks, s_reader.marks[i].name);
    }
    return s_marks;
}

/* --- boots --------------------------------------------------------------------------------------
 */

static void run(uint32_t milliseconds)
{
    static void *volatile s_block; /* gcc removes pairs that nobody sees */
    for (uint32_t i = 0; i < milliseconds / 10U; i++) {
        s_block = malloc(10U + i % 100U);
        free(s_block);
        vTaskDelay(pdMS_TO_TICKS(10));
    }
}

/* So that they can be told apart, and lie in the ring when the end comes. */
static void begin_boot(void)
{
    heaptrail_trace_status_t status;
    assert_int_equal(heaptrail_trace_status(&status), ESP_OK);
    assert_true(status.running);
    char name[] = "early 0";
    name[6] = (char)('0' + s_number);
    assert_int_equal(heaptrail_trace_mark(name), ESP_OK);
    run(3000);
    heaptrail_trace_status(&status);
    assert_int_equal(status.lost_ring_full + status.lost_sink_slow, 0);
    assert_true(status.frames > 0);
    assert_int_equal(heaptrail_trace_poll(), ESP_OK);
    memcpy(name, "late  ", 6);
    assert_int_equal(heaptrail_trace_mark(name), ESP_OK);
}

static void panic(void)
{
    __wrap_esp_panic_handler(NULL);
    __wrap_esp_panic_handler(NULL); /* as when the handler itself faults */
    assert_int_equal(s_panics, 2);
    transfer(true);
}

static void on_signal(int number)
{
    (void)number;
    __wrap_esp_panic_handler(NULL);
}

/* The stack has overflowed: its pointer is below where the stack starts, and what is there is
 * somebody else's. */
static void panic_below_the_stack(void)
{
    const size_t bytes = 65536;
    const uintptr_t start = (uintptr_t)pxTaskGetStackStart(NULL);
    void *low = mmap((void *)((start - 0x800000U) & ~(uintptr_t)4095U), bytes,
                     PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const stack_t stack = {.ss_sp = low, .ss_size = bytes};
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    assert_true((uintptr_t)low + bytes <= start);
    assert_int_equal(sigaltstack(&stack, NULL), 0);
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(s_panics, 1);
    transfer(true);
}

static void on_restart(const char *reason, bool restart)
{
    (void)reason;
    assert_true(restart);
    transfer(true);
    _exit(0);
}

/* No memory when the recorder makes its timer, and none for half a second: it tries again. */
static void let_the_timer_fail(void)
{
    sim_fault_set(&(sim_fault_t){.every = 1});
    vTaskDelay(pdMS_TO_TICKS(500));
    assert_true(sim_fault_failed() > 0);
    sim_fault_clear();
}

static void first_boot(void *context)
{
    (void)context;
    assert_string_equal(marks_before(), "nothing");
    let_the_timer_fail();
    begin_boot();
    panic();
}

static void second_boot(void *context)
{
    (void)context;
    assert_string_equal(marks_before(), "early 0, late  0");
    assert_true(s_reader.allocs >= 300);
    begin_boot();
    assert_string_equal(marks_before(), "early 0, late  0"); /* still, and again */
    sim_set_panic_handler(on_restart);
    esp_restart();
}

static void third_boot(void *context)
{
    (void)context;
    assert_string_equal(marks_before(), "early 1, late  1");
    begin_boot();
    transfer(true); /* a watchdog that nobody hears of */
}

/* A trace of the firmware's own takes the recorder's place; that may end, and begin again. */
static void fourth_boot(void *context)
{
    static reader_t s_own;
    const heaptrail_trace_config_t config = {.write = take, .context = &s_own};
    (void)context;
    assert_string_equal(marks_before(), "early 2");
    heaptrail_trace_config_t small = config;
    heaptrail_trace_status_t status;
    small.memory = &s_own;
    small.memory_bytes = 8;
    assert_int_equal(heaptrail_trace_start(&small), ESP_ERR_INVALID_SIZE);
    heaptrail_trace_status(&status);
    assert_true(status.running); /* the recorder, still */
    begin_boot();
    assert_int_equal(heaptrail_trace_start(&config), ESP_OK);
    assert_int_equal(heaptrail_trace_start(&config), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_trace_mark("own"), ESP_OK);
    run(1000);
    assert_int_equal(heaptrail_trace_poll(), ESP_OK);
    assert_string_equal(s_own.marks[0].name, "own");
    assert_int_equal(heaptrail_trace_rescue(), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_trace_stop(), ESP_OK);
    panic();
}

static void fifth_boot(void *context)
{
    (void)context;
    assert_string_equal(marks_before(), "early 3, late  3");
    assert_int_equal(heaptrail_trace_stop(), ESP_OK);
    const heaptrail_trace_config_t config = {.policy = HEAPTRAIL_TRACE_RECORDER};
    assert_int_equal(heaptrail_trace_start(&config), ESP_OK); /* the ready memory, by hand */
    assert_int_equal(heaptrail_trace_mark("by hand"), ESP_OK);
    panic();
}

static void sixth_boot(void *context)
{
    (void)context;
    assert_string_equal(marks_before(), "by hand");
    begin_boot();
    panic_below_the_stack();
}

static void seventh_boot(void *context)
{
    (void)context;
    assert_string_equal(marks_before(), "early 5");
}

static void (*const s_boots[])(void *) = {first_boot, second_boot, third_boot,  fourth_boot,
                                          fifth_boot, sixth_boot,  seventh_boot};
#define BOOTS (sizeof(s_boots) / sizeof(s_boots[0]))

/* This program again; the number of the boot is its argument. */
static int boot(const char *program, unsigned number)
{
    char text[8];
    snprintf(text, sizeof(text), "%u", number);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        execl(program, program, text, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) { return -1; }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_this_boot(void **state)
{
    (void)state;
    esp_run(s_boots[s_number]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_this_boot)};
    if (argc > 1) {
        s_number = (unsigned)atoi(argv[1]);
        return esp_test_main(tests, 1);
    }
    char path[] = "/tmp/recorder-XXXXXX";
    int file = mkstemp(path);
    if (file < 0 || close(file) != 0 || unlink(path) != 0) { return 1; }
    setenv(ENV_MEMORY, path, 1);
    int failed = 0;
    for (unsigned i = 0; i < BOOTS; i++) {
        int code = boot("/proc/self/exe", i);
        if (code != 0) { fprintf(stderr, "boot %u ended with %d\n", i, code); }
        failed += code != 0;
    }
    unlink(path);
    return failed;
}
