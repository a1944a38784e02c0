# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# Two operations at a time, the second one before each instruction of the first (sections/sweep.h); and the proof that it
# would be noticed if any one critical section of core/ and api/ were missing.
set(SECTIONS ${CMAKE_CURRENT_LIST_DIR}/sections)
file(GLOB SWEEP_SOURCES CONFIGURE_DEPENDS ${SECTIONS}/*.c)
file(GLOB SWEEP_CORE_SOURCES CONFIGURE_DEPENDS ${SECTIONS}/core/*.c)
file(GLOB READER_SOURCES ${ROOT}/tests/unit/trace_reader*.c)
heaptrail_target_test(sweep MARCH ${BOTH} SOURCES ${SWEEP_SOURCES} ${SWEEP_CORE_SOURCES} ${READER_SOURCES} port/ht_port_bare.c ${CORE_SOURCES}
  INCLUDES ${SECTIONS} ${COMPONENT}/core ${COMPONENT}/port ${COMPONENT}/include ${COMPONENT}/format ${ROOT}/tests/unit
  DEFINES READER_BLOCKS=64 READER_ROWS=32 READER_MARKS=4 LINK -Wl,--wrap=ht_port_uptime_us ICOUNT 7 TIMEOUT 200 ARGS all)
foreach(march ${BOTH})
  heaptrail_target_run(${march}_every_instruction ${march}_sweep ICOUNT 7 ARGS phases)
endforeach()

heaptrail_target_test(stress_no_spin MARCH rv32imac SOURCES stress.c actor.c ${MODEL}/stream.c port/ht_port_bare.c
  ${CORE_SOURCES} INCLUDES port ${MODEL} ${COMPONENT}/core ${COMPONENT}/port ${COMPONENT}/include
  DEFINES HT_BARE_NO_SPIN NO_TEST)
add_test(NAME rv32_critical_sections WORKING_DIRECTORY ${ROOT} COMMAND ${SECTIONS}/prove.py
  ${COMPONENT}/core $<TARGET_FILE:rv32imc_sweep> $<TARGET_FILE:rv32imac_stress_no_spin>)

# The public functions, on the default tracker.
file(GLOB SWEEP_API_SOURCES CONFIGURE_DEPENDS ${SECTIONS}/api/*.c)
file(GLOB API_SOURCES CONFIGURE_DEPENDS ${COMPONENT}/api/*.c ${COMPONENT}/report/*.c)
heaptrail_target_test(sweep_api MARCH ${BOTH} SOURCES ${SWEEP_SOURCES} ${SWEEP_API_SOURCES} port/ht_port_bare.c
    ${CORE_SOURCES} ${API_SOURCES}
  INCLUDES ${SECTIONS} ${COMPONENT}/core ${COMPONENT}/port ${COMPONENT}/include ${COMPONENT}/format ${COMPONENT}/api
    ${COMPONENT}/report ${COMPONENT}/port/posix/include
  DEFINES CONFIG_HEAPTRAIL_CHECKS=1 CONFIG_HEAPTRAIL_FILL_FREED=1 CONFIG_HEAPTRAIL_MAX_BLOCKS=28 CONFIG_HEAPTRAIL_MAX_SITES=12
    CONFIG_HEAPTRAIL_MAX_TASKS=6 CONFIG_HEAPTRAIL_MAX_FAILURES=4 CONFIG_HEAPTRAIL_FRAME_WORDS=32
    CONFIG_HEAPTRAIL_STACK_DEPTH=1 CONFIG_HEAPTRAIL_LOWMEM_WATCHES=2 CONFIG_HEAPTRAIL_QUARANTINE_BLOCKS=4
    CONFIG_HEAPTRAIL_RECENT_FREES=4 CONFIG_HEAPTRAIL_MAX_ERRORS=3
  LINK -Wl,--wrap=ht_port_uptime_us -Wl,--wrap=ht_port_in_isr -Wl,--wrap=ht_port_can_report -Wl,--wrap=ht_port_header_ok
    -Wl,--wrap=ht_port_sample_heap -Wl,--wrap=ht_port_sample_caps
  ICOUNT 7 TIMEOUT 200 ARGS all)
add_test(NAME rv32_critical_sections_api WORKING_DIRECTORY ${ROOT} COMMAND ${SECTIONS}/prove.py
  ${COMPONENT}/api $<TARGET_FILE:rv32imc_sweep_api>)
set_tests_properties(rv32_critical_sections rv32_critical_sections_api PROPERTIES TIMEOUT 300 COST 100) # first, they take long
