# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# The decoder is judged by SPEC.md's example, by golden traces of each version of the format, and by
# what it does with broken ones.
heaptrail_add_test(host_decode_spec SOURCES test_decode_spec.c hand.c LIBS heaptrail_host_test)
foreach(test records codings)
  heaptrail_add_test(host_decode_${test} SOURCES test_decode_${test}.c hand.c
    LIBS heaptrail_host_test)
endforeach()
heaptrail_add_test(host_decode_damage SOURCES test_decode_damage.c LIBS heaptrail_host_test)
foreach(test trace_file trace_broken trace_lives)
  heaptrail_add_test(host_${test} SOURCES test_${test}.c recording.c
    LIBS heaptrail_host_test heaptrail_file heaptrail_model)
endforeach()
add_executable(make_trace make_trace.c)
target_link_libraries(make_trace PRIVATE heaptrail_warnings heaptrail_host_test heaptrail_file)
add_executable(read_trace read_trace.c)
target_link_libraries(read_trace PRIVATE heaptrail_warnings heaptrail_host_test heaptrail_file)
add_test(NAME host_golden_traces
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/golden_traces.sh ${CMAKE_CURRENT_BINARY_DIR})
