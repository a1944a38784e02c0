# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# The decoder: bytes of the wire in, events out. Stands on zlib's crc32() and nothing else.
add_library(heaptrail_decode STATIC ht_decode.c ht_decode_wire.c ht_decode_frame.c
  ht_decode_record.c ht_decode_definition.c)
target_include_directories(heaptrail_decode PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${HEAPTRAIL_FORMAT})
target_link_libraries(heaptrail_decode PRIVATE heaptrail_warnings PUBLIC z)

# The way back, for checkpoints and tests.
add_library(heaptrail_writer STATIC ht_writer.c ht_writer_record.c)
target_include_directories(heaptrail_writer PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${HEAPTRAIL_FORMAT})
target_link_libraries(heaptrail_writer PRIVATE heaptrail_warnings PUBLIC z)
