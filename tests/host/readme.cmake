# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# The example in host/lib/README.md, compiled as it says there, and run.
add_test(NAME host_readme WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/readme.sh ${CMAKE_C_COMPILER} $<TARGET_FILE:heaptrail_decode>
    ${CMAKE_CURRENT_BINARY_DIR})
if(HEAPTRAIL_SANITIZE)
  set_tests_properties(host_readme PROPERTIES ENVIRONMENT "FLAGS=-fsanitize=${HEAPTRAIL_SANITIZE}")
endif()
