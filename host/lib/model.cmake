# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# heaptrail_model: events to tables, and what can be worked out from them.
file(GLOB model_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/ht_model*.c ${CMAKE_CURRENT_LIST_DIR}/ht_analyse*.c)
add_library(heaptrail_model STATIC ${model_sources})
target_include_directories(heaptrail_model PUBLIC ${CMAKE_CURRENT_LIST_DIR} ${HEAPTRAIL_FORMAT})
target_compile_definitions(heaptrail_model PRIVATE _GNU_SOURCE)
target_link_libraries(heaptrail_model PRIVATE heaptrail_warnings PUBLIC heaptrail_strings m)
