/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What only ESP-IDF's linux target does: libc's heap below, and libc's own blocks beside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "heaptrail.h"
#include "heaptrail_errors.h"
#include "heaptrail_leaks.h"
#include "ht_port.h"

/* As the virtual file system of ESP-IDF 6.1 does: the firmware has a write() of its own. */
ssize_t write(int file, const void *data, size_t bytes)
{
    (void)file;
    (void)data;
    (void)bytes;
    return -1;
}

static uint32_t errors(heaptrail_error_kind_t kind)
{
    heaptrail_check_status_t status;
    assert_int_equal(ESP_OK, heaptrail_check_status(&status));
    return status.errors[kind];
}

static uint32_t live_blocks(void)
{
    heaptrail_status_t status;
    assert_int_equal(ESP_OK, heaptrail_status(&status));
    return status.live_blocks;
}

static bool is_recorded(const void *block)
{
    heaptrail_block_row_t row;
    size_t offset;
    return heaptrail_whois(block, &row, &offset) == ESP_OK && offset == 0;
}

/* The compiler must not know that a block was freed. */
static void *hidden(void *block)
{
    void *volatile copy = block;
    return copy;
}

/* --- tests --------------------------------------------------------------------------------------
 */

static void test_each_way_is_recorded_once(void **state)
{
    (void)state;
    uint32_t before = live_blocks();
    void *aligned = NULL;
    assert_int_equal(0, posix_memalign(&aligned, 64, 64));
    void *blocks[] = {malloc(10),
                      calloc(2, 5),
                      realloc(NULL, 10),
                      strdup("text"),
                      strndup("text", 2),
                      reallocarray(NULL, 2, 5),
                      realloc(malloc(10), 5000),
                      aligned_alloc(32, 32),
                      aligned};
    size_t count = sizeof(blocks) / sizeof(blocks[0]);
    assert_int_equal(before + count, live_blocks());
    for (size_t i = 0; i < count; i++) {
        assert_true(is_recorded(blocks[i]));
        free(blocks[i]);
    }
    assert_int_equal(before, live_blocks());
}

/* What the process writes to stderr while `fn` runs. */
static size_t stderr_of(void (*fn)(void), char *text, size_t max)
{
    int ends[2];
    int kept = dup(STDERR_FILENO);
    assert_int_equal(0, pipe(ends));
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    fn();
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while (length < max - 1 && (got = read(ends[0], text + length, max - 1 - length)) > 0) {
        length += (size_t)got;
    }
    close(ends[0]);
    text[length] = '\0';
    return length;
}

static void overflow(void)
{
    char *block = malloc(23);
    ((volatile char *)hidden(block))[23] = 0;
    free(block);
}

static void test_a_report_reaches_stderr(void **state)
{
    (void)state;
    static char text[4096];
    uint32_t before = errors(HEAPTRAIL_ERROR_OVERFLOW);
    stderr_of(overflow, text, sizeof(text));
    assert_int_equal(before + 1, errors(HEAPTRAIL_ERROR_OVERFLOW));
    assert_non_null(
        strstr(text, "heap buffer overflow: 1 byte written behind a block of 23 bytes"));
}

/* Each block has a canary of its own, and some look like a size of libc's. Fewer than the doubts of
 * a second (ht_wrong_free.c). */
#define TWICE 12U

static void free_twice(void)
{
    void *blocks[TWICE];
    for (size_t i = 0; i < TWICE; i++) {
        blocks[i] = hidden(malloc(24));
    }
    for (size_t i = 0; i < TWICE; i++) {
        free(blocks[i]);
        free(hidden(blocks[i]));
    }
}

/* No quarantine: libc has the memory again, and would end the program. */
static void test_a_second_free_is_refused(void **state)
{
    (void)state;
    static char text[65536];
    uint32_t before = errors(HEAPTRAIL_ERROR_DOUBLE_FREE);
    stderr_of(free_twice, text, sizeof(text));
    assert_int_equal(before + TWICE, errors(HEAPTRAIL_ERROR_DOUBLE_FREE));
    assert_non_null(strstr(text, "double free: of a block of 24 bytes"));
}

static void realloc_of_freed(void)
{
    void *block = hidden(malloc(2000));
    free(block);
    assert_null(realloc(hidden(block), 3000));
}

static void test_a_realloc_of_a_freed_block_is_refused(void **state)
{
    (void)state;
    static char text[4096];
    uint32_t before = errors(HEAPTRAIL_ERROR_REALLOC_FREED);
    stderr_of(realloc_of_freed, text, sizeof(text));
    assert_int_equal(before + 1, errors(HEAPTRAIL_ERROR_REALLOC_FREED));
}

#define GONE 16U    /* fewer than the ring of recent frees keeps */
#define LIBCS 2000U /* small blocks that libc makes in their place */

/* libc makes a block, unseen, where one of ours was: to free it is right. */
static void test_libcs_block_at_the_address_of_a_freed_one(void **state)
{
    (void)state;
    static void *libcs[LIBCS];
    void *gone[GONE];
    uint32_t met = 0;
    uint32_t before = errors(HEAPTRAIL_ERROR_DOUBLE_FREE);
    for (size_t i = 0; i < GONE; i++) {
        gone[i] = hidden(malloc(1100)); /* too large for the caches: they merge when freed */
    }
    for (size_t i = 0; i < GONE; i++) {
        free(gone[i]);
    }
    for (size_t i = 0; i < LIBCS; i++) {
        libcs[i] = ht_port_raw_heap.alloc(i % 3U == 0 ? 8 : 40, 0);
        for (size_t k = 0; k < GONE; k++) {
            met += libcs[i] == gone[k];
        }
    }
    for (size_t i = 0; i < LIBCS; i++) {
        bool is_gone = false;
        for (size_t k = 0; k < GONE; k++) {
            is_gone = is_gone || libcs[i] == gone[k];
        }
        is_gone ? free(libcs[i]) : ht_port_raw_heap.free(libcs[i]);
    }
    assert_int_equal(before, errors(HEAPTRAIL_ERROR_DOUBLE_FREE));
    print_message("%u blocks met\n", met);
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_true(met != 0);
#endif
}

/* Out of libc's memory, which is not recorded. (The scan has no roots here.) */
static void test_evidence_is_gathered(void **state)
{
    (void)state;
    const heaptrail_suspect_options_t options = {.evidence = HEAPTRAIL_EVIDENCE_GROWTH |
                                                             HEAPTRAIL_EVIDENCE_OVERDUE};
    heaptrail_suspect_summary_t summary;
    uint32_t live = live_blocks();
    assert_int_equal(ESP_OK, heaptrail_suspects_find(&options, &summary));
    assert_int_equal(live, live_blocks());
    heaptrail_suspects_forget();
    assert_int_equal(live, live_blocks());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_way_is_recorded_once),
        cmocka_unit_test(test_a_report_reaches_stderr),
        cmocka_unit_test(test_a_second_free_is_refused),
        cmocka_unit_test(test_a_realloc_of_a_freed_block_is_refused),
        cmocka_unit_test(test_libcs_block_at_the_address_of_a_freed_one),
        cmocka_unit_test(test_evidence_is_gathered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
