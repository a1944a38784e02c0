/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ui.h"

#include <stdint.h>
#include <string.h>

#include "ui_pool.h"

typedef struct {
    char text[40];
} label_t;

typedef struct {
    uint32_t colors[6];
} style_t;

static label_t *s_label[UI_LABELS];
static style_t *s_style[UI_LABELS];

static void clear(void)
{
    for (int i = 0; i < UI_LABELS; i++) {
        lv_free(s_label[i]);
        if (i > 0) { lv_free(s_style[i]); } /* the fault: the first style stays for ever */
    }
}

static label_t *new_label(void)
{
    label_t *label = lv_malloc(sizeof(*label));
    if (label != NULL) { strcpy(label->text, "hello"); }
    return label;
}

static style_t *new_style(int number)
{
    style_t *style = lv_malloc(sizeof(*style));
    if (style != NULL) { style->colors[0] = (uint32_t)number; }
    return style;
}

void ui_show(int number)
{
    clear();
    for (int i = 0; i < UI_LABELS; i++) {
        s_label[i] = new_label();
        s_style[i] = new_style(number);
    }
}
