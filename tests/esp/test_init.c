/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail_init() after settings were made, and while others start the tracker. */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "esp_test.h"
#include "heaptrail_errors.h"

#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)
#define MEMORY_BYTES 65536U

static uint64_t s_memory[MEMORY_BYTES / 8];

static heaptrail_config_t small(void *memory)
{
    return (heaptrail_config_t){.max_blocks = 64,
                                .max_sites = 40,
                                .max_tasks = 8,
                                .max_failures = 3,
                                .frame_words = 200,
                                .stack_depth = 4,
                                .max_freed = 16,
                                .memory = memory,
                                .memory_bytes = MEMORY_BYTES};
}

/* --- settings ----------------------------------------------------------------------------------
 */

static const heaptrail_checks_t s_checks = {.fill_freed = true,
                                            .freed_byte = 0xdd,
                                            .wrong_frees = true,
                                            .heap_headers = true,
                                            .quarantine_blocks = 12,
                                            .quarantine_bytes = 4096};

static heaptrail_check_status_t check_status(void)
{
    heaptrail_check_status_t status;
    assert_int_equal(heaptrail_check_status(&status), ESP_OK);
    return status;
}

FW static void *one(void)
{
    return heap_caps_malloc(16, CAPS);
}

static void set_checks(const heaptrail_checks_t *checks)
{
    assert_int_equal(heaptrail_set_checks(checks), ESP_OK);
    assert_int_equal(heaptrail_set_policy(HEAPTRAIL_ERROR_NONE, HEAPTRAIL_POLICY_CALLBACK), ESP_OK);
}

static heaptrail_checks_t init_and_get(uint32_t max_freed)
{
    heaptrail_config_t config = small(s_memory);
    heaptrail_checks_t got;
    config.max_freed = max_freed;
    assert_int_equal(heaptrail_init(&config), ESP_OK);
    assert_int_equal(heaptrail_get_checks(&got), ESP_OK);
    return got;
}

static void test_checks_of_boot_stay(void **state)
{
    (void)state;
    heaptrail_checks_t got = init_and_get(16);
    assert_int_equal(got.quarantine_blocks, 14);
    assert_true(got.redzones && got.fill_freed && got.heap_headers && got.wrong_frees);
    heap_caps_free(one());
    assert_int_equal(check_status().quarantined_blocks, 1);
}

static void test_checks_that_were_set_stay(void **state)
{
    (void)state;
    set_checks(&s_checks);
    heaptrail_checks_t got = init_and_get(16);
    assert_int_equal(got.quarantine_blocks, 12);
    assert_int_equal(got.quarantine_bytes, 4096);
    unsigned char *block = one();
    heap_caps_free(block);
    assert_int_equal(check_status().quarantined_blocks, 1);
    assert_int_equal(block[3], 0xdd);
    block[3] = 1;
    assert_int_equal(heaptrail_release_quarantine(), ESP_OK);
    assert_int_equal(check_status().errors[HEAPTRAIL_ERROR_WRITE_AFTER_FREE], 1);
    block = one();
    heap_caps_free(block);
    heap_caps_free(block);
    assert_int_equal(check_status().errors[HEAPTRAIL_ERROR_DOUBLE_FREE], 1);
    esp_check();
}

static void test_a_smaller_ring_cuts_the_quarantine(void **state)
{
    (void)state;
    set_checks(&s_checks);
    assert_int_equal(init_and_get(8).quarantine_blocks, 7);
    for (int i = 0; i < 20; i++) {
        heap_caps_free(one());
    }
    assert_int_equal(check_status().quarantined_blocks, 7);
    assert_int_equal(check_status().quarantine_max_blocks, 7);
    esp_check();
}

static void test_a_larger_ring_is_used(void **state)
{
    (void)state;
    const heaptrail_checks_t checks = {.wrong_frees = true};
    set_checks(&checks);
    (void)init_and_get(64);
    void *block = one();
    heap_caps_free(block);
    for (int i = 0; i < 50; i++) {
        heap_caps_free(heap_caps_malloc(200, CAPS));
    }
    heaptrail_address_row_t row;
    assert_int_equal(heaptrail_explain_address(block, &row), ESP_OK);
    assert_int_equal(row.place, HEAPTRAIL_PLACE_RECENTLY_FREED);
    esp_check();
}

/* What was allocated before the start has no record, and may be freed all the same. */
static void test_blocks_from_before(void **state)
{
    (void)state;
    void *block = one();
    set_checks(&s_checks);
    (void)init_and_get(16);
    sim_region_t before;
    sim_region_t after;
    sim_region_get(sim_region_of(block), &before);
    heap_caps_free(block);
    sim_region_get(sim_region_of(block), &after);
    assert_int_equal(after.frees, before.frees + 1);
    assert_int_equal(check_status().errors[HEAPTRAIL_ERROR_BAD_FREE], 0);
}

/* --- races -------------------------------------------------------------------------------------
 */

static struct {
    bool came;
    void *block;
} s_interrupt;

static void start_and_allocate(void *arg)
{
    (void)arg;
    if (s_interrupt.came) { return; }
    s_interrupt.came = true;
    assert_int_equal(heaptrail_start(), ESP_OK);
    s_interrupt.block = heap_caps_malloc(24, CAPS);
}

static void *s_made[40];

FW static void allocate_some(void)
{
    for (size_t i = 0; i < 40; i++) {
        s_made[i] = heap_caps_malloc(8 + i, CAPS);
    }
}

/* Memory that heaptrail_init() refused goes away: whoever still looks at it ends there. */
static void init_with_interrupt(void *arg)
{
    (void)arg;
    static void *memory;
    memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    bool own = getenv("OWN") != NULL;
    const heaptrail_config_t config = own ? (heaptrail_config_t){.stack_depth = 2} : small(memory);
    assert_true(sim_isr_attach(start_and_allocate, NULL));
    sim_isr_fire_at(strtoul(getenv("STRIKE"), NULL, 10));
    esp_err_t err = heaptrail_init(&config);
    bool came = s_interrupt.came;
    sim_isr_detach_all();
    if (err == ESP_ERR_INVALID_STATE) {
        assert_int_equal(munmap(memory, MEMORY_BYTES), 0);
        assert_int_equal(esp_records_of(s_interrupt.block), 1);
    } else {
        assert_int_equal(err, ESP_OK);
    }
    assert_true(esp_status().running);
    esp_check();
    allocate_some();
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(esp_block(s_made[i]).size_bytes, 8 + i);
        assert_true(esp_is_in(esp_block(s_made[i]).origin.frames[0], (const void *)allocate_some));
    }
    esp_check();
    exit(came ? (err == ESP_OK ? 11 : 12) : 10);
}

/* A boot of its own, with an interrupt at the n-th moment. 10: there was no such moment. */
static int boot_with_interrupt(unsigned strike)
{
    char number[12];
    snprintf(number, sizeof(number), "%u", strike);
    setenv("STRIKE", number, 1);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* not cmocka's handler */
        alarm(20);
        esp_run(init_with_interrupt);
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) < 10) {
        fail_msg("with an interrupt at %u: status %x", strike, (unsigned)status);
    }
    return WEXITSTATUS(status);
}

static void interrupt_everywhere(void)
{
    unsigned strike = 1;
    unsigned refused = 0;
    int ended;
    while ((ended = boot_with_interrupt(strike)) != 10) {
        refused += ended == 12;
        strike++;
    }
    assert_in_range(strike, 3, 200);
    assert_in_range(refused, 1, strike - 2); /* whoever comes first */
}

static void test_started_meanwhile(void **state)
{
    (void)state;
    interrupt_everywhere();
}

static void test_started_meanwhile_in_own_memory(void **state)
{
    (void)state;
    setenv("OWN", "1", 1);
    interrupt_everywhere();
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_checks_of_boot_stay),
    cmocka_unit_test(test_checks_that_were_set_stay),
    cmocka_unit_test(test_a_smaller_ring_cuts_the_quarantine),
    cmocka_unit_test(test_a_larger_ring_is_used),
    cmocka_unit_test(test_blocks_from_before),
    cmocka_unit_test(test_started_meanwhile),
    cmocka_unit_test(test_started_meanwhile_in_own_memory),
};

ESP_TEST_MAIN(s_tests)
