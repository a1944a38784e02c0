# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# heaptrail_symbols: addresses to functions, files, lines, components, variables. Needs elfutils' libraries for the
# word size that is built: where they are missing there is no target, and what needs it is left out.
include(CheckCSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES dw elf nettle)
check_c_source_compiles("#include <elfutils/libdwfl.h>
  #include <nettle/sha2.h>
  int main(void) { struct sha256_ctx c; sha256_init(&c); return dwfl_version(0) == 0; }" HEAPTRAIL_HAS_LIBDW)
unset(CMAKE_REQUIRED_LIBRARIES)
if(NOT HEAPTRAIL_HAS_LIBDW)
  message(STATUS "heaptrail: no symbols in this build: install libdw-dev and nettle-dev for it")
  return()
endif()

add_library(heaptrail_symbols STATIC
  ${CMAKE_CURRENT_LIST_DIR}/ht_component.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_component_map.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_elf_find.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_load.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_lookup_error.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_source.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_spans.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_symbols.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_symbols_frames.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_symbols_name.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_symbols_open.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_symbols_table.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_symbols_unit.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_variable.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_variable_call.c
  ${CMAKE_CURRENT_LIST_DIR}/ht_variable_value.c)
target_include_directories(heaptrail_symbols PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_compile_definitions(heaptrail_symbols PRIVATE _GNU_SOURCE)
# stdc++: it has the demangler.
target_link_libraries(heaptrail_symbols PRIVATE heaptrail_warnings PUBLIC heaptrail_strings dw elf stdc++ nettle)
