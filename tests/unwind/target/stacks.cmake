# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# Included by tests/target: call stacks of RISC-V code, with frame pointers and without.
set(UNWIND ${ROOT}/tests/unwind)
set(UNWIND_INCLUDES ${COMPONENT}/port ${COMPONENT}/port/unwind)
file(GLOB UNWIND_SOURCES CONFIGURE_DEPENDS ${COMPONENT}/port/unwind/*.c)

# How often the walk is right: the same program, as ESP-IDF can be told to build it. accuracy.py judges.
set(chains)
function(unwind_chains name)
  heaptrail_target_test(chains_${name} MARCH rv32imc NO_TEST INCLUDES ${UNWIND}/../port ${UNWIND_INCLUDES}
    SOURCES ${UNWIND}/target/sample.c ${UNWIND}/target/chains.c ${UNWIND}/target/chains_libc.c ${UNWIND_SOURCES}
    FLAGS ${ARGN})
  list(APPEND chains $<TARGET_FILE:rv32imc_chains_${name}>)
  set(chains ${chains} PARENT_SCOPE)
endfunction()
unwind_chains(og -Og)
unwind_chains(os -Os)
unwind_chains(o2 -O2)
unwind_chains(o3 -O3)
unwind_chains(save_restore -Os -msave-restore)
unwind_chains(frame_pointers -O2 -fno-omit-frame-pointer -DSAMPLE_FRAME_POINTERS=1)
add_test(NAME rv32_unwind_accuracy COMMAND python3 ${UNWIND}/accuracy.py ${chains} WORKING_DIRECTORY ${ROOT})

# The port itself, on call chains that the program keeps a list of.
function(unwind_known name)
  heaptrail_target_test(known_chains_${name} MARCH rv32imc rv32imac
    SOURCES ${UNWIND}/target/test_known_chains.c ${UNWIND_SOURCES} ${COMPONENT}/port/esp_idf/ht_stack_esp_idf.c
      ${COMPONENT}/port/esp_idf/ht_bounds_esp_idf.c ${ROOT}/sim/src/bare_port.c
    INCLUDES ${UNWIND_INCLUDES} ${COMPONENT}/port/esp_idf ${COMPONENT}/api ${ROOT}/sim/include ${ROOT}/sim/include_sim
      ${ROOT}/sim/src ${TESTS}/tiny_cmocka
    DEFINES SIM_BARE=1 SOC_CPU_CORES_NUM=1 "__NOINIT_ATTR="
    FLAGS ${ARGN} LINK -Wl,--defsym=_text_start=board_enter -Wl,--defsym=_text_end=__text_end)
endfunction()
unwind_known(scan -Os -DCONFIG_HEAPTRAIL_STACK_SCAN=1)
unwind_known(scan_fast -O2 -DCONFIG_HEAPTRAIL_STACK_SCAN=1 -DCONFIG_HEAPTRAIL_STACK_SCAN_ENTRIES=16)
unwind_known(frames -O2 -fno-omit-frame-pointer -DCONFIG_ESP_SYSTEM_USE_FRAME_POINTER=1)
unwind_known(caller -Os)
