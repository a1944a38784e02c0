# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# Two operations at a time, the second one before each instruction of the first (sections/sweep.h); and the proof that it
# would be noticed if any one critical section of the core were missing.
heaptrail_target_test(sweep MARCH rv32imac NO_TEST
  SOURCES sections/sweep.c sections/scenarios.c sections/scenarios_reading.c port/ht_port_bare.c ${CORE_SOURCES}
  INCLUDES ${CMAKE_CURRENT_LIST_DIR}/sections ${COMPONENT}/core ${COMPONENT}/port ${COMPONENT}/include)
heaptrail_target_run(rv32imac_sweep rv32imac_sweep ICOUNT 7 SMP 2 TIMEOUT 120 ARGS all)
add_test(NAME rv32imac_critical_sections WORKING_DIRECTORY ${ROOT}
  COMMAND ${CMAKE_CURRENT_LIST_DIR}/sections/prove.py $<TARGET_FILE:rv32imac_sweep>)
set_tests_properties(rv32imac_critical_sections PROPERTIES TIMEOUT 300)
