# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# cmake -DPROGRAM=... -DEMULATOR=... -DFOLDER=... -P check_console.cmake
# Commands at the example's prompt, in simulated time, answer what they should.
file(WRITE ${FOLDER}/commands.txt "heaptrail tasks --task telemetry\nheaptrail list --min 100k\nheaptrail lits\n")
execute_process(COMMAND ${EMULATOR} ${PROGRAM} --minutes 2 --console
  INPUT_FILE ${FOLDER}/commands.txt OUTPUT_VARIABLE text RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${PROGRAM} --console failed: ${failed}")
endif()
foreach(line
    "Live, by task, most bytes first; only blocks of task telemetry"
    "Live blocks, largest first; only blocks of at least 100 KiB, of 2 blocks and 300 KiB"
    "'lits' is no sub-command; `heaptrail help` lists them: did you mean 'list'\\?"
    "Command returned non-zero error code: 0x2")
  if(NOT text MATCHES "${line}")
    message(FATAL_ERROR "the prompt does not say: ${line}\n${text}")
  endif()
endforeach()
