/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ui.h  A screen: labels, and a style each. */
#pragma once

#define UI_LABELS 3

/** Show a screen, instead of the one before. */
void ui_show(int number);
