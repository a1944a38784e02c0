// SPDX-License-Identifier: Apache-2.0
/* Allocation functions of the public interface, on top of the base functions. */
#include "esp_heap_caps.h"
#include "freertos/FreeRTOS.h"
#include "heap_private.h"
#include <stdarg.h>
#include <string.h>

#define DEFAULT_INTERNAL (MALLOC_CAP_DEFAULT | MALLOC_CAP_INTERNAL)
#define DEFAULT_SPIRAM (MALLOC_CAP_DEFAULT | MALLOC_CAP_SPIRAM)
#define KERNEL_CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)

static esp_alloc_failed_hook_t s_failed_callback;
static esp_alloc_failed_hook_t s_boot_failed_callback; /* the one that a constructor registered */
static bool s_extmem_enabled;
static size_t s_internal_limit_bytes;

void sim_heap_caps_keep(void)
{
    s_boot_failed_callback = s_failed_callback;
}

void sim_heap_caps_reset(void)
{
    s_failed_callback = s_boot_failed_callback;
    s_extmem_enabled = false;
}

NOINLINE_ATTR static void alloc_failed(size_t size, uint32_t caps, const char *function_name)
{
    if (s_failed_callback) { s_failed_callback(size, caps, function_name); }
}

static inline void *checked(void *p, size_t size, uint32_t caps, const char *function_name)
{
    if (p == NULL && size > 0) { alloc_failed(size, caps, function_name); }
    return p;
}

esp_err_t heap_caps_register_failed_alloc_callback(esp_alloc_failed_hook_t callback)
{
    if (callback == NULL) { return ESP_ERR_INVALID_ARG; }
    s_failed_callback = callback;
    return ESP_OK;
}

void heap_caps_malloc_extmem_enable(size_t limit)
{
    s_internal_limit_bytes = limit;
    s_extmem_enabled = true;
}

/* Which memory malloc() looks at first. */
static inline uint32_t first_caps(size_t size)
{
    return size <= s_internal_limit_bytes ? DEFAULT_INTERNAL : DEFAULT_SPIRAM;
}

void *heap_caps_malloc(size_t size, uint32_t caps)
{
    return checked(heap_caps_malloc_base(size, caps), size, caps, __func__);
}

void *heap_caps_calloc(size_t n, size_t size, uint32_t caps)
{
    return checked(heap_caps_calloc_base(n, size, caps), size ? n * size : 0, caps, __func__);
}

void *heap_caps_realloc(void *ptr, size_t size, uint32_t caps)
{
    return checked(heap_caps_realloc_base(ptr, size, caps), size, caps, __func__);
}

void *heap_caps_malloc_default(size_t size)
{
    if (!s_extmem_enabled) { return heap_caps_malloc(size, DEFAULT_INTERNAL); }
    void *p = heap_caps_malloc_base(size, first_caps(size));
    if (p == NULL && size > 0) { p = heap_caps_malloc_base(size, MALLOC_CAP_DEFAULT); }
    return checked(p, size, MALLOC_CAP_DEFAULT, __func__);
}

void *heap_caps_realloc_default(void *ptr, size_t size)
{
    if (!s_extmem_enabled) { return heap_caps_realloc(ptr, size, DEFAULT_INTERNAL); }
    void *p = heap_caps_realloc_base(ptr, size, first_caps(size));
    if (p == NULL && size > 0) { p = heap_caps_realloc_base(ptr, size, MALLOC_CAP_DEFAULT); }
    return checked(p, size, MALLOC_CAP_DEFAULT, __func__);
}

/* --- aligned
 * --------------------------------------------------------------------------------------- */

static bool aligned_args_ok(size_t alignment, size_t size, uint32_t caps, const char *function_name)
{
    if (alignment == 0 || (alignment & (alignment - 1)) != 0 || size == 0) { return false; }
    if (size > HEAP_SIZE_MAX) {
        alloc_failed(size, caps, function_name);
        return false;
    }
    return true;
}

void *heap_caps_aligned_alloc(size_t alignment, size_t size, uint32_t caps)
{
    if (!aligned_args_ok(alignment, size, caps, __func__)) { return NULL; }
    return checked(heap_caps_aligned_alloc_base(alignment, size, caps), size, caps, __func__);
}

void *heap_caps_aligned_alloc_default(size_t alignment, size_t size)
{
    if (!s_extmem_enabled) { return heap_caps_aligned_alloc(alignment, size, DEFAULT_INTERNAL); }
    if (!aligned_args_ok(alignment, size, MALLOC_CAP_DEFAULT, __func__)) { return NULL; }
    void *p = heap_caps_aligned_alloc_base(alignment, size, first_caps(size));
    if (p == NULL) { p = heap_caps_aligned_alloc_base(alignment, size, MALLOC_CAP_DEFAULT); }
    return checked(p, size, MALLOC_CAP_DEFAULT, __func__);
}

void *heap_caps_aligned_calloc(size_t alignment, size_t n, size_t size, uint32_t caps)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) { return NULL; }
    void *p = heap_caps_aligned_alloc(alignment, bytes, caps);
    if (p) { memset(p, 0, bytes); }
    return p;
}

void heap_caps_aligned_free(void *ptr)
{
    heap_caps_free(ptr);
}

/* --- in order of preference ----------------------------------------------------------------------
 */

void *heap_caps_malloc_prefer(size_t size, size_t num, ...)
{
    void *p = NULL;
    uint32_t caps = MALLOC_CAP_DEFAULT;
    va_list args;
    va_start(args, num);
    for (; num > 0 && p == NULL && size > 0; num--) {
        caps = va_arg(args, uint32_t);
        p = heap_caps_malloc_base(size, caps);
    }
    va_end(args);
    return checked(p, size, caps, __func__);
}

void *heap_caps_realloc_prefer(void *ptr, size_t size, size_t num, ...)
{
    void *p = NULL;
    uint32_t caps = MALLOC_CAP_DEFAULT;
    va_list args;
    va_start(args, num);
    for (; num > 0; num--) {
        caps = va_arg(args, uint32_t);
        p = heap_caps_realloc_base(ptr, size, caps);
        if (p != NULL || size == 0) { break; }
    }
    va_end(args);
    return checked(p, size, caps, __func__);
}

void *heap_caps_calloc_prefer(size_t n, size_t size, size_t num, ...)
{
    void *p = NULL;
    uint32_t caps = MALLOC_CAP_DEFAULT;
    va_list args;
    va_start(args, num);
    for (; num > 0; num--) {
        caps = va_arg(args, uint32_t);
        p = heap_caps_calloc_base(n, size, caps);
        if (p != NULL || size == 0) { break; }
    }
    va_end(args);
    return checked(p, size, caps, __func__);
}

/* --- the kernel's allocator
 * ----------------------------------------------------------------------- */

void *pvPortMalloc(size_t size)
{
    return heap_caps_malloc(size, KERNEL_CAPS);
}

void *pvPortCalloc(size_t n, size_t size)
{
    return heap_caps_calloc(n, size, KERNEL_CAPS);
}

void vPortFree(void *p)
{
    heap_caps_free(p);
}

size_t xPortGetFreeHeapSize(void)
{
    return heap_caps_get_free_size(KERNEL_CAPS);
}

size_t xPortGetMinimumEverFreeHeapSize(void)
{
    return heap_caps_get_minimum_free_size(KERNEL_CAPS);
}
