// SPDX-License-Identifier: Apache-2.0
/* Console: commands by name, and a REPL on stdin. Commands live in the simulated heap. */
#include "esp_console.h"

#include "argtable3/argtable3.h"
#include "heap_private.h"
#include "kernel.h"
#include "linenoise/linenoise.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ARGS_MAX 32
#define LINE_MAX_BYTES 256

typedef struct command {
    struct command *next;
    esp_console_cmd_t cmd;
    char hint[160];
} command_t;

static command_t *s_commands;
static esp_console_repl_config_t s_repl_config;

void k_console_reset(void)
{
    s_commands = NULL;
    k_linenoise_reset();
}

esp_err_t esp_console_init(const esp_console_config_t *config)
{
    return config ? ESP_OK : ESP_ERR_INVALID_ARG;
}

esp_err_t esp_console_deinit(void)
{
    while (s_commands) {
        command_t *next = s_commands->next;
        heap_caps_free(s_commands);
        s_commands = next;
    }
    return ESP_OK;
}

static command_t **find(const char *name)
{
    command_t **at = &s_commands;
    while (*at && strcmp((*at)->cmd.command, name) != 0) {
        at = &(*at)->next;
    }
    return at;
}

esp_err_t esp_console_cmd_register(const esp_console_cmd_t *cmd)
{
    if (cmd == NULL || cmd->command == NULL || strchr(cmd->command, ' ') ||
        (cmd->func == NULL) == (cmd->func_w_context == NULL)) {
        return ESP_ERR_INVALID_ARG;
    }
    command_t **at = find(cmd->command);
    if (*at == NULL) {
        *at = heap_caps_calloc(1, sizeof(command_t), MALLOC_CAP_DEFAULT);
        if (*at == NULL) { return ESP_ERR_NO_MEM; }
    }
    (*at)->cmd = *cmd;
    (void)snprintf((*at)->hint, sizeof((*at)->hint), " %s", cmd->hint ? cmd->hint : "");
    return ESP_OK;
}

esp_err_t esp_console_cmd_deregister(const char *cmd_name)
{
    command_t **at = find(cmd_name);
    command_t *found = *at;
    if (found == NULL) { return ESP_ERR_INVALID_ARG; }
    *at = found->next;
    heap_caps_free(found);
    return ESP_OK;
}

/* One argument, unescaped in place; `*from` moves behind it. */
static char *next_argument(char **from)
{
    char *read = *from;
    while (isspace((unsigned char)*read)) {
        read++;
    }
    if (*read == '\0') { return NULL; }
    bool quoted = *read == '"';
    read += quoted;
    char *start = read;
    char *write = read;
    while (*read && (quoted ? *read != '"' : !isspace((unsigned char)*read))) {
        read += *read == '\\' && read[1] != '\0';
        *write++ = *read++;
    }
    *from = *read ? read + 1 : read;
    *write = '\0';
    return start;
}

size_t esp_console_split_argv(char *line, char **argv, size_t argv_size)
{
    size_t argc = 0;
    while (argc + 1 < argv_size && (argv[argc] = next_argument(&line)) != NULL) {
        argc++;
    }
    argv[argc] = NULL;
    return argc;
}

esp_err_t esp_console_run(const char *cmdline, int *cmd_ret)
{
    char line[LINE_MAX_BYTES];
    char *argv[ARGS_MAX];
    snprintf(line, sizeof(line), "%s", cmdline);
    size_t argc = esp_console_split_argv(line, argv, ARGS_MAX);
    if (argc == 0) { return ESP_ERR_INVALID_ARG; }
    command_t *found = *find(argv[0]);
    if (found == NULL) { return ESP_ERR_NOT_FOUND; }
    *cmd_ret = found->cmd.func_w_context
                   ? found->cmd.func_w_context(found->cmd.context, (int)argc, argv)
                   : found->cmd.func((int)argc, argv);
    return ESP_OK;
}

void esp_console_get_completion(const char *buf, linenoiseCompletions *lc)
{
    size_t length = strlen(buf);
    for (const command_t *c = s_commands; c && length != 0; c = c->next) {
        if (strncmp(buf, c->cmd.command, length) == 0) {
            linenoiseAddCompletion(lc, c->cmd.command);
        }
    }
}

const char *esp_console_get_hint(const char *buf, int *color, int *bold)
{
    const command_t *found = *find(buf);
    if (found == NULL) { return NULL; }
    *color = 39;
    *bold = 0;
    return found->hint;
}

static int help_command(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (const command_t *c = s_commands; c; c = c->next) {
        if (c->cmd.help) {
            printf("%s %s\n  %s\n", c->cmd.command, c->hint, c->cmd.help);
            if (c->cmd.argtable) { arg_print_glossary(stdout, c->cmd.argtable, "  %12s  %s\n"); }
            printf("\n");
        }
    }
    return 0;
}

esp_err_t esp_console_register_help_command(void)
{
    const esp_console_cmd_t help = {
        .command = "help", .help = "Print the list of registered commands", .func = help_command};
    return esp_console_cmd_register(&help);
}

esp_err_t esp_console_deregister_help_command(void)
{
    return esp_console_cmd_deregister("help");
}

/* --- REPL
 * ------------------------------------------------------------------------------------------- */

static void repl_main(void *arg)
{
    (void)arg;
    char line[LINE_MAX_BYTES];
    while (fgets(line, sizeof(line), stdin)) {
        int ret = 0;
        esp_err_t err = esp_console_run(line, &ret);
        if (err == ESP_ERR_NOT_FOUND) {
            printf("Unrecognized command\n");
        } else if (err == ESP_OK && ret != 0) {
            printf("Command returned non-zero error code: 0x%x (%s)\n", (unsigned)ret,
                   esp_err_to_name(ret));
        }
        vTaskDelay(1);
    }
    vTaskDelete(NULL);
}

static esp_err_t repl_delete(esp_console_repl_t *repl)
{
    (void)repl;
    return esp_console_deinit();
}

esp_err_t esp_console_new_repl_stdio(const esp_console_repl_config_t *repl_config,
                                     esp_console_repl_t **ret_repl)
{
    static esp_console_repl_t repl = {.del = repl_delete};
    if (repl_config == NULL || ret_repl == NULL) { return ESP_ERR_INVALID_ARG; }
    s_repl_config = *repl_config;
    *ret_repl = &repl;
    linenoiseSetCompletionCallback(esp_console_get_completion);
    return esp_console_register_help_command();
}

esp_err_t esp_console_start_repl(esp_console_repl_t *repl)
{
    (void)repl;
    BaseType_t made =
        xTaskCreatePinnedToCore(repl_main, "console_repl", s_repl_config.task_stack_size, NULL,
                                s_repl_config.task_priority, NULL, s_repl_config.task_core_id);
    return made == pdPASS ? ESP_OK : ESP_ERR_NO_MEM;
}
