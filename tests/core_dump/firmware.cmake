# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# A firmware on the stand-in that leaves its memory behind, for `heaptrail core`: in this word size, and, where the
# host's program is built, in 32 bits as on a chip.
find_package(Python3 COMPONENTS Interpreter)
if(TARGET esp_component_hunt)
  esp_program(dump_firmware hunt ${CMAKE_CURRENT_SOURCE_DIR}/fw_dump.c)
  target_include_directories(esp_dump_firmware PRIVATE ${HEAPTRAIL_COMPONENT}/core ${HEAPTRAIL_COMPONENT}/api
    ${HEAPTRAIL_COMPONENT}/port ${HEAPTRAIL_COMPONENT}/port/esp_idf)
  target_compile_definitions(esp_dump_firmware PRIVATE
    $<TARGET_PROPERTY:esp_component_hunt,COMPILE_DEFINITIONS>)
  target_link_options(esp_dump_firmware PRIVATE -no-pie) # it lies where its ELF file says, as a firmware does
endif()
if(TARGET esp_dump_firmware AND TARGET heaptrail AND Python3_FOUND)
  add_test(NAME core_verb COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/check.sh $<TARGET_FILE:heaptrail>
    $<TARGET_FILE:esp_dump_firmware> ${CMAKE_CURRENT_BINARY_DIR}/dump)
  if(NOT HEAPTRAIL_SANITIZE) # once is enough: it builds the stand-in in 32 bits
    add_test(NAME core_verb_m32 COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/m32.sh ${CMAKE_SOURCE_DIR}
      ${CMAKE_CURRENT_BINARY_DIR}/m32 $<TARGET_FILE:heaptrail>)
    set_tests_properties(core_verb_m32 PROPERTIES TIMEOUT 300 COST 100)
  endif()
endif()
