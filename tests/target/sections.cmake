# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# Two operations at a time, the second one before each instruction of the first (sections/sweep.h); and the proof that it
# would be noticed if any one critical section of the core were missing.
set(SECTIONS ${CMAKE_CURRENT_LIST_DIR}/sections)
file(GLOB SWEEP_SOURCES CONFIGURE_DEPENDS ${SECTIONS}/*.c)
file(GLOB READER_SOURCES ${ROOT}/tests/unit/trace_reader*.c)
heaptrail_target_test(sweep MARCH ${BOTH} SOURCES ${SWEEP_SOURCES} ${READER_SOURCES} port/ht_port_bare.c ${CORE_SOURCES}
  INCLUDES ${SECTIONS} ${COMPONENT}/core ${COMPONENT}/port ${COMPONENT}/include ${COMPONENT}/format ${ROOT}/tests/unit
  DEFINES READER_BLOCKS=64 READER_ROWS=32 READER_MARKS=4 ICOUNT 7 TIMEOUT 200 ARGS all)
foreach(march ${BOTH})
  heaptrail_target_run(${march}_every_instruction ${march}_sweep ICOUNT 7 ARGS phases)
endforeach()

heaptrail_target_test(stress_no_spin MARCH rv32imac SOURCES stress.c actor.c ${MODEL}/stream.c port/ht_port_bare.c
  ${CORE_SOURCES} INCLUDES port ${MODEL} ${COMPONENT}/core ${COMPONENT}/port ${COMPONENT}/include
  DEFINES HT_BARE_NO_SPIN NO_TEST)
add_test(NAME rv32_critical_sections WORKING_DIRECTORY ${ROOT} COMMAND ${SECTIONS}/prove.py
  $<TARGET_FILE:rv32imc_sweep> $<TARGET_FILE:rv32imac_stress_no_spin> ${COMPONENT})
set_tests_properties(rv32_critical_sections PROPERTIES TIMEOUT 300)
