# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# Traces in files: chunks and checkpoints by zstd, an index, and the way back.
find_package(Threads REQUIRED)
add_library(heaptrail_file STATIC ht_event_copy.c ht_keeper.c ht_keeper_blocks.c ht_keeper_define.c ht_keeper_lives.c
  ht_trace_ahead.c ht_trace_index.c ht_trace_kind.c ht_trace_pump.c ht_trace_read.c ht_trace_write.c)
target_link_libraries(heaptrail_file PRIVATE heaptrail_warnings
  PUBLIC heaptrail_decode heaptrail_writer zstd Threads::Threads)
