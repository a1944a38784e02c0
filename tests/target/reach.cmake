# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# heaptrail_scan() as a firmware calls it, with roots of its own (reach/port.c): known graphs and random ones, while the
# timer's handler, and the other hart, allocate and free.
file(GLOB REACH_SOURCES CONFIGURE_DEPENDS reach/*.c ${COMPONENT}/api/*.c)
heaptrail_target_test(reach MARCH ${BOTH} NO_TEST
  SOURCES ${REACH_SOURCES} ${ROOT}/tests/reach/reach.c ${ROOT}/tests/reach/hammer.c port/ht_port_bare.c ${CORE_SOURCES}
  INCLUDES reach ${ROOT}/tests/reach port ${COMPONENT}/core ${COMPONENT}/port ${COMPONENT}/include ${COMPONENT}/format
    ${COMPONENT}/api ${COMPONENT}/report ${COMPONENT}/port/posix/include
  DEFINES CONFIG_HEAPTRAIL_STACK_DEPTH=1 CONFIG_HEAPTRAIL_MAX_BLOCKS=400)
# A timer of 1 kHz; two harts with one of 10 kHz each.
heaptrail_target_run(rv32imc_reach_interrupts rv32imc_reach ICOUNT 7 ARGS 24 1 10000)
heaptrail_target_run(rv32imac_reach_harts rv32imac_reach ICOUNT 3 SMP 2 ARGS 12 2 1000)
