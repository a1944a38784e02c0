# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# Reading with two threads.
heaptrail_add_test(host_trace_ahead SOURCES test_trace_ahead.c recording.c
  LIBS heaptrail_host_test heaptrail_file heaptrail_model)
target_link_options(host_trace_ahead PRIVATE LINKER:--wrap=pthread_create LINKER:--wrap=calloc)
