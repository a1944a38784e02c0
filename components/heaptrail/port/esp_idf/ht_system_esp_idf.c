/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What an error report needs of the system: a seed, the image's name, a way out, an end. */
#include <string.h>

#include "esp_app_desc.h"
#include "esp_private/cache_utils.h"
#include "esp_random.h"
#include "esp_rom_sys.h"
#include "esp_system.h"
#include "ht_port.h"

/* What telling an error takes of a stack, and what interrupt handlers need for themselves. */
#define REPORT_STACK_BYTES 2048
#define HANDLER_STACK_BYTES 1536

/* Interrupt handlers of a chip share one small stack: an error that is told there must not destroy
 * more than the error did. */
HT_PORT_HOT bool ht_port_can_report(void)
{
#if defined(CONFIG_FREERTOS_ISR_STACKSIZE) &&                                                      \
    CONFIG_FREERTOS_ISR_STACKSIZE < REPORT_STACK_BYTES + HANDLER_STACK_BYTES
    if (HT_PORT_STACK_TELLS_TASK && xPortInIsrContext()) { return false; }
#endif
    return spi_flash_cache_enabled();
}

/* Before the radio runs, the generator's entropy is what the bootloader left: the same at no two
 * boots, which is all that a canary needs. */
uint32_t ht_port_seed(void)
{
    return esp_random() ^ (uint32_t)esp_cpu_get_cycle_count();
}

uint32_t ht_port_image(void)
{
    uint32_t image;
    memcpy(&image, esp_app_get_description()->app_elf_sha256, sizeof(image));
    return image;
}

/*
 * The ROM's own output: it spins for the UART's (or the USB console's) FIFO and takes no lock. It
 * writes to all channels of the console, and makes "\r\n" of a line feed. Its format knows no
 * "%.*s", so the text goes in pieces.
 */
void ht_port_emergency_write(const char *text, size_t length)
{
    static const HT_PORT_HOT_DATA char format[] = "%s";
    char piece[48];
    while (length > 0) {
        size_t bytes = length < sizeof(piece) - 1U ? length : sizeof(piece) - 1U;
        memcpy(piece, text, bytes);
        piece[bytes] = '\0';
        esp_rom_printf(format, piece);
        text += bytes;
        length -= bytes;
    }
}

_Noreturn void ht_port_abort(void)
{
    esp_system_abort("heaptrail: memory error");
}
