# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# The core's own tests, the same sources as on the host, on the port for tests.
set(TESTS ${ROOT}/tests)
set(BOTH rv32imc rv32imac)

heaptrail_target_library(core_fake MARCH ${BOTH} SOURCES ${CORE_SOURCES} ${TESTS}/port/fake_port.c
  INCLUDES ${TESTS}/port ${COMPONENT}/core ${COMPONENT}/port ${COMPONENT}/include ${TESTS}/tiny_cmocka)

foreach(module table origin task heap failure tracker query lifecycle check races spec explain guard freed error lowmem scan_list floors)
  heaptrail_target_test(unit_${module} MARCH ${BOTH} SOURCES ${TESTS}/unit/test_${module}.c LIBS core_fake)
endforeach()
foreach(module trace trace_room trace_recorder trace_say)
heaptrail_target_test(unit_${module} MARCH ${BOTH} LIBS core_fake INCLUDES ${TESTS}/unit
  SOURCES ${TESTS}/unit/test_${module}.c ${TESTS}/unit/trace_reader.c ${TESTS}/unit/trace_reader_records.c)
endforeach()
heaptrail_target_test(unit_scan MARCH ${BOTH} LIBS core_fake INCLUDES ${TESTS}/reach
  SOURCES ${TESTS}/unit/test_scan.c ${TESTS}/reach/reach.c)
heaptrail_target_test(unit_explained MARCH ${BOTH} LIBS core_fake
  SOURCES ${TESTS}/unit/test_explained.c ${COMPONENT}/api/heaptrail_explain.c
  INCLUDES ${COMPONENT}/api ${COMPONENT}/port/posix/include)

set(MODEL ${TESTS}/model)
heaptrail_target_test(model_oracle MARCH ${BOTH} LIBS core_fake INCLUDES ${MODEL} TIMEOUT 120
  SOURCES ${MODEL}/test_model.c ${MODEL}/model.c ${MODEL}/compare.c ${MODEL}/oracle.c ${MODEL}/watch.c
  ${MODEL}/stream.c)
heaptrail_target_test(model_trace MARCH ${BOTH} LIBS core_fake INCLUDES ${MODEL} ${TESTS}/unit TIMEOUT 120
  SOURCES ${MODEL}/test_trace_model.c ${MODEL}/model.c ${MODEL}/compare.c ${MODEL}/oracle.c
    ${MODEL}/watch.c ${MODEL}/stream.c
    ${TESTS}/unit/trace_reader.c ${TESTS}/unit/trace_reader_records.c)
