/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The original API: what it prints, in every context, and that it never waits for ever. */
#define _GNU_SOURCE
#include "esp_test.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "memmap.h"

#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)
#define TOO_MUCH ((size_t)40 << 20)

static const char *const s_names[] = {
    "EXEC",         "32BIT",         "8BIT",      "DMA",           "PID2",   "PID3",
    "PID4",         "PID5",          "PID6",      "PID7",          "SPIRAM", "INTERNAL",
    "DEFAULT",      "IRAM_8BIT",     "RETENTION", "RTCRAM",        "TCM",    "DMA_DESC_AHB",
    "DMA_DESC_AXI", "CACHE_ALIGNED", "SIMD",      "SPIRAM_NO_ENC",
};
#define NAMES (sizeof(s_names) / sizeof(s_names[0]))

static void expect(const char *text, const char *wanted)
{
    if (strstr(text, wanted) == NULL) { fail_msg("'%s' is not in\n%s", wanted, text); }
}

/* --- the failure log -----------------------------------------------------------------------------
 */

static void test_failure_log(void **state)
{
    (void)state;
    debug_track_allocation = true;
    esp_log_catch();
    assert_null(traceable_heap_caps_malloc(TOO_MUCH, CAPS, "dir/file.c", 77, "a_function"));
    const char *log = esp_log();
    char line[128];
    snprintf(line, sizeof(line), "%lu bytes for heap_caps_malloc in a_function at dir/file.c:77",
             (unsigned long)TOO_MUCH);
    expect(log, line);
    expect(log, "MALLOC_CAP_8BIT MALLOC_CAP_INTERNAL");
    snprintf(line, sizeof(line), "free %lu bytes, largest block %lu,",
             (unsigned long)heap_caps_get_free_size(CAPS),
             (unsigned long)heap_caps_get_largest_free_block(CAPS));
    expect(log, line);
    assert_true(strstr(log, line) > strstr(log, "MALLOC_CAP_8BIT"));
    esp_log_forget();
    debug_track_allocation = false; /* a failure is logged all the same */
    assert_null(TRACE_CALLOC(1, TOO_MUCH, CAPS));
    expect(esp_log(), "for heap_caps_calloc in test_failure_log at tests/esp/test_memmap_print.c:");
    void *p = NULL;
    esp_log_forget();
    assert_null(TRACE_REALLOC(p, TOO_MUCH, CAPS));
    expect(esp_log(), "for heap_caps_realloc in test_failure_log");
}

static void test_failure_log_has_all_names(void **state)
{
    (void)state;
    char file[200];
    memset(file, 'd', sizeof(file) - 1);
    memcpy(file + sizeof(file) - 4, "e.c", 4);
    esp_log_catch();
    assert_null(traceable_heap_caps_malloc(8, UINT32_MAX, file, 1, "f"));
    expect(esp_log(), file);
    for (size_t i = 0; i < NAMES; i++) {
        char name[40];
        snprintf(name, sizeof(name), "MALLOC_CAP_%s ", s_names[i]);
        expect(esp_log(), name);
    }
    expect(esp_log(), "0xffc00000");
}

static void test_capability_names(void **state)
{
    (void)state;
    for (uint32_t bit = 0; bit < 32; bit++) {
        char wanted[40];
        if (bit < NAMES) {
            snprintf(wanted, sizeof(wanted), "MALLOC_CAP_%s ", s_names[bit]);
        } else {
            snprintf(wanted, sizeof(wanted), "0x%lx ", 1UL << bit);
        }
        assert_string_equal(get_memory_capability_name(1U << bit), wanted);
    }
    assert_string_equal(get_memory_capability_name(0), "unknown");
    const char *first = get_memory_capability_name(MALLOC_CAP_DMA | MALLOC_CAP_8BIT);
    for (int i = 0; i < 3; i++) {
        (void)get_memory_capability_name(UINT32_MAX);
    }
    assert_string_equal(first, "MALLOC_CAP_8BIT MALLOC_CAP_DMA ");
    for (int i = 0; i < 8; i++) {
        (void)get_memory_capability_name(UINT32_MAX);
    }
    assert_string_equal(get_memory_capability_name(MALLOC_CAP_8BIT), "MALLOC_CAP_8BIT ");
}

/* --- the list and the array ----------------------------------------------------------------------
 */

static void *volatile s_plain;

static void test_list_has_all_fields(void **state)
{
    (void)state;
    debug_track_allocation = true;
    char *named = NULL;
    const int at_line = __LINE__ + 1;
    TRACE_MALLOC_VAR(named, 123, CAPS);
    s_plain = heap_caps_malloc(55, MALLOC_CAP_SPIRAM);
    esp_log_catch();
    list_allocations();
    char line[512];
    snprintf(line, sizeof(line),
             "at 0x%lx, caps MALLOC_CAP_8BIT MALLOC_CAP_INTERNAL , size 123 bytes, in "
             "tests/esp/test_memmap_print.c, line %d, function test_list_has_all_fields, variable "
             "named, "
             "method heap_caps_malloc\n",
             (unsigned long)(uintptr_t)named, at_line);
    expect(esp_log(), line);
    snprintf(line, sizeof(line),
             "at 0x%lx, caps MALLOC_CAP_SPIRAM , size 55 bytes, in unknown, line 0, ",
             (unsigned long)(uintptr_t)s_plain);
    expect(esp_log(), line);
    unsigned lines = 0;
    for (const char *c = esp_log(); *c != '\0'; c++) {
        lines += *c == '\n';
    }
    assert_int_equal(lines, esp_records());
}

static void test_list_goes_to_standard_output(void **state)
{
    (void)state;
    debug_track_allocation = true;
    char *named = NULL;
    TRACE_MALLOC_VAR(named, 123, CAPS);
    esp_log_catch();
    heaptrail_set_log(NULL, NULL); /* and back again */
    fflush(stdout);
    int pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    int saved = dup(1);
    dup2(pipe_ends[1], 1);
    list_allocations();
    fflush(stdout);
    dup2(saved, 1);
    close(pipe_ends[1]);
    static char text[4096];
    assert_true(read(pipe_ends[0], text, sizeof(text) - 1) > 0);
    expect(text, "variable named");
    assert_string_equal(esp_log(), "");
}

static void test_snapshot(void **state)
{
    (void)state;
    debug_track_allocation = true;
    char *p = NULL;
    char *q = NULL;
    TRACE_MALLOC_VAR(p, 21, CAPS);
    TRACE_CALLOC_VAR(q, 2, 11, CAPS);
    size_t all = esp_records();
    MemoryTraceInfo array[64];
    assert_true(all >= 2 && all < 60);
    memset(array, 0x5a, sizeof(array));
    assert_int_equal(snapshot_allocations(array, 64), all);
    unsigned found = 0;
    for (size_t i = 0; i < all; i++) {
        assert_non_null(array[i].file);
        assert_non_null(array[i].function);
        assert_non_null(array[i].method);
        assert_non_null(array[i].var_name);
        assert_int_equal(array[i].failure, 0);
        if (array[i].address == q) {
            found++;
            assert_int_equal(array[i].size, 22);
            assert_int_equal(array[i].caps, CAPS);
            assert_string_equal(array[i].var_name, "q");
            assert_string_equal(array[i].method, "heap_caps_calloc");
            assert_string_equal(array[i].function, "test_snapshot");
        }
    }
    assert_int_equal(found, 1);
    assert_int_equal(array[all].line, 0x5a5a5a5a); /* not one more than there are */
    memset(array, 0x5a, sizeof(array));
    assert_int_equal(snapshot_allocations(array, 1), all); /* the rest did not fit */
    assert_int_equal(array[1].line, 0x5a5a5a5a);
    assert_int_equal(snapshot_allocations(NULL, 0), all);
    assert_int_equal(snapshot_allocations(NULL, 64), all);
}

static void test_memory_info(void **state)
{
    (void)state;
    esp_log_catch();
    print_memory_info("tag");
    char line[160];
    snprintf(line, sizeof(line),
             "tag - MALLOC_CAP_SPIRAM free: %lu bytes, largest block: %lu, minimum",
             (unsigned long)heap_caps_get_free_size(MALLOC_CAP_SPIRAM),
             (unsigned long)heap_caps_get_largest_free_block(MALLOC_CAP_SPIRAM));
    expect(esp_log(), line);
    expect(esp_log(), "tag - MALLOC_CAP_RTCRAM ");
}

/* --- the semaphore -------------------------------------------------------------------------------
 */

static void all_of_it(void)
{
    list_allocations();
    (void)snapshot_allocations(NULL, 0);
    print_memory_info("tag");
    void *p = TRACE_MALLOC(10, CAPS);
    free_unregister_allocation(&p);
    assert_null(TRACE_MALLOC(TOO_MUCH, CAPS));
}

/* How long it took, in simulated milliseconds. */
static uint64_t took(void)
{
    esp_log_forget();
    uint64_t before = sim_clock_us();
    all_of_it();
    expect(esp_log(), "Memory allocated at");
    return (sim_clock_us() - before) / 1000;
}

static void held_by_the_caller(void *arg)
{
    (void)arg;
    memorySemaphore = xSemaphoreCreateMutex();
    assert_int_equal(xSemaphoreTake(memorySemaphore, 0), pdTRUE);
    assert_in_range(took(), 0, 100);
    xSemaphoreGive(memorySemaphore);
    assert_in_range(took(), 0, 100);
    assert_int_equal(xSemaphoreTake(memorySemaphore, 0), pdTRUE); /* it was given back */
}

static void missing(void *arg)
{
    (void)arg;
    memorySemaphore = NULL;
    assert_in_range(took(), 0, 100);
    assert_non_null(memorySemaphore);
    assert_in_range(took(), 0, 100);
}

static void never_given(void *arg)
{
    (void)arg;
    memorySemaphore = xSemaphoreCreateBinary();
    assert_in_range(took(), 1500,
                    3000); /* the list and the snapshot: a second each, then without */
}

static void holder(void *arg)
{
    (void)arg;
    assert_int_equal(xSemaphoreTake(memorySemaphore, 0), pdTRUE);
}

static void held_by_another(void *arg)
{
    (void)arg;
    memorySemaphore = xSemaphoreCreateMutex();
    esp_in_task("holder", 1, holder, NULL); /* and never gives it back */
    assert_in_range(took(), 1500, 3000);
}

static void in_isr(void *arg)
{
    (void)arg;
    all_of_it();
}

static void from_an_isr(void *arg)
{
    (void)arg;
    memorySemaphore = xSemaphoreCreateMutex();
    assert_int_equal(xSemaphoreTake(memorySemaphore, 0), pdTRUE);
    sim_isr_fire_now(in_isr, NULL);
    assert_string_equal(esp_log(), "");
    memorySemaphore = NULL;
    sim_isr_fire_now(in_isr, NULL);
    assert_string_equal(esp_log(), "");
    assert_null(memorySemaphore);
}

static void suspended(void *arg)
{
    (void)arg;
    memorySemaphore = xSemaphoreCreateBinary();
    vTaskSuspendAll();
    assert_in_range(took(), 0, 100);
    xTaskResumeAll();
}

static void without_deadlock(void (*fn)(void *))
{
    debug_track_allocation = true;
    void *p = TRACE_MALLOC(10, CAPS);
    assert_non_null(p);
    esp_log_catch();
    esp_run(fn); /* fails on a deadlock */
    esp_check();
}

#define NO_DEADLOCK(name)                                                                          \
    static void test_semaphore_##name(void **state)                                                \
    {                                                                                              \
        (void)state;                                                                               \
        without_deadlock(name);                                                                    \
    }
NO_DEADLOCK(held_by_the_caller)
NO_DEADLOCK(missing)
NO_DEADLOCK(never_given)
NO_DEADLOCK(held_by_another)
NO_DEADLOCK(from_an_isr)
NO_DEADLOCK(suspended)

static void test_semaphore_before_the_scheduler(void **state)
{
    (void)state;
    debug_track_allocation = true;
    memorySemaphore = NULL;
    esp_log_catch();
    void *p = TRACE_MALLOC(10, CAPS);
    assert_in_range(took(), 0, 100);
    heap_caps_free(p);
}

/* --- zeroing -------------------------------------------------------------------------------------
 */

static void test_zeroed_before_it_is_freed(void **state)
{
    (void)state;
    debug_track_allocation = true;
    unsigned char *p = TRACE_MALLOC(256, CAPS);
    unsigned char *copy = p;
    memset(p, 0xab, 256);
    free_unregister_allocation((void **)&p);
    for (int i = 32; i < 224; i++) {
        assert_int_equal(copy[i], 0);
    } /* the ends are the heap's now */
}

#if defined(__i386__) || defined(__x86_64__)
/* The first store into a block of IRAM, caught: it must be of four bytes. */
static unsigned char *volatile s_page;
static unsigned char *volatile s_stored_at;
static unsigned char s_code[8];

static void on_store(int number, siginfo_t *info, void *context)
{
    (void)number;
    const ucontext_t *machine = context;
#if defined(__i386__)
    const unsigned char *at = (const unsigned char *)(uintptr_t)machine->uc_mcontext.gregs[REG_EIP];
#else
    const unsigned char *at = (const unsigned char *)(uintptr_t)machine->uc_mcontext.gregs[REG_RIP];
#endif
    for (int i = 0; i < 8; i++) {
        s_code[i] = at[i];
    }
    s_stored_at = info->si_addr;
    mprotect(s_page, 4096, PROT_READ | PROT_WRITE);
}

static void expect_word_stores(unsigned char *p, size_t bytes)
{
    struct sigaction action = {.sa_sigaction = on_store, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    s_page = (unsigned char *)((uintptr_t)p & ~(uintptr_t)4095);
    s_stored_at = NULL;
    void *gone = p;
    assert_int_equal(mprotect(s_page, 4096, PROT_READ), 0);
    free_unregister_allocation(&gone);
    signal(SIGSEGV, SIG_DFL);
    assert_ptr_equal(s_stored_at, p);
    const unsigned char *code = (s_code[0] & 0xf8) == 0x40 ? s_code + 1 : s_code; /* REX, not .W */
    if (code[0] != 0xc7 && code[0] != 0x89) { /* mov m32, imm32; mov m32, r32 */
        fail_msg("not a store of four bytes: %02x %02x %02x", s_code[0], s_code[1], s_code[2]);
    }
    for (size_t i = 32; i + 32 < bytes; i++) {
        assert_int_equal(p[i], 0);
    }
}

static unsigned char *iram(size_t bytes)
{
    unsigned char *p = TRACE_MALLOC(bytes, MALLOC_CAP_EXEC | MALLOC_CAP_32BIT);
    assert_int_equal(sim_region_of(p), SIM_REGION_IRAM);
    memset(p, 0xab, bytes);
    return p;
}

static void test_iram_is_zeroed_by_words(void **state)
{
    (void)state;
    debug_track_allocation = true;
    /* Past the first page of the region, where the heap keeps its lists. */
    void *pad = heap_caps_malloc(6000, MALLOC_CAP_EXEC | MALLOC_CAP_32BIT);
    assert_non_null(pad);
    expect_word_stores(iram(203), 203);
    unsigned char *p = iram(203); /* named again, with capabilities that it has not */
    register_allocation((MemoryTraceInfo){.size = 203, .caps = MALLOC_CAP_8BIT, .address = p});
    expect_word_stores(p, 203);
}
#endif

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_failure_log),
    cmocka_unit_test(test_failure_log_has_all_names),
    cmocka_unit_test(test_capability_names),
    cmocka_unit_test(test_list_has_all_fields),
    cmocka_unit_test(test_list_goes_to_standard_output),
    cmocka_unit_test(test_snapshot),
    cmocka_unit_test(test_memory_info),
    cmocka_unit_test(test_semaphore_held_by_the_caller),
    cmocka_unit_test(test_semaphore_missing),
    cmocka_unit_test(test_semaphore_never_given),
    cmocka_unit_test(test_semaphore_held_by_another),
    cmocka_unit_test(test_semaphore_from_an_isr),
    cmocka_unit_test(test_semaphore_suspended),
    cmocka_unit_test(test_semaphore_before_the_scheduler),
    cmocka_unit_test(test_zeroed_before_it_is_freed),
#if defined(__i386__) || defined(__x86_64__)
    cmocka_unit_test(test_iram_is_zeroed_by_words),
#endif
};

ESP_TEST_MAIN(s_tests)
