# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# The same stress with the inline half of the port to ESP-IDF: its lock, as it is on a chip with one core and on one with
# two. FreeRTOS's headers are the stand-in's, the few functions the board's (port/freertos_bare.c).
set(SIM ${ROOT}/sim)
function(heaptrail_esp_stress name march cores)
  heaptrail_target_test(${name} MARCH ${march} NO_TEST
    SOURCES stress.c actor.c ${MODEL}/stream.c port/ht_port_bare.c port/freertos_bare.c ${CORE_SOURCES}
    INCLUDES ${COMPONENT}/port/esp_idf ${MODEL} ${COMPONENT}/core ${COMPONENT}/port ${COMPONENT}/include ${COMPONENT}/api
      ${COMPONENT}/format ${SIM}/include ${SIM}/include_sim
    FLAGS -include board.h DEFINES SOC_CPU_CORES_NUM=${cores} HT_BARE_TICK_SHIFT=10)
endfunction()

heaptrail_esp_stress(stress_esp rv32imc 1)
heaptrail_target_run(rv32imc_esp_interrupts rv32imc_stress_esp ICOUNT 7 ARGS 64000 512 1 10000)
heaptrail_target_run(rv32imc_esp_interrupts_full rv32imc_stress_esp ICOUNT 7 ARGS 64000 48 1 10000)

heaptrail_esp_stress(stress_esp_harts rv32imac 2)
heaptrail_target_run(rv32imac_esp_harts rv32imac_stress_esp_harts ICOUNT 3 SMP 2 ARGS 16000 512 2 1000)
heaptrail_target_run(rv32imac_esp_harts_full rv32imac_stress_esp_harts ICOUNT 3 SMP 2 ARGS 16000 96 2 1000)
