# fuzz/<name>_fuzz.cpp becomes fuzz_<name>, a libFuzzer program linked with the production objects
# (target `fuzzers`, in the build for AddressSanitizer); its seeds are the files of fuzz/corpus/<name>/.
# Each is also a test: it reads its seeds and then mutates them for SWITCHROOM_FUZZ_SECONDS (20).
#
# bench/<name>.cpp becomes bench_<name> (target `benches`; neither is part of `all`).

if(SWITCHROOM_SANITIZE STREQUAL "address" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_custom_target(fuzzers)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/fuzz/*_fuzz.cpp")
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" name "${name}")
    add_executable(fuzz_${name} EXCLUDE_FROM_ALL "${source}")
    link_rooms(fuzz_${name} ${SWITCHROOM_LINKS_call})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    use_pch(fuzz_${name})
    add_dependencies(fuzzers fuzz_${name})
    if(SWITCHROOM_TESTS)
      # What a run finds goes to the build directory; the seeds in the tree are only read.
      set(found "${CMAKE_BINARY_DIR}/fuzz/${name}")
      file(MAKE_DIRECTORY "${found}")
      set(seeds "${CMAKE_SOURCE_DIR}/fuzz/corpus/${name}")
      if(NOT IS_DIRECTORY "${seeds}")
        set(seeds "")
      endif()
      # timeout: one input that takes five seconds is a hang. rss_limit_mb: one that takes 1 GB is a bomb.
      add_test(NAME fuzz_${name} COMMAND sh -c
        "exec \"$0\" -max_total_time=\${SWITCHROOM_FUZZ_SECONDS:-20} -timeout=5 -rss_limit_mb=1024 -max_len=8192 -print_final_stats=1 -artifact_prefix=\"$1/\" \"$@\""
        $<TARGET_FILE:fuzz_${name}> "${found}" ${seeds})
      # The upper bound is for scripts/test --all, which fuzzes each parser for ten minutes.
      set_tests_properties(fuzz_${name} PROPERTIES LABELS fuzz TIMEOUT 900 ENVIRONMENT "${test_environment}")
    endif()
  endforeach()
endif()

add_custom_target(benches)
file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/bench/*.cpp")
foreach(source IN LISTS sources)
  get_filename_component(name "${source}" NAME_WE)
  add_executable(bench_${name} EXCLUDE_FROM_ALL "${source}")
  link_rooms(bench_${name} ${SWITCHROOM_LINKS_call})
  use_pch(bench_${name})
  add_dependencies(benches bench_${name})
endforeach()
