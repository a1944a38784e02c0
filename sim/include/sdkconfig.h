// SPDX-License-Identifier: Apache-2.0
/** Configuration of the simulated chip: an ESP32-S3 with 8 MB PSRAM. Each symbol may be overridden
 *  with -D. heaptrail's own Kconfig symbols come from sdkconfig_heaptrail.h when it exists. */
#pragma once

#define CONFIG_IDF_TARGET "esp32s3"
#define CONFIG_IDF_TARGET_ESP32S3 1
#define CONFIG_IDF_TARGET_ARCH_XTENSA 1
#define CONFIG_HEAPTRAIL_SIM 1

#ifndef CONFIG_FREERTOS_HZ
#define CONFIG_FREERTOS_HZ 1000
#endif
#define CONFIG_FREERTOS_NUMBER_OF_CORES 2
#define CONFIG_FREERTOS_MAX_TASK_NAME_LEN 16
#define CONFIG_FREERTOS_THREAD_LOCAL_STORAGE_POINTERS 4
#define CONFIG_FREERTOS_TASK_NOTIFICATION_ARRAY_ENTRIES 1
#define CONFIG_FREERTOS_USE_TRACE_FACILITY 1
#define CONFIG_FREERTOS_TIMER_TASK_PRIORITY 1
#define CONFIG_FREERTOS_TIMER_TASK_STACK_DEPTH 2048
#define CONFIG_FREERTOS_TIMER_SERVICE_TASK_NAME "Tmr Svc"
#define CONFIG_FREERTOS_IDLE_TASK_STACKSIZE 1536
#define CONFIG_ESP_MAIN_TASK_STACK_SIZE 3584
#define CONFIG_ESP_TIMER_TASK_STACK_SIZE 3584
#define CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ 240
#define CONFIG_SPIRAM 1
#define CONFIG_HEAP_HAS_EXEC_HEAP 1
#define CONFIG_HEAP_POISONING_DISABLED 1
#define CONFIG_HEAP_TRACING_OFF 1
#ifndef CONFIG_LOG_MAXIMUM_LEVEL
#define CONFIG_LOG_MAXIMUM_LEVEL 5
#endif
#ifndef CONFIG_LOG_DEFAULT_LEVEL
#define CONFIG_LOG_DEFAULT_LEVEL 3
#endif

#if defined(__has_include)
#if __has_include("sdkconfig_heaptrail.h")
#include "sdkconfig_heaptrail.h"
#endif
#endif
