# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# heaptrail_strings: text that is kept once, arrays that grow.
add_library(heaptrail_strings STATIC ${CMAKE_CURRENT_LIST_DIR}/ht_strings.c)
target_include_directories(heaptrail_strings PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(heaptrail_strings PRIVATE heaptrail_warnings)
