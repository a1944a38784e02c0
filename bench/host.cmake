# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
if(TARGET heaptrail_file AND TARGET heaptrail_model AND NOT HEAPTRAIL_SANITIZE)
  add_executable(bench_host host.c)
  target_link_libraries(bench_host PRIVATE heaptrail_warnings heaptrail_file heaptrail_model)
endif()
