# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
#   heaptrail_target_test(NAME MARCH rv32imc rv32imac
#                         SOURCES a.c ... [LIBS lib ...] [INCLUDES dir ...] [DEFINES X=1 ...] [FLAGS -fno-x ...]
#                         [LINK -Wl,--wrap=f ...] [SMP 2] [ICOUNT 0] [TIMEOUT 60] [ARGS a b ...] [NO_TEST])
#
# A program for the board, one for each MARCH, called <march>_NAME, and its ctest entry of that name. The program's
# exit code is the result. SMP: harts. ICOUNT n: deterministic, each instruction takes 2^n ns; left out: as fast as QEMU
# can, and interrupts only between its blocks of instructions. NO_TEST: the program only.
#
#   heaptrail_target_library(NAME MARCH ... SOURCES ... [INCLUDES] [DEFINES] [FLAGS])
#
# A static library for each MARCH, <march>_NAME, for LIBS NAME of a test. INCLUDES and DEFINES reach the test too.

set(HEAPTRAIL_TARGET_WARNINGS -Wall -Wextra -Wundef -Wshadow -Werror -Wconversion -Wstrict-prototypes)
# As ESP-IDF builds for speed. Debug information, and paths that are the same on every machine.
set(HEAPTRAIL_TARGET_OPTIONS -O2 -g -ffunction-sections -fdata-sections -D_GNU_SOURCE
  "-ffile-prefix-map=${ROOT}/=" ${HEAPTRAIL_TARGET_WARNINGS})

function(heaptrail_target_options program march)
  target_compile_options(${program} PRIVATE -march=${march} ${HEAPTRAIL_TARGET_OPTIONS} ${T_FLAGS})
  target_compile_definitions(${program} PUBLIC ${T_DEFINES})
  target_include_directories(${program} PUBLIC ${T_INCLUDES} PRIVATE ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/board)
endfunction()

function(heaptrail_target_library name)
  cmake_parse_arguments(T "" "" "MARCH;SOURCES;INCLUDES;DEFINES;FLAGS" ${ARGN})
  foreach(march ${T_MARCH})
    add_library(${march}_${name} STATIC ${T_SOURCES})
    heaptrail_target_options(${march}_${name} ${march})
  endforeach()
endfunction()

function(heaptrail_target_run test program)
  cmake_parse_arguments(T "" "SMP;ICOUNT;TIMEOUT" "ARGS" ${ARGN})
  set(run ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/run)
  if(DEFINED T_SMP)
    list(APPEND run --smp ${T_SMP})
  endif()
  if(DEFINED T_ICOUNT)
    list(APPEND run --icount ${T_ICOUNT})
  endif()
  if(NOT DEFINED T_TIMEOUT)
    set(T_TIMEOUT 60)
  endif()
  add_test(NAME ${test} COMMAND ${run} $<TARGET_FILE:${program}> ${T_ARGS} WORKING_DIRECTORY ${ROOT})
  set_tests_properties(${test} PROPERTIES TIMEOUT ${T_TIMEOUT})
endfunction()

function(heaptrail_target_test name)
  cmake_parse_arguments(T "NO_TEST" "SMP;ICOUNT;TIMEOUT"
    "MARCH;SOURCES;LIBS;INCLUDES;DEFINES;FLAGS;LINK;ARGS" ${ARGN})
  foreach(march ${T_MARCH})
    set(program ${march}_${name})
    add_executable(${program} ${T_SOURCES})
    heaptrail_target_options(${program} ${march})
    foreach(lib ${T_LIBS} board)
      target_link_libraries(${program} PRIVATE ${march}_${lib})
    endforeach()
    target_link_options(${program} PRIVATE -march=${march} --oslib=semihost --crt0=semihost
      -Wl,--gc-sections ${T_LINK} -T${CMAKE_CURRENT_FUNCTION_LIST_DIR}/board/board.ld)
    set_target_properties(${program} PROPERTIES LINK_DEPENDS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/board/board.ld)
    if(NOT T_NO_TEST)
      set(how)
      foreach(option SMP ICOUNT TIMEOUT)
        if(DEFINED T_${option})
          list(APPEND how ${option} ${T_${option}})
        endif()
      endforeach()
      heaptrail_target_run(${program} ${program} ${how} ARGS ${T_ARGS})
    endif()
  endforeach()
endfunction()

heaptrail_target_library(board MARCH rv32imc rv32imac SOURCES board/board.c board/enter.S
  INCLUDES ${CMAKE_CURRENT_LIST_DIR}/board)
