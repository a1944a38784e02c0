/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A prompt with the command `heaptrail`. On which port: menuconfig > Component config > ESP System
 * Settings > Channel for console output. Only built with CONFIG_LEAKY_NODE_CONSOLE.
 */
#include <signal.h>

#include "esp_console.h"
#include "esp_idf_version.h"
#include "heaptrail_console.h"
#include "linenoise/linenoise.h"
#include "node.h"
#include "sdkconfig.h"

static esp_err_t new_repl(const esp_console_repl_config_t *config, esp_console_repl_t **repl)
{
#if ESP_IDF_VERSION < ESP_IDF_VERSION_VAL(6, 1, 0) &&                                              \
    (defined(CONFIG_ESP_CONSOLE_UART_DEFAULT) || defined(CONFIG_ESP_CONSOLE_UART_CUSTOM))
    const esp_console_dev_uart_config_t uart = ESP_CONSOLE_DEV_UART_CONFIG_DEFAULT();
    return esp_console_new_repl_uart(&uart, config, repl);
#elif ESP_IDF_VERSION < ESP_IDF_VERSION_VAL(6, 1, 0) && defined(CONFIG_ESP_CONSOLE_USB_CDC)
    const esp_console_dev_usb_cdc_config_t usb = ESP_CONSOLE_DEV_CDC_CONFIG_DEFAULT();
    return esp_console_new_repl_usb_cdc(&usb, config, repl);
#elif ESP_IDF_VERSION < ESP_IDF_VERSION_VAL(6, 1, 0) && defined(CONFIG_ESP_CONSOLE_USB_SERIAL_JTAG)
    const esp_console_dev_usb_serial_jtag_config_t usb =
        ESP_CONSOLE_DEV_USB_SERIAL_JTAG_CONFIG_DEFAULT();
    return esp_console_new_repl_usb_serial_jtag(&usb, config, repl);
#else
    return esp_console_new_repl_stdio(config, repl);
#endif
}

#ifdef CONFIG_IDF_TARGET_LINUX
/* Up to ESP-IDF 6.0 the tick is a signal, and would end each read() that waits for a key. */
static void keep_reading(void)
{
    struct sigaction tick;
    if (sigaction(SIGALRM, NULL, &tick) != 0) { return; }
    tick.sa_flags |= SA_RESTART;
    sigaction(SIGALRM, &tick, NULL);
}
#else
static void keep_reading(void)
{
}
#endif

esp_err_t console_start(void)
{
    keep_reading();
    esp_console_repl_t *repl = NULL;
    esp_console_repl_config_t config = ESP_CONSOLE_REPL_CONFIG_DEFAULT();
    config.prompt = "node>";
    esp_err_t err = new_repl(&config, &repl);
    if (err == ESP_OK) { err = heaptrail_console_register(); }
    if (err != ESP_OK) { return err; }
    /* TAB completes sub-commands, options and names, too. */
    linenoiseSetCompletionCallback(heaptrail_console_completion);
    return esp_console_start_repl(repl);
}
