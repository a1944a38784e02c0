// SPDX-License-Identifier: Apache-2.0
/* Idle hooks, as esp_system/freertos_hooks.c: eight for each core. */
#include "esp_freertos_hooks.h"

#include "kernel.h"
#include <string.h>

#define CORES 2
#define HOOKS_MAX 8

typedef struct {
    esp_freertos_idle_cb_t of_core[CORES][HOOKS_MAX];
} hooks_t;

static hooks_t s_hooks;
static hooks_t s_boot; /* those that constructors registered */

void k_idle_hooks_keep(void)
{
    s_boot = s_hooks;
}

void k_idle_hooks_reset(void)
{
    s_hooks = s_boot;
}

bool k_idle_hooks_any(int core)
{
    for (int i = 0; i < HOOKS_MAX; i++) {
        if (s_hooks.of_core[core][i]) { return true; }
    }
    return false;
}

void k_idle_hooks_call(int core)
{
    k_lock();
    k.idled[core] = true; /* work that comes while the hooks run clears it */
    k_unlock();
    for (int i = 0; i < HOOKS_MAX; i++) {
        k_lock();
        esp_freertos_idle_cb_t hook = s_hooks.of_core[core][i];
        k_unlock();
        if (hook) { hook(); /* whether it has more to do is of no interest: nobody sleeps here */ }
    }
}

/* With the lock held. */
static bool add(esp_freertos_idle_cb_t hook, UBaseType_t core)
{
    for (int i = 0; i < HOOKS_MAX; i++) {
        if (s_hooks.of_core[core][i] == NULL) {
            s_hooks.of_core[core][i] = hook;
            return true;
        }
    }
    return false;
}

esp_err_t esp_register_freertos_idle_hook_for_cpu(esp_freertos_idle_cb_t hook, UBaseType_t cpuid)
{
    if (cpuid >= CORES) { return ESP_ERR_INVALID_ARG; }
    k_lock();
    bool added = add(hook, cpuid);
    k_unlock();
    return added ? ESP_OK : ESP_ERR_NO_MEM;
}

esp_err_t esp_register_freertos_idle_hook(esp_freertos_idle_cb_t hook)
{
    return esp_register_freertos_idle_hook_for_cpu(hook, (UBaseType_t)xPortGetCoreID());
}

void esp_deregister_freertos_idle_hook(esp_freertos_idle_cb_t hook)
{
    k_lock();
    for (int core = 0; core < CORES; core++) {
        for (int i = 0; i < HOOKS_MAX; i++) {
            if (s_hooks.of_core[core][i] == hook) { s_hooks.of_core[core][i] = NULL; }
        }
    }
    k_unlock();
}
