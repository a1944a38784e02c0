/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Limits as text, JSON and JUnit's XML. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ht_limits.h"
#include "ht_units.h"

enum { WORDS_BYTES = 512 };

static void value_words(const ht_limit_t *limit, uint64_t value, char *text, size_t size)
{
    const char *number =
        ht_limit_is_size(limit->kind) ? ht_text_size(value).s : ht_text_grouped(value).s;
    const char *unit = limit->kind == HT_LIMIT_GROWTH      ? " per hour"
                       : limit->kind == HT_LIMIT_TEMPORARY ? " %"
                                                           : "";
    snprintf(text, size, "%s%s", number, unit);
}

/* "32.8 KiB, at most 4 KiB" */
static void verdict(const ht_limit_t *limit, char text[static WORDS_BYTES])
{
    char value[64], most[64];
    value_words(limit, limit->value, value, sizeof(value));
    value_words(limit, limit->most, most, sizeof(most));
    if (limit->known) {
        snprintf(text, WORDS_BYTES, "%s, at most %s", value, most);
    } else {
        snprintf(text, WORDS_BYTES, "%s; at most %s",
                 limit->kind == HT_LIMIT_GROWTH ? "the time is too short to tell"
                 : limit->kind == HT_LIMIT_UNREACHABLE_BYTES ||
                         limit->kind == HT_LIMIT_UNREACHABLE_BLOCKS
                     ? "no whole scan by the device"
                     : "there is none of that name",
                 most);
    }
}

static void name_words(const ht_limit_t *limit, char text[static WORDS_BYTES])
{
    if (limit->pattern == NULL) {
        snprintf(text, WORDS_BYTES, "%s", ht_limit_name(limit->kind));
    } else {
        snprintf(text, WORDS_BYTES, "%s %s %s", ht_limit_scope_name(limit->scope), limit->pattern,
                 ht_limit_name(limit->kind));
    }
}

void ht_limits_text(const ht_limits_t *limits, ht_desk_t *desk)
{
    char text[WORDS_BYTES];
    ht_out_t *out = &desk->r.out;
    size_t exceeded = ht_limits_exceeded(limits);
    for (size_t i = 0; i < limits->count; i++) {
        const ht_limit_t *limit = &limits->limit[i];
        ht_out_style(out, limit->exceeded ? HT_STYLE_BAD : HT_STYLE_GOOD);
        ht_out_text(out, limit->exceeded ? "over" : "ok");
        ht_out_style(out, HT_STYLE_PLAIN);
        ht_out_to(out, 6);
        ht_out_sentence(out, 6);
        name_words(limit, text);
        ht_out_name(out, text, SIZE_MAX);
        ht_out_text(out, ": ");
        verdict(limit, text);
        ht_out_text(out, text);
        ht_out_sentence_end(out);
    }
    ht_desk_title(desk);
    ht_out_number(out, exceeded);
    ht_out_text(out, " of ");
    ht_out_count(out, limits->count, "limit");
    ht_out_text(out, " exceeded.");
    ht_desk_title_end(desk);
}

void ht_limits_tree(const ht_limits_t *limits, ht_desk_t *desk, json_t *object)
{
    ht_tree_text(object, "trace", desk->about.path);
    ht_tree_number(object, "exceeded", ht_limits_exceeded(limits));
    json_t *rows = ht_tree_array(object, "rows");
    for (size_t i = 0; i < limits->count; i++) {
        const ht_limit_t *limit = &limits->limit[i];
        json_t *row = ht_tree_row(rows);
        ht_tree_text(row, "limit", ht_limit_name(limit->kind));
        ht_tree_text(row, "scope", ht_limit_scope_name(limit->scope));
        ht_tree_text(row, "pattern", limit->pattern);
        ht_tree_maybe(row, "value", limit->known, limit->value);
        ht_tree_number(row, "most", limit->most);
        ht_tree_bool(row, "exceeded", limit->exceeded);
    }
}

/* --- JUnit --------------------------------------------------------------------------------------
 */

/* XML 1.0 has no control characters, not even escaped ones. */
static void xml_text(FILE *file, const char *text)
{
    static const char special[] = "<>&\"'";
    static const char *const names[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&apos;"};
    for (const char *at = text; *at != '\0';) {
        uint32_t bytes = ht_utf8_length(at, strlen(at));
        const char *found = strchr(special, *at);
        if (found != NULL) {
            fputs(names[found - special], file);
        } else if (bytes == 0 || (unsigned char)*at < 0x20U) {
            fputc('?', file);
        } else {
            fwrite(at, 1, bytes, file);
        }
        at += bytes == 0 ? 1U : bytes;
    }
}

static void case_xml(FILE *file, const ht_limit_t *limit)
{
    char text[WORDS_BYTES];
    name_words(limit, text);
    fputs("  <testcase classname=\"heaptrail.check\" name=\"", file);
    xml_text(file, text);
    if (!limit->exceeded) {
        fputs("\"/>\n", file);
        return;
    }
    verdict(limit, text);
    fputs("\">\n    <failure message=\"", file);
    xml_text(file, text);
    fputs("\"/>\n  </testcase>\n", file);
}

bool ht_limits_junit(const ht_limits_t *limits, const ht_desk_t *desk, const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) { return false; }
    fprintf(file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"heaptrail check\" tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n"
            "  <properties>\n    <property name=\"trace\" value=\"",
            limits->count, ht_limits_exceeded(limits));
    xml_text(file, desk->about.path);
    fputs("\"/>\n  </properties>\n", file);
    for (size_t i = 0; i < limits->count; i++) {
        case_xml(file, &limits->limit[i]);
    }
    fputs("</testsuite>\n", file);
    bool written = ferror(file) == 0;
    int error = errno;
    bool closed = fclose(file) == 0;
    errno = closed ? error : errno;
    return written && closed;
}
