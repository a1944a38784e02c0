# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# Included by the host build (plain 64-bit only): configures tests/target for the cross compiler, builds it with
# everything else, and takes its tests into ctest. Where the tools are missing, one test says so and is skipped.
if(HEAPTRAIL_M32 OR HEAPTRAIL_SANITIZE)
  return()
endif()

set(target_source ${CMAKE_CURRENT_LIST_DIR})
set(target_build ${CMAKE_BINARY_DIR}/rv32)
set(packages "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc")
find_program(HEAPTRAIL_RV32_GCC riscv64-unknown-elf-gcc)
find_program(HEAPTRAIL_RV32_QEMU qemu-system-riscv32)
find_file(HEAPTRAIL_RV32_LIBC picolibc.h PATHS /usr/lib/picolibc/riscv64-unknown-elf/include NO_DEFAULT_PATH)
if(NOT HEAPTRAIL_RV32_GCC OR NOT HEAPTRAIL_RV32_QEMU OR NOT HEAPTRAIL_RV32_LIBC)
  set(why "the tests on rv32 are left out: install ${packages} (make packages)")
  message(STATUS "heaptrail: ${why}")
  add_test(NAME rv32 COMMAND ${CMAKE_COMMAND} -E echo "skipped: ${why}")
  set_tests_properties(rv32 PROPERTIES SKIP_REGULAR_EXPRESSION "skipped:")
  return()
endif()

execute_process(COMMAND ${CMAKE_COMMAND} -G Ninja -S ${target_source} -B ${target_build}
  -DCMAKE_TOOLCHAIN_FILE=${target_source}/toolchain.cmake
  RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(failed)
  file(REMOVE ${target_build}/CMakeCache.txt) # what it says of the compiler may be what is wrong
  message(FATAL_ERROR "heaptrail: tests/target cannot be configured:\n${output}")
endif()
add_custom_target(heaptrail_rv32 ALL COMMAND ${CMAKE_COMMAND} --build ${target_build}
  COMMENT "Building the tests for rv32" VERBATIM)
set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${target_build}/CTestTestfile.cmake)
