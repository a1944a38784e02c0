# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# host/lib's symbols: small programs for several machines, built here, whose addresses are looked up.
if(NOT TARGET heaptrail_symbols)
  return()
endif()
set(symbols_source ${CMAKE_CURRENT_LIST_DIR}/symbols)
set(symbols_build ${CMAKE_CURRENT_BINARY_DIR}/symbols)
set(symbols_programs)
file(MAKE_DIRECTORY ${symbols_build})

# symbols_program(NAME COMPILER SOURCES FLAGS...): build/.../symbols/NAME.elf, with a map beside it.
function(symbols_program name compiler sources)
  set(output ${symbols_build}/${name}.elf)
  list(TRANSFORM sources PREPEND ${symbols_source}/)
  add_custom_command(OUTPUT ${output}
    COMMAND ${compiler} -O2 -g -ffunction-sections -Wl,--gc-sections -Wl,-Map=${output}.map
      ${ARGN} ${sources} -o ${output}
    DEPENDS ${sources} WORKING_DIRECTORY ${symbols_build} VERBATIM
    COMMENT "Building ${name}.elf to look up its addresses")
  set(symbols_programs ${symbols_programs} ${output} PARENT_SCOPE)
endfunction()

set(c program.c by_hand.S)
set(kept -Wl,-u,by_hand -Wl,-z,noexecstack)
set(bare ${kept} -nostdlib -nostartfiles -Wl,-Ttext=0x42000020)
symbols_program(x86 ${CMAKE_C_COMPILER} "${c}" ${kept})
symbols_program(x86_dwarf4 ${CMAKE_C_COMPILER} "${c}" ${kept} -gdwarf-4 -no-pie)
symbols_program(x86_split ${CMAKE_C_COMPILER} "${c}" ${kept} -gsplit-dwarf)
symbols_program(x86_long ${CMAKE_C_COMPILER} "${c}" ${kept} -DLONG)
symbols_program(cxx ${CMAKE_CXX_COMPILER} program.cpp)
find_program(HEAPTRAIL_RV32_GCC riscv64-unknown-elf-gcc)
if(HEAPTRAIL_RV32_GCC)
  foreach(version 3 4 5)
    symbols_program(rv32_dwarf${version} ${HEAPTRAIL_RV32_GCC} "${c}" ${bare} -march=rv32imc -mabi=ilp32
      -misa-spec=2.2 -gdwarf-${version})
  endforeach()
endif()
find_program(HEAPTRAIL_XTENSA_GCC xtensa-lx106-elf-gcc)
if(HEAPTRAIL_XTENSA_GCC)
  symbols_program(xtensa ${HEAPTRAIL_XTENSA_GCC} "${c}" ${bare})
  symbols_program(xtensa_dwarf4 ${HEAPTRAIL_XTENSA_GCC} "${c}" ${bare} -gdwarf-4)
endif()
add_custom_target(heaptrail_symbols_programs ALL DEPENDS ${symbols_programs})

add_library(heaptrail_symbols_labels STATIC ${symbols_source}/labels.c)
target_include_directories(heaptrail_symbols_labels PUBLIC ${symbols_source})
target_link_libraries(heaptrail_symbols_labels PRIVATE heaptrail_warnings PUBLIC heaptrail_symbols)

heaptrail_add_test(host_spans SOURCES ${symbols_source}/test_spans.c LIBS heaptrail_symbols)
heaptrail_add_test(host_symbols SOURCES ${symbols_source}/test_symbols.c
  LIBS heaptrail_symbols_labels ARGS ${symbols_source} ${symbols_programs})
add_dependencies(host_symbols heaptrail_symbols_programs)
heaptrail_add_test(host_variable SOURCES ${symbols_source}/test_variable.c LIBS heaptrail_symbols)
heaptrail_add_test(host_variable_calls LIBS heaptrail_symbols
  SOURCES ${symbols_source}/test_calls.c ${symbols_source}/calls.c ${symbols_source}/calls.cpp)
heaptrail_add_test(host_elf_find SOURCES ${symbols_source}/test_elf_find.c LIBS heaptrail_symbols
  ARGS ${symbols_build}/x86.elf ${symbols_build}/cxx.elf)
add_dependencies(host_elf_find heaptrail_symbols_programs)
heaptrail_add_test(host_component SOURCES ${symbols_source}/test_component.c LIBS heaptrail_symbols_labels
  ARGS ${symbols_programs})
add_dependencies(host_component heaptrail_symbols_programs)
heaptrail_add_test(host_symbols_damaged SOURCES ${symbols_source}/test_damaged.c LIBS heaptrail_symbols
  ARGS ${symbols_programs})
add_dependencies(host_symbols_damaged heaptrail_symbols_programs)
heaptrail_add_test(host_symbols_debug_files SOURCES ${symbols_source}/test_debug_files.c
  LIBS heaptrail_symbols_labels Threads::Threads ARGS ${symbols_build}/x86.elf)
add_dependencies(host_symbols_debug_files heaptrail_symbols_programs)
heaptrail_add_test(host_symbols_no_memory SOURCES ${symbols_source}/test_no_memory.c
  LIBS heaptrail_symbols_labels ARGS ${symbols_build}/x86.elf ${symbols_source}/calls.c)
target_link_options(host_symbols_no_memory PRIVATE
  LINKER:--wrap=malloc LINKER:--wrap=calloc LINKER:--wrap=reallocarray LINKER:--wrap=strdup)
add_dependencies(host_symbols_no_memory heaptrail_symbols_programs)

# At every byte of their code, beside addr2line, which cannot read -gsplit-dwarf and takes addresses for thrown away.
find_program(HEAPTRAIL_ADDR2LINE addr2line)
if(HEAPTRAIL_ADDR2LINE AND NOT HEAPTRAIL_SANITIZE)
  add_executable(host_symbols_print ${CMAKE_SOURCE_DIR}/bench/symbols.c)
  target_link_libraries(host_symbols_print PRIVATE heaptrail_warnings heaptrail_symbols)
  set(compared ${symbols_programs})
  list(FILTER compared EXCLUDE REGEX "split|long")
  add_test(NAME host_symbols_compare
    COMMAND ${symbols_source}/compare.py $<TARGET_FILE:host_symbols_print> ${compared})
endif()
