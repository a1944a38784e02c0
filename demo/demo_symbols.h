/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file demo_symbols.h
 * On a chip the host turns addresses into names. The demo is its own host.
 */
#pragma once

/** From now on reports show function, file and line for each address, where the platform can. */
void demo_symbols(void);
