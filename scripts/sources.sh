#!/bin/sh
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
# Every C and C++ file of the project, one a line.
cd "$(dirname "$0")/.." && git ls-files --cached --others --exclude-standard '*.c' '*.h' '*.cpp' | sort
