/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Sites that are no leaks, whatever speaks for it: a list in its users' memory. */
#include "ht_default.h"
#include "ht_log.h"
#include "ht_site_match.h"
#include "ht_suppress.h"

/* Whoever reads goes along without the lock: what is on the list is complete, and is never changed
 * but by heaptrail_suppress_none(), which only takes the beginning away. */
static heaptrail_suppression_t *s_first;
static ht_port_lock_t s_lock;

static heaptrail_suppression_t *first(void)
{
    return __atomic_load_n(&s_first, __ATOMIC_ACQUIRE);
}

static ht_site_match_t match_of(const heaptrail_suppression_t *s)
{
    return (ht_site_match_t){s->file, s->line, s->function, s->variable, s->caller, s->caller_end};
}

static const char *fault_of(const heaptrail_suppression_t *s)
{
    const ht_site_match_t match = match_of(s);
    const char *fault = ht_site_match_fault(&match);
    if (fault != NULL) { return fault; }
    return s->fn != NULL || ht_site_match_names(&match) ? NULL : "nothing that names a site";
}

esp_err_t heaptrail_suppress_leaks(heaptrail_suppression_t *suppression)
{
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    const char *fault = suppression == NULL ? "NULL" : fault_of(suppression);
    if (fault != NULL) {
        ht_log_name(HEAPTRAIL_LOG_ERROR, "heaptrail_suppress_leaks", fault);
        return ESP_ERR_INVALID_ARG;
    }
    for (const heaptrail_suppression_t *s = first(); s != NULL; s = s->next) {
        if (s == suppression) { return ESP_ERR_INVALID_STATE; }
    }
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    suppression->next = first();
    __atomic_store_n(&s_first, suppression, __ATOMIC_RELEASE);
    ht_port_unlock(&s_lock, irq);
    return ESP_OK;
}

void heaptrail_suppress_none(void)
{
    __atomic_store_n(&s_first, NULL, __ATOMIC_RELEASE);
}

bool ht_suppressed(const heaptrail_origin_t *origin)
{
    for (const heaptrail_suppression_t *s = first(); s != NULL; s = s->next) {
        const ht_site_match_t match = match_of(s);
        if (ht_site_matches(&match, origin) && (s->fn == NULL || s->fn(s->context, origin))) {
            return true;
        }
    }
    return false;
}
