# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# cmake -DPROGRAM=... -DEMULATOR=... -DFOLDER=... -P check.cmake
# Two runs of the demo say the same, and name the four faults.
foreach(run 1 2)
  execute_process(COMMAND ${EMULATOR} ${PROGRAM} --minutes 10
    OUTPUT_FILE ${FOLDER}/run${run}.txt RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "run ${run} of ${PROGRAM} failed: ${failed}")
  endif()
endforeach()
file(READ ${FOLDER}/run1.txt text)
file(READ ${FOLDER}/run2.txt again)
# Where there are no names (32-bit) there are addresses, and Linux loads each run elsewhere.
string(REGEX REPLACE "0x[0-9a-f]+" "0x" text "${text}")
string(REGEX REPLACE "0x[0-9a-f]+" "0x" again "${again}")
if(NOT text STREQUAL again)
  message(FATAL_ERROR "two runs differ: ${FOLDER}/run1.txt, ${FOLDER}/run2.txt")
endif()
foreach(fault
    "telemetry\\.c:[0-9]+ publish_sample\\(\\) topic"
    "net\\.c:[0-9]+ host_resolve\\(\\) host"
    "storage\\.c:[0-9]+ upload_snapshot\\(\\) dma_buffer"
    "certain +200 B +5 +1\\.[12][0-9] KiB  [^\n]*telemetry\\.c:[0-9]+ publish_sample\\(\\) topic"
    "likely +6\\.[0-9]+ KiB +125 +3[0-9]\\.[0-9] KiB  [^\n]*net\\.c:[0-9]+ host_resolve\\(\\) host"
    "Leaks, by call site: 1 certain, 1 likely, 0 possible; 8BIT\\|INTERNAL memory is full in [56] h"
    "heap buffer overflow: 1 byte written behind a block of 23 bytes")
  if(NOT text MATCHES "${fault}")
    message(FATAL_ERROR "the report does not say: ${fault}")
  endif()
endforeach()
