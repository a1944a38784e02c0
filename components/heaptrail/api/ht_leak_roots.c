/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Blocks that are no leaks, areas and functions with pointers: a small table under the tracker's
 * lock. */
#include "ht_leak_roots.h"

#include "heaptrail_leaks.h"
#include "ht_config.h"
#include "ht_default.h"

typedef struct {
    const void *what; /* a block, a start, a context */
    size_t bytes;     /* of an area; 0: a block */
    heaptrail_pointers_fn_t fn;
    bool used;
} root_t;

static root_t s_root[CONFIG_HEAPTRAIL_SCAN_ROOTS];

static esp_err_t add(const root_t *root)
{
    esp_err_t err = ESP_ERR_NO_MEM;
    ht_tracker_t *tracker = ht_default();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    for (uint32_t i = 0; i < CONFIG_HEAPTRAIL_SCAN_ROOTS; i++) {
        if (!s_root[i].used) {
            s_root[i] = *root;
            err = ESP_OK;
            break;
        }
    }
    ht_port_unlock(&tracker->lock, irq);
    return err;
}

esp_err_t heaptrail_not_leak(const void *block)
{
    if (block == NULL) { return ESP_ERR_INVALID_ARG; }
    return add(&(root_t){.what = block, .used = true});
}

esp_err_t heaptrail_scan_area(const void *start, size_t bytes)
{
    if (start == NULL || bytes == 0 || (uintptr_t)start + bytes < bytes) {
        return ESP_ERR_INVALID_ARG;
    }
    return add(&(root_t){.what = start, .bytes = bytes, .used = true});
}

esp_err_t heaptrail_scan_pointers(heaptrail_pointers_fn_t fn, void *context)
{
    if (fn == NULL) { return ESP_ERR_INVALID_ARG; }
    return add(&(root_t){.what = context, .fn = fn, .used = true});
}

esp_err_t heaptrail_scan_forget(const void *registered)
{
    esp_err_t err = ESP_ERR_NOT_FOUND;
    ht_tracker_t *tracker = ht_default();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    for (uint32_t i = 0; i < CONFIG_HEAPTRAIL_SCAN_ROOTS; i++) {
        if (s_root[i].used && s_root[i].what == registered) {
            s_root[i].used = false;
            err = ESP_OK;
        }
    }
    ht_port_unlock(&tracker->lock, irq);
    return err;
}

static void visit(void *scan, const void *block)
{
    ht_scan_word(scan, (uintptr_t)block);
}

/* A copy: its function is called without the lock. */
static root_t copy(uint32_t i)
{
    ht_tracker_t *tracker = ht_default();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    root_t root = s_root[i];
    ht_port_unlock(&tracker->lock, irq);
    return root;
}

void ht_leak_roots_give(ht_scan_t *scan)
{
    for (uint32_t i = 0; i < CONFIG_HEAPTRAIL_SCAN_ROOTS; i++) {
        root_t root = copy(i);
        if (!root.used) { continue; }
        if (root.fn != NULL) {
            root.fn((void *)(uintptr_t)root.what, visit, scan);
        } else if (root.bytes != 0) {
            ht_scan_root(scan, (uintptr_t)root.what, root.bytes);
        } else {
            ht_scan_word(scan, (uintptr_t)root.what);
        }
    }
}
