# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
foreach(test model live flows model_tasks analyse analyse_leaks)
  heaptrail_add_test(test_host_${test} SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_${test}.c LIBS heaptrail_model)
endforeach()
heaptrail_add_test(test_host_model_memory SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_model_memory.c LIBS heaptrail_model)
target_link_options(test_host_model_memory PRIVATE
  LINKER:--wrap=malloc LINKER:--wrap=calloc LINKER:--wrap=realloc LINKER:--wrap=reallocarray LINKER:--wrap=aligned_alloc)
