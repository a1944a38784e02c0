// SPDX-License-Identifier: Apache-2.0
/* esp_err, esp_system, esp_random, version; the end of the simulated world. */
#include "esp_app_desc.h"
#include "esp_err.h"
#include "esp_heap_caps.h"
#include "esp_idf_version.h"
#include "esp_private/cache_utils.h"
#include "esp_random.h"
#include "esp_rom_sys.h"
#include "esp_system.h"
#include "heap_private.h"
#include "kernel.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHUTDOWN_MAX 8

static sim_panic_fn_t s_panic_handler;
static shutdown_handler_t s_shutdown[SHUTDOWN_MAX];
static int s_shutdown_count;

void k_system_reset(void)
{
    s_shutdown_count = 0;
}

void sim_set_panic_handler(sim_panic_fn_t fn)
{
    s_panic_handler = fn;
}

void sim_panic(const char *format, ...)
{
    char text[200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (s_panic_handler) { s_panic_handler(text, false); }
    fflush(stdout);
    fprintf(stderr, "abort() in %s: %s\n", k_ctx.task ? k_tcb(k_ctx.task)->name : "no task", text);
    abort();
}

void esp_system_abort(const char *details)
{
    sim_panic("%s", details);
}

void esp_restart(void)
{
    for (int i = s_shutdown_count; i > 0; i--) {
        s_shutdown[i - 1]();
    }
    if (s_panic_handler) { s_panic_handler("esp_restart", true); }
    fflush(NULL);
    _Exit(SIM_EXIT_RESTART);
}

esp_err_t esp_register_shutdown_handler(shutdown_handler_t handle)
{
    for (int i = 0; i < s_shutdown_count; i++) {
        if (s_shutdown[i] == handle) { return ESP_ERR_INVALID_STATE; }
    }
    if (s_shutdown_count == SHUTDOWN_MAX) { return ESP_ERR_NO_MEM; }
    s_shutdown[s_shutdown_count++] = handle;
    return ESP_OK;
}

esp_err_t esp_unregister_shutdown_handler(shutdown_handler_t handle)
{
    for (int i = 0; i < s_shutdown_count; i++) {
        if (s_shutdown[i] == handle) {
            s_shutdown_count--;
            memmove(&s_shutdown[i], &s_shutdown[i + 1],
                    (size_t)(s_shutdown_count - i) * sizeof(s_shutdown[0]));
            return ESP_OK;
        }
    }
    return ESP_ERR_INVALID_STATE;
}

esp_reset_reason_t esp_reset_reason(void)
{
    return ESP_RST_POWERON;
}

uint32_t esp_get_free_heap_size(void)
{
    return (uint32_t)heap_caps_get_free_size(MALLOC_CAP_DEFAULT);
}

uint32_t esp_get_free_internal_heap_size(void)
{
    return (uint32_t)heap_caps_get_free_size(MALLOC_CAP_8BIT | MALLOC_CAP_DMA |
                                             MALLOC_CAP_INTERNAL);
}

uint32_t esp_get_minimum_free_heap_size(void)
{
    return (uint32_t)heap_caps_get_minimum_free_size(MALLOC_CAP_DEFAULT);
}

const char *esp_get_idf_version(void)
{
    return "v5.5-sim";
}

static bool s_flash_cache_off;

void sim_set_flash_cache(bool enabled)
{
    s_flash_cache_off = !enabled;
}

bool spi_flash_cache_enabled(void)
{
    return !s_flash_cache_off;
}

uint32_t esp_random(void)
{
    return sim_random();
}

void esp_fill_random(void *buf, size_t len)
{
    uint8_t *p = buf;
    for (size_t i = 0; i < len; i++) {
        p[i] = (uint8_t)sim_random();
    }
}

static esp_app_desc_t s_app = {
    .magic_word = ESP_APP_DESC_MAGIC_WORD,
    .version = "1",
    .project_name = "sim",
    .idf_ver = "v5.5-sim",
    .app_elf_sha256 = {0x51, 0x3d, 0x00, 0x01},
};

const esp_app_desc_t *esp_app_get_description(void)
{
    return &s_app;
}

void sim_set_app_image(uint32_t first_word)
{
    memcpy(s_app.app_elf_sha256, &first_word, sizeof(first_word));
}

/* --- the ROM's output: no lock of libc's, and seen at once ---------------------------------------
 */

static sim_rom_output_fn_t s_rom_output;

void sim_set_rom_output(sim_rom_output_fn_t fn)
{
    s_rom_output = fn;
}

/* Where a task of its own accord prints, behind what it printed before; elsewhere past stdio, whose
 * lock the thread under this interrupt may hold. */
static void rom_output(const char *text, size_t length)
{
    if (s_rom_output != NULL) {
        s_rom_output(text, length);
    } else if (k_ctx.isr_depth == 0) {
        fwrite(text, 1, length, stdout);
        fflush(stdout);
    } else {
        while (length > 0) {
            ssize_t written = write(STDOUT_FILENO, text, length);
            if (written <= 0) { return; }
            text += written;
            length -= (size_t)written;
        }
    }
}

int esp_rom_printf(const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    size_t most = sizeof(text) - 1;
    if (length > 0) { rom_output(text, (size_t)length < most ? (size_t)length : most); }
    return length;
}

void esp_rom_delay_us(uint32_t us)
{
    __atomic_fetch_add(&k.clock_us, us, __ATOMIC_RELAXED);
    k_point();
}

/* --- error names
 * ------------------------------------------------------------------------------------ */

#define NAME(code)                                                                                 \
    {                                                                                              \
        code, #code                                                                                \
    }
static const struct {
    esp_err_t code;
    const char *name;
} s_errors[] = {
    NAME(ESP_OK),
    NAME(ESP_FAIL),
    NAME(ESP_ERR_NO_MEM),
    NAME(ESP_ERR_INVALID_ARG),
    NAME(ESP_ERR_INVALID_STATE),
    NAME(ESP_ERR_INVALID_SIZE),
    NAME(ESP_ERR_NOT_FOUND),
    NAME(ESP_ERR_NOT_SUPPORTED),
    NAME(ESP_ERR_TIMEOUT),
    NAME(ESP_ERR_INVALID_RESPONSE),
    NAME(ESP_ERR_INVALID_CRC),
    NAME(ESP_ERR_INVALID_VERSION),
    NAME(ESP_ERR_INVALID_MAC),
    NAME(ESP_ERR_NOT_FINISHED),
    NAME(ESP_ERR_NOT_ALLOWED),
};

static const char *name_of(esp_err_t code)
{
    for (size_t i = 0; i < sizeof(s_errors) / sizeof(s_errors[0]); i++) {
        if (s_errors[i].code == code) { return s_errors[i].name; }
    }
    return NULL;
}

const char *esp_err_to_name(esp_err_t code)
{
    const char *name = name_of(code);
    return name ? name : "UNKNOWN ERROR";
}

const char *esp_err_to_name_r(esp_err_t code, char *buf, size_t buflen)
{
    const char *name = name_of(code);
    if (name) {
        snprintf(buf, buflen, "%s", name);
    } else {
        snprintf(buf, buflen, "UNKNOWN ERROR 0x%x(%d)", (unsigned)code, code);
    }
    return buf;
}

static void print_failed(const char *title, esp_err_t rc, const char *file, int line,
                         const char *function, const char *expression)
{
    fflush(stdout);
    fprintf(stderr, "%s: esp_err_t 0x%x (%s)\nfile: \"%s\" line %d\nfunc: %s\nexpression: %s\n",
            title, (unsigned)rc, esp_err_to_name(rc), file, line, function, expression);
}

void _esp_error_check_failed(esp_err_t rc, const char *file, int line, const char *function,
                             const char *expression)
{
    print_failed("ESP_ERROR_CHECK failed", rc, file, line, function, expression);
    sim_panic("ESP_ERROR_CHECK failed: %s", expression);
}

void _esp_error_check_failed_without_abort(esp_err_t rc, const char *file, int line,
                                           const char *function, const char *expression)
{
    print_failed("ESP_ERROR_CHECK_WITHOUT_ABORT failed", rc, file, line, function, expression);
}
