/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The command `heaptrail` at esp_console's prompt, over a real tracker: what it says is true, it
 * allocates nothing, holds no lock while it writes, and lets the idle task run. */
#define _GNU_SOURCE
#include "esp_test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "esp_console.h"
#include "esp_freertos_hooks.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_console.h"
#include "linenoise/linenoise.h"

#define BLOCKS 10000U
#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)

/* --- a prompt whose output is kept -------------------------------------------------------------
 */

static int s_stdout = -1;
static char s_text[4 * 1024 * 1024];
static size_t s_used;

/* Run a line as the REPL does. Returns what the command returned. */
static int type(const char *line)
{
    int code = -1;
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    s_stdout = memfd_create("stdout", 0);
    assert_true(saved >= 0 && s_stdout >= 0 && dup2(s_stdout, STDOUT_FILENO) >= 0);
    esp_err_t err = esp_console_run(line, &code);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    ssize_t got = pread(s_stdout, s_text, sizeof(s_text) - 1U, 0);
    close(s_stdout);
    assert_true(got >= 0 && (size_t)got < sizeof(s_text) - 1U);
    s_used = (size_t)got;
    s_text[s_used] = '\0';
    assert_int_equal(err, ESP_OK);
    return code;
}

static void says(const char *text)
{
    if (strstr(s_text, text) == NULL) { fail_msg("no '%s' in:\n%s", text, s_text); }
}

/* A firmware with the command, and with room for BLOCKS where it may choose. */
static void firmware(void (*fn)(void *))
{
    static uint64_t memory[128U * 1024U];
    const heaptrail_config_t room = {
        .max_blocks = BLOCKS + 2000U, .memory = memory, .memory_bytes = sizeof(memory)};
    if (!esp_status().running) { assert_int_equal(heaptrail_init(&room), ESP_OK); }
    esp_run(fn);
}

static void start(void)
{
    const esp_console_config_t config = ESP_CONSOLE_CONFIG_DEFAULT();
    assert_int_equal(esp_console_init(&config), ESP_OK);
    assert_int_equal(heaptrail_console_register(), ESP_OK);
}

/* --- it is a command like others ---------------------------------------------------------------
 */

static void registered(void *arg)
{
    (void)arg;
    int color = 0;
    int bold = 0;
    start();
    assert_int_equal(heaptrail_console_register(), ESP_OK); /* again: replaces itself */
    assert_int_equal(esp_console_register_help_command(), ESP_OK);
    assert_int_equal(type("help"), 0);
    says("heaptrail  status|sites|tasks");
    says("-n, --rows=ROWS  at most so many rows");
    says("--task=TASK  only blocks of this task");
    says("--json  JSON, for programs");
    assert_non_null(strstr(esp_console_get_hint("heaptrail", &color, &bold), "whois"));
    assert_int_equal(type("heaptrail"), 0);
    says("Tracker: recording");
    says("Next: heaptrail sites");
    assert_int_equal(type("heaptrail nonsense"), HEAPTRAIL_CONSOLE_USAGE);
    assert_int_equal(type("heaptrail whois 0x10"), HEAPTRAIL_CONSOLE_NO);
}

static void test_registered(void **state)
{
    (void)state;
    firmware(registered);
}

static void allocate(void *arg)
{
    (void)arg;
    heap_caps_free(heap_caps_malloc(1, CAPS));
}

static void completed(void *arg)
{
    (void)arg;
    esp_console_repl_t *repl = NULL;
    const esp_console_repl_config_t config = ESP_CONSOLE_REPL_CONFIG_DEFAULT();
    start();
    assert_int_equal(esp_console_new_repl_stdio(&config, &repl), ESP_OK);
    linenoiseCompletions names = sim_linenoise_tab("heaptrail si"); /* esp_console's own */
    assert_int_equal(names.len, 0);
    linenoiseSetCompletionCallback(heaptrail_console_completion);
    names = sim_linenoise_tab("hea");
    assert_int_equal(names.len, 1);
    assert_string_equal(names.cvec[0], "heaptrail");
    sim_linenoise_free(&names);
    esp_in_task("Two Words", 0, allocate, NULL);
    names = sim_linenoise_tab("heaptrail sites --task Two");
    assert_int_equal(names.len, 1);
    assert_string_equal(names.cvec[0], "heaptrail sites --task Two\\ Words");
    assert_int_equal(type(names.cvec[0]), 0); /* what is offered is understood */
    sim_linenoise_free(&names);
}

static void test_completed(void **state)
{
    (void)state;
    firmware(completed);
}

static void colored(void *arg)
{
    (void)arg;
    start();
    assert_int_equal(type("heaptrail sites"), 0);
    assert_null(strchr(s_text, '\x1b'));
    linenoiseSetDumbMode(0);
    assert_int_equal(type("heaptrail sites"), 0);
    says("\x1b[1m");
    assert_int_equal(type("heaptrail sites --color never"), 0);
    assert_null(strchr(s_text, '\x1b'));
}

static void test_colored(void **state)
{
    (void)state;
    firmware(colored);
}

/* --- what it says is so ------------------------------------------------------------------------
 */

static void *s_leaks[5];

static void leak(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 5; i++) {
        s_leaks[i] = heap_caps_malloc(1000, CAPS);
    }
}

static void told(void *arg)
{
    (void)arg;
    char line[80];
    start();
    assert_int_equal(type("heaptrail mark before"), 0);
    esp_in_task("leaker", 0, leak, NULL);
    assert_int_equal(type("heaptrail since before"), 0);
    says("4.88 KiB in 5 blocks, ");
    assert_int_equal(type("heaptrail list --task leaker --min 1000"), 0);
    says("of 5 blocks and 4.88 KiB");
    assert_int_equal(type("heaptrail list --task leaker --min 1001 --json"), 0);
    says("\"rows_total\":0,");
    assert_int_equal(type("heaptrail list --heap DRAM --caps DMA --since before --older 1h"), 0);
    says("none.");
    (void)snprintf(line, sizeof(line), "heaptrail whois %p", (void *)((char *)s_leaks[3] + 10));
    assert_int_equal(type(line), 0);
    says("is 10 bytes into a live block of 1,000 bytes");
    uint32_t site = esp_block(s_leaks[0]).origin.id;
    (void)snprintf(line, sizeof(line), "heaptrail list --site %u --sort address --all", site);
    assert_int_equal(type(line), 0);
    (void)snprintf(line, sizeof(line), "%p", s_leaks[0]);
    says(line);
    assert_int_equal(type("heaptrail list --task leaker --sort address -n 1"), 0);
    says("1 of 5 blocks shown.");
    for (unsigned i = 0; i < 5; i++) {
        heap_caps_free(s_leaks[i]);
    }
    assert_int_equal(type("heaptrail since"), 0);
    says("nothing left.");
    assert_int_equal(type("heaptrail tasks --all --sort total"), 0);
    says("leaker deleted");
    assert_null(heap_caps_malloc(SIZE_MAX / 4U, CAPS));
    assert_int_equal(type("heaptrail failures -n 1"), 0);
    says("Failed allocations, newest first: 1 failure ever");
}

static void test_told(void **state)
{
    (void)state;
    firmware(told);
}

static void switched(void *arg)
{
    (void)arg;
    start();
    assert_int_equal(type("heaptrail stop"), 0);
    assert_false(esp_status().running);
    assert_int_equal(type("heaptrail start"), 0);
    assert_true(esp_status().running);
    assert_int_equal(type("heaptrail scrub 7s"), 0);
    heaptrail_checks_t checks;
    assert_int_equal(heaptrail_get_checks(&checks), ESP_OK);
    assert_int_equal(checks.scrub_round_ms, 7000);
    void *block = heap_caps_malloc(77, CAPS);
    assert_int_equal(type("heaptrail reset"), HEAPTRAIL_CONSOLE_USAGE);
    assert_int_equal(esp_records_of(block), 1);
    assert_int_equal(type("heaptrail reset --yes"), 0);
    assert_int_equal(esp_records_of(block), 0);
    heap_caps_free(block);
}

static void test_switched(void **state)
{
    (void)state;
    firmware(switched);
}

/* A byte behind a block: `check` and `scrub` find it, `errors` tells it and forgets it. */
static void checked(void *arg)
{
    (void)arg;
    start();
    heaptrail_checks_t checks;
    assert_int_equal(heaptrail_get_checks(&checks), ESP_OK);
    checks.redzones = true;
    checks.redzone_front_bytes = 8;
    checks.redzone_tail_bytes = 8;
    assert_int_equal(heaptrail_set_checks(&checks), ESP_OK);
    char *block = heap_caps_malloc(13, CAPS);
    esp_log_catch();
    assert_int_equal(type("heaptrail check"), 0);
    says("0 errors in 1 block with redzones");
    block[13] ^= 1;
    assert_int_equal(type("heaptrail check"), HEAPTRAIL_CONSOLE_NO);
    says("1 error in 1 block with redzones");
    assert_int_equal(type("heaptrail check"), 0); /* it was repaired */
    block[13] ^= 1;
    assert_int_equal(type("heaptrail scrub"), HEAPTRAIL_CONSOLE_NO);
    assert_int_equal(type("heaptrail errors --all"), 0);
    says("heap buffer overflow");
    assert_int_equal(type("heaptrail errors --clear"), 0);
    assert_int_equal(type("heaptrail errors"), 0);
    assert_null(strstr(s_text, "heap buffer overflow"));
    heap_caps_free(block);
    esp_check();
}

static void test_checked(void **state)
{
    (void)state;
    firmware(checked);
}

/* --- it disturbs nobody ------------------------------------------------------------------------
 */

static void forget(void *context, const char *text, size_t length)
{
    (void)text;
    *(size_t *)context += length;
}

/* No memory at all is left, and the commands answer. None of them allocates. */
static void without_memory(void *arg)
{
    (void)arg;
    static const char *const subs[] = {"status",   "sites",  "tasks", "heaps", "list",
                                       "failures", "errors", "mark",  "since", "check",
                                       "scrub",    "start",  "help",  "bogus"};
    start();
    while (heap_caps_malloc(16, MALLOC_CAP_8BIT) != NULL) {
        (void)heap_caps_malloc(heap_caps_get_largest_free_block(MALLOC_CAP_8BIT), MALLOC_CAP_8BIT);
    }
    uint64_t blocks = esp_status().total_blocks;
    uint32_t failures = esp_status().failures;
    for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++) {
        size_t bytes = 0;
        char *argv[] = {"heaptrail", (char *)(uintptr_t)subs[i], NULL};
        const heaptrail_console_t console = {.write = forget, .context = &bytes};
        int code = heaptrail_console_run(&console, 2, argv);
        assert_int_equal(code, strcmp(subs[i], "bogus") == 0 ? HEAPTRAIL_CONSOLE_USAGE : 0);
        assert_true(bytes != 0);
    }
    assert_int_equal(esp_status().total_blocks, blocks);
    assert_int_equal(esp_status().failures, failures);
}

static void test_without_memory(void **state)
{
    (void)state;
    firmware(without_memory);
}

static void make_blocks(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_non_null(heap_caps_malloc(16 + i % 200, MALLOC_CAP_SPIRAM));
    }
}

typedef struct {
    size_t bytes, since_pause, most;
    unsigned pauses;
} slow_t;

/* A writer that allocates: it would never return if the tracker's lock were held. */
static void write_slowly(void *context, const char *text, size_t length)
{
    slow_t *slow = context;
    (void)text;
    void *own = heap_caps_malloc(24, CAPS);
    assert_int_equal(esp_records_of(own), 1);
    heap_caps_free(own);
    slow->bytes += length;
    slow->since_pause += length;
    if (slow->since_pause > slow->most) { slow->most = slow->since_pause; }
}

static void rest(void *context)
{
    slow_t *slow = context;
    slow->since_pause = 0;
    slow->pauses++;
}

static void written_slowly(void *arg)
{
    (void)arg;
    start();
    make_blocks(60);
    char *argv[] = {"heaptrail", "list", "--all", NULL};
    slow_t slow = {0};
    const heaptrail_console_t console = {.write = write_slowly, .pause = rest, .context = &slow};
    assert_int_equal(heaptrail_console_run(&console, 3, argv), 0);
    assert_true(slow.bytes > 60 * 40);
    assert_true(slow.most < HEAPTRAIL_CONSOLE_CHUNK_BYTES + 128U);
    assert_true(slow.pauses >= slow.bytes / (HEAPTRAIL_CONSOLE_CHUNK_BYTES + 128U));
    esp_check();
}

static void test_written_slowly(void **state)
{
    (void)state;
    firmware(written_slowly);
}

/* Consoles on both cores at once: each command is done, or says that another one is under way. */
#define ROUNDS 100U

typedef struct {
    volatile unsigned done, busy;
    volatile bool ended;
} console_t;

static void use_console(void *arg)
{
    static const char *const lines[][3] = {{"mark", "ours", NULL}, {"since", NULL, NULL},
                                           {"list", "-n3", NULL},  {"mark", "--list", NULL},
                                           {"tasks", NULL, NULL},  {"mark", NULL, NULL}};
    console_t *mine = arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t bytes = 0;
        const heaptrail_console_t console = {.write = forget, .context = &bytes};
        const char *const *words = lines[i % (sizeof(lines) / sizeof(lines[0]))];
        char *argv[] = {"heaptrail", (char *)(uintptr_t)words[0], (char *)(uintptr_t)words[1],
                        NULL};
        int code = heaptrail_console_run(&console, 3, argv);
        assert_true(bytes != 0);
        assert_true(code == HEAPTRAIL_CONSOLE_OK || code == HEAPTRAIL_CONSOLE_FAILED);
        mine->done += code == HEAPTRAIL_CONSOLE_OK ? 1U : 0U;
        mine->busy += code == HEAPTRAIL_CONSOLE_FAILED ? 1U : 0U;
    }
    mine->ended = true;
    vTaskDelete(NULL);
}

static void together(void *arg)
{
    (void)arg;
    static console_t consoles[2];
    make_blocks(20);
    assert_int_equal(xTaskCreatePinnedToCore(use_console, "uart", 4096, &consoles[0], 2, NULL, 0),
                     pdPASS);
    assert_int_equal(xTaskCreatePinnedToCore(use_console, "telnet", 4096, &consoles[1], 2, NULL, 1),
                     pdPASS);
    for (unsigned i = 0; i < 10000 && !(consoles[0].ended && consoles[1].ended); i++) {
        vTaskDelay(1);
    }
    for (unsigned c = 0; c < 2; c++) {
        assert_true(consoles[c].ended);
        assert_int_equal(consoles[c].done + consoles[c].busy, ROUNDS);
        assert_true(consoles[c].done > ROUNDS / 4U);
    }
    esp_check();
}

static void test_together(void **state)
{
    (void)state;
    firmware(together);
}

/* The idle task is what the task watchdog watches. */
static volatile unsigned s_idle_runs;

static bool idle(void)
{
    s_idle_runs++;
    return true;
}

static void watched(void *arg)
{
    (void)arg;
    start();
    unsigned count = esp_status().max_blocks > BLOCKS ? BLOCKS : 1000;
    make_blocks(count);
    assert_int_equal(esp_register_freertos_idle_hook_for_cpu(idle, (UBaseType_t)xPortGetCoreID()),
                     ESP_OK);
    s_idle_runs = 0;
    TickType_t before = xTaskGetTickCount();
    assert_int_equal(type("heaptrail list --all --sort none"), 0);
    unsigned chunks = (unsigned)(s_used / (HEAPTRAIL_CONSOLE_CHUNK_BYTES + 128U));
    assert_true(s_used > count * 40U);
    assert_true(xTaskGetTickCount() - before >= chunks);
    assert_true(s_idle_runs >= chunks / 2U);
    esp_check();
}

static void test_watched(void **state)
{
    (void)state;
    firmware(watched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registered),     cmocka_unit_test(test_completed),
        cmocka_unit_test(test_colored),        cmocka_unit_test(test_told),
        cmocka_unit_test(test_switched),       cmocka_unit_test(test_checked),
        cmocka_unit_test(test_without_memory), cmocka_unit_test(test_written_slowly),
        cmocka_unit_test(test_together),       cmocka_unit_test(test_watched),
    };
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
