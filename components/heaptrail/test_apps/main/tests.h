/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

void run_tracking_tests(void);
void run_error_tests(void);
