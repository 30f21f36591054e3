# The tests for Windows, which run under Wine: what decides and never waits. The program itself is
# told from outside, by tests/platform. Where Wine is missing, that is skipped.
set(pure_sources)
foreach(room base cli config http lmstudio policy telemetry)
    file(GLOB found CONFIGURE_DEPENDS unit/${room}/*.cpp)
    list(APPEND pure_sources ${found})
endforeach()
# It puts pipes, sockets and full disks in place of a log, each as only POSIX has it.
list(FILTER pure_sources EXCLUDE REGEX "/log_test\\.cpp$")
add_executable(unit_tests EXCLUDE_FROM_ALL ${pure_sources})
set_target_properties(unit_tests PROPERTIES SECONDWIND_IS_TEST ON)
target_include_directories(unit_tests PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(unit_tests PRIVATE
    SECONDWIND_TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}/data")
target_link_libraries(unit_tests PRIVATE
    secondwind_cli ZLIB::ZLIB GTest::gmock GTest::gtest_main)
target_precompile_headers(unit_tests PRIVATE
    ${secondwind_common_headers} <gmock/gmock.h> <gtest/gtest.h>)
secondwind_windows_program(unit_tests)
# All of them in one process, because each start of Wine takes half a second.
add_test(NAME platform.unit_tests COMMAND unit_tests --gtest_brief=1)
set_tests_properties(platform.unit_tests PROPERTIES TIMEOUT 300)

# Real sockets and random schedules. They take many minutes to build, so nothing builds them by itself.
# The objects are linked directly, because ar takes minutes for them too; more sources in one object
# have longer names in all than it can hold.
set_target_properties(test_support PROPERTIES EXCLUDE_FROM_ALL ON UNITY_BUILD_BATCH_SIZE 6)
# over_sockets NAME SOURCE...
function(over_sockets name)
    add_executable(${name} EXCLUDE_FROM_ALL ${ARGN})
    set_target_properties(${name} PROPERTIES SECONDWIND_IS_TEST ON)
    target_link_libraries(${name} PRIVATE test_support GTest::gtest_main)
    target_precompile_headers(${name} REUSE_FROM test_support)
    target_link_options(${name} PRIVATE
        -fno-use-linker-plugin -wrapper ${CMAKE_CURRENT_SOURCE_DIR}/windows_linker.sh)
    secondwind_windows_program(${name})
endfunction()

file(GLOB sources CONFIGURE_DEPENDS
    unit/recovery/*.cpp integration/recovery*.cpp integration/encoded_errors_test.cpp)
list(FILTER sources EXCLUDE REGEX "/recovery_model_test.cpp$")
over_sockets(recovery_tests ${sources})
over_sockets(model_tests integration/recovery_model_test.cpp integration/route_model_test.cpp)

find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
foreach(story imports_test archive_test windows_story windows_service)
    add_test(NAME platform.${story}
        COMMAND ${CMAKE_COMMAND} -E env WINDOWS_PROGRAM=$<TARGET_FILE:secondwind>
            $<TARGET_FILE:Python3::Interpreter> -B
            ${CMAKE_CURRENT_SOURCE_DIR}/platform/${story}.py)
    # They share the registry of one Windows.
    set_tests_properties(platform.${story} PROPERTIES
        TIMEOUT 300 SKIP_RETURN_CODE 77 RESOURCE_LOCK wine-story)
endforeach()
