# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# The examples and apps as ESP-IDF builds them: by the CMakeLists.txt of each one's own main/, with a
# function of ESP-IDF's name. Compiled, not linked: what an option in such a file comes to is seen only so.
function(idf_component_register)
  cmake_parse_arguments(R "WHOLE_ARCHIVE" "" "SRCS;INCLUDE_DIRS;REQUIRES;PRIV_REQUIRES" ${ARGN})
  if(R_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "idf_component_register() does not know ${R_UNPARSED_ARGUMENTS}")
  endif()
  get_filename_component(name ${CMAKE_CURRENT_BINARY_DIR} NAME)
  add_library(${name} OBJECT ${R_SRCS})
  target_include_directories(${name} PRIVATE ${R_INCLUDE_DIRS} ${HEAPTRAIL_COMPONENT}/include
    ${CMAKE_SOURCE_DIR}/tests/tiny_unity)
  target_compile_definitions(${name} PRIVATE CONFIG_LEAKY_NODE_MINUTES=10
    "CONFIG_LEAKY_NODE_TRACE_TO=\"\"")
  target_link_libraries(${name} PRIVATE heaptrail_warnings heaptrail_sim)
  set(COMPONENT_LIB ${name} PARENT_SCOPE)
endfunction()

set(CONFIG_LEAKY_NODE_CONSOLE y)
foreach(project examples/custom_pool examples/hello_heaptrail examples/leaky_node examples/unity_no_leaks test_apps)
  get_filename_component(name ${project} NAME)
  add_subdirectory(${HEAPTRAIL_COMPONENT}/${project}/main project_${name})
endforeach()
add_subdirectory(${CMAKE_SOURCE_DIR}/tests/idf/every_way/main project_every_way)
