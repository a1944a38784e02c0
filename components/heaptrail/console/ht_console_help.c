/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Help: from the tables of sub-commands and options. */
#include <string.h>

#include "ht_console.h"

#define NAME_COLUMNS 20U

static void title(ht_out_t *out, const char *text)
{
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_text(out, text);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_line(out);
}

static void words(ht_out_t *out, const char *text)
{
    ht_out_sentence(out, 0);
    ht_out_text(out, text);
    ht_out_sentence_end(out);
}

/* "  name WORD      what it is", the name being what `out` is behind of. */
static void explained(ht_out_t *out, const char *text)
{
    if (out->column + 2U > NAME_COLUMNS) { ht_out_line(out); }
    ht_out_sentence(out, NAME_COLUMNS);
    ht_out_text(out, text);
    ht_out_sentence_end(out);
}

static void name_and_value(ht_out_t *out, const char *name, const char *value)
{
    ht_out_style(out, HT_STYLE_NAME);
    ht_out_text(out, name);
    ht_out_style(out, HT_STYLE_PLAIN);
    if (value == NULL) { return; }
    ht_out_text(out, " ");
    ht_out_text(out, value);
}

static void option(ht_out_t *out, ht_opt_t opt)
{
    const ht_opt_info_t *info = &ht_opt_info[opt];
    ht_out_text(out, "  ");
    if (info->letter != NULL) {
        ht_out_text(out, "-");
        ht_out_text(out, info->letter);
        ht_out_text(out, ", ");
    }
    ht_out_text(out, "--");
    name_and_value(out, info->name, info->value);
    explained(out, info->help);
}

static void all_subs(ht_out_t *out)
{
    title(out, "heaptrail COMMAND [OPTIONS]: who holds the heap");
    for (uint32_t i = 0; i < ht_sub_count; i++) {
        ht_out_text(out, "  ");
        name_and_value(out, ht_subs[i].name, ht_subs[i].word);
        explained(out, ht_subs[i].help);
    }
    title(out, "With each of them");
    option(out, HT_OPT_JSON);
    option(out, HT_OPT_COLOR);
    option(out, HT_OPT_WIDTH);
    option(out, HT_OPT_HELP);
    words(out, "More: `heaptrail help COMMAND`. It returns 0, 1 if the answer is no (errors, an "
               "unknown address), 2 for wrong arguments, 3 if it could not be done.");
}

static void orders(ht_out_t *out, const ht_choice_t *choices)
{
    ht_out_to(out, NAME_COLUMNS);
    for (const ht_choice_t *order = choices; order->name != NULL; order++) {
        ht_out_text(out, order == choices ? "" : ", ");
        ht_out_text(out, order->name);
    }
    ht_out_line(out);
}

static void examples(ht_out_t *out, const char *lines)
{
    char line[64];
    title(out, "Examples");
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n");
        size_t kept = length < sizeof(line) ? length : sizeof(line) - 1U;
        memcpy(line, lines, kept);
        line[kept] = '\0';
        ht_out_text(out, "  ");
        ht_out_text(out, line);
        ht_out_line(out);
        lines += length + (lines[length] != '\0' ? 1U : 0U);
    }
}

static void one_sub(ht_out_t *out, const ht_sub_t *sub)
{
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_text(out, "heaptrail ");
    ht_out_text(out, sub->name);
    if (sub->word != NULL) {
        ht_out_text(out, " ");
        ht_out_text(out, sub->word);
    }
    if (sub->options != 0) { ht_out_text(out, " [OPTIONS]"); }
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_line(out);
    ht_out_sentence(out, 2);
    ht_out_text(out, sub->help);
    ht_out_text(out, ".");
    if (sub->more != NULL) {
        ht_out_text(out, " ");
        ht_out_text(out, sub->more);
    }
    ht_out_sentence_end(out);
    if (sub->options != 0) { title(out, "Options"); }
    for (uint32_t i = 0; i < HT_OPTS; i++) {
        if ((sub->options & 1U << i) == 0) { continue; }
        option(out, (ht_opt_t)i);
        if (i == HT_OPT_SORT) { orders(out, sub->orders); }
    }
    if (sub->examples != NULL) { examples(out, sub->examples); }
}

static int help_json(ht_con_t *con)
{
    ht_out_t out;
    ht_json_t json;
    con->sub = ht_sub_named("help"); /* of whatever --help was asked */
    ht_con_json_open(con, &out, &json);
    ht_json_array(&json, "commands");
    for (uint32_t i = 0; i < ht_sub_count; i++) {
        ht_json_object(&json, NULL);
        ht_json_string(&json, "name", ht_subs[i].name, SIZE_MAX);
        ht_json_string(&json, "argument", ht_subs[i].word, SIZE_MAX);
        ht_json_string(&json, "help", ht_subs[i].help, SIZE_MAX);
        ht_json_object_end(&json);
    }
    ht_json_array_end(&json);
    ht_con_json_close(&json);
    return HEAPTRAIL_CONSOLE_OK;
}

int ht_con_help(ht_con_t *con, const ht_sub_t *sub)
{
    ht_out_t out;
    if (con->json) { return help_json(con); }
    ht_con_open(con, &out);
    if (sub != NULL) {
        one_sub(&out, sub);
    } else {
        all_subs(&out);
    }
    ht_out_flush(&out);
    return HEAPTRAIL_CONSOLE_OK;
}

int ht_do_help(ht_con_t *con)
{
    const ht_sub_t *sub = con->word != NULL ? ht_sub_named(con->word) : NULL;
    if (con->word != NULL && sub == NULL) {
        (void)ht_con_no_such_sub(con, con->word);
        return con->code;
    }
    return ht_con_help(con, sub);
}
