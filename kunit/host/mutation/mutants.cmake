# SPDX-License-Identifier: GPL-2.0
# Programs in which every mutation of a part of the module is present and asleep (generate.py), and the
# targets and tests that wake each (run.py).
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(mutation ${CMAKE_CURRENT_SOURCE_DIR}/mutation)

# add_mutants(NAME FILE...): FILE, under module/, with its mutations; sets mutated_sources.
function(add_mutants name)
	set(out ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name})
	list(TRANSFORM ARGN PREPEND ${top}/module/ OUTPUT_VARIABLE from)
	list(TRANSFORM ARGN PREPEND ${out}/ OUTPUT_VARIABLE to)
	add_custom_command(OUTPUT ${out}/mutants.txt ${to}
		COMMAND ${Python3_EXECUTABLE} ${mutation}/generate.py --source ${top}/module --out ${out}
			--table ${mutation}/${name}_rows.txt ${ARGN}
		DEPENDS ${from} ${mutation}/generate.py ${mutation}/table.py ${mutation}/${name}_rows.txt
		VERBATIM)
	add_custom_target(${name}_mutants_made DEPENDS ${out}/mutants.txt)
	list(FILTER to INCLUDE REGEX "[.]cpp$")
	set(mutated_sources ${to} PARENT_SCOPE)
endfunction()

# add_mutants_program(NAME OF SOURCE...): a program of tests with the mutations of OF.
function(add_mutants_program name of)
	add_executable(${name} ${ARGN} mutation/mutant.cpp ${mutated_sources} ${host_sources})
	add_dependencies(${name} ${of}_mutants_made)
	target_include_directories(${name} BEFORE PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/mutants/${of} mutation)
	target_compile_options(${name} PRIVATE -O1 -w)
	target_link_libraries(${name} PRIVATE ring_on_host)
endfunction()

# add_mutants_run(OF AT_LEAST SAMPLE ARGUMENT...): mutants/OF/run, which tries all, of which there are
# AT_LEAST, unless an option chooses some (run.py says how); as the target OF_mutants; and, unless SAMPLE is 0,
# the test OF_mutants_sample of as many generated ones.
function(add_mutants_run of at_least sample)
	set(out ${CMAKE_CURRENT_BINARY_DIR}/mutants/${of})
	list(JOIN ARGN "' '" arguments)
	file(GENERATE OUTPUT ${out}/run CONTENT "#!/bin/sh
exec ${Python3_EXECUTABLE} ${mutation}/run.py --mutants ${out}/mutants.txt --survivors ${mutation}/${of}_survivors.txt --at-least ${at_least} --results ${out}/results.txt '${arguments}' \"$@\"
" FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
	add_custom_target(${of}_mutants COMMAND ${out}/run DEPENDS ${${of}_programs} USES_TERMINAL VERBATIM)
	if(sample)
		add_test(NAME ${of}_mutants_sample COMMAND ${out}/run --at-least ${sample} --sample ${sample}
			--results ${out}/sample.txt)
		set_tests_properties(${of}_mutants_sample PROPERTIES TIMEOUT 900)
	endif()
endfunction()

# --- The ring

file(GLOB mutated RELATIVE ${top}/module CONFIGURE_DEPENDS ${top}/module/ring/*.cpp ${top}/module/ring/*.hpp)
add_mutants(ring ${mutated})
add_mutants_program(ring_mutants_cases ring cases_main.cpp ${case_sources})
target_link_libraries(ring_mutants_cases PRIVATE ${gtest})
target_compile_definitions(ring_mutants_cases PRIVATE PERFBUF_DEBUG)
add_mutants_program(ring_mutants_oracle ring ${oracle_sources})
add_mutants_program(ring_mutants_model ring ${model_sources} model/machine.cpp oracle/sleeping_reader.cpp
	waiting_call.cpp)
foreach(program ring_mutants_oracle ring_mutants_model)
	target_compile_definitions(${program} PRIVATE ${model_defines})
	target_include_directories(${program} PRIVATE model)
endforeach()
# The steps of a record with the kernel's own instructions: what locks one.
set(steps main.cpp stepped.cpp forms.cpp calls.cpp)
list(TRANSFORM steps PREPEND ${top}/bench/native/steps/)
add_mutants_program(ring_mutants_native ring ${steps})
target_compile_definitions(ring_mutants_native PRIVATE CXXRT_AS_IN_KERNEL)
set_source_files_properties(${top}/bench/native/steps/stepped.cpp PROPERTIES COMPILE_OPTIONS "-mno-red-zone")
set(ring_programs ring_mutants_cases ring_mutants_oracle ring_mutants_model ring_mutants_native)
set(model "$<TARGET_FILE:ring_mutants_model> --mutant")
# Tests that notice most for their time come first, those that notice little come last.
add_mutants_run(ring 1400 150
	--row "nesting=${model} --nesting --quick" --row "nesting=${model} --nesting"
	--row "wakeups=${model} --wakeups --quick" --row "wakeups=${model} --wakeups"
	--row "reader=${model} --reader --quick" --row "reader=${model} --reader"
	--row "aux=${model} --aux --quick" --row "aux=${model} --aux"
	--row "oracle=$<TARGET_FILE:ring_mutants_oracle> --seeds 100"
	--row "cases=$<TARGET_FILE:ring_mutants_cases> --gtest_fail_fast --gtest_brief"
	--row "native=$<TARGET_FILE:ring_mutants_native> --check"
	--row "barrier-reader=${model} --reader --quick" --row "barrier-aux=${model} --aux --only reads"
	--row "barrier-cpus=${model} --cpus"
	--test "$<TARGET_FILE:ring_mutants_cases> --gtest_fail_fast --gtest_brief"
	--test "$<TARGET_FILE:ring_mutants_oracle> --seeds 8"
	--test "$<TARGET_FILE:ring_mutants_oracle> --seeds 100"
	--test "${model} --most 8000"
	--test "ring/[alpw]*:${model} --cpus"
	--test "${model} --quick --reader"
	--test "ring/aux*:${model} --quick --aux"
	--test "ring/aux*:${model} --aux --only reads"
	--test "${model} --quick --wakeups"
	--test "${model} --quick --nesting"
	--test "ring/[lpw]*:${model} --wakeups --only requests"
	--test "ring/[lpw]*:${model} --nesting --only fires")

# Each barrier of the ring is needed: what is dropped or weakened is noticed.
add_test(NAME ring_barriers COMMAND ${CMAKE_CURRENT_BINARY_DIR}/mutants/ring/run --only "row barrier"
	--results ${CMAKE_CURRENT_BINARY_DIR}/mutants/ring/barriers.txt)
set_tests_properties(ring_barriers PROPERTIES TIMEOUT 300)

# --- Typed events

file(GLOB mutated RELATIVE ${top}/module CONFIGURE_DEPENDS ${top}/module/producer/*.cpp
	${top}/module/producer/*.hpp)
add_mutants(producer ${mutated})
foreach(program producer_mutants_logic producer_mutants_asan)
	add_mutants_program(${program} producer ${producer_tests} ${producer_stand_in} ${producer_base}
		${ring_sources})
	target_compile_definitions(${program} PRIVATE CXXRT_MODEL)
	target_include_directories(${program} PRIVATE producer)
	target_link_libraries(${program} PRIVATE ${gtest})
endforeach()
target_compile_options(producer_mutants_asan PRIVATE ${asan_flags})
target_link_options(producer_mutants_asan PRIVATE ${asan_flags})
set(producer_programs producer_mutants_logic producer_mutants_asan)
# The longest tests run last, and alone, so that most mutations are noticed within some milliseconds.
string(JOIN ":" slow_filters producer_filter.a_random_filter_decides_as_its_expression_does producer_filter.the_parser_takes_any_text_without_a_crash
	producer_filter.a_filter_compares_every_value_of_a_byte_with_every_other
	producer_filter.a_number_is_compared_at_every_width_and_place)
string(JOIN ":" slow_emissions producer_burst.each_reader_gets_the_samples_of_single_emissions_on_every_path
	producer_emission.each_reader_gets_the_same_sample_on_every_path
	producer_emission.a_large_payload_for_many_readers_lets_interrupts_in_and_comes_once)
set(logic "$<TARGET_FILE:producer_mutants_logic> --gtest_fail_fast --gtest_brief --gtest_filter=")
set(asan "$<TARGET_FILE:producer_mutants_asan> --gtest_fail_fast --gtest_brief --gtest_filter=")
add_mutants_run(producer 1900 0
	--row "logic=$<TARGET_FILE:producer_mutants_logic> --gtest_fail_fast --gtest_brief"
	--row "asan=$<TARGET_FILE:producer_mutants_asan> --gtest_fail_fast --gtest_brief"
	--test "${logic}-${slow_filters}:${slow_emissions}"
	--test "producer/filter*:${logic}${slow_filters}"
	--test "${logic}${slow_emissions}"
	--test "${asan}-${slow_filters}:${slow_emissions}"
	--test "producer/filter*:${asan}${slow_filters}")
