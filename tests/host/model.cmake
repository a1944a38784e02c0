# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
foreach(test model analyse)
  heaptrail_add_test(test_host_${test} SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_${test}.c LIBS heaptrail_model)
endforeach()
