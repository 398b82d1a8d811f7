# Tests that are not unit tests: each file is one ctest test.
#
#   tests/system/test_*.py   the real executable with real peers, through tests/system/run, which gives
#                            it a network of its own; label "system"
#   tests/system/soak_*.py   the same for hours rather than seconds; label "soak" (scripts/test --all)
#   tests/build/test_*.py    the build's own shape; label "shape", in the release build only
#
# A test that needs more than the usual time, or computes more than it waits, says so in a line of its own:
#   # ctest: timeout=240 weight=3
# The weight is how many ordinary tests it counts as when scripts/test runs several at once; an ordinary one takes a tenth
# of a core.
# The environment tells a test where the executable is (SWITCHROOM) and whether it is slowed down by a
# sanitizer (SWITCHROOM_SANITIZE: empty, address or thread).

set(test_environment
  "SWITCHROOM=${CMAKE_BINARY_DIR}/switchroom"
  "SWITCHROOM_BUILD=${CMAKE_BINARY_DIR}"
  "SWITCHROOM_SANITIZE=${SWITCHROOM_SANITIZE}"
  "PYTHONDONTWRITEBYTECODE=1"
  "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1"
  "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
  "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")
if(SWITCHROOM_SANITIZE)
  find_program(SWITCHROOM_SYMBOLIZER NAMES "llvm-symbolizer-${compiler_major}" llvm-symbolizer)
  mark_as_advanced(SWITCHROOM_SYMBOLIZER)
  if(SWITCHROOM_SYMBOLIZER)
    list(APPEND test_environment
      "ASAN_SYMBOLIZER_PATH=${SWITCHROOM_SYMBOLIZER}" "TSAN_SYMBOLIZER_PATH=${SWITCHROOM_SYMBOLIZER}")
  endif()
endif()

# add_script_test(NAME LABEL SECONDS FILE COMMAND…)
function(add_script_test name label seconds file)
  file(STRINGS "${file}" notes REGEX "^# ctest:")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  if(notes MATCHES "timeout=([0-9]+)")
    set(seconds "${CMAKE_MATCH_1}")
  endif()
  if(SWITCHROOM_SANITIZE)
    math(EXPR seconds "${seconds} * 3")
  endif()
  add_test(NAME ${name} COMMAND ${ARGN})
  set_tests_properties(${name} PROPERTIES
    LABELS ${label} TIMEOUT ${seconds} ENVIRONMENT "${test_environment}" WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
    COST ${seconds})  # the long ones begin first
  if(notes MATCHES "weight=([0-9]+)")
    # First of all: later there is never so much room at once, until nothing else is left.
    set_tests_properties(${name} PROPERTIES PROCESSORS ${CMAKE_MATCH_1} COST ${CMAKE_MATCH_1}000)
  endif()
endfunction()

foreach(room IN LISTS SWITCHROOM_ROOMS)
  if(TEST unit_${room})
    set_tests_properties(unit_${room} PROPERTIES ENVIRONMENT "${test_environment}")
  endif()
endforeach()

if(TARGET switchroom)
  file(GLOB scripts CONFIGURE_DEPENDS
    "${CMAKE_SOURCE_DIR}/tests/system/test_*.py" "${CMAKE_SOURCE_DIR}/tests/system/soak_*.py")
  foreach(script IN LISTS scripts)
    get_filename_component(name "${script}" NAME_WE)
    get_filename_component(file "${script}" NAME)
    if(name MATCHES "^soak_")
      add_script_test(${name} soak 7200 "${script}" "${CMAKE_SOURCE_DIR}/tests/system/run" "${file}")
    else()
      string(REGEX REPLACE "^test_" "system_" name "${name}")
      add_script_test(${name} system 120 "${script}" "${CMAKE_SOURCE_DIR}/tests/system/run" "${file}")
    endif()
  endforeach()
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT SWITCHROOM_SANITIZE)
  file(GLOB scripts CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/build/test_*.py")
  foreach(script IN LISTS scripts)
    get_filename_component(name "${script}" NAME_WE)
    string(REGEX REPLACE "^test_" "build_" name "${name}")
    add_script_test(${name} shape 120 "${script}" /usr/bin/python3 "${script}")
  endforeach()
endif()
