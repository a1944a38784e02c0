# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# The core on the bare-metal port (port/), with real interrupts and, on rv32imac, two harts. Under -icount an interrupt
# falls between any two instructions, at the same ones in every run.
heaptrail_target_library(core_bare MARCH ${BOTH} SOURCES ${CORE_SOURCES} port/ht_port_bare.c
  INCLUDES port ${COMPONENT}/core ${COMPONENT}/port ${COMPONENT}/include ${MODEL} ${CMAKE_CURRENT_LIST_DIR}/board)
heaptrail_target_test(stress MARCH ${BOTH} SOURCES stress.c actor.c ${MODEL}/stream.c LIBS core_bare NO_TEST)

# A timer of 1 kHz; a table with room, and one that is full and crowded.
foreach(march ${BOTH})
  heaptrail_target_run(${march}_interrupts ${march}_stress ICOUNT 7 ARGS 64000 512 1 10000)
  heaptrail_target_run(${march}_interrupts_full ${march}_stress ICOUNT 7 ARGS 64000 48 1 10000)
endforeach()
# Two harts, a timer of 10 kHz each.
heaptrail_target_run(rv32imac_harts rv32imac_stress ICOUNT 3 SMP 2 ARGS 16000 512 2 1000)
heaptrail_target_run(rv32imac_harts_full rv32imac_stress ICOUNT 3 SMP 2 ARGS 16000 96 2 1000)
# A low-memory watch that fires again and again: its looks and snapshots between everything else.
heaptrail_target_run(rv32imc_interrupts_watch rv32imc_stress ICOUNT 7 ARGS 64000 512 1 10000 watch)
heaptrail_target_run(rv32imac_harts_watch rv32imac_stress ICOUNT 3 SMP 2 ARGS 16000 96 2 1000 watch)

# A firmware that sends a trace to its console; ../trace/rv32.py is its desk.
heaptrail_target_test(node MARCH ${BOTH} SOURCES node.c LIBS core_bare NO_TEST)
