# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# heaptrail_core: the memory of a machine that stopped, and the tracker's state in it. With the symbols' nettle, strings and
# errors, libelf and zlib.
if(NOT TARGET heaptrail_symbols)
  return()
endif()
add_library(heaptrail_core STATIC
  ${CMAKE_CURRENT_LIST_DIR}/ht_memory.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_memory_elf.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_memory_esp.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_memory_linux.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_core.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_core_blocks.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_core_rows.c)
target_include_directories(heaptrail_core PUBLIC ${CMAKE_CURRENT_LIST_DIR} ${HEAPTRAIL_COMPONENT}/include)
target_compile_definitions(heaptrail_core PRIVATE _GNU_SOURCE)
target_link_libraries(heaptrail_core PRIVATE heaptrail_warnings PUBLIC heaptrail_symbols z)
