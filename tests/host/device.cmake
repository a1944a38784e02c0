# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# The device's encoder and the desk's decoder; the desk's writer and the naive reader of tests/unit.
if(TARGET heaptrail_trace_reader AND TARGET heaptrail_core_fake)
  heaptrail_add_test(host_device SOURCES test_device.c
    LIBS heaptrail_core_fake heaptrail_trace_reader heaptrail_host_test heaptrail_model)
  target_include_directories(host_device PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
endif()
