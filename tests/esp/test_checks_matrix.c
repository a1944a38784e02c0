/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The matrix: each error x each entry point x each kind of memory x each context x each distance,
 * and the legal neighbour of each. Generated: a case is what the loops below come to. Each must be
 * reported exactly once, with the right kind, place, block and code, and the program goes on.
 */
#include "fw_makers.h"
#include "heaptrail_errors.h"
#include "heaptrail_site.h"

#define FRONT 8
#define TAIL 8
#define CACHE_LINE 64 /* of the stand-in's PSRAM, at most */
#define KEPT 4

/* --- what was reported -------------------------------------------------------------------------
 */

static struct {
    unsigned count;
    heaptrail_error_row_t row[KEPT];
    uintptr_t caller[KEPT];
    uintptr_t maker[KEPT];
    uintptr_t freer[KEPT];
} s_got;

static uint64_t s_cases, s_silent, s_unclaimed;

static uintptr_t first_frame(const heaptrail_origin_t *origin)
{
    return origin->frame_count != 0 ? origin->frames[0] : 0;
}

static void on_error(void *context, const heaptrail_error_row_t *error)
{
    (void)context;
    if (s_got.count < KEPT) {
        s_got.row[s_got.count] = *error;
        s_got.caller[s_got.count] = first_frame(&error->caller);
        s_got.maker[s_got.count] = first_frame(&error->block.allocated);
        s_got.freer[s_got.count] = first_frame(&error->block.freed_by);
    }
    s_got.count++;
}

/* A case: everything that it says when it fails. */
typedef struct {
    const char *what;
    const char *context;
    const char *task; /* that a report names */
    const fw_maker_t *maker;
    const char *kind_of_memory;
    uint32_t caps;
    size_t size;
    long distance;
} case_t;

static void complain(const case_t *c, const char *wrong)
{
    fprintf(stderr, "%s: %s, %s, %s, %u bytes, distance %ld, %s; %u reports", wrong, c->what,
            c->maker->name, c->kind_of_memory, (unsigned)c->size, c->distance, c->context,
            s_got.count);
    if (s_got.count != 0) {
        fprintf(stderr, ", the first: %s at offset %ld, %u bytes damaged, block of %u by %s",
                heaptrail_error_name(s_got.row[0].kind), (long)s_got.row[0].offset_bytes,
                (unsigned)s_got.row[0].damaged_bytes, (unsigned)s_got.row[0].block.size_bytes,
                s_got.row[0].block.task_name);
    }
    fprintf(stderr, "\n");
    fail();
}

#define NEED(c, condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) { complain(c, #condition); }                                             \
    } while (0)

static void expect_silence(const case_t *c)
{
    s_silent++;
    NEED(c, s_got.count == 0);
}

/* Exactly one report, of this kind, about this block. */
static const heaptrail_error_row_t *expect(const case_t *c, heaptrail_error_kind_t kind,
                                           const void *block, long offset, size_t damaged)
{
    const heaptrail_error_row_t *row = &s_got.row[0];
    s_cases++;
    NEED(c, s_got.count == 1);
    NEED(c, row->kind == kind);
    NEED(c, row->block.address == (uintptr_t)block);
    NEED(c, row->block.size_bytes == c->size);
    NEED(c, row->offset_bytes == offset);
    NEED(c, row->damaged_bytes == damaged);
    NEED(c, row->block.allocated.method == c->maker->method);
    NEED(c, c->maker->has_site ? row->block.allocated.site != NULL
                               : esp_is_in(s_got.maker[0], (const void *)c->maker->make));
    NEED(c, strcmp(row->block.task_name, c->task) == 0);
    NEED(c, strcmp(row->caller_task_name, c->task) == 0);
    s_got.count = 0;
    return row;
}

/* --- one block and what is done to it
 * ------------------------------------------------------------- */

static char *make(const case_t *c)
{
    s_got.count = 0;
    char *block = c->maker->make(c->size, c->caps);
    NEED(c, block != NULL);
    NEED(c, (uintptr_t)block % c->maker->alignment == 0);
    NEED(c, heap_caps_get_allocated_size(block) == c->size);
    for (size_t i = 0; c->maker->zeroed && i < c->size; i++) {
        NEED(c, block[i] == 0);
    }
    return block;
}

static bool has_front(const case_t *c)
{
    return (c->caps & MALLOC_CAP_EXEC) == 0 && c->maker->alignment <= 128;
}

/* Where the tail of a block begins: at a cache line for one that begins one behind a cache. */
static size_t tail_of(const case_t *c, const char *block)
{
    size_t line = sim_cache_line_at(block);
    bool special =
        c->maker->alignment > 8 || (c->caps & (MALLOC_CAP_DMA | MALLOC_CAP_CACHE_ALIGNED)) != 0;
    if (line == 0 || !special || (uintptr_t)block % line != 0) { return c->size; }
    return (c->size + line - 1) / line * line;
}

static void overflow(case_t c, long distance, size_t count)
{
    c.what = "overflow";
    c.distance = distance;
    char *block = make(&c);
    size_t tail = tail_of(&c, block);
    if (c.size + (size_t)distance - 1 + count > tail + TAIL) { /* not in this one's redzone */
        heap_caps_free(block);
        expect_silence(&c);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        block[c.size + (size_t)distance - 1 + i] ^= 0x40;
    }
    heap_caps_free(block);
    if (c.size + (size_t)distance - 1 + count <= tail) { /* a cache line's rest: nobody's */
        s_unclaimed++;
        expect_silence(&c);
        return;
    }
    long first = (long)c.size + distance - 1;
    long from = first < (long)tail ? (long)tail : first;
    expect(&c, HEAPTRAIL_ERROR_OVERFLOW, block, from, (size_t)(first + (long)count - from));
}

static void underflow(case_t c, long distance, size_t count)
{
    c.what = "underflow";
    c.distance = distance;
    if (!has_front(&c)) {
        s_unclaimed++;
        return;
    }
    char *block = make(&c);
    for (size_t i = 0; i < count; i++) {
        block[-distance + (long)i] ^= 0x21;
    }
    heap_caps_free(block);
    expect(&c, HEAPTRAIL_ERROR_UNDERFLOW, block, -distance, count);
}

/* The legal neighbour: every byte of the block, and everything that is legal with it. */
static void legal(case_t c)
{
    c.what = "legal use";
    for (size_t i = 0; i < fw_enders_count; i++) {
        char *block = make(&c);
        size_t size = heap_caps_get_allocated_size(block);
        for (size_t at = 0; at < size; at++) {
            block[at] = (char)at;
        }
        heaptrail_verified_t seen;
        NEED(&c, heaptrail_verify(block, &seen) == ESP_OK && seen.errors == 0);
        if (sim_cache_line_at(block) != 0 && tail_of(&c, block) != c.size) {
            sim_dma_receive(block, c.size,
                            "................................................."
                            ".................................................."
                            ".................................................."
                            "..................................................");
        }
        fw_enders[i].end(block);
        expect_silence(&c);
    }
}

static void write_after_free(case_t c, size_t at)
{
    c.what = "write after free";
    c.distance = (long)at;
    char *block = make(&c);
    heap_caps_free(block);
    block[at] ^= 0x7f;
    NEED(&c, heaptrail_verify(block, NULL) == ESP_OK);
    const heaptrail_error_row_t *row =
        expect(&c, HEAPTRAIL_ERROR_WRITE_AFTER_FREE, block, (long)at, 1);
    NEED(&c, row->block.freed && row->found == HEAPTRAIL_FOUND_VERIFY);
    (void)heaptrail_release_quarantine(); /* it was put right: nothing more */
    expect_silence(&c);
    block = make(&c);
    heap_caps_free(block);
    block[at] ^= 0x7f;
    (void)heaptrail_release_quarantine();
    row = expect(&c, HEAPTRAIL_ERROR_WRITE_AFTER_FREE, block, (long)at, 1);
    NEED(&c, row->found == HEAPTRAIL_FOUND_QUARANTINE);
}

static void double_free(case_t c, bool later)
{
    c.what = later ? "double free, after the quarantine" : "double free";
    for (size_t i = 0; i < fw_enders_count; i++) {
        char *block = make(&c);
        fw_enders[i].end(block);
        if (later) { (void)heaptrail_release_quarantine(); }
        s_got.count = 0;
        fw_enders[i].end(block);
        uintptr_t freer = s_got.freer[0];
        uintptr_t caller = s_got.caller[0];
        const heaptrail_error_row_t *row = expect(&c, HEAPTRAIL_ERROR_DOUBLE_FREE, block, 0, 0);
        NEED(&c,
             row->place == (later ? HEAPTRAIL_PLACE_RECENTLY_FREED : HEAPTRAIL_PLACE_QUARANTINE));
        NEED(&c, row->block.freed);
        /* The stand-in's interrupts share a task's stack, where no scope is believed. */
        bool hidden = fw_enders[i].is_scoped && strncmp(c.task, "(ISR", 4) == 0;
        if (fw_enders[i].is_direct && !hidden) {
            NEED(&c, esp_is_in(caller, (const void *)fw_enders[i].end));
            NEED(&c, esp_is_in(freer, (const void *)fw_enders[i].end));
        }
    }
    c.what = later ? "realloc of freed, after the quarantine" : "realloc of freed";
    char *block = make(&c);
    heap_caps_free(block);
    if (c.size > 4) { /* into a freed block */
        s_got.count = 0;
        heap_caps_free(block + 4);
        NEED(&c, s_got.row[0].block.freed);
        expect(&c, HEAPTRAIL_ERROR_BAD_FREE, block, 4, 0);
    }
    if (later) { (void)heaptrail_release_quarantine(); }
    NEED(&c, fw_realloc(block, 2 * c.size) == NULL);
    expect(&c, HEAPTRAIL_ERROR_REALLOC_FREED, block, 0, 0);
    NEED(&c, fw_caps_realloc(block, 1) == NULL);
    expect(&c, HEAPTRAIL_ERROR_REALLOC_FREED, block, 0, 0);
}

static void bad_free(case_t c, long offset)
{
    c.what = "free of an interior pointer";
    c.distance = offset;
    char *block = make(&c);
    for (size_t i = 0; i < fw_enders_count; i++) {
        fw_enders[i].end(block + offset);
        expect(&c, HEAPTRAIL_ERROR_BAD_FREE, block, offset, 0);
    }
    NEED(&c, fw_realloc(block + offset, 8) == NULL);
    expect(&c, HEAPTRAIL_ERROR_BAD_REALLOC, block, offset, 0);
    memset(block, 1, c.size); /* it lives on */
    heap_caps_free(block);
    expect_silence(&c);
}

static const char *const s_text = "a constant";
static char s_variable[64];

/* Pointers that are in no block of ours. */
static void foreign_free(case_t c)
{
    char local[64];
    char *volatile pointer[] = {s_variable + 8, local + 8, (char *)(uintptr_t)s_text,
                                (char *)(uintptr_t)0x10, (char *)~(uintptr_t)0};
    c.what = "free of what is no block";
    for (size_t p = 0; p < sizeof(pointer) / sizeof(pointer[0]); p++) {
        c.distance = (long)p;
        for (size_t i = 0; i < fw_enders_count; i++) {
            s_got.count = 0;
            fw_enders[i].end(pointer[p]);
            s_cases++;
            NEED(&c, s_got.count == 1 && s_got.row[0].kind == HEAPTRAIL_ERROR_BAD_FREE);
            NEED(&c, s_got.row[0].address == (uintptr_t)pointer[p]);
            NEED(&c, s_got.row[0].block.address == 0);
        }
        s_got.count = 0;
        NEED(&c, fw_realloc(pointer[p], 10) == NULL);
        NEED(&c, s_got.count == 1 && s_got.row[0].kind == HEAPTRAIL_ERROR_BAD_REALLOC);
    }
    s_got.count = 0;
}

/* Beyond the redzone, into another block: cannot be seen, and is not claimed. */
static void beyond(case_t c)
{
    c.what = "a write that jumps into another block";
    char *block = make(&c);
    char *other = make(&c);
    block[other - block] ^= 1;
    heap_caps_free(block);
    heap_caps_free(other);
    s_unclaimed++;
    expect_silence(&c);
}

/* --- the loops -----------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    uint32_t caps;
} s_memory[] = {
    {"internal", MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT},
    {"DMA", MALLOC_CAP_DMA},
    {"RTC", MALLOC_CAP_RTCRAM},
    {"PSRAM", MALLOC_CAP_SPIRAM | MALLOC_CAP_8BIT},
    {"DMA in PSRAM", MALLOC_CAP_SPIRAM | MALLOC_CAP_DMA},
    {"cache-aligned PSRAM", MALLOC_CAP_SPIRAM | MALLOC_CAP_CACHE_ALIGNED},
    {"32-bit only", MALLOC_CAP_32BIT | MALLOC_CAP_INTERNAL},
    {"EXEC", MALLOC_CAP_EXEC},
};
#define MEMORY_COUNT (sizeof(s_memory) / sizeof(s_memory[0]))

static const size_t s_sizes[] = {1, 2, 3, 4, 5, 7, 8, 31, 64, 100};
#define SIZE_COUNT (sizeof(s_sizes) / sizeof(s_sizes[0]))

static void all_errors(const case_t *c)
{
    legal(*c);
    for (long distance = 1; distance <= TAIL; distance++) {
        overflow(*c, distance, 1);
    }
    overflow(*c, 1, TAIL);
    for (long line = 9; line <= CACHE_LINE; line += 13) {
        overflow(*c, line, 1); /* where a cache line ends later than the block */
    }
    for (long distance = 1; distance <= FRONT; distance++) {
        underflow(*c, distance, 1);
    }
    underflow(*c, FRONT, FRONT);
    write_after_free(*c, 0);
    write_after_free(*c, c->size - 1);
    write_after_free(*c, c->size / 2);
    double_free(*c, false);
    double_free(*c, true);
    if (c->size > 1) { bad_free(*c, 1); }
    if (c->size > 4) { bad_free(*c, (long)(c->size - 1) & ~3L); }
    bad_free(*c, (long)c->size + 1); /* in the tail */
    beyond(*c);
}

typedef struct {
    const char *name;
    const char *task;
} context_t;

static void all_makers(const context_t *context, const fw_maker_t *makers, size_t count)
{
    for (size_t m = 0; m < count; m++) {
        for (size_t kind = 0; kind < (makers[m].takes_caps ? MEMORY_COUNT : 1); kind++) {
            for (size_t s = 0; s < SIZE_COUNT; s++) {
                const case_t c = {
                    .context = context->name,
                    .task = context->task,
                    .maker = &makers[m],
                    .kind_of_memory = makers[m].takes_caps ? s_memory[kind].name : "default",
                    .caps = makers[m].takes_caps ? s_memory[kind].caps : 0,
                    .size = s_sizes[s],
                };
                all_errors(&c);
            }
            esp_check();
        }
    }
}

static void run_all(void *arg)
{
    const context_t *context = arg;
    all_makers(context, fw_makers, fw_makers_count);
    all_makers(context, fw_cxx_makers, fw_cxx_makers_count);
    const case_t c = {.context = context->name, .maker = fw_makers, .kind_of_memory = "none"};
    foreign_free(c);
}

static void set_up(void)
{
    const heaptrail_checks_t checks = {
        .redzones = true,
        .redzone_front_bytes = FRONT,
        .redzone_tail_bytes = TAIL,
        .fill_new = true,
        .new_byte = 0xa5,
        .fill_freed = true,
        .freed_byte = 0,
        .heap_headers = true,
        .wrong_frees = true,
        .quarantine_blocks = 8,
        .quarantine_bytes = 8192,
    };
    assert_int_equal(heaptrail_set_checks(&checks), ESP_OK);
    assert_int_equal(heaptrail_set_policy(HEAPTRAIL_ERROR_NONE, HEAPTRAIL_POLICY_CALLBACK), ESP_OK);
    heaptrail_set_error_callback(on_error, NULL);
    extern bool debug_track_allocation;
    debug_track_allocation = true;
}

static void finish(void)
{
    assert_int_equal(heaptrail_release_quarantine(), ESP_OK);
    assert_true(heap_caps_check_integrity_all(false));
    heaptrail_verified_t seen;
    assert_int_equal(heaptrail_verify_heap(0, &seen), ESP_OK);
    assert_int_equal(seen.errors, 0);
    esp_check();
    heaptrail_check_status_t status;
    assert_int_equal(heaptrail_check_status(&status), ESP_OK);
    assert_int_equal(status.leaked_blocks, 0);
    assert_int_equal(status.unguarded_blocks, 0);
    printf("  %llu errors reported, %llu legal or unclaimed cases silent, %llu not claimed\n",
           (unsigned long long)s_cases, (unsigned long long)s_silent,
           (unsigned long long)s_unclaimed);
}

static void test_before_the_scheduler(void **state)
{
    (void)state;
    static context_t context = {"before the scheduler", "(start-up)"};
    set_up();
    run_all(&context);
    finish();
}

static void in_a_task(void *arg)
{
    (void)arg;
    static context_t context = {"task", "main"};
    set_up();
    run_all(&context);
    finish();
}

static void on_the_other_core(void *arg)
{
    (void)arg;
    static context_t context = {"other core", "second"};
    set_up();
    esp_in_task("second", 1, run_all, &context);
    finish();
}

static void in_an_interrupt(void *arg)
{
    (void)arg;
    static context_t context = {"interrupt", "(ISR core 0)"};
    set_up();
    sim_isr_fire_now(run_all, &context);
    finish();
}

static void test_task(void **state)
{
    (void)state;
    esp_run(in_a_task);
}

static void test_other_core(void **state)
{
    (void)state;
    esp_run(on_the_other_core);
}

static void test_interrupt(void **state)
{
    (void)state;
    esp_run(in_an_interrupt);
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_before_the_scheduler),
    cmocka_unit_test(test_task),
    cmocka_unit_test(test_other_core),
    cmocka_unit_test(test_interrupt),
};
ESP_TEST_MAIN(s_tests)
