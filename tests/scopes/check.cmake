# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# cmake -DPROGRAM=... -DEMULATOR=... -DEXPECTED=... -DCODE=... -P check.cmake
# What a program prints, and its exit code. With HEAPTRAIL_UPDATE_GOLDEN set: accept what it prints.
set(ENV{HEAPTRAIL_OPTIONS} "report=none:stacks=0")
execute_process(COMMAND ${EMULATOR} ${PROGRAM} OUTPUT_VARIABLE text ERROR_VARIABLE errors
  RESULT_VARIABLE code)
string(APPEND text "${errors}")
if(NOT code EQUAL CODE)
  message(FATAL_ERROR "exit code ${code}, expected ${CODE}:\n${text}")
endif()
string(REGEX REPLACE "0x[0-9a-f]+" "0x" text "${text}")
if(DEFINED ENV{HEAPTRAIL_UPDATE_GOLDEN})
  file(WRITE ${EXPECTED} "${text}")
endif()
file(READ ${EXPECTED} expected)
if(NOT text STREQUAL expected)
  message(FATAL_ERROR "not ${EXPECTED}, but:\n${text}")
endif()
