# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
heaptrail_add_test(test_host_model SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_model.c LIBS heaptrail_model)
