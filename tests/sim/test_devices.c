// SPDX-License-Identifier: Apache-2.0
/* DMA behind the cache, memory that outlives a reset, the image's name, the ROM's output, stacks.
 */
#include "sim_test.h"

#include "esp_app_desc.h"
#include "esp_attr.h"
#include "esp_heap_caps.h"
#include "esp_rom_sys.h"
#include <string.h>

#define LINE CONFIG_ESP32S3_DATA_CACHE_LINE_SIZE

static int reset(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    sim_init(&config);
    return 0;
}

static void expect_all(const uint8_t *bytes, size_t count, uint8_t value)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(bytes[i], value);
    }
}

static void test_dma_throws_away_the_rest_of_its_lines(void **state)
{
    (void)state;
    uint8_t data[100];
    memset(data, 0x11, sizeof(data));
    uint8_t *p = heap_caps_aligned_alloc(LINE, 8 * LINE, MALLOC_CAP_SPIRAM);
    assert_int_equal(sim_cache_line_at(p), LINE);
    memset(p, 0x22, 8 * LINE);
    sim_dma_receive(p + LINE + 5, 2 * LINE, data);
    expect_all(p, LINE, 0x22);
    expect_all(p + LINE, 5, SIM_STALE_BYTE);
    expect_all(p + LINE + 5, 2 * LINE, 0x11);
    expect_all(p + 3 * LINE + 5, LINE - 5, SIM_STALE_BYTE);
    expect_all(p + 4 * LINE, 4 * LINE, 0x22);
    memset(p, 0x22, 8 * LINE);
    sim_dma_receive(p + LINE, LINE, data); /* whole lines: nothing is lost */
    expect_all(p, LINE, 0x22);
    expect_all(p + 2 * LINE, 6 * LINE, 0x22);
    sim_dma_receive(p + 3, 0, data);
    expect_all(p, LINE, 0x22);
}

static void test_internal_memory_has_no_cache(void **state)
{
    (void)state;
    uint8_t data[16] = {1, 2, 3};
    uint8_t *p = heap_caps_malloc(64, MALLOC_CAP_DMA);
    assert_int_equal(sim_cache_line_at(p), 0);
    memset(p, 0x22, 64);
    sim_dma_receive(p + 3, sizeof(data), data);
    expect_all(p, 3, 0x22);
    assert_memory_equal(p + 3, data, sizeof(data));
    expect_all(p + 3 + sizeof(data), 64 - 3 - sizeof(data), 0x22);
}

/* What a driver asks for shares its lines with nobody, the heap's headers included. */
static void test_dma_buffers_harm_nobody(void **state)
{
    (void)state;
    uint8_t data[1000] = {0};
    for (size_t bytes = 1; bytes < sizeof(data); bytes += 37) {
        void *left = heap_caps_malloc(20, MALLOC_CAP_SPIRAM);
        void *p = heap_caps_malloc(bytes, MALLOC_CAP_SPIRAM | MALLOC_CAP_DMA);
        void *right = heap_caps_malloc(20, MALLOC_CAP_SPIRAM);
        assert_true(left && p && right);
        memset(left, 0x22, 20);
        memset(right, 0x22, 20);
        sim_dma_receive(p, bytes, data);
        expect_all(left, 20, 0x22);
        expect_all(right, 20, 0x22);
        assert_true(heap_caps_check_integrity_all(false));
    }
}

__NOINIT_ATTR uint32_t sim_test_kept; /* not static: the compiler must not think it knows them */
__NOINIT_ATTR char sim_test_text[20];

static void test_noinit_outlives_a_reset(void **state)
{
    (void)state;
    size_t bytes;
    char *all = sim_noinit(&bytes);
    assert_non_null(all);
    assert_true(bytes >= sizeof(sim_test_kept) + sizeof(sim_test_text));
    memset(all, 0x5a, bytes); /* power-on */
    assert_int_equal(sim_test_kept, 0x5a5a5a5a);
    assert_int_equal(sim_test_text[19], 0x5a);
    sim_test_kept = 42;
    sim_reset();
    assert_int_equal(sim_test_kept, 42);
}

static void test_the_image_has_a_name(void **state)
{
    (void)state;
    uint32_t word;
    sim_set_app_image(0x12345678);
    memcpy(&word, esp_app_get_description()->app_elf_sha256, sizeof(word));
    assert_int_equal(word, 0x12345678);
}

static char s_out[64];
static size_t s_out_length;

static void note_output(const char *text, size_t length)
{
    memcpy(s_out + s_out_length, text, length);
    s_out_length += length;
}

static void print_in_isr(void *arg)
{
    (void)arg;
    esp_rom_printf("isr %d\n", 7);
}

static void print_everywhere(void *arg)
{
    (void)arg;
    portMUX_TYPE mux = portMUX_INITIALIZER_UNLOCKED;
    portENTER_CRITICAL(&mux);
    esp_rom_printf("critical\n");
    portEXIT_CRITICAL(&mux);
    vTaskSuspendAll();
    esp_rom_printf("suspended\n");
    xTaskResumeAll();
    sim_isr_fire_now(print_in_isr, NULL);
}

static void test_rom_output(void **state)
{
    (void)state;
    sim_set_rom_output(note_output);
    sim_run(print_everywhere, NULL);
    sim_set_rom_output(NULL);
    assert_string_equal(s_out, "critical\nsuspended\nisr 7\n");
}

static void wait_for_ever(void *arg)
{
    (void)arg;
    vTaskDelay(portMAX_DELAY);
}

static void use_a_stack(void *arg)
{
    (void)arg;
    TaskHandle_t task;
    assert_int_equal(xTaskCreate(wait_for_ever, "t", 2048, NULL, 2, &task), pdPASS);
    uint8_t *low = pxTaskGetStackStart(task);
    assert_true(sim_region_of(low) != SIM_REGION_COUNT);
    assert_true(heap_caps_get_allocated_size(low) >= 2048);
    assert_int_equal(uxTaskGetStackHighWaterMark(task), 2048);
    low[100] = 0;
    assert_int_equal(uxTaskGetStackHighWaterMark(task), 100);
    low[0] = 0;
    assert_int_equal(uxTaskGetStackHighWaterMark(task), 0);
}

static void test_stack_margin(void **state)
{
    (void)state;
    sim_run(use_a_stack, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_dma_throws_away_the_rest_of_its_lines, reset),
        cmocka_unit_test_setup(test_internal_memory_has_no_cache, reset),
        cmocka_unit_test_setup(test_dma_buffers_harm_nobody, reset),
        cmocka_unit_test_setup(test_noinit_outlives_a_reset, reset),
        cmocka_unit_test_setup(test_the_image_has_a_name, reset),
        cmocka_unit_test_setup(test_rom_output, reset),
        cmocka_unit_test_setup(test_stack_margin, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
