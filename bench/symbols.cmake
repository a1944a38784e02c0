# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
if(TARGET heaptrail_symbols AND NOT HEAPTRAIL_SANITIZE)
  add_executable(bench_symbols symbols.c)
  target_link_libraries(bench_symbols PRIVATE heaptrail_warnings heaptrail_symbols)
endif()
