/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Output in chunks, and messages. */
#include <string.h>

#include "ht_console.h"
#include "ht_units.h"

/** Of what the user typed, a message repeats so much. */
#define WORD_SHOWN 32U

void ht_con_write(void *context, const char *text, size_t length)
{
    ht_con_t *con = context;
    con->io->write(con->io->context, text, length);
    con->unpaused += (uint32_t)length;
    if (con->unpaused < HEAPTRAIL_CONSOLE_CHUNK_BYTES) { return; }
    con->unpaused = 0;
    if (con->io->pause != NULL) { con->io->pause(con->io->context); }
}

void ht_con_open(ht_con_t *con, ht_out_t *out)
{
    ht_out_init(out, ht_con_write, con, con->width, con->color && !con->json);
}

void ht_con_json_open(ht_con_t *con, ht_out_t *out, ht_json_t *json)
{
    ht_con_open(con, out);
    *json = (ht_json_t){.out = out};
    ht_json_object(json, NULL);
    ht_json_number(json, "heaptrail", 1);
    ht_json_string(json, "command", con->sub != NULL ? con->sub->name : NULL, SIZE_MAX);
}

void ht_con_json_close(ht_json_t *json)
{
    ht_json_object_end(json);
    ht_out_line(json->out);
}

/* --- messages ----------------------------------------------------------------------------------
 */

typedef struct {
    size_t used;
    char s[288];
} message_t;

static void add(message_t *message, const char *text, size_t length)
{
    size_t room = sizeof(message->s) - 1U - message->used;
    if (length > room) { length = room; }
    memcpy(&message->s[message->used], text, length);
    message->used += length;
    message->s[message->used] = '\0';
}

static void add_text(message_t *message, const char *before, const char *text)
{
    if (text == NULL) { return; }
    add(message, before, strlen(before));
    add(message, text, strlen(text));
}

/* Cut between characters, so that what is shown is what was typed. */
static size_t shown(const char *word, size_t length)
{
    size_t bytes = length < WORD_SHOWN ? length : WORD_SHOWN;
    while (bytes < length && bytes > 0 && ((unsigned char)word[bytes] & 0xC0U) == 0x80U) {
        bytes--;
    }
    return bytes;
}

static void add_word(message_t *message, const ht_complaint_t *c)
{
    size_t length = c->word_length != 0 ? c->word_length : strlen(c->word);
    size_t bytes = shown(c->word, length);
    /* Of our own options' names, which follow "--", there is nothing to quote. */
    bool own = c->before != NULL && strcmp(c->before, "--") == 0;
    if (c->before != NULL && !own) { add(message, " ", 1); }
    if (!own) { add(message, "'", 1); }
    add(message, c->word, bytes);
    if (bytes < length) { add(message, "...", 3); }
    if (!own) { add(message, "'", 1); }
}

static void write_message(ht_con_t *con, const message_t *message)
{
    ht_out_t out;
    ht_json_t json;
    if (con->json) {
        ht_con_json_open(con, &out, &json);
        ht_json_string(&json, "error", message->s, sizeof(message->s));
        ht_con_json_close(&json);
        return;
    }
    ht_con_open(con, &out);
    ht_out_style(&out, HT_STYLE_BAD);
    ht_out_sentence(&out, 0);
    out.indent = 2;
    ht_out_text(&out, "heaptrail");
    if (con->sub != NULL) {
        ht_out_text(&out, " ");
        ht_out_text(&out, con->sub->name);
    }
    ht_out_text(&out, ": ");
    ht_out_name(&out, message->s, sizeof(message->s));
    ht_out_style(&out, HT_STYLE_PLAIN);
    ht_out_sentence_end(&out);
}

HT_APART bool ht_con_complain(ht_con_t *con, const ht_complaint_t *c)
{
    message_t message = {0};
    add_text(&message, "", c->before);
    if (c->word != NULL) { add_word(&message, c); }
    add_text(&message, " ", c->after);
    add_text(&message, ": say ", c->say);
    if (c->near != NULL) {
        add_text(&message, ": did you mean '", c->near);
        add_text(&message, "'", "?");
    }
    write_message(con, &message);
    return false;
}

HT_APART int ht_con_failed(ht_con_t *con, esp_err_t err)
{
    const char *why = "it was refused";
    if (err == ESP_ERR_INVALID_STATE) {
        why = "another report or command is under way: try again";
    } else if (err == ESP_ERR_NOT_SUPPORTED) {
        why = "this firmware was built without what that needs";
    }
    con->code = HEAPTRAIL_CONSOLE_FAILED;
    (void)ht_con_complain(con, &(ht_complaint_t){.before = why});
    return con->code;
}
