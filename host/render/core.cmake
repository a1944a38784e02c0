# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# The device's own reports over a core dump: its renderers, and heaptrail.h's queries answered from what was read.
if(NOT TARGET heaptrail_core)
  return()
endif()
set(device_reports ${HEAPTRAIL_REPORT_SOURCES})
list(FILTER device_reports EXCLUDE REGEX "/(ht_out|ht_units|ht_columns|ht_place|ht_json|ht_suspect)\\.c$")
add_library(heaptrail_core_view STATIC ${device_reports}
  ${CMAKE_CURRENT_LIST_DIR}/ht_core_extras.c ${CMAKE_CURRENT_LIST_DIR}/ht_core_queries.c)
target_include_directories(heaptrail_core_view PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(heaptrail_core_view PRIVATE heaptrail_warnings PUBLIC heaptrail_core heaptrail_words)
